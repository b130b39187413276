"""The second stage: the best candidates once more, each read together with the question.

A judge's scores are on a scale of their own. They are standardised over those it saw and count as
much as all that was known before: standardised scores added, as everywhere. Pure.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.memory.read.rank import Candidate

JUDGED = 20
"""Candidates that are read with the question; each costs as much as a vector."""


def told(one: Candidate) -> str:
    """A candidate as a judge reads it: with who said it, where somebody did."""
    return f"{one.who}: {one.text}" if one.who.isprintable() and one.who[:1].isalpha() else one.text


def judged(candidates: Sequence[Candidate], scores: Sequence[float]) -> list[Candidate]:
    """The candidates in the order that a judge's scores make of it, best first.

    Args:
        candidates: Best first.
        scores: Of the first of them, higher is better; the others keep what they have.
    """
    seen = candidates[: len(scores)]
    if len(seen) < 2:  # noqa: PLR2004  (one alone is in order)
        return list(candidates)
    wide = statistics.pstdev(one.score for one in seen)
    mean, deviation = statistics.fmean(scores), statistics.pstdev(scores)
    made = []
    for one, score in zip(seen, scores, strict=True):
        judge = (score - mean) / (deviation + 1e-9)
        made.append(one.weighed(one.score + wide * judge, {**one.parts, "judge": judge}))
    every = [*made, *candidates[len(seen) :]]
    return sorted(every, key=lambda one: (-one.score, -one.key))
