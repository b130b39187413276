"""Between two turns, while nobody speaks: what keeps the next one from waiting, in small steps.

For models whose context cannot be moved: before it is full a good part of the oldest turns leaves
at once, a line tells what they were about, and the rest is read; in a turn that would be a stall.
For all: after something was forgotten, what is left is read anew, as if that had never been said.
At the end, memory that the engines left full of holes goes back to the system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from companion import give_back

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.turn import Companion


TURNS = 10
"""Turns after which memory is given back: without that it grows by 2 MB in a hundred (P27)."""


def upkeep(c: Companion) -> Iterator[None]:
    """Make room for the next turn, and read what it will begin with; may be left at any step."""
    if c.history and (c.llm.empty or not c.llm.can_cut):
        yield from c.llm.ready(c.prompt.relieve(c.persona, c.history))


def tidied(c: Companion) -> None:
    """All else is done: now and then memory goes back that it left full of holes."""
    if len(c.history) % TURNS == 0:
        give_back()
