"""Whether anything found answers at all: better no memory than the closest one anyway.

The measure is idf coverage: the share of the question's telling words (rare words tell more,
unknown ones most) that the best window holds. Pure.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from companion.memory.read.words import faint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

ENOUGH = 0.3
"""Coverage from which a memory is shown where there are no vectors."""
CLOSE = 1.15
"""Coverage plus twice the best cosine from which it is shown where there are.

LoCoMo 0-4, each question asked of its own and of a foreign conversation, names left out: 7 of 100
own ones are lost and 80 of 100 foreign ones refused; coverage alone refuses 69 at that loss."""
NEARBY = 0.5
"""What a word counts that stands only in the lines around."""
FAINT_WEIGHT = 0.3
"""What a word counts that asks rather than names."""


def weights(counts: Mapping[str, int], lines: int) -> dict[str, float]:
    """How much each word of a question tells.

    Args:
        counts: In how many windows each stands.
        lines: How many windows there are.
    """
    return {
        word: (FAINT_WEIGHT if faint(word) else 1.0)
        * math.log(1 + (max(lines - count, 0) + 0.5) / (count + 0.5))
        for word, count in counts.items()
    }


def coverage(
    weight: Mapping[str, float],
    places: Mapping[str, AbstractSet[int]],
    nearby: Mapping[str, AbstractSet[int]] | None = None,
) -> float:
    """Share of the weight found at the best place, 0 to 1.

    Args:
        weight: What each word counts.
        places: At which places it stands.
        nearby: At which places it stands or stands in the lines around.
    """
    whole = sum(weight.values())
    around = nearby or {}
    every = set().union(*places.values(), *around.values())

    def share(word: str, one: int) -> float:
        return 1.0 if one in places[word] else NEARBY * (one in around.get(word, ()))

    found = (sum(weight[word] * share(word, one) for word in weight) for one in every)
    return max(found, default=0.0) / whole if whole else 0.0


def worth_telling(covered: float, cosine: float | None) -> bool:
    """Whether the best that was found is worth telling.

    Args:
        covered: Coverage of the question's words.
        cosine: Cosine of the closest line; None without vectors.
    """
    return covered >= ENOUGH if cosine is None else covered + 2 * cosine >= CLOSE
