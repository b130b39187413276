"""What the stages of a turn hand to each other: plain frozen data.

A stage imports this module and never another stage, so that each can be read, tested and
replaced alone. Nothing here knows an engine, a file or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from datetime import datetime

    from companion.errors import CompanionError

Samples = npt.NDArray[np.float32]
"""Mono sound, shape (n,), full scale is -1.0 to 1.0."""

SPEECH_RATE = 16_000
"""Samples a second that speech recognition listens at, in Hz."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One press of the key: mono sound at `SPEECH_RATE`."""

    samples: Samples
    source: str = ""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SPEECH_RATE


@dataclass(frozen=True, slots=True)
class Heard:
    """What the owner said, as transcribed or typed.

    Attributes:
        text: The words, cleaned, never empty.
        confidence: 0 to 1; typed words have 1.
        seconds: How long they spoke; 0 for typed words.
    """

    text: str
    confidence: float = 1.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Note:
    """One remembered line or memory, ready for the prompt.

    Attributes:
        id: ULID of the memory, or `<session>:<n>` of a line.
        text: The words as they were said.
        who: Name of the one who said them.
        said: When they were said, in local time.
        score: Rank score; higher fits better. Comparable within one recall only.
        parts: What the score is made of, by name, for `companion why`.
        kind: "line" for words as they were said, "lore", or the kind of a memory: "fact", ….
        until: Day until which it was true; "" where it still is.
        source: Where it is from, for what nobody said: a file and a heading.
        lines: Ids of the lines that a memory rests on.
    """

    id: str
    text: str
    who: str
    said: datetime
    score: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)
    kind: str = "line"
    until: str = ""
    source: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Persona:
    """A character card as the prompt sees it: macros expanded, nothing else.

    Attributes:
        name: The character's name.
        user: The owner's name.
        system: The card's own instructions; they follow ours.
        examples: Example dialogues, most telling first.
        greeting: What the character said to open this conversation; may be empty.
        post_history: Instructions that stand after the history, before the newest words.
        lead: Instructions of the card that are to stand before ours.
        aside: Notes that stand a few messages above the newest.
    """

    name: str
    user: str
    description: str = ""
    personality: str = ""
    scenario: str = ""
    system: str = ""
    examples: tuple[str, ...] = ()
    greeting: str = ""
    post_history: str = ""
    lead: str = ""
    aside: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """What one entry of a lorebook tells, and where in the prompt it belongs.

    Attributes:
        text: Its words, decorators gone and macros expanded.
        place: "before_char", "after_char", "before_desc", "after_desc", "personality" or
            "scenario" (around or after these fields of the card), "before_examples",
            "after_examples", or "at_depth".
        depth: Of "at_depth": how many messages up from the newest; 0 is after the newest.
        role: Of "at_depth": "system", "user" or "assistant".
        order: Entries of one place stand in rising order.
        uid: The entry's id within its book.
        constant: Whether it stands in every prompt of the conversation, word for word: only then
            may it be in the part of the prompt that the model keeps.
        name: What people call the entry; never part of a prompt.
    """

    text: str
    place: str = "after_char"
    depth: int = 0
    role: str = "system"
    order: float = 100.0
    uid: str = ""
    constant: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Lore:
    """What a character's lorebook has to say in one turn.

    Attributes:
        entries: What is told, in the order of telling.
        dropped: What there was no room for, as `Prompt.dropped` names it.
        notices: What the owner should be told.
    """

    entries: tuple[Placed, ...] = ()
    dropped: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One turn of the history: what the owner said and what was heard of the reply.

    Attributes:
        frozen: The volatile part that stood before the words, where the model cannot take it out
            of its context again; "" otherwise.
        lines: Ids of the lines the memory made of it.
        private: Whether it was said in private.
    """

    user: str
    reply: str
    frozen: str = ""
    lines: tuple[str, ...] = field(default=(), compare=False)
    private: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the memory itself answers to a spoken command, without the model.

    Attributes:
        text: What is to be spoken.
        kept: Id of the line that was made of the words; "" where none was.
        forgotten: Ids of the lines and memories that went.
    """

    text: str
    kept: str = ""
    forgotten: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a prompt, template tokens included: all sections together are the prompt.

    Attributes:
        name: "card", "greeting", "user" and "assistant" for the history, "now" for what changes
            with each turn, "words" for the newest, "answer".
        text: The text.
        tokens: How many tokens it is.
        parts: (name, text) of what it is made of, in order.
    """

    name: str
    text: str
    tokens: int
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as tokens, and where its volatile part stands.

    Attributes:
        tokens: Everything the model is to have read before it answers.
        new: Tokens that this turn adds: the newest user message with its template and
            memories, and the template tokens that close the last reply.
        volatile: (start, length) in tokens of the memories and the time of day. They are cut
            out of the model's context after the reply, so that history holds bare words.
        volatile_text: The same as text, for models whose context cannot be cut.
        sections: What it is made of, in order.
        dropped: Names of what did not fit, in the order it was dropped.
        stops: Texts at which the reply ends.
        story: The course of the conversation. While it is the same, only the oldest turns have
            left it, and what follows them may be moved up in the model's context. 0 forbids it.
    """

    tokens: tuple[int, ...]
    new: int
    volatile: tuple[int, int] = (0, 0)
    volatile_text: str = ""
    sections: tuple[Section, ...] = ()
    dropped: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    story: int = 0


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of the reply that is spoken in one go.

    Attributes:
        text: The words as the model wrote them, white space included, so that the clauses of a
            reply joined together are the reply.
        spoken: What is read out; empty where nothing can be (a stage direction, an emoji).
        aside: Whether it is a stage direction that is read out apart from the words.
    """

    text: str
    spoken: str
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Speech:
    """A clause as sound, or a piece of one.

    A clause that comes in pieces has its words and marks in the first; the others' are empty.

    Attributes:
        clause: The words.
        samples: Mono sound; empty where the clause has nothing to say.
        rate: Samples a second of `samples`, in Hz.
        marks: (characters of `clause.text`, samples): after that many samples, that many
            characters have been heard. Rising. Empty: in proportion to the length.
        last: Whether the clause ends with it.
    """

    clause: Clause
    samples: Samples
    rate: int
    marks: tuple[tuple[int, int], ...] = ()
    last: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """What left the loudspeaker.

    Attributes:
        text: The words of the reply that were heard, as the model wrote them.
        complete: False where the reply was cut short.
        seconds: How long was spoken.
        error: What cut it short, unless that was the owner.
    """

    text: str
    complete: bool = True
    seconds: float = 0.0
    error: CompanionError | None = None
