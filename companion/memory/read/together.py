"""Words that stand side by side in a question and in a line: "to work", "car accident".

Common words tell little one by one, and much as a pair. A pair in which neither word names anything
tells nothing ("do you", "going to"). For lines without a vector: one knows such things better.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from companion.memory.read.words import FAINT, KEPT, SMALL_WORDS, words

TOGETHER = 0.1
"""How much more a line counts for each pair of words that stands in the question too."""
MOST = 2
"""Pairs that count."""
_LITTLE = SMALL_WORDS | FAINT


@lru_cache(KEPT)
def pairs(text: str) -> frozenset[tuple[str, str]]:
    """The words of a text that stand side by side and tell something."""
    return frozenset(pair for pair in pairwise(words(text)) if not _LITTLE.issuperset(pair))


def factor(text: str, heard: str) -> float:
    """What a line's score is multiplied with: 1 where it has no pair of the question."""
    return 1 + TOGETHER * min(len(pairs(text) & pairs(heard)), MOST)
