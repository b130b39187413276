"""Finding lines and passages of documents: full text and vectors, their scores standardised, added.

Brings the stores and the pure rules of `read/` together. Knows nothing of sessions or the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import numpy as np

from companion.memory.journal import WINDOW
from companion.memory.lore.find import Asked, Hits, anew
from companion.memory.read import abstain, rank
from companion.memory.read.words import terms, words
from companion.memory.stems import Stemmer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from companion.memory.embed import Embedder
    from companion.memory.journal import Journal, Vector
    from companion.memory.line import Line
    from companion.memory.lore import Lore, Passage
    from companion.memory.lore.find import Hit

DEPTH = 100
"""Lines looked at from each of the two searches."""
MOST_TERMS = 64
"""Words looked for; somebody may paste a book."""
LEAST_DEVIATION = 0.02
"""Of cosines: among three lines, small differences mean nothing."""
SAMPLE = 512
"""Vectors whose cosines say what is ordinary for a question."""
BEST = 3
"""Lines in which the words of the question are looked for."""
WIDER = 8
"""How many times more lines are asked for when most of the closest say the same."""
NOBODY = "·"
"""Who says what stands in a document: never one that a question names."""


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
        passages: The passages found, by their place below zero.
        ranked: Both as candidates, best first.
        coverage: Share of the question's telling words in the best window, 0 to 1.
        cosine: Best cosine; None without vectors.
    """

    lines: Mapping[int, Line]
    passages: Mapping[int, Passage]
    ranked: Sequence[rank.Candidate]
    coverage: float
    cosine: float | None


