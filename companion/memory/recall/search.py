"""Finding lines and passages of documents: full text and vectors, their scores standardised, added.

Brings the stores and the pure rules of `read/` together. Knows nothing of sessions or the clock.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

from companion.memory.lore.find import Asked, Hits, anew
from companion.memory.read import abstain, rank
from companion.memory.read.pack import packed
from companion.memory.read.words import terms
from companion.memory.recall import known
from companion.memory.recall.candidates import Scales, lent_by, with_part
from companion.memory.recall.found import Answer, Found, Gauge, Question, Span, Worded
from companion.memory.recall.judge import judged
from companion.memory.recall.known import KEY, Known
from companion.memory.recall.meaning import Meaning, cosines
from companion.memory.recall.stems import Stemmer
from companion.memory.store.journal import WINDOW
from companion.memory.store.memo import NAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    from companion.memory.dense.embed import Embedder
    from companion.memory.lore import Lore
    from companion.memory.recall.judge import Judge
    from companion.memory.recall.known import Fact
    from companion.memory.recall.meaning import Nearest
    from companion.memory.store.journal import Journal, Vector
    from companion.memory.store.line import Line
    from companion.memory.store.versions import Versions

    Embedded = tuple[Line, Vector | None]
    T = TypeVar("T")

DEPTH = 100
"""Lines looked at from each of the two searches."""
LOOKED_AT = 20
"""The same in order to answer."""
MOST_TERMS = 64
"""Words looked for; somebody may paste a book."""
BEST = 3
"""Lines in which the words of the question are looked for."""
WIDER = 8
"""How many times more lines are asked for when most of the closest say the same."""
AROUND = 5
"""Lines found by words whose windows are looked at beforehand."""
COMMON = 2000
"""Windows from which on a word is not looked for where there are rarer ones: at 100,000 lines that
makes a search six times as fast. A share of the lines instead costs 2 points of recall at 5."""


class Search:
    """Searches one journal.

    Args:
        journal: The lines.
        index: The dense index over them.
        embedder: What made the vectors; without one, the words alone decide.
        lore: The documents beside the lines.
        versions: The memories beside them.
        judge: Reads the best finds once more; None for one stage.
    """

    def __init__(
        self,
        journal: Journal,
        index: Nearest | None,
        embedder: Embedder | None,
        lore: Lore | None = None,
        versions: Versions | None = None,
        judge: Judge | None = None,
    ) -> None:
        self._journal = journal
        self._meaning = Meaning(journal, index, embedder)
        self._lore = lore
        self._stemmer = Stemmer()
        self._beside = ThreadPoolExecutor(1, "meaning")
        self._known = Known(versions, journal, self._stemmer) if versions else None
        self._judge = judge

    def close(self) -> None:
        """Give memory back; safe to repeat."""
        self._beside.shutdown()
        self._stemmer.close()

    def learned(self) -> None:
        """Vectors were added: what is ordinary is to be looked at anew."""
        self._meaning.learned()

    def prepare(self) -> None:
        """Do what the next search would have to do first."""
        self._meaning.prepare()

    @contextmanager
    def asking(self, text: str) -> Iterator[Question]:
        """Have the vector of a question made beside what is inside."""
        with self._meanwhile(lambda: self._meaning.of(text)) as made:
            yield Question(text, made)

    def find(self, question: Question, now: datetime, span: Span, depth: int = DEPTH) -> Found:
        """What may fit, best first: the best `depth` by words and by meaning."""
        text, made = question.text, question.vector
        # Lines outside the span are the newest, and often the closest to what is said now.
        count = depth if span == Span() else 2 * depth
        with self._meanwhile(lambda: self._meaning.nearest(made.result(), count)) as named:
            said = self._said(text, span, depth)
            vector = made.result()
            gauge = self._gauge(said, vector, depth)
            scales = Scales(gauge, text, now)
            first = lent_by(gauge.facts.values())
            weighed = scales.lines(said.lines, gauge.cosines, first, said.over)
            names = named.result()
        near = self._near((vector, names), said, span, depth)
        facts = self._facts(said, gauge, (vector, names), span)
        lent = lent_by(facts.values())
        lines, vectors = self._together(said, near, lent, span)
        mended = {name for one in facts.values() if one.own for name in one.lines}
        if mended:
            lines = {seq: line for seq, line in lines.items() if line.id not in mended}
        close = gauge.cosines | cosines(vector, vectors)
        fresh = [one for seq, one in lines.items() if seq not in said.lines] if said.past else []
        over = said.over | self._over(fresh)
        more = {
            seq: line
            for seq, line in lines.items()
            if seq not in weighed or lent.get(line.id) is not first.get(line.id)
        }
        weighed |= scales.lines(more, close, lent, over)
        told = (*scales.passages(), *scales.facts(facts.values()))
        ranked = rank.ordered([*(weighed[seq] for seq in lines), *told], text)
        lore = gauge.lore
        return Found(
            lines,
            {-hit.passage.seq: hit.passage for hit in lore.hits},
            facts,
            {seq: lent[one.id].memo.text for seq, one in lines.items() if one.id in lent},
            judged(self._judge, text, ranked),
            abstain.weights(lore.counts or said.asked.counts, said.asked.lines + lore.passages),
            lore.coverage,
            close | {-seq: cosine for seq, cosine in lore.cosines.items()},
            said.around,
            said.held,
        )

    def answer(self, asked: Question, now: datetime, span: Span, most: int) -> Answer:
        """What answers it: the best `most` at most, and nothing rather than what does not."""
        found = self.find(asked, now, span, LOOKED_AT)
        question = rank.question_of(asked.text, found.ranked)
        weighed = rank.answering(found.ranked, question)
        fitting = [one for one in weighed if one.parts.get("person") != rank.STRANGER]
        sure = [one for one in fitting if "person" not in one.parts]
        covered = max(self._coverage(found, sure[:BEST], question), found.told)
        echoed = self._echoed(found, asked.text)
        able = (one.key for one in sure if one.key not in echoed)
        cosine = max((found.cosines[key] for key in able if key in found.cosines), default=None)
        if not sure or not abstain.worth_telling(covered, cosine):
            return Answer(found, (), covered, cosine, "nothing fits well enough")
        chosen = [with_part(one, "coverage", covered) for one in packed(fitting, most)]
        return Answer(found, chosen, covered, cosine)

    @contextmanager
    def _meanwhile(self, work: Callable[[], T]) -> Iterator[Future[T]]:
        """Do this beside what is inside; it has ended afterwards, also where that failed."""
        done = self._beside.submit(work)
        time.sleep(0)  # else this thread may keep the interpreter from that one for 5 ms
        try:
            yield done
        finally:
            done.exception()

    # ── words ────────────────────────────────────────────────────────────────────────────────

    def _said(self, text: str, span: Span, depth: int) -> Worded:
        """The lines that hold words of the question, and all that is known without its vector."""
        stems = self._stemmer.stems(terms(text)[:MOST_TERMS])
        counts = self._journal.counts(stems)
        matches = self._journal.match(telling(counts))
        lines = self._lines((seq for seq in matches.seqs if seq in span), depth)
        asked = known.Asked(stems, counts, matches.lines, self._meaning.name)
        kept = [] if self._known is None or span.after else self._known.holding(asked, depth)
        # What the answer will ask of the best lines is prepared while the vector is made.
        lent = self._journal.by_id([one for memory in kept for one in memory.lines[-1:]])
        around = self._journal.windows(list(islice(lines.values(), AROUND)))
        named = {line.id: line for line in (*lines.values(), *lent)}
        read = {line.seq: line for line in chain(named.values(), *around.values())}
        rank.read(line.text for line in named.values())
        documents = self._lore is not None and self._lore.size() > 0
        past = self._known is not None and self._known.past()
        return Worded(
            asked,
            dict(zip(matches.seqs, matches.scores, strict=True)),
            None if documents else rank.spread_of(matches.scores, matches.lines),
            lines,
            kept,
            named,
            self._meaning.vectors([line.seq for line in named.values()]),
            self._over(list(named.values()) if past else []),
            past,
            around,
            self._held(stems, read.values()),
        )

    def _lines(self, seqs: Iterator[int], depth: int) -> dict[int, Line]:
        """The first `depth` lines that differ: what was said 100 times must not hide the rest."""
        kept: dict[tuple[str, str], Line] = {}
        while len(kept) < depth and (chunk := list(islice(seqs, depth))):
            for line in self._journal.lines(chunk):
                kept.setdefault((line.who, line.text.casefold()), line)
        return {line.seq: line for line in islice(kept.values(), depth)}

    def _gauge(self, said: Worded, vector: Vector | None, depth: int) -> Gauge:
        """What is ordinary for this question, and how its lines compare with that."""
        asked, scores, words, lore = said.asked, said.scores, said.spread, Hits()
        if words is None:  # documents are weighed as if they stood among the lines
            lore = self._told(said, vector, depth)
            everything = asked.lines + lore.passages
            places = {word: self._journal.holding(word, list(said.lines)) for word in asked.stems}
            before, after = (asked.counts, asked.lines), (lore.counts, everything)
            scores = anew(scores, places, before, after)
            words = rank.spread_of([*scores.values(), *lore.scores], everything)
        close = cosines(vector, said.vectors)
        facts = {one.memo.name: one for one in known.compared(said.kept, vector)}
        return Gauge(lore, scores, close, facts, words, self._meaning.ordinary(vector, lore))

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
        alone: dict[int, Sequence[Line]] = {line.seq: [line] for line in lines}
        windows = alone if question.persons else self._windows(found, lines)
        able = {
            other.seq: other
            for window in windows.values()
            for other in window
            if not rank.echoes(other.text, question.heard)
        }
        stems = self._stemmer.stems(list(weights))
        held = found.held | self._held(
            stems, [line for seq, line in able.items() if seq not in found.held]
        )
        own: dict[str, set[int]] = {word: set() for word in weights}
        for key in able:
            for word in held[key]:
                own[word].add(key)
        for key, text in self._otherwise(found, best).items():
            for word in self._stemmer.held(stems, text):
                own[word].add(key)
        around = {
            word: {seq for seq, near in windows.items() if any(one.seq in held for one in near)}
            for word, held in own.items()
        }
        keys = {one.key for one in best}
        own = {word: held & keys for word, held in own.items()}
        return abstain.coverage(weights, own, around)

    def _held(self, stems: Mapping[str, str], lines: Collection[Line]) -> dict[int, list[str]]:
        """Which of these words stand in each line, by its place."""
        told = {line.seq: line.worded for line in lines}
        self._stemmer.read(told.values())
        return {seq: self._stemmer.held(stems, text) for seq, text in told.items()}

    def _windows(self, found: Found, lines: Sequence[Line]) -> dict[int, Sequence[Line]]:
        """The window of each of these lines, by its place."""
        rest = self._journal.windows([one for one in lines if one.seq not in found.around])
        return {one.seq: found.around.get(one.seq) or rest[one.seq] for one in lines}

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
        said: Worded,
        gauge: Gauge,
        meant: tuple[Vector | None, Sequence[str]],
        span: Span,
    ) -> dict[int, Fact]:
        """The memories that may fit, by key; none where earlier conversations do not count."""
        if self._known is None or span.after:
            return {}
        vector, names = meant
        near = self._known.named(said.asked, [one for one in names if one not in gauge.facts])
        found = (*gauge.facts.values(), *known.compared(near, vector))
        return {KEY + one.memo.seq: one for one in found}

    def _together(
        self, said: Worded, near: Sequence[Embedded], lent: Collection[str], span: Span
    ) -> tuple[dict[int, Line], dict[int, Vector]]:
        """All lines found, by place, and the vectors of those that were not known by words."""
        known = said.named.keys() | {line.id for line, _ in near}
        fresh = (*near, *self._meaning.lines(sorted(one for one in lent if one not in known)))
        named = (said.named[one] for one in lent if one in said.named)
        found = {line.seq: line for line in chain((line for line, _ in fresh), named)}
        lines = said.lines | {seq: line for seq, line in found.items() if seq in span}
        return lines, {line.seq: vector for line, vector in fresh if vector is not None}

    def _over(self, lines: Sequence[Line]) -> set[str]:
        """ULIDs of the lines that speak of what is over."""
        return self._known.over([one.ulid for one in lines]) if self._known and lines else set()

    # ── documents ────────────────────────────────────────────────────────────────────────────

    def _told(self, said: Worded, vector: Vector | None, depth: int) -> Hits:
        """What documents say, with scores as if they stood among the lines."""
        if self._lore is None:
            return Hits()
        stems = said.asked.stems
        asked = Asked(list(stems), stems, vector, self._meaning.name)
        return self._lore.find(asked, said.asked.counts, said.asked.lines, depth)

    # ── meaning ──────────────────────────────────────────────────────────────────────────────

    def _near(
        self, meant: tuple[Vector | None, Sequence[str]], said: Worded, span: Span, depth: int
    ) -> list[Embedded]:
        """The lines that are closest, with the vectors of those that were not known by words."""
        vector, names = meant
        near = self._differing(names, said, span)
        # A memory brings the line it was taken from.
        memories = sum(name.startswith(NAMED) for name in names)
        if len(near) + memories < depth // 2 <= len(names):
            wider = self._meaning.nearest(vector, WIDER * len(names))
            near = self._differing(wider, said, span)
        return near[:depth]

    def _differing(self, ids: Sequence[str], said: Worded, span: Span) -> list[Embedded]:
        """Those of the lines with these ids that lie in the span, what was said twice once."""
        known: dict[str, Embedded] = {
            one: (said.named[one], None) for one in ids if one in said.named
        }
        fresh = self._meaning.lines([one for one in ids if one not in known])
        known |= {line.id: (line, vector) for line, vector in fresh}
        near = {
            (line.who, line.text.casefold()): (line, vector)
            for line, vector in (known[one] for one in reversed(ids) if one in known)
            if line.seq in span
        }
        return list(reversed(near.values()))


def telling(counts: Mapping[str, int]) -> list[str]:
    """What is looked for: without very common words, where there are others."""
    rare = [word for word, count in counts.items() if count <= COMMON]
    if any(counts[word] for word in rare):
        return rare
    return sorted(counts, key=lambda word: (not counts[word], counts[word]))[:2]
