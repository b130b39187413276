"""How much of what matched there is room for, and who goes first when there is not.

Constants come first, then what was called, then what those called; of each the higher priority,
then the higher order. An entry that is longer than all the room there is lets the next one in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


LETTERS = 50
"""No text has fewer tokens than this many letters each, but for what nobody would want told."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An entry that asks for room.

    Attributes:
        uid: Its id.
        text: What would be told.
        rank: What is told first; smaller is earlier.
        spare: Whether it goes before all others.
        unbudgeted: Whether it takes no room.
    """

    uid: str
    text: str
    rank: tuple[float, ...]
    spare: bool = False
    unbudgeted: bool = False


@dataclass(slots=True)
class Purse:
    """The room of one turn, and what took it.

    Attributes:
        count: Tokens of a text.
        limit: Tokens that may be taken; None is no limit.
        full: Whether somebody was turned away for want of room.
        spent: Tokens taken.
    """

    count: Callable[[str], int]
    limit: int | None
    full: bool = False
    spent: int = 0
    _spares: dict[str, int] = field(default_factory=dict)

    def admit(self, wishes: Iterable[Wish]) -> tuple[list[str], list[str]]:
        """Who gets in, and who does not, spare ones that had to leave again included."""
        inside: list[str] = []
        out: list[str] = []
        for wish in sorted(wishes, key=lambda wish: (wish.spare, wish.rank)):
            fits, gone = self._take(wish)
            (inside if fits else out).append(wish.uid)
            out += gone
        left = set(out)
        return [uid for uid in inside if uid not in left], out

    def _take(self, wish: Wish) -> tuple[bool, list[str]]:
        """Whether this one fits, and which spare ones left for it."""
        if wish.unbudgeted or self.limit is None:
            return True, []
        if self.full:
            return False, []
        if len(wish.text) > LETTERS * self.limit:  # not worth the time to count
            return False, []
        cost = self.count(wish.text)
        if cost > self.limit:
            return False, []
        gone: list[str] = []
        while self.spent + cost > self.limit and self._spares and not wish.spare:
            uid, freed = self._spares.popitem()
            self.spent -= freed
            gone.append(uid)
        if self.spent + cost > self.limit:
            self.full = not wish.spare
            return False, gone
        self.spent += cost
        if wish.spare:
            self._spares[wish.uid] = cost
        return True, gone
