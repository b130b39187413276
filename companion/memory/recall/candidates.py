"""Lines, memories and passages as what the rules of `read/` weigh: all in one ranking."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from companion.memory.read import rank
from companion.memory.recall.known import KEY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from companion.memory.lore.find import Hit
    from companion.memory.recall.found import Gauge
    from companion.memory.recall.known import Fact
    from companion.memory.store.line import Line

NOBODY = "·"
"""Who says what nobody said, as a document: never one that a question names."""


def lent_by(facts: Iterable[Fact]) -> dict[str, Fact]:
    """By the id of a line, the best of the facts that were taken from it and say the same."""
    best: dict[str, Fact] = {}
    for fact in facts:
        for name in fact.lines[-1:] if not fact.own else ():
            if name not in best or _fits(fact) > _fits(best[name]):
                best[name] = fact
    return best


def _fits(fact: Fact) -> tuple[float, float, int]:
    return (fact.score, fact.cosine or 0.0, fact.memo.seq)


@dataclass(frozen=True, slots=True)
class Scales:
    """What may fit one question, weighed.

    Attributes:
        gauge: What is ordinary for it: by that the two scores of everything are standardised.
        heard: The question.
        now: The time.
    """

    gauge: Gauge
    heard: str
    now: datetime

    def lines(
        self,
        lines: Mapping[int, Line],
        close: Mapping[int, float],
        lent: Mapping[str, Fact],
        over: Collection[str],
    ) -> dict[int, rank.Candidate]:
        """Lines, by place.

        Args:
            lines: They.
            close: How close those are that have a vector.
            lent: By the id of a line, what was taken from it: the better score of the two counts.
            over: ULIDs of those that say what is true no more.
        """
        made = (
            self._line(line, close.get(seq), lent.get(line.id), over=line.ulid in over)
            for seq, line in lines.items()
        )
        return {one.key: self._scored(one) for one in made}

    def facts(self, facts: Iterable[Fact]) -> list[rank.Candidate]:
        """Memories that are shown in words of their own."""
        return [self._scored(self._fact(one)) for one in facts if one.own]

    def passages(self) -> list[rank.Candidate]:
        """What documents say."""
        return [self._scored(self._passage(one)) for one in self.gauge.lore.hits]

    def _scored(self, one: rank.Candidate) -> rank.Candidate:
        return rank.scored(one, self.heard, self.now)

    def _line(
        self, line: Line, cosine: float | None, fact: Fact | None, *, over: bool
    ) -> rank.Candidate:
        gauge = self.gauge
        score = gauge.scores.get(line.seq, 0.0)
        if fact is not None:
            score = max(score, fact.score)
            cosine = max((x for x in (cosine, fact.cosine) if x is not None), default=None)
        scores = (gauge.words.standard(score), gauge.standard(cosine), 0.0)
        mine = line.speaker == "user"
        return rank.Candidate(line.seq, line.text, mine, line.said, *scores, line.who, over)

    def _fact(self, fact: Fact) -> rank.Candidate:
        memo = fact.memo
        return rank.Candidate(
            key=KEY + memo.seq,
            text=memo.text,
            mine=memo.subject == "user" or not fact.line,
            said=memo.observed,
            lexical=self.gauge.words.standard(fact.score),
            dense=self.gauge.standard(fact.cosine),
            who=fact.who if fact.line else NOBODY,
            over=fact.over,
            importance=0.0 if fact.line else memo.importance + 0.5 * memo.pinned,
        )

    def _passage(self, hit: Hit) -> rank.Candidate:
        return rank.Candidate(
            key=-hit.passage.seq,
            text=hit.passage.text,
            mine=True,
            said=hit.passage.taken,
            lexical=self.gauge.words.standard(hit.score),
            dense=self.gauge.standard(hit.cosine),
            who=NOBODY,
        )


def with_part(one: rank.Candidate, name: str, value: float) -> rank.Candidate:
    """The candidate with one more part of its score named."""
    return replace(one, parts={**one.parts, name: value})
