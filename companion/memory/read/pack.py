"""How many memories are shown, and in which order.

How many tokens they may take is the prompt's business. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from companion.memory.read.rank import varied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.memory.read.rank import Candidate

MOST = 6
"""Memories shown with a question: more raises recall and lowers the answers of small models."""
GAP = 0.25
"""Share of the best score below which the others are noise."""


def packed(candidates: Sequence[Candidate], most: int = MOST) -> list[Candidate]:
    """The best few that do not repeat each other, least fitting first, best last."""
    if not candidates:
        return []
    floor = candidates[0].score * GAP
    worth = [one for one in candidates if one.score > 0 and one.score >= floor]
    chosen = varied(worth or candidates[:1], most)
    return sorted(chosen, key=lambda one: (one.score, one.key))
