"""P6, P6b, P7, P25: how much of a prompt the model has to read, counted in tokens.

The model that ships, a character with a memory, and a conversation of so many turns. Counts are the
same on every machine.
"""

from __future__ import annotations

import itertools
import statistics
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import numpy as np

from companion.flow import Cancel
from companion.llm.engine import Limits, Llama
from companion.measure.bench.row import Bench, Figure, Group, Row
from companion.pack.bundled import bundled
from companion.prompt import Assembler, Now, Room
from companion.values import Exchange, Note, Persona

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from companion.values import Prompt

TURNS = 30
CONTEXT, REPLY, NOTES = 4096, 24, 120
FULL = 768
"""Context that is full after a dozen turns."""
PIECES = 3
"""Pieces of a reply that are heard before it is interrupted."""
ROUNDS, SOME = 6, 5
"""Conversations after which the model's expectations are compared, and turns of an ordinary one."""
LAST_PART = 3
"""One part in so many of the words comes after the last pause that was read ahead."""

JUNO = Persona(
    "Juno",
    "Sam",
    description="Juno keeps the lighthouse at the end of the pier. She is calm and curious.",
    greeting="Hello Sam! Come in, the lamp is lit.",
)
SAYINGS = (
    "i walked along the river this morning",
    "my sister comes to visit on sunday",
    "there was a storm over the harbour last night",
    "i baked some bread for the neighbours",
    "the cat sat on the roof all day long",
    "what do you think about when the sea is calm",
)
KNOWN = ("my boat is called Marigold", "i have a brown dog called Biscuit", "i work at the harbour")
AFTER = (
    " I like the sea. It is calm in the morning, and loud at night when the wind comes in.",
    " I had a dream about a ship that sailed over the hills and landed in our garden.",
)
_DAY = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@dataclass(slots=True)
class Talk:
    """A conversation with one model, turn by turn.

    Attributes:
        llm: The model; it holds nothing at the beginning.
        build: Its prompts.
        first: Where in the sayings it begins.
    """

    llm: Llama
    build: Assembler
    first: int = 0
    history: list[Exchange] = field(default_factory=list)

    def now(self, words: str = "", notes: int = 2) -> Now:
        """What the next turn is about; every turn recalls two other notes, or less."""
        turn = len(self.history) + self.first
        recalled = tuple(
            Note(f"n{n}", KNOWN[n % len(KNOWN)], "Sam", _DAY) for n in (turn, turn + 1)
        )
        said = words or f"{SAYINGS[turn % len(SAYINGS)]} and that was number {turn}"
        return Now(said, recalled[:notes], _DAY + timedelta(minutes=turn))

    def prompt(self, words: str = "", notes: int = 2) -> Prompt:
        """The next turn's prompt."""
        return self.build.assemble(JUNO, self.history, self.now(words, notes))

    def turn(self, pieces: int = 10_000) -> float:
        """Take a turn, of whose reply so many pieces are heard; evaluated / new tokens."""
        with closing(cast("Generator[str]", self.llm.stream(self.prompt(), Cancel()))) as words:
            heard = "".join(itertools.islice(words, pieces))
        self.history.append(Exchange(self.now().words, heard))
        return self.llm.counts.evaluated / self.llm.counts.new

    def turns(self, pieces: int = 10_000) -> list[float]:
        """So many turns without the first, which reads the card."""
        return [self.turn(pieces) for _ in range(TURNS)][1:]

    def until_full(self) -> Prompt:
        """Talk until the oldest turns leave; the prompt in which they are missing."""
        while True:
            prompt = self.prompt()
            if any("turns" in name for name in prompt.dropped):
                return prompt
            self.turn()


def talk(
    llm: Llama, context: int = CONTEXT, *, first: int = 0, volatile_first: bool = False
) -> Talk:
    """A new conversation."""
    llm.forget()
    room = Room(context, REPLY, NOTES)
    return Talk(llm, Assembler(llm, llm.chat, room, volatile_first=volatile_first), first)


