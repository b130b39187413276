"""Whether anything found answers at all: better no memory than the closest one anyway.

The measure is idf coverage: the share of the question's telling words (rare words tell more,
unknown ones most) that the best window holds. Pure.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ENOUGH = 0.3
"""Coverage from which a memory is shown."""
CLOSE = 0.45
"""Cosine from which it is shown whatever its words."""
FAINT_WEIGHT = 0.3
"""What a word counts that asks rather than names."""


def weights(stems: Mapping[str, bool], counts: Mapping[str, int], lines: int) -> dict[str, float]:
    """How much each word of a question tells.

    Args:
        stems: The words as the index writes them; True for words that merely ask.
        counts: In how many windows each stands.
        lines: How many windows there are.
    """
    return {
        stem: (FAINT_WEIGHT if faint else 1.0)
        * math.log(1 + (max(lines - counts[stem], 0) + 0.5) / (counts[stem] + 0.5))
        for stem, faint in stems.items()
    }


def coverage(weight: Mapping[str, float], windows: Iterable[Iterable[str]]) -> float:
    """Share of the weight found in the best of these windows, 0 to 1."""
    whole = sum(weight.values())
    if not whole:
        return 0.0
    found = (sum(weight[s] for s in set(window) if s in weight) for window in windows)
    return max(found, default=0.0) / whole


def worth_telling(covered: float, cosine: float) -> bool:
    """Whether the best that was found is worth telling."""
    return covered >= ENOUGH or cosine >= CLOSE
