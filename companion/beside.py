"""What a session works with besides the turn, as Protocols: it knows no device, engine or file.

The microphone and its gate, the memory's other side, the head start, and who keeps replies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from companion.flow import Cancel
    from companion.trace import Trace
    from companion.values import Heard, Recording


class Microphone(Protocol):
    """Where recordings come from."""

    def press(self, *, keep_pre_roll: bool = True) -> None:
        """Start to keep sound, with what came just before or without; returns at once."""

    def let_go(self) -> None:
        """The key came up; returns at once."""

    def release(self) -> Recording:
        """Stop the oldest recording that was not fetched yet, and give what was recorded."""


class Verdict(Protocol):
    """Whether a recording holds speech."""

    @property
    def speech(self) -> bool:
        """Whether somebody spoke."""

    @property
    def reason(self) -> str:
        """Why not, in a few words."""

    @property
    def level_db(self) -> float:
        """Loudness, in dB below full scale."""


class Gate(Protocol):
    """Tells speech from silence."""

    def check(self, recording: Recording) -> Verdict:
        """Whether it holds speech, and if not, why."""


class Tidy(Protocol):
    """What a memory can do besides its part in a turn."""

    def idle(self) -> Iterator[None]:
        """Put things in order in small steps; may be left at any of them."""

    def undo(self, names: Sequence[str]) -> int:
        """Forget the turn with these lines everywhere; how many lines that were."""

    def notices(self) -> tuple[str, ...]:
        """What the owner should be told since this was last asked."""


class Hold(Protocol):
    """What is done early for one press."""

    def steps(self) -> Iterator[float]:
        """Small pieces of work while the key is held; each gives the seconds until the next."""

    def stop(self) -> None:
        """The key came up; returns at once."""

    def catch_up(self) -> None:
        """The key came up: do what is left while the last of the sound still comes in."""

    def finish(self, recording: Recording, cancel: Cancel, trace: Trace) -> Heard | Recording:
        """What the turn begins with: the words, or the recording where they are not known."""

    def settle(self, trace: Trace) -> None:
        """The turn is over: see what this was worth to it."""


class Early(Protocol):
    """Gives each press its head start."""

    def begin(self) -> Hold:
        """The key went down; returns at once."""


class Acknowledge(Protocol):
    """Says at once that the owner was heard, where answers take long."""

    @property
    def speaks(self) -> bool:
        """Whether it would in the next turn."""

    def during(
        self, cancel: Cancel, first_sound: Callable[[], float | None]
    ) -> AbstractContextManager[None]:
        """A turn; `first_sound` tells afterwards how many milliseconds its sound took to begin."""


class Keeper(Protocol):
    """Keeps replies as files."""

    def label(self, lines: list[str]) -> str:
        """Note which lines the last reply belongs to; gives its path, or ""."""

    def forget(self, line: str) -> int:
        """Remove every kept reply that belongs to a line; how many those were."""

    def drop_last(self) -> None:
        """Remove the last reply that belongs to no line."""
