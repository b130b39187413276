"""Two ways of doing the same, measured in turn so that whatever else happens hits both.

The order is A B B A A B B A …; a pair gives one ratio, and the figure is the median of the ratios
with what chance alone makes of it (bootstrap, 90 %). Beside the clock runs the processor time of
this process and its children, which other programs cannot lengthen. Knows the clock, and nothing of
what is measured.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WARM_UPS = 2
"""Pairs that are not counted: first calls are the slowest."""

PAIRS = 7
RESAMPLES = 2000
SURE = 0.9


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took, in seconds.

    Attributes:
        wall: By the clock.
        cpu: Of the processor, by this process and its children.
    """

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """One way against another.

    Attributes:
        middle: The median of the paired ratios.
        low: Lower end of the 90 % interval of that median.
        high: Its upper end.
        cpu: The same ratio in processor seconds.
        first: Median seconds of the first way.
        second: Median seconds of the second way.
        pairs: How many pairs.
    """

    middle: float
    low: float
    high: float
    cpu: float
    first: float
    second: float
    pairs: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 90 % interval."""
        return self.low, self.high


def processor_seconds() -> float:
    """Processor seconds of this process and of its children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def cost(work: Callable[[], object]) -> Cost:
    """What one run of `work` takes."""
    began, spent = time.perf_counter(), processor_seconds()
    work()
    return Cost(time.perf_counter() - began, processor_seconds() - spent)


def in_turn(
    first: Callable[[], Cost],
    second: Callable[[], Cost],
    pairs: int = PAIRS,
    warm_ups: int = WARM_UPS,
) -> list[tuple[Cost, Cost]]:
    """Both ways, in the order A B B A; each tells what it cost."""
    found = []
    for n in range(-warm_ups, pairs):
        if n % 2 == 0:
            a, b = first(), second()
        else:
            b, a = second(), first()
        if n >= 0:
            found.append((a, b))
    return found


def compare(first: Callable[[], object], second: Callable[[], object], pairs: int = PAIRS) -> Ratio:
    """How much longer the first way takes than the second."""
    return ratio(in_turn(lambda: cost(first), lambda: cost(second), pairs))


def ratio(pairs: Sequence[tuple[Cost, Cost]]) -> Ratio:
    """The ratio of pairs that were measured."""
    walls = [a.wall / b.wall for a, b in pairs]
    spent = [a.cpu / b.cpu for a, b in pairs if b.cpu > 0]
    low, high = interval(walls)
    return Ratio(
        statistics.median(walls),
        low,
        high,
        statistics.median(spent) if spent else 0.0,
        statistics.median(a.wall for a, _ in pairs),
        statistics.median(b.wall for _, b in pairs),
        len(pairs),
    )


def interval(values: Sequence[float], sure: float = SURE) -> tuple[float, float]:
    """Where the median of as many values lies by chance alone."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(np.asarray(values, float), (RESAMPLES, len(values)))
    medians = np.median(drawn, axis=1)
    low, high = np.quantile(medians, [(1 - sure) / 2, (1 + sure) / 2])
    return float(low), float(high)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]
