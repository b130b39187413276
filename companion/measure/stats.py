"""What past turns took: medians, the slow ones, day by day, and whether it became slower.

Pure: turns in, numbers out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from companion.measure.waterfall import STAGES, waterfall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from companion.figures import Turn

NEWER, OLDER = timedelta(days=7), timedelta(days=28)
"""The last week is compared with the four weeks before it."""
LEAST = 8
"""Turns on each side that a comparison needs."""
DRAWS = 1000
CHANGED = 0.05
"""A change of less than this share is none, however sure."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What many values come to.

    Attributes:
        count: How many.
        p50: Their median.
        p95: What nineteen of twenty stay below.
    """

    count: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Early:
    """What was worth doing while the key was held.

    Attributes:
        presses: Spoken turns for which it was tried.
        hits: Share of them that were understood, in whole or in part, when the key came up.
        saved_s: Seconds of waiting that it saved, a turn.
        wasted_s: Processor seconds that were of no use, a turn.
    """

    presses: int
    hits: float
    saved_s: float
    wasted_s: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Turns of one period and one rig.

    Attributes:
        turns: How many.
        typed: How many of them were typed.
        first_sound: Milliseconds until the first sound, of those that were spoken.
        stages: Milliseconds of each stage on the way there, by its name; 0 where a turn did
            without, as where the words were understood before the key came up.
        tokens: Tokens by name, a turn.
        cpu_s: Processor seconds, a turn.
        gaps: Milliseconds of silence between clauses that nobody meant, for each minute of speech.
        early: What was done while the key was held; None where nothing was.
    """

    turns: int
    typed: int
    first_sound: Spread | None
    stages: dict[str, Spread]
    tokens: dict[str, Spread]
    cpu_s: Spread | None
    gaps: float
    early: Early | None


@dataclass(frozen=True, slots=True)
class Period:
    """Some turns one after the other: a day, an hour, or a single turn."""

    name: str
    first_sound: Spread
    stages: dict[str, float]


@dataclass(frozen=True, slots=True)
class Drift:
    """The last week against the weeks before.

    Attributes:
        newer: How many turns of the last week.
        older: How many before.
        ratio: Median first sound now ÷ then; None where there are too few to tell.
        low: Where the ratio begins, with nine in ten to be right.
        high: Where it ends.
        stage: The stage that changed most; "" where nothing did.
    """

    newer: int
    older: int
    ratio: float | None = None
    low: float = 0.0
    high: float = 0.0
    stage: str = ""

    @property
    def changed(self) -> bool:
        """Whether it became slower or quicker, by more than chance and more than a little."""
        if self.ratio is None or abs(self.ratio - 1) < CHANGED:
            return False
        return self.low > 1 or self.high < 1


