"""Finding lines and passages of documents: full text and vectors, their scores standardised, added.

Brings the stores and the pure rules of `read/` together. Knows nothing of sessions or the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import numpy as np

from companion.memory import candidates as candidates_of
from companion.memory import known
from companion.memory.journal import WINDOW
from companion.memory.judge import judged
from companion.memory.known import KEY, Known
from companion.memory.lore.find import Asked, Hits, anew
from companion.memory.read import abstain, rank
from companion.memory.read.pack import packed
from companion.memory.read.words import terms
from companion.memory.stems import Stemmer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from companion.memory.embed import Embedder
    from companion.memory.journal import Journal, Vector
    from companion.memory.judge import Judge
    from companion.memory.known import Fact
    from companion.memory.line import Line
    from companion.memory.lore import Lore, Passage
    from companion.memory.versions import Versions

DEPTH = 100
"""Lines looked at from each of the two searches."""
MOST_TERMS = 64
"""Words looked for; somebody may paste a book."""
LEAST_DEVIATION = 0.02
"""Of cosines: among three lines, small differences mean nothing."""
SAMPLE = 512
"""Vectors whose cosines say what is ordinary for a question."""
LOOKED_AT = 24
"""Lines that are weighed in order to answer, by words and by meaning each."""
BEST = 3
"""Lines in which the words of the question are looked for."""
WIDER = 8
"""How many times more lines are asked for when most of the closest say the same."""
COMMON = 2000
"""Windows from which on a word is not looked for where there are rarer ones: at 100,000 lines that
makes a search six times as fast. A share of the lines instead costs 2 points of recall at 5."""


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
        facts: The memories found, by their place with `KEY` added; not all are in the ranking.
        meant: What facts say of lines, by the place of the line.
        ranked: All as candidates, best first.
        weights: How much each word of the question tells.
        told: Share of that in the best passage, 0 to 1.
        cosines: By place, of what has a vector.
    """

    lines: Mapping[int, Line]
    passages: Mapping[int, Passage]
    facts: Mapping[int, Fact]
    meant: Mapping[int, str]
    ranked: Sequence[rank.Candidate]
    weights: Mapping[str, float]
    told: float
    cosines: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """What answers a question.

    Attributes:
        found: What the search came to.
        chosen: What is worth showing of it, best last.
        coverage: Share of the question's telling words in the best that was found, 0 to 1.
        cosine: Best cosine; None without vectors.
        reason: Why nothing was chosen, in a few words; "" where something was.
    """

    found: Found
    chosen: Sequence[rank.Candidate] = ()
    coverage: float = 0.0
    cosine: float | None = None
    reason: str = ""


