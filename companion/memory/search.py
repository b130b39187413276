"""Finding lines: full text and vectors, asked once each, their scores standardised and added.

Brings the stores and the pure rules of `read/` together. Knows nothing of sessions or the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from companion.memory.read import abstain, rank
from companion.memory.read.words import terms
from companion.memory.stems import Stemmer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from companion.memory.embed import Embedder
    from companion.memory.journal import Journal, Vector
    from companion.memory.line import Line

DEPTH = 100
"""Lines looked at from each of the two searches."""
MOST_TERMS = 64
"""Words looked for; somebody may paste a book."""
LEAST_DEVIATION = 0.02
"""Of cosines: among three lines, small differences mean nothing."""
SAMPLE = 512
"""Vectors whose cosines say what is ordinary for a question."""


class Nearest(Protocol):
    """A dense index: which lines have vectors close to this one."""

    def nearest(self, vector: Vector, count: int) -> list[str]:
        """Ids of the closest lines, closest first; empty while there is no index."""


@dataclass(frozen=True, slots=True)
class Span:
    """The part of the journal that is asked: places after `after` and before `before`."""

    after: int = 0
    before: int = 1 << 62

    def __contains__(self, seq: int) -> bool:
        return self.after < seq < self.before


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Attributes:
        lines: The lines found, by place.
        ranked: The same as candidates, best first.
        coverage: Share of the question's telling words in the best window, 0 to 1.
        cosine: Best cosine; None without vectors.
    """

    lines: Mapping[int, Line]
    ranked: Sequence[rank.Candidate]
    coverage: float
    cosine: float | None


class Search:
    """Searches one journal.

    Args:
        journal: The lines.
        index: The dense index over them.
        embedder: What made the vectors; without one, the words alone decide.
    """

    def __init__(self, journal: Journal, index: Nearest | None, embedder: Embedder | None) -> None:
        self._journal = journal
        self._index = index
        self._embedder = embedder
        self._stemmer = Stemmer()
        self._sample: Vector | None = None

    def close(self) -> None:
        """Give memory back; safe to repeat."""
        self._stemmer.close()

    def learned(self) -> None:
        """Vectors were added: what is ordinary is to be looked at anew."""
        self._sample = None

    def find(self, text: str, now: datetime, span: Span, depth: int = DEPTH) -> Found:
        """What may fit `text`, best first: the best `depth` by words and by meaning."""
        asked = terms(text)[:MOST_TERMS]
        matches = self._journal.match(asked)
        spread = rank.spread_of(matches.scores, matches.lines)
        scores = dict(zip(matches.seqs, matches.scores, strict=True))
        seqs = [seq for seq in matches.seqs if seq in span][:depth]
        vector = self._embedded(text)
        near = self._near(vector, span, depth)
        lines = {line.seq: line for line in self._journal.lines(seqs)}
        lines |= {line.seq: line for line in near}
        cosines = self._cosines(vector, sorted(lines))
        ordinary = self._ordinary(vector)
        candidates = [
            _candidate(
                line,
                spread.standard(scores.get(seq, 0.0)),
                ordinary.standard(cosines[seq]) if seq in cosines else None,
            )
            for seq, line in lines.items()
        ]
        return Found(
            lines,
            rank.ranked(candidates, text, now),
            self._coverage(asked, seqs[:3], matches.lines),
            max(cosines.values(), default=None),
        )

    # ── words ────────────────────────────────────────────────────────────────────────────────

    def _coverage(self, asked: Sequence[str], best: Sequence[int], lines: int) -> float:
        counts = {word: self._journal.count(self._stemmer.stem(word)) for word in asked}
        places = {word: self._journal.holding(word, best) for word in asked}
        return abstain.coverage(abstain.weights(counts, lines), places)

    # ── vectors ──────────────────────────────────────────────────────────────────────────────

    def _embedded(self, text: str) -> Vector | None:
        return None if self._embedder is None else self._embedder.embed([text], question=True)[0]

    def _near(self, vector: Vector | None, span: Span, depth: int) -> list[Line]:
        if vector is None or self._index is None:
            return []
        # Lines outside the span are the newest, and often the closest to what is said now.
        ids = self._index.nearest(vector, depth if span == Span() else 2 * depth)
        return [line for line in self._journal.by_id(ids) if line.seq in span]

    def _cosines(self, vector: Vector | None, seqs: Sequence[int]) -> dict[int, float]:
        """Exact cosines from the journal's own vectors: the index only proposes."""
        if vector is None or self._embedder is None:
            return {}
        vectors = self._journal.vectors(self._embedder.name, seqs)
        return {seq: float(one @ vector) for seq, one in vectors.items()}

    def _ordinary(self, vector: Vector | None) -> rank.Spread:
        """The spread of cosines over the conversation, from a sample of it."""
        if vector is None or self._embedder is None:
            return rank.Spread(0.0, 1.0)
        if self._sample is None:
            self._sample = self._journal.sample(self._embedder.name, SAMPLE)
        if not len(self._sample):
            return rank.Spread(0.0, 1.0)
        cosines = self._sample @ vector
        return rank.Spread(float(np.mean(cosines)), max(float(np.std(cosines)), LEAST_DEVIATION))


def _candidate(line: Line, lexical: float, dense: float | None) -> rank.Candidate:
    return rank.Candidate(
        key=line.seq,
        text=line.text,
        mine=line.speaker == "user",
        said=line.said,
        lexical=lexical,
        dense=dense,
        who=line.who,
    )


def with_part(one: rank.Candidate, name: str, value: float) -> rank.Candidate:
    """The candidate with one more part of its score named."""
    return replace(one, parts={**one.parts, name: value})
