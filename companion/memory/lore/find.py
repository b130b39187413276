"""Which passages fit some words: full text and vectors, each standardised over all passages.

A few hundred to some ten thousand passages are compared one by one: that is exact, needs no index
that could disagree with the journal, and takes less time than asking one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from companion.memory.read import abstain, rank

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from companion.memory.journal import Vector
    from companion.memory.lore.passage import Passage
    from companion.memory.lore.store import Documents

LEAST_DEVIATION = 0.02
"""Of cosines: among three passages, small differences mean nothing."""
BEST = 3
"""Passages in which the words of the question are looked for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that may fit, with its standardised scores; no `dense` without vectors."""

    passage: Passage
    lexical: float
    dense: float | None


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found.

    Attributes:
        hits: Best first.
        coverage: Share of the question's telling words in the best passage, 0 to 1.
        cosine: Best cosine; None without vectors.
    """

    hits: Sequence[Hit] = ()
    coverage: float = 0.0
    cosine: float | None = None


def find(
    documents: Documents,
    asked: Sequence[str],
    vector: tuple[str, Vector] | None,
    stem: Callable[[str], str],
    depth: int,
) -> Hits:
    """The passages that fit best, by words and by meaning, at most `depth` of each.

    Args:
        documents: Where to look.
        asked: The words to look for.
        vector: Name of the embedder, and what it made of the question.
        stem: A word as the full-text index writes it.
        depth: How many of each.
    """
    matches = documents.match(asked)
    if not matches.lines:
        return Hits()
    spread = rank.spread_of(matches.scores, matches.lines)
    scores = dict(zip(matches.seqs, matches.scores, strict=True))
    cosines, ordinary = _cosines(documents, vector)
    near = sorted(cosines, key=lambda seq: (-cosines[seq], seq))[:depth]
    seqs = list(dict.fromkeys([*matches.seqs[:depth], *near]))
    hits = [
        Hit(
            one,
            spread.standard(scores.get(one.seq, 0.0)),
            ordinary.standard(cosines[one.seq]) if one.seq in cosines else None,
        )
        for one in documents.passages(seqs)
    ]
    hits.sort(key=lambda hit: (-hit.lexical - (hit.dense or 0.0), hit.passage.seq))
    counts = {word: documents.count(stem(word)) for word in asked}
    coverage = _coverage(documents, counts, matches.seqs[:BEST], matches.lines)
    return Hits(hits, coverage, max(cosines.values(), default=None))


def _coverage(
    documents: Documents, counts: Mapping[str, int], best: Sequence[int], passages: int
) -> float:
    places = {word: documents.holding(word, best) for word in counts}
    return abstain.coverage(abstain.weights(counts, passages), places)


def _cosines(
    documents: Documents, vector: tuple[str, Vector] | None
) -> tuple[dict[int, float], rank.Spread]:
    """The cosine of every passage, and what is ordinary among them."""
    if vector is None:
        return {}, rank.Spread(0.0, 1.0)
    seqs, matrix = documents.vectors(vector[0])
    if not seqs:
        return {}, rank.Spread(0.0, 1.0)
    cosines = matrix @ vector[1]
    spread = rank.Spread(float(np.mean(cosines)), max(float(np.std(cosines)), LEAST_DEVIATION))
    return dict(zip(seqs, map(float, cosines), strict=True)), spread
