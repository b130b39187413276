"""Lines, memories and passages as what the rules of `read/` weigh: all in one ranking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from companion.memory.read import rank
from companion.memory.recall.known import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from companion.memory.lore.find import Hit
    from companion.memory.recall.found import Gauge
    from companion.memory.recall.known import Fact
    from companion.memory.store.line import Line

NOBODY = "·"
"""Who says what nobody said, as a document: never one that a question names."""


def lent(facts: Iterable[Fact]) -> dict[str, Fact]:
    """By the id of a line, the best of the facts that were taken from it and say the same."""
    best: dict[str, Fact] = {}
    for fact in facts:
        for name in fact.lines[-1:] if not fact.own else ():
            if name not in best or _fits(fact) > _fits(best[name]):
                best[name] = fact
    return best


def _fits(fact: Fact) -> tuple[float, float, int]:
    return (fact.score, fact.cosine or 0.0, fact.memo.seq)


def of_line(
    line: Line, gauge: Gauge, cosine: float | None, fact: Fact | None, *, over: bool
) -> rank.Candidate:
    """A line, with its two scores standardised.

    Args:
        line: It.
        gauge: What is ordinary.
        cosine: How close it is; None where it has no vector.
        fact: What was taken from it: the better score of the two counts.
        over: Whether what it says is true no more.
    """
    score = gauge.scores.get(line.seq, 0.0)
    if fact is not None:
        score = max(score, fact.score)
        cosine = max((x for x in (cosine, fact.cosine) if x is not None), default=None)
    scores = (gauge.words.standard(score), gauge.standard(cosine), 0.0)
    mine = line.speaker == "user"
    return rank.Candidate(line.seq, line.text, mine, line.said, *scores, line.who, over)


def of_fact(fact: Fact, spread: rank.Spread, ordinary: rank.Spread) -> rank.Candidate:
    """A memory, its scores standardised as those of lines are."""
    memo = fact.memo
    return rank.Candidate(
        key=KEY + memo.seq,
        text=memo.text,
        mine=True,
        said=memo.observed,
        lexical=spread.standard(fact.score),
        dense=None if fact.cosine is None else ordinary.standard(fact.cosine),
        who=NOBODY,
        over=fact.over,
        importance=memo.importance + 0.5 * memo.pinned,
    )


def of_passage(hit: Hit, spread: rank.Spread, ordinary: rank.Spread) -> rank.Candidate:
    """A passage of a document, its scores standardised as those of lines are."""
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
