"""The picture of one turn: the way to the first sound, and below it the whole turn.

Knows what a waterfall holds and where its parts go on paper; `picture` writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.measure.picture import Area, Box, Line, Picture, Words
from companion.measure.waterfall import LANES, Bar, duration, ticks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from companion.measure.picture import Shape
    from companion.measure.waterfall import Waterfall

WIDTH = 960.0
LEFT, RIGHT = 196.0, 900.0
"""Where bars begin and end; their names stand before, in the margin."""
TOP = 128.0
STEP, LANE = 28.0, 30.0
"""From one row to the next, above and below."""
ROOM_BETWEEN = 104.0
INK, FAINT, RULE, VEIL = "#1f2933", "#7b8794", "#e4e7eb", "#f2f5f9"
ACCENT = "#c81e4a"
WIDE = 15.0
"""A bar of so many points has room for a number."""

COLOURS = {
    "you": "#cbd2d9",
    "wait": "#e1e4e8",
    "tail": "#9aa5b1",
    "gate": "#8fb3d9",
    "stt": "#4c78a8",
    "hear": "#9ecac6",
    "recall": "#54a6a0",
    "prompt": "#d8b98a",
    "prefill": "#e8b92f",
    "decode": "#f58518",
    "synth": "#d5568f",
    "device": "#b6a6d6",
    "play": "#4f9d5d",
    "gap": "#c81e4a",
}
"""Colour of each stage."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From milliseconds to places on paper."""

    begin: float
    end: float

    def x(self, ms: float) -> float:
        """Where a time stands."""
        share = (ms - self.begin) / max(self.end - self.begin, 1e-9)
        return LEFT + min(max(share, 0.0), 1.0) * (RIGHT - LEFT)


def draw_turn(fall: Waterfall, facts: str) -> Picture:
    """The picture of a turn.

    Args:
        fall: The turn.
        facts: A line about it, for under the title.
    """
    first = fall.first_sound
    title = "A turn without a sound" if first is None else f"First sound after {duration(first)}"
    lanes = [name for name in LANES if fall.lanes[name]]
    below = TOP + STEP * len(fall.steps) + ROOM_BETWEEN
    picture = Picture(WIDTH, below + LANE * len(lanes) + 56)
    picture.shapes += [
        Words(28, 44, title, 24, INK, bold=True),
        Words(28, 68, facts, 13, FAINT),
        *_zoom(fall, below),
        *_steps(fall),
        *_whole(fall, lanes, below),
    ]
    return picture


def _zoom(fall: Waterfall, below: float) -> Iterator[Shape]:
    """The veil that shows which part of the turn the upper half enlarges."""
    if not fall.steps:
        return
    scale = Scale(fall.begin, fall.total)
    bottom = TOP + STEP * len(fall.steps) + 2
    here, there = scale.x(0.0), scale.x(fall.until)
    yield Box(LEFT, TOP - 8, RIGHT - LEFT, bottom - TOP + 8, VEIL)
    yield Area(((LEFT, bottom), (RIGHT, bottom), (there, below - 8), (here, below - 8)), VEIL)
    lanes = LANE * sum(1 for bars in fall.lanes.values() if bars)
    yield Box(here, below - 8, max(there - here, 1.0), lanes + 8, VEIL)


def _steps(fall: Waterfall) -> Iterator[Shape]:
    """What happened until the first sound, a row each."""
    if not fall.steps:
        return
    scale = Scale(0.0, fall.until)
    bottom = TOP + STEP * len(fall.steps) + 2
    yield from _axis(scale, TOP - 8, bottom)
    for row, step in enumerate(fall.steps):
        y = TOP + STEP * row
        begin, end = scale.x(step.begin), scale.x(step.end)
        width = max(end - begin, 2.0)
        yield Words(LEFT - 14, y + 14, step.label, 13, INK, "end")
        yield Box(begin, y, width, STEP - 9, COLOURS.get(step.stage, FAINT), 3)
        right = begin + width + 60 < RIGHT
        place = begin + width + 7 if right else begin - 7
        yield Words(place, y + 14, duration(step.length), 12, INK, "start" if right else "end")
    yield Line(((RIGHT, TOP - 26), (RIGHT, bottom)), ACCENT, 1.6)
    word = "first sound" if fall.first_sound is not None else "the end"
    yield Words(RIGHT, TOP - 32, word, 12, ACCENT, "end", bold=True)


def _axis(scale: Scale, top: float, bottom: float) -> Iterator[Shape]:
    """Fine lines at round times, with their names above."""
    long = scale.end - scale.begin >= 2000  # noqa: PLR2004 - in seconds from there on
    for tick in ticks(scale.begin, scale.end):
        x = scale.x(tick)
        yield Line(((x, top), (x, bottom)), "#9aa5b1" if tick == 0 else RULE)
        text = f"{tick / 1000:g} s" if long else f"{tick:.0f} ms"
        yield Words(x, top - 6, "release" if tick == 0 else text, 11, FAINT, "middle")


def _whole(fall: Waterfall, lanes: Sequence[str], top: float) -> Iterator[Shape]:
    """All that was done, a lane for each who works."""
    scale = Scale(fall.begin, fall.total)
    bottom = top + LANE * len(lanes)
    yield Words(28, top - 12, "The whole turn", 14, INK, bold=True)
    yield from _axis(scale, top - 4, bottom)
    for row, name in enumerate(lanes):
        y = top + LANE * row + 5
        yield Words(LEFT - 14, y + 14, name, 13, INK, "end")
        for bar in fall.lanes[name]:
            yield from _bar(bar, scale, y)
    yield from _first(fall, scale, top, bottom)
    yield Words(28, bottom + 30, _legend(fall), 12, FAINT)


def _first(fall: Waterfall, scale: Scale, top: float, bottom: float) -> Iterator[Shape]:
    if fall.first_sound is not None:
        x = scale.x(fall.first_sound)
        yield Line(((x, top - 4), (x, bottom)), ACCENT, 1.6)


def _bar(bar: Bar, scale: Scale, y: float) -> Iterator[Shape]:
    begin, end = scale.x(bar.begin), scale.x(bar.end)
    if bar.stage == "gap":
        yield Line(((begin, y + 10), (end, y + 10)), COLOURS["gap"], 2, 3)
        if end - begin > WIDE * 3:
            yield Words((begin + end) / 2, y + 5, duration(bar.length), 10, ACCENT, "middle")
        return
    width = max(end - begin - 1.0, 1.5)
    yield Box(begin, y, width, LANE - 10, COLOURS.get(bar.stage, FAINT), 3)
    if bar.stage == "you" and width >= WIDE * 4:
        cut = "… " if scale.begin > bar.begin else ""
        text = f"{cut}you speak, {duration(bar.length)}"
        yield Words(begin + width / 2, y + 14, text, 11, INK, "middle")
    if bar.number and width >= WIDE:
        yield Words(begin + width / 2, y + 14, str(bar.number), 11, "#ffffff", "middle", bold=True)


def _legend(fall: Waterfall) -> str:
    told = []
    if any(bar.number > 1 for bars in fall.lanes.values() for bar in bars):
        told = ["numbers are clauses: while one is heard, the next is rendered and written"]
    if fall.gaps:
        told = [f"{duration(fall.gaps)} of silence between clauses", *told]
    if fall.ahead > 1:
        told = [f"{duration(fall.ahead)} of work before the key came up", *told]
    return " · ".join(told)