def read_ahead(llm: Llama) -> list[float]:
    """Tokens read after the release, of the new ones.

    Two thirds of the words were known before, and in every other turn only one of the two notes.
    """
    found, one = [], talk(llm)
    for turn in range(TURNS):
        words = one.now().words.split()
        known = words[: len(words) - len(words) // LAST_PART]
        for said, notes in ((known[: len(known) // 2], 1), (known, 1 + turn % 2)):
            llm.read(one.prompt(" ".join(said), notes), Cancel())
        found.append(one.turn())
    return found[1:]


def overflow(llm: Llama) -> tuple[float, float]:
    """Evaluated / new in the turn in which the oldest leave: moved, and read anew."""
    one = talk(llm, FULL)
    prompt = one.until_full()
    list(llm.stream(prompt, Cancel()))
    moved = llm.counts.evaluated / llm.counts.new
    talk(llm, FULL).until_full()
    list(llm.stream(replace(prompt, story=0), Cancel()))
    return moved, llm.counts.evaluated / llm.counts.new


def agreement(llm: Llama, *, full: bool) -> tuple[float, int]:
    """How often what is held and the same read anew expect the same token, and at how many places.

    Args:
        llm: The model.
        full: Whether the oldest turns have just left; else it is an ordinary turn.
    """
    same = places = 0
    for first, text in itertools.product(range(ROUNDS), AFTER):
        one = talk(llm, FULL, first=first)
        for _ in range(0 if full else SOME):
            one.turn()
        prompt = one.until_full() if full else one.prompt()
        after = llm.encode(text, special=False)
        held = list(_expected(llm, prompt, after))
        llm.forget()
        anew = list(_expected(llm, prompt, after))
        same += sum(a == b for a, b in zip(held, anew, strict=True))
        places += len(after)
    return same / places, places


def _expected(llm: Llama, prompt: Prompt, after: Sequence[int]) -> Iterator[int]:
    """The likeliest token at each place of a text behind the prompt."""
    raw = llm._llama  # noqa: SLF001 - a benchmark looks inside
    llm.read(prompt, Cancel())
    for token in (prompt.tokens[-1], *after[:-1]):
        raw.eval([token])
        logits = np.ctypeslib.as_array(raw._ctx.get_logits(), shape=(raw.n_vocab(),))  # noqa: SLF001
        yield int(logits.argmax())


def run(bench: Bench) -> dict[str, Figure]:
    """Count them all."""
    limits = Limits(context=CONTEXT, reply=REPLY, temperature=0)
    llm = Llama(bundled("models") / "offline" / "companion.gguf", limits)
    figures: dict[str, Figure] = {}
    steps: tuple[Callable[[Llama], dict[str, Figure]], ...] = (_reuse, _ahead, _full, _stopped)
    try:
        for step in steps:
            bench.progress(f"counting tokens: {step.__name__.strip('_')}")
            figures |= step(llm)
    finally:
        llm.close()
    return figures


def _reuse(llm: Llama) -> dict[str, Figure]:
    ours = talk(llm).turns()
    above = talk(llm, volatile_first=True).turns()
    why = f"{TURNS} turns with two notes each; naive: memories before the history"
    naive = statistics.mean(above)
    return {
        "P6": Figure(statistics.mean(ours), naive=naive, why=why),
        "P6m": Figure(max(ours), naive=max(above), why=why),
    }


def _ahead(llm: Llama) -> dict[str, Figure]:
    why = "the last third of the words, and in every other turn a note, is not yet known by then"
    return {"P6b": Figure(statistics.mean(read_ahead(llm)), naive=1.0, why=why)}


def _full(llm: Llama) -> dict[str, Figure]:
    moved, anew = overflow(llm)
    share, places = agreement(llm, full=True)
    usual, _ = agreement(llm, full=False)
    why = (
        "against the same prompt read anew; in an ordinary turn, whose notes were cut out, "
        f"{1 - usual:.3f}"
    )
    return {
        "P7": Figure(moved, naive=anew, why="the turn in which half of the turns leave"),
        "P7g": Figure(1 - share, why=why, more={"places": places, "ordinary": 1 - usual}),
    }


def _stopped(llm: Llama) -> dict[str, Figure]:
    why = f"every reply is interrupted after {PIECES} pieces"
    return {"P25": Figure(statistics.mean(talk(llm).turns(PIECES)), why=why)}


GROUP = Group(
    "context",
    (
        Row("P6", "tokens read in a turn, of those that are new, mean", 1.05, counted=True),
        Row("P6m", "the same, largest of all turns", 1.2, counted=True),
        Row("P6b", "tokens read after the release, of the new ones", 0.6, counted=True),
        Row("P7", "tokens read when the context is full, of the new ones", 1.1, counted=True),
        Row("P7g", "next tokens that differ after turns were moved", 0.1, counted=True),
        Row("P25", "tokens read after an interruption, of the new ones", 1.1, counted=True),
    ),
    run,
)