class Search:
    """Searches one journal.

    Args:
        journal: The lines.
        index: The dense index over them.
        embedder: What made the vectors; without one, the words alone decide.
        lore: The documents beside the lines.
    """

    def __init__(
        self,
        journal: Journal,
        index: Nearest | None,
        embedder: Embedder | None,
        lore: Lore | None = None,
    ) -> None:
        self._journal = journal
        self._index = index
        self._embedder = embedder
        self._lore = lore
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
        inside = (seq for seq in matches.seqs if seq in span)
        said, before = self._lines(inside, frozenset(asked), depth)
        seqs = list(said)
        vector = self._embedded(text)
        counts = {word: self._journal.count(self._stemmer.stem(word)) for word in asked}
        lore = self._told(asked, vector, counts, matches.lines, depth)
        places = self._places(asked, seqs if lore.passages or before else seqs[:BEST])
        everything = matches.lines + lore.passages
        scores = dict(zip(matches.seqs, matches.scores, strict=True))
        if lore.passages:
            scores = anew(scores, places, (counts, matches.lines), (lore.counts, everything))
        near = self._near(vector, span, depth)
        lines = said | {line.seq: line for line in near}
        cosines = self._cosines(vector, sorted(lines))
        spread = rank.spread_of([*scores.values(), *lore.scores], everything)
        ordinary = self._ordinary(vector, lore)
        candidates = [
            _candidate(
                line,
                spread.standard(scores.get(seq, 0.0)),
                ordinary.standard(cosines[seq]) if seq in cosines else None,
            )
            for seq, line in lines.items()
        ]
        candidates += [_passage(hit, spread, ordinary) for hit in lore.hits]
        weights = abstain.weights(lore.counts or counts, everything)
        best = self._best(places, said, before)
        new = [
            cosines[seq]
            for seq, line in lines.items()
            if seq in cosines and (line.session, line.n) not in before
        ]
        return Found(
            lines,
            {-hit.passage.seq: hit.passage for hit in lore.hits},
            rank.ranked(candidates, text, now),
            max(abstain.coverage(weights, best), lore.coverage),
            max([*new, *lore.cosines.values()], default=None),
        )

    # ── words ────────────────────────────────────────────────────────────────────────────────

    def _lines(
        self, seqs: Iterator[int], asked: frozenset[str], depth: int
    ) -> tuple[dict[int, Line], set[tuple[str, int]]]:
        """The first `depth` lines that differ, and the windows in which the same was asked before.

        A question that was asked 100 times must not hide its answer.
        """
        kept: dict[tuple[str, str], Line] = {}
        before: set[tuple[str, int]] = set()
        while len(kept) < depth and (chunk := list(islice(seqs, depth))):
            for line in self._journal.lines(chunk):
                kept.setdefault((line.who, line.text.casefold()), line)
                if rank.echoes(line.text, asked):
                    steps = range(-WINDOW, WINDOW + 1)
                    before |= {(line.session, line.n + step) for step in steps}
        return {line.seq: line for line in islice(kept.values(), depth)}, before

    def _places(self, asked: Sequence[str], seqs: Sequence[int]) -> dict[str, set[int]]:
        """At which of these places each word stands."""
        return {word: self._journal.holding(word, seqs) for word in asked}

    def _best(
        self, places: Mapping[str, set[int]], said: Mapping[int, Line], before: set[tuple[str, int]]
    ) -> dict[str, set[int]]:
        """In which of the best lines each word stands, other than because it was asked before."""
        asked = frozenset(places)
        able = [one for one in said.values() if not rank.echoes(one.text, asked)][:BEST]
        own = {
            line.seq: {self._stemmer.stem(word) for word in words(line.worded)}
            for line in able
            if (line.session, line.n) in before
        }
        return {
            word: {
                line.seq
                for line in able
                if line.seq in found
                and (line.seq not in own or self._stemmer.stem(word) in own[line.seq])
            }
            for word, found in places.items()
        }

    # ── documents ────────────────────────────────────────────────────────────────────────────

    def _told(
        self,
        asked: Sequence[str],
        vector: Vector | None,
        counts: Mapping[str, int],
        lines: int,
        depth: int,
    ) -> Hits:
        """What documents say, with scores as if they stood among the lines."""
        if self._lore is None:
            return Hits()
        stems = {word: self._stemmer.stem(word) for word in asked}
        name = self._embedder.name if self._embedder is not None else ""
        return self._lore.find(Asked(asked, stems, vector, name), counts, lines, depth)

    # ── vectors ──────────────────────────────────────────────────────────────────────────────

    def _embedded(self, text: str) -> Vector | None:
        return None if self._embedder is None else self._embedder.embed([text], question=True)[0]

    def _near(self, vector: Vector | None, span: Span, depth: int) -> list[Line]:
        if vector is None or self._index is None:
            return []
        # Lines outside the span are the newest, and often the closest to what is said now.
        count = depth if span == Span() else 2 * depth
        for wider in (count, WIDER * count):
            ids = self._index.nearest(vector, wider)
            inside = [line for line in self._journal.by_id(ids) if line.seq in span]
            near = {(line.who, line.text.casefold()): line for line in reversed(inside)}
            if len(near) >= depth // 2 or len(ids) < wider:
                break
        return list(reversed(near.values()))[:depth]

    def _cosines(self, vector: Vector | None, seqs: Sequence[int]) -> dict[int, float]:
        """Exact cosines from the journal's own vectors: the index only proposes."""
        if vector is None or self._embedder is None:
            return {}
        vectors = self._journal.vectors(self._embedder.name, seqs)
        return {seq: float(one @ vector) for seq, one in vectors.items()}

    def _ordinary(self, vector: Vector | None, lore: Hits) -> rank.Spread:
        """The spread of cosines over the conversation, from a sample of it, and documents."""
        if vector is None or self._embedder is None:
            return rank.Spread(0.0, 1.0)
        if self._sample is None:
            self._sample = self._journal.sample(self._embedder.name, SAMPLE)
        if not len(self._sample) and not lore.cosines:
            return rank.Spread(0.0, 1.0)
        cosines = self._sample @ vector if len(self._sample) else np.zeros(0, np.float32)
        cosines = np.concatenate([cosines, np.fromiter(lore.cosines.values(), np.float32)])
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


def _passage(hit: Hit, spread: rank.Spread, ordinary: rank.Spread) -> rank.Candidate:
    return rank.Candidate(
        key=-hit.passage.seq,
        text=hit.passage.text,
        mine=True,
        said=hit.passage.taken,
        lexical=spread.standard(hit.score),
        dense=None if hit.cosine is None else ordinary.standard(hit.cosine),
        who=NOBODY,
    )


def with_part(one: rank.Candidate, name: str, value: float) -> rank.Candidate:
    """The candidate with one more part of its score named."""
    return replace(one, parts={**one.parts, name: value})
