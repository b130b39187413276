"""What a lorebook tells in one turn, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from companion.lore.timed import Timed
    from companion.values import Placed


@dataclass(frozen=True, slots=True)
class Why:
    """Why an entry was told, or was not.

    Attributes:
        uid: Its id.
        name: What people call it.
        told: Whether it was.
        reason: One word for programs; `companion.lore.explain` has the sentences.
        detail: The key, the group or the number that decided.
        message: Which message it was in: -1 is the newest; None where it was none.
    """

    uid: str
    name: str
    told: bool
    reason: str
    detail: str = ""
    message: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What the lorebook has to say in one turn.

    Attributes:
        entries: In the order in which they are told.
        state: To be given back in the next turn.
        why: Each entry that was looked at closely; each of the book where that was asked for.
        left_out: Names of entries for which there was no room.
        notices: What the owner should be told.
        tokens: Tokens the entries take.
    """

    entries: tuple[Placed, ...] = ()
    state: Timed = field(default_factory=dict)
    why: tuple[Why, ...] = ()
    left_out: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    tokens: int = 0