def spread(values: Iterable[float | None]) -> Spread | None:
    """Median and 95th percentile; None of nothing."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    p50, p95 = np.percentile(known, [50, 95])
    return Spread(len(known), float(p50), float(p95))


def spoken(turns: Iterable[Turn]) -> list[Turn]:
    """Turns that were spoken and answered with sound."""
    return [turn for turn in turns if turn.kind == "spoken" and turn.first_sound is not None]


def same_rig(turns: Sequence[Turn]) -> list[Turn]:
    """The turns that ran on what the newest one ran on."""
    return [turn for turn in turns if turn.rig == turns[-1].rig]


def steps(turn: Turn) -> dict[str, float]:
    """Milliseconds of each stage between the release and the first sound."""
    return {step.stage: step.length for step in waterfall(turn.record).steps}


def summary(turns: Sequence[Turn]) -> Summary:
    """What these turns took."""
    voiced = spoken(turns)
    ways = [steps(turn) for turn in voiced]
    stages = {name: spread(way.get(name, 0.0) for way in ways) for name in STAGES}
    modelled = [turn.record["tokens"] for turn in turns if turn.record["tokens"].get("prompt")]
    names = dict.fromkeys(name for tokens in modelled for name in tokens)
    tokens = {name: spread(one.get(name) for one in modelled) for name in names}
    minutes = sum(turn.record["seconds"] for turn in voiced) / 60
    gaps = sum(waterfall(turn.record).gaps for turn in voiced)
    return Summary(
        turns=len(turns),
        typed=sum(turn.kind == "typed" for turn in turns),
        first_sound=spread(turn.first_sound for turn in voiced),
        stages={name: found for name, found in stages.items() if found and found.p95},
        tokens={name: found for name, found in tokens.items() if found},
        cpu_s=spread(turn.record["cpu_s"] for turn in turns),
        gaps=gaps / minutes if minutes else 0.0,
        early=_early(voiced),
    )


def _early(turns: Iterable[Turn]) -> Early | None:
    tried = [turn.record["early"] for turn in turns if turn.record["early"]]
    if not tried:
        return None
    count = len(tried)
    return Early(
        presses=count,
        hits=sum(bool(one.get("hit")) for one in tried) / count,
        saved_s=sum(one.get("saved_s", 0.0) for one in tried) / count,
        wasted_s=sum(one.get("wasted_s", 0.0) for one in tried) / count,
    )


def periods(turns: Iterable[Turn], most: int = 42) -> list[Period]:
    """Spoken turns by day; by hour where they are of one or two days, by turn within an hour."""
    voiced = spoken(turns)
    names: tuple[Callable[[datetime], str], ...] = (
        lambda at: f"{at:%-d %b}",
        lambda at: f"{at:%-d %b, %H:00}",
    )
    for name in names:
        groups: dict[str, list[Turn]] = {}
        for turn in voiced:
            groups.setdefault(name(turn.at.astimezone()), []).append(turn)
        if len(groups) > 2:  # noqa: PLR2004 - two points are no curve
            return [_period(name, group) for name, group in groups.items()][-most:]
    return [_period(f"{turn.at.astimezone():%H:%M}", [turn]) for turn in voiced][-most:]


def _period(name: str, turns: Sequence[Turn]) -> Period:
    first = spread(turn.first_sound for turn in turns)
    ways = [steps(turn) for turn in turns]
    stages = {stage: spread(way.get(stage, 0.0) for way in ways) for stage in STAGES}
    medians = {stage: found.p50 for stage, found in stages.items() if found and found.p50}
    return Period(name, first or Spread(0, 0.0, 0.0), medians)


def drift(turns: Sequence[Turn], now: datetime) -> Drift:
    """Whether the last week was slower or quicker than the weeks before, on the same rig."""
    if not turns:
        return Drift(0, 0)
    voiced = spoken(same_rig(turns))
    newer = [turn for turn in voiced if now - turn.at < NEWER]
    older = [turn for turn in voiced if NEWER <= now - turn.at < NEWER + OLDER]
    if min(len(newer), len(older)) < LEAST:
        return Drift(len(newer), len(older))
    now_ms, then_ms = (np.array([turn.first_sound for turn in side]) for side in (newer, older))
    chance = np.random.default_rng(1)  # the same turns give the same answer
    ratios = [
        np.median(chance.choice(now_ms, len(now_ms)))
        / np.median(chance.choice(then_ms, len(then_ms)))
        for _ in range(DRAWS)
    ]
    low, high = np.percentile(ratios, [5, 95])
    ratio = float(np.median(now_ms) / np.median(then_ms))
    return Drift(
        *(len(newer), len(older), ratio, float(low), float(high)), stage=_moved(newer, older)
    )


def _moved(newer: Sequence[Turn], older: Sequence[Turn]) -> str:
    """The stage whose median changed by most milliseconds."""
    now, then = (_period("", side).stages for side in (newer, older))
    changes = {name: abs(now.get(name, 0.0) - then.get(name, 0.0)) for name in {*now, *then}}
    return max(changes, key=lambda name: changes[name], default="")
