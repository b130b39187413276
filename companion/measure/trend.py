"""The picture of many turns: first sound over time, and what it was made of.

Knows what periods hold and where their parts go on paper; `picture` writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.measure.drawing import ACCENT, COLOURS, FAINT, INK, RULE, WIDTH
from companion.measure.picture import Area, Box, Line, Picture, Words
from companion.measure.waterfall import STAGES, duration, ticks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from companion.measure.picture import Shape
    from companion.measure.stats import Period

LEFT, RIGHT = 84.0, 676.0
MARGIN = 700.0
"""Where names stand, to the right of the curves."""
HIGH = 190.0
"""Height of each half."""
UPPER, LOWER = 128.0, 388.0
"""Where they begin."""
BAND = "#dbe7f6"
CURVE = "#2f5f9e"


@dataclass(frozen=True, slots=True)
class Frame:
    """One half: a share of the width for each period, and milliseconds upwards."""

    top: float
    count: int
    most: float

    def x(self, number: int) -> float:
        """The middle of a period."""
        return LEFT + (number + 0.5) * (RIGHT - LEFT) / self.count

    def y(self, ms: float) -> float:
        """The height of a time."""
        return self.top + HIGH * (1 - min(ms / max(self.most, 1e-9), 1.0))


def draw_trend(periods: Sequence[Period], facts: str) -> Picture:
    """The picture of many turns; there is at least one period.

    Args:
        periods: One after the other.
        facts: A line about them, for under the title.
    """
    last = periods[-1].first_sound
    picture = Picture(WIDTH, LOWER + HIGH + 62)
    upper = Frame(UPPER, len(periods), 1.08 * max(p.first_sound.p95 for p in periods))
    most = max(sum(period.stages.values()) for period in periods)
    lower = Frame(LOWER, len(periods), 1.08 * most)
    picture.shapes += [
        Words(28, 44, f"First sound after {duration(last.p50)}", 24, INK, bold=True),
        Words(28, 68, facts, 13, FAINT),
        Words(28, UPPER - 18, "from the release of the key to the first sound", 13, INK, bold=True),
        *_rules(upper),
        *_curve(periods, upper),
        Words(28, LOWER - 18, "what it was made of, by its median", 13, INK, bold=True),
        *_rules(lower),
        *_columns(periods, lower),
        *_names(periods, lower),
    ]
    return picture


def _rules(frame: Frame) -> Iterator[Shape]:
    long = frame.most >= 2000  # noqa: PLR2004 - in seconds from there on
    for tick in ticks(0.0, frame.most, 5):
        y = frame.y(tick)
        yield Line(((LEFT, y), (RIGHT, y)), "#9aa5b1" if tick == 0 else RULE)
        text = f"{tick / 1000:g} s" if long else f"{tick:.0f} ms"
        yield Words(LEFT - 10, y + 4, text, 11, FAINT, "end")


def _curve(periods: Sequence[Period], frame: Frame) -> Iterator[Shape]:
    """The median as a line, and above it how slow one turn in twenty was."""
    p50 = [(frame.x(n), frame.y(p.first_sound.p50)) for n, p in enumerate(periods)]
    p95 = [(frame.x(n), frame.y(p.first_sound.p95)) for n, p in enumerate(periods)]
    if len(periods) > 1:
        yield Area((*p50, *reversed(p95)), BAND)
        yield Line(tuple(p95), "#8fb0d8", 1.2)
        yield Line(tuple(p50), CURVE, 2.2)
    for x, y in p50:
        yield Box(x - 3, y - 3, 6, 6, CURVE, 3)
    marks = [(p95[-1][1], "#5f88ba", "95th percentile"), (p50[-1][1], CURVE, "median")]
    if abs(marks[0][0] - marks[1][0]) < 16:  # noqa: PLR2004 - a line of text
        marks[0] = (marks[1][0] - 16, *marks[0][1:])
    spreads = (periods[-1].first_sound.p95, periods[-1].first_sound.p50)
    for (y, colour, name), value in zip(marks, spreads, strict=True):
        yield Words(MARGIN, y + 4, f"{name}: {duration(value)}", 12, colour, bold=True)


def _columns(periods: Sequence[Period], frame: Frame) -> Iterator[Shape]:
    """A column for each period: the stages one upon the other, the first at the bottom."""
    width = min(0.72 * (RIGHT - LEFT) / frame.count, 46.0)
    for number, period in enumerate(periods):
        below = 0.0
        for stage in STAGES:
            length = period.stages.get(stage, 0.0)
            top, bottom = frame.y(below + length), frame.y(below)
            if bottom - top > 0.3:  # noqa: PLR2004 - a third of a point is seen
                box = Box(frame.x(number) - width / 2, top, width, bottom - top, COLOURS[stage])
                yield box
            below += length
    yield from _dates(periods, frame)


def _dates(periods: Sequence[Period], frame: Frame) -> Iterator[Shape]:
    """Names of the periods below, as many as there is room for."""
    every = -(-len(periods) // 9)
    for number in range(len(periods) - 1, -1, -every):
        period = periods[number]
        yield Words(frame.x(number), frame.top + HIGH + 18, period.name, 11, FAINT, "middle")
        count = period.first_sound.count
        if count > 1:
            yield Words(frame.x(number), frame.top + HIGH + 33, f"{count}", 10, "#9aa5b1", "middle")
    if any(period.first_sound.count > 1 for period in periods):
        yield Words(LEFT - 10, frame.top + HIGH + 33, "turns", 10, "#9aa5b1", "end")


def _names(periods: Sequence[Period], frame: Frame) -> Iterator[Shape]:
    """What the colours are, with the newest figures; the top of a column first."""
    newest = periods[-1].stages
    whole = sum(newest.values())
    y = frame.top + 8
    for stage in reversed(STAGES):
        length = newest.get(stage, 0.0)
        if length < 0.01 * whole:
            continue
        yield Box(MARGIN, y - 9, 10, 10, COLOURS[stage], 2)
        yield Words(MARGIN + 17, y, STAGES[stage], 12, INK)
        yield Words(WIDTH - 22, y, duration(length), 12, FAINT, "end")
        y += 19
    yield Words(MARGIN, y + 6, "newest:", 11, FAINT)
    yield Words(WIDTH - 22, y + 6, duration(whole), 12, ACCENT, "end", bold=True)
