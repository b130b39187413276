"""The stages of a turn, as the turn sees them: any that does this can take part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from companion.flow import Cancel
    from companion.prompt import Now
    from companion.trace import Cost
    from companion.values import (
        Answer,
        Clause,
        Exchange,
        Heard,
        Lore,
        Note,
        Persona,
        Placed,
        Prompt,
        Recording,
        Said,
        Speech,
    )


class Ear(Protocol):
    """Sound to words."""

    def transcribe(self, recording: Recording, cancel: Cancel) -> Heard | None:
        """The words of a recording; None where there are none."""


class Memory(Protocol):
    """What was said, and what comes back of it."""

    @property
    def private(self) -> bool:
        """Whether nothing of what is said now may be kept."""

    def obey(self, heard: Heard) -> Answer | None:
        """Do what the words ask of the memory itself; None where they are talk."""

    def hear(self, heard: Heard) -> str:
        """Keep the owner's words; they are safe on return. Gives the line's id."""

    def recall(self, heard: Heard) -> tuple[Note, ...]:
        """What is known that fits these words, best last."""

    def peek(self, heard: Heard) -> tuple[Note, ...] | None:
        """What recall would give; nothing is noted. None for what the memory itself would obey."""

    def say(self, said: Said) -> str:
        """Keep the words of the reply that were heard. Gives the line's id."""

    def witness(self, prompt: Prompt, said: Said) -> None:
        """Note which of the recalled notes the prompt held and the reply used."""


class World(Protocol):
    """What the character's lorebook knows."""

    def tell(self, persona: Persona, history: Sequence[Exchange], words: str) -> Lore:
        """What these words call up."""

    def peek(self, persona: Persona, history: Sequence[Exchange], words: str) -> Lore:
        """The same, and nothing counts as told."""

    def constants(self) -> tuple[Placed, ...]:
        """What is told in every turn, word for word."""


class PromptBuilder(Protocol):
    """Card, history, notes and words to tokens."""

    def count(self, text: str) -> int:
        """Tokens of a text."""

    def left_out(self, persona: Persona) -> tuple[str, ...]:
        """What of a card never reaches the model, because it is too long."""

    def assemble(self, persona: Persona, history: Sequence[Exchange], now: Now) -> Prompt:
        """The prompt of one turn."""

    def relieve(self, persona: Persona, history: Sequence[Exchange]) -> tuple[int, ...]:
        """Make room for the next turn; the tokens it will begin with."""


class Model(Protocol):
    """Tokens to words."""

    @property
    def counts(self) -> Cost:
        """What the last reply cost."""

    @property
    def can_cut(self) -> bool:
        """Whether the volatile part leaves the context after the reply."""

    def read(self, prompt: Prompt, cancel: Cancel) -> int:
        """Read a prompt that is likely to come; how many tokens that took."""

    @property
    def empty(self) -> bool:
        """Whether nothing that was read is held."""

    def ready(self, tokens: Sequence[int]) -> Iterator[None]:
        """Read what the next prompt will begin with, in small steps."""

    def forget(self) -> None:
        """Hold nothing of what was read: what was said in it must not linger."""

    def stream(self, prompt: Prompt, cancel: Cancel) -> Iterator[str]:
        """Write the reply, piece by piece."""


class Voice(Protocol):
    """Words to sound."""

    def say(self, clauses: Iterable[Clause], cancel: Cancel) -> Iterator[Speech]:
        """Render clauses, one by one."""


class Loudspeaker(Protocol):
    """Sound to the world."""

    def play(
        self,
        speech: Iterable[Speech],
        cancel: Cancel,
        started: Callable[[], None] | None = None,
    ) -> Said:
        """Play to the end or to the stop, and say which words were heard."""
