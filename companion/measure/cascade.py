"""The picture of a scene: every turn a row, when each spoke, and what each pause went into.

Knows what turns hold and where their parts go on paper; `picture` writes them.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.measure.drawing import ACCENT, COLOURS, FAINT, INK, RULE, VEIL
from companion.measure.picture import Box, Line, Picture, Words
from companion.measure.waterfall import STAGES, duration, ticks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from companion.measure.picture import Shape
    from companion.measure.waterfall import Waterfall

WIDTH = 960.0
EDGE = 28.0
TALK = (250.0, 610.0)
"""Where the left half begins and ends: the scene as it is heard."""
PAUSE = (646.0, 880.0)
"""Where the right half does: from the release of the key to the first sound."""
TOP = 124.0
STEP = 24.0
LONGEST_LABEL = 35
"""Letters of a line that have room before its row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One turn.

    Attributes:
        words: What the owner says.
        asked: When the owner speaks, in seconds of the scene.
        answered: When the character does.
        cut: Whether the key was pressed before the reply was over.
        fall: What happened in the turn.
    """

    words: str
    asked: tuple[float, float]
    answered: tuple[float, float]
    cut: bool
    fall: Waterfall


def draw_scene(title: str, names: tuple[str, str], rows: Sequence[Row]) -> Picture:
    """The picture of a scene.

    Args:
        title: What it is called.
        names: The owner and the character.
        rows: Its turns, in order.
    """
    bottom = TOP + STEP * len(rows)
    picture = Picture(WIDTH, bottom + 104)
    picture.shapes += [
        Words(EDGE, 42, title, 22, INK, bold=True),
        Words(EDGE, 66, _facts(rows), 13, FAINT),
        *_talk(names, rows, bottom),
        *_pauses(rows, bottom),
        *_legend(rows, bottom + 60),
    ]
    return picture


def _facts(rows: Sequence[Row]) -> str:
    firsts = [row.fall.first_sound for row in rows if row.fall.first_sound is not None]
    end = max((row.answered[1] for row in rows), default=0.0)
    first = f" · first sound after {duration(statistics.median(firsts))} (median)" if firsts else ""
    return f"{len(rows)} turns in {end:.0f} s{first}"


def _talk(names: tuple[str, str], rows: Sequence[Row], bottom: float) -> Iterator[Shape]:
    """The left half: who speaks when."""
    end = max((row.answered[1] for row in rows), default=1.0)
    left, right = TALK
    scale = (right - left) / end
    yield Words(left, TOP - 30, "the scene", 12, INK, bold=True)
    for tick in ticks(0.0, 1000 * end):
        x = left + tick / 1000 * scale
        yield Line(((x, TOP - 6), (x, bottom)), RULE)
        yield Words(x, TOP - 10, f"{tick / 1000:g} s", 10, FAINT, "middle")
    for number, row in enumerate(rows):
        y = TOP + STEP * number
        if number % 2:
            yield Box(24, y - 2, PAUSE[1] + 52 - 24, STEP, VEIL)
        yield Words(left - 14, y + 13, _short(row.words), 12, INK, "end")
        yield _bar(row.asked, left, scale, y, COLOURS["you"])
        yield _bar(row.answered, left, scale, y, COLOURS["play"])
        if row.cut:
            x = left + row.answered[1] * scale
            yield Line(((x, y - 2), (x, y + STEP - 4)), ACCENT, 2)
            yield Words(x + 5, y + 13, "interrupted", 11, ACCENT)
    yield from _names(names, bottom + 12)


def _bar(when: tuple[float, float], left: float, scale: float, y: float, fill: str) -> Box:
    return Box(left + when[0] * scale, y + 2, max((when[1] - when[0]) * scale, 1.5), 15, fill, 2)


def _short(words: str) -> str:
    return words if len(words) <= LONGEST_LABEL else f"{words[: LONGEST_LABEL - 1].rstrip()}…"


def _names(names: tuple[str, str], y: float) -> Iterator[Shape]:
    for place, (name, stage) in enumerate(zip(names, ("you", "play"), strict=True)):
        x = TALK[0] + 110 * place
        yield Box(x, y + 10, 12, 12, COLOURS[stage], 2)
        yield Words(x + 18, y + 21, name, 12, INK)


def _pauses(rows: Sequence[Row], bottom: float) -> Iterator[Shape]:
    """The right half: what stood between the release of the key and the first sound."""
    left, right = PAUSE
    longest = max((row.fall.until for row in rows if row.fall.first_sound), default=1.0)
    scale = (right - left) / longest
    yield Words(left, TOP - 30, "from release to first sound", 12, INK, bold=True)
    for tick in ticks(0.0, longest, 5):
        x = left + tick * scale
        yield Line(((x, TOP - 6), (x, bottom)), RULE)
        yield Words(x, TOP - 10, f"{tick:.0f} ms", 10, FAINT, "middle")
    for number, row in enumerate(rows):
        y = TOP + STEP * number
        first = row.fall.first_sound
        if first is None:
            yield Words(left, y + 13, "no sound", 11, FAINT)
            continue
        for step in row.fall.steps:
            width = max(step.length * scale, 1.0)
            yield Box(
                left + step.begin * scale, y + 2, width, 15, COLOURS.get(step.stage, FAINT), 1
            )
        yield Words(right + 48, y + 13, duration(first), 12, INK, "end")


def _legend(rows: Sequence[Row], y: float) -> Iterator[Shape]:
    """The stages that can be seen, in their order."""
    seen = {
        step.stage
        for row in rows
        for step in row.fall.steps
        if step.length >= 0.02 * row.fall.until
    }
    x = EDGE
    for stage in (name for name in STAGES if name in seen):
        room = 17 + 6.2 * len(STAGES[stage])
        if x + room > WIDTH - EDGE:
            x, y = EDGE, y + 20
        yield Box(x, y - 12, 12, 12, COLOURS.get(stage, FAINT), 2)
        yield Words(x + 17, y - 1, STAGES[stage], 11, INK)
        x += room + 17