class Search:
    """Searches one journal.

    Args:
        journal: The lines.
        index: The dense index over them.
        embedder: What made the vectors; without one, the words alone decide.
        lore: The documents beside the lines.
        versions: The memories beside them.
    """

    def __init__(
        self,
        journal: Journal,
        index: Nearest | None,
        embedder: Embedder | None,
        lore: Lore | None = None,
        versions: Versions | None = None,
    ) -> None:
        self._journal = journal
        self._index = index
        self._embedder = embedder
        self._lore = lore
        self._stemmer = Stemmer()
        self._known = Known(versions, journal, self._stemmer) if versions else None
        self._sample: Vector | None = None
        self.judge: Judge | None = None

    def close(self) -> None:
        """Give memory back; safe to repeat."""
        self._stemmer.close()

    def learned(self) -> None:
        """Vectors were added: what is ordinary is to be looked at anew."""
        self._sample = None

    def find(self, text: str, now: datetime, span: Span, depth: int = DEPTH) -> Found:
        """What may fit `text`, best first: the best `depth` by words and by meaning."""
        asked = terms(text)[:MOST_TERMS]
        counts = self._journal.counts({word: self._stemmer.stem(word) for word in asked})
        matches = self._journal.match(telling(counts))
        said = self._lines((seq for seq in matches.seqs if seq in span), depth)
        seqs = list(said)
        vector = self._embedded(text)
        lore = self._told(asked, vector, counts, matches.lines, depth)
        places = self._places(asked, seqs) if lore.passages else {}
        everything = matches.lines + lore.passages
        scores = dict(zip(matches.seqs, matches.scores, strict=True))
        if lore.passages:
            scores = anew(scores, places, (counts, matches.lines), (lore.counts, everything))
        near, names = self._near(vector, span, depth)
        facts = self._facts((counts, matches.lines, vector), names, span, depth)
        lent = candidates_of.lent(facts.values())
        lines = said | {line.seq: line for line in (*near, *self._of(lent, span))}
        mended = {name for one in facts.values() if one.own for name in one.lines}
        lines = {seq: line for seq, line in lines.items() if line.id not in mended}
        cosines = self._cosines(vector, sorted(lines))
        spread = rank.spread_of([*scores.values(), *lore.scores], everything)
        ordinary = self._ordinary(vector, lore)
        over = self._over(list(lines.values()))
        candidates = []
        for seq, line in lines.items():
            fact = lent.get(line.id)
            words = max(scores.get(seq, 0.0), fact.score if fact else 0.0)
            meaning = _most(cosines.get(seq), fact.cosine if fact else None)
            dense = None if meaning is None else ordinary.standard(meaning)
            scored = (spread.standard(words), dense)
            candidates.append(candidates_of.of_line(line, *scored, over=line.ulid in over))
        candidates += [candidates_of.of_passage(hit, spread, ordinary) for hit in lore.hits]
        own = (one for one in facts.values() if one.own)
        candidates += [candidates_of.of_fact(one, spread, ordinary) for one in own]
        cosines |= {-seq: cosine for seq, cosine in lore.cosines.items()}
        return Found(
            lines,
            {-hit.passage.seq: hit.passage for hit in lore.hits},
            facts,
            {seq: lent[one.id].memo.text for seq, one in lines.items() if one.id in lent},
            judged(self.judge, text, rank.ranked(candidates, text, now)),
            abstain.weights(lore.counts or counts, everything),
            lore.coverage,
            cosines,
        )

    def answer(self, text: str, now: datetime, span: Span, most: int) -> Answer:
        """What answers `text`: the best `most` at most, and nothing rather than what does not."""
        found = self.find(text, now, span, LOOKED_AT)
        question = rank.question_of(text, found.ranked)
        weighed = rank.answering(found.ranked, question)
        fitting = [one for one in weighed if one.parts.get("person") != rank.STRANGER]
        sure = [one for one in fitting if "person" not in one.parts]
        covered = max(self._coverage(found, sure[:BEST], question), found.told)
        echoed = self._echoed(found, text)
        able = (one.key for one in sure if one.key not in echoed)
        cosine = max((found.cosines[key] for key in able if key in found.cosines), default=None)
        if not sure or not abstain.worth_telling(covered, cosine):
            return Answer(found, (), covered, cosine, "nothing fits well enough")
        chosen = [
            candidates_of.with_part(one, "coverage", covered) for one in packed(fitting, most)
        ]
        return Answer(found, chosen, covered, cosine)

    # ── words ────────────────────────────────────────────────────────────────────────────────

    def _lines(self, seqs: Iterator[int], depth: int) -> dict[int, Line]:
        """The first `depth` lines that differ: what was said 100 times must not hide the rest."""
        kept: dict[tuple[str, str], Line] = {}
        while len(kept) < depth and (chunk := list(islice(seqs, depth))):
            for line in self._journal.lines(chunk):
                kept.setdefault((line.who, line.text.casefold()), line)
        return {line.seq: line for line in islice(kept.values(), depth)}

    def _places(self, asked: Sequence[str], seqs: Sequence[int]) -> dict[str, set[int]]:
        """At which of these places each word stands."""
        return {word: self._journal.holding(word, seqs) for word in asked}

    def _coverage(
        self, found: Found, best: Sequence[rank.Candidate], question: rank.Question
    ) -> float:
        """Share of the question's telling words in the best of these lines.

        Of a question about somebody, the name tells little, and the lines around nothing: they
        may be about somebody else. Where the same was asked before, nothing is told either.
        """
        weights = {
            word: weight * (abstain.FAINT_WEIGHT if word in question.persons else 1.0)
            for word, weight in found.weights.items()
        }
        lines = [found.lines[one.key] for one in best if one.key in found.lines]
        windows = {
            line.seq: [line] if question.persons else self._journal.around(line) for line in lines
        }
        able = {
            other.seq: other
            for window in windows.values()
            for other in window
            if not rank.echoes(other.text, question.heard)
        }
        stems = {word: self._stemmer.stem(word) for word in weights}
        own: dict[str, set[int]] = {word: set() for word in weights}
        said = self._journal.said_in(list(weights), list(able)) if weights and able else {}
        for key, text in (*said.items(), *self._otherwise(found, best).items()):
            for word in self._stemmer.held(stems, text):
                own[word].add(key)
        around = {
            word: {seq for seq, near in windows.items() if any(one.seq in held for one in near)}
            for word, held in own.items()
        }
        keys = {one.key for one in best}
        own = {word: held & keys for word, held in own.items()}
        return abstain.coverage(weights, own, around)

    @staticmethod
    def _otherwise(found: Found, best: Sequence[rank.Candidate]) -> dict[int, str]:
        """What memories say of the best lines, or what is no line says."""
        return {
            one.key: found.meant.get(one.key, one.text)
            for one in best
            if one.key in found.meant or one.key not in found.lines
        }

    def _echoed(self, found: Found, text: str) -> set[int]:
        """Places of the lines around which the same was asked before: their vectors hold it."""
        asked = {
            (line.session, line.n) for line in found.lines.values() if rank.echoes(line.text, text)
        }
        near = {(session, n + step) for session, n in asked for step in range(-WINDOW, WINDOW + 1)}
        return {seq for seq, line in found.lines.items() if (line.session, line.n) in near}

    # ── memories ─────────────────────────────────────────────────────────────────────────────

    def _facts(
        self,
        asked: tuple[Mapping[str, int], int, Vector | None],
        names: Sequence[str],
        span: Span,
        depth: int,
    ) -> dict[int, Fact]:
        """The memories that may fit, by key; none where earlier conversations do not count."""
        if self._known is None or span.after:
            return {}
        counts, lines, vector = asked
        stems = {word: self._stemmer.stem(word) for word in counts}
        name = self._embedder.name if self._embedder is not None else ""
        question = known.Asked(stems, counts, lines, vector, name)
        return {KEY + one.memo.seq: one for one in self._known.find(question, names, depth)}

    def _of(self, names: Collection[str], span: Span) -> list[Line]:
        """The lines with these ids."""
        return [line for line in self._journal.by_id(sorted(names)) if line.seq in span]

    def _over(self, lines: Sequence[Line]) -> set[str]:
        """ULIDs of the lines that speak of what is over."""
        return self._known.over([line.ulid for line in lines]) if self._known else set()

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

    def _near(self, vector: Vector | None, span: Span, depth: int) -> tuple[list[Line], list[str]]:
        """The lines that are closest, and the names of all that is."""
        if vector is None or self._index is None:
            return [], []
        # Lines outside the span are the newest, and often the closest to what is said now.
        count = depth if span == Span() else 2 * depth
        for wider in (count, WIDER * count):
            ids = self._index.nearest(vector, wider)
            inside = [line for line in self._journal.by_id(ids) if line.seq in span]
            near = {(line.who, line.text.casefold()): line for line in reversed(inside)}
            if len(near) >= depth // 2 or len(ids) < wider:
                break
        return list(reversed(near.values()))[:depth], ids

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


def telling(counts: Mapping[str, int]) -> list[str]:
    """What is looked for: without very common words, where there are others."""
    rare = [word for word, count in counts.items() if count <= COMMON]
    if any(counts[word] for word in rare):
        return rare
    return sorted(counts, key=lambda word: (not counts[word], counts[word]))[:2]


def _most(one: float | None, other: float | None) -> float | None:
    return max((x for x in (one, other) if x is not None), default=None)
