"""Waterfalls and bars for a terminal: lines of text with blocks an eighth of a column fine.

Knows no terminal: whoever prints them says how wide it is and whether it shows colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from companion.measure.waterfall import LANES, Bar, duration, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.measure.waterfall import Waterfall

EIGHTHS = " ▏▎▍▌▋▊▉█"
LABEL = 24
"""Columns of what stands before a bar."""
AFTER = 10
"""Columns of what stands after one."""

COLOURS = {
    "you": 250,
    "wait": 240,
    "tail": 246,
    "gate": 110,
    "stt": 68,
    "hear": 66,
    "recall": 73,
    "prompt": 180,
    "prefill": 178,
    "decode": 208,
    "synth": 168,
    "device": 146,
    "play": 71,
    "gap": 196,
}
"""Colour of each stage, by its number in the usual table of 256."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What is drawn on.

    Attributes:
        columns: Its width.
        colours: Whether it shows colours.
    """

    columns: int = 80
    colours: bool = False

    @property
    def room(self) -> int:
        """Columns of a bar."""
        return max(20, min(self.columns, 120) - LABEL - AFTER)

    def dyed(self, text: str, stage: str) -> str:
        """Text in the colour of a stage."""
        colour = COLOURS.get(stage)
        return f"\x1b[38;5;{colour}m{text}\x1b[0m" if text and self.colours and colour else text

    def numbered(self, number: str, stage: str) -> str:
        """The number of a clause, in front of the colour of a stage."""
        colour = COLOURS.get(stage)
        if number and self.colours and colour:
            return f"\x1b[48;5;{colour};38;5;16m{number}\x1b[0m"
        return number

    def faint(self, text: str) -> str:
        """Text that stands back."""
        return f"\x1b[2m{text}\x1b[0m" if self.colours else text

    def strong(self, text: str) -> str:
        """Text that stands out."""
        return f"\x1b[1m{text}\x1b[0m" if self.colours else text


def bar(share: float, columns: int) -> str:
    """A bar of `share` of so many columns, at least a sliver."""
    eighths = max(1, round(share * columns * 8))
    full, rest = divmod(min(eighths, columns * 8), 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


def drawn(fall: Waterfall, paper: Paper) -> list[str]:
    """A turn as lines of text: the way to the first sound, then the whole."""
    lines = [*_steps(fall, paper), ""] if fall.steps else []
    return lines + _whole(fall, paper)


def _steps(fall: Waterfall, paper: Paper) -> list[str]:
    scale = paper.room / max(fall.until, 1e-9)
    end = "to the first sound" if fall.first_sound is not None else "to the end"
    title = paper.strong(f"From the release of the key {end}: {duration(fall.until)}")
    lines = [title, paper.faint(_axis(0.0, fall.until, paper.room))]
    for step in fall.steps:
        block = _block(step.begin * scale, step.end * scale, paper.room)
        after = paper.room - len(block)
        row = f"{step.label:>{LABEL - 2}}  {paper.dyed(block, step.stage)}"
        lines.append(f"{row}{' ' * after}{duration(step.length):>{AFTER}}")
    return lines


def _block(begin: float, end: float, room: int) -> str:
    """A bar between two places, in columns; its end is an eighth of a column fine."""
    first = min(int(begin), room - 1)
    length = min(end, room) - (begin if end - begin < 1 else first)
    full, rest = divmod(max(1, round(length * 8)), 8)
    return " " * first + "█" * full + (EIGHTHS[rest] if rest and first + full < room else "")


def _axis(begin: float, end: float, room: int) -> str:
    """Times over the bars, in a row."""
    row = [" "] * (LABEL + room + AFTER)
    clear = 0
    for tick in ticks(begin, end, room // 10):
        place = LABEL + min(int((tick - begin) / max(end - begin, 1e-9) * room), room - 1)
        text = f"{tick / 1000:g} s" if end - begin >= 2000 else f"{tick:.0f}"  # noqa: PLR2004
        if place >= clear:
            row[place : place + len(text)] = text
            clear = place + len(text) + 1
    return "".join(row).rstrip()


def _whole(fall: Waterfall, paper: Paper) -> list[str]:
    begin, end = fall.begin, max(fall.total, 1e-9)
    scale = paper.room / (end - begin)
    title = f"The whole turn: {duration(fall.total)} after the release"
    lines = [paper.strong(title), paper.faint(_axis(begin, end, paper.room))]
    for lane in LANES:
        bars = fall.lanes[lane]
        if bars:
            text = _lane(bars, begin, scale, paper)
            lines.append(f"{lane:>{LABEL - 2}}  {text}")
    return lines


def _lane(bars: Sequence[Bar], begin: float, scale: float, paper: Paper) -> str:
    """All that one of them did, as a row; where they share a column, a gap or the longer."""
    cells: list[Bar | None] = [None] * paper.room
    for one in sorted(bars, key=lambda one: (one.stage == "gap", one.length)):
        first = int(max(0.0, (one.begin - begin) * scale))
        last = max(first + 1, round((one.end - begin) * scale))
        cells[first:last] = [one] * len(cells[first:last])
    runs = groupby(cells, key=id)
    return "".join(_run(list(run), paper) for _, run in runs).rstrip()


def _run(cells: Sequence[Bar | None], paper: Paper) -> str:
    """Columns of one bar, with the number of its clause in the first of them."""
    one = cells[0]
    if one is None:
        return " " * len(cells)
    if one.stage == "gap":
        return paper.dyed("╌" * len(cells), one.stage)
    number = str(one.number)[-1] if one.number else ""
    return paper.numbered(number, one.stage) + paper.dyed(
        "█" * (len(cells) - len(number)), one.stage
    )
