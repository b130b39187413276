"""What goes when something is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from companion.values import Note


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What goes, or went.

    Attributes:
        asked: What was named.
        also: What goes with it: the reply to a line, what was learned from it, and the lines a
            memory rests on.
    """

    asked: tuple[Note, ...] = ()
    also: tuple[Note, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all of it."""
        return tuple(note.id for note in (*self.asked, *self.also))
