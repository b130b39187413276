"""One turn as a waterfall: which stage worked when, as rows for a terminal or a picture.

Knows the figures of a turn; neither clock, file nor screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

STAGES = {
    "wait": "other work ends",
    "tail": "end of the recording",
    "gate": "is it speech?",
    "stt": "Whisper writes it down",
    "hear": "memory keeps it",
    "recall": "memory recalls",
    "prompt": "prompt",
    "prefill": "the model reads",
    "decode": "the model writes",
    "synth": "the voice renders",
    "device": "the loudspeaker begins",
    "play": "you hear",
}
"""The stages by name, in the order of a turn, as people call them."""

LANES = {
    "you": ("you", "wait", "tail"),
    "ears": ("gate", "stt"),
    "memory": ("hear", "recall"),
    "model": ("prompt", "prefill", "decode"),
    "voice": ("synth",),
    "sound": ("device", "play"),
}
"""Who works, and at which stages."""

NOTICED_MS = 3.0
"""A wait for other work that is shorter than this is nothing to tell."""

GAP_MS = 20.0
"""A pause between two clauses that is longer than this was not meant."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of work, in milliseconds after the release of the key.

    Attributes:
        stage: Its stage; "you" while the key is held, "gap" where the loudspeaker ran dry.
        number: Which clause of the reply, from 1; 0 where there is but one.
    """

    stage: str
    begin: float
    end: float
    number: int = 0

    @property
    def length(self) -> float:
        """How long it took, in milliseconds."""
        return self.end - self.begin

    @property
    def label(self) -> str:
        """Its stage as people call it."""
        return STAGES.get(self.stage, self.stage)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """One turn.

    Attributes:
        first_sound: When the first sound left the loudspeaker; None where there was none.
        total: When the turn was over.
        spoke: How long the owner spoke.
        steps: What happened between the release and the first sound, in order.
        lanes: All that was done, by who did it.
    """

    first_sound: float | None
    total: float
    spoke: float
    steps: tuple[Bar, ...]
    lanes: Mapping[str, tuple[Bar, ...]]

    @property
    def until(self) -> float:
        """Where the steps end: the first sound, or the end of a turn without."""
        return self.total if self.first_sound is None else self.first_sound

    @property
    def begin(self) -> float:
        """Where the whole picture begins: before the release, but never mostly there."""
        early = min((bar.begin for bars in self.lanes.values() for bar in bars), default=0.0)
        return max(early, -0.4 * self.total)

    @property
    def gaps(self) -> float:
        """Milliseconds of silence between clauses that nobody meant."""
        return sum(bar.length for bar in self.lanes["sound"] if bar.stage == "gap")

    @property
    def ahead(self) -> float:
        """Milliseconds of work that were done while the key was still held."""
        worked = (bar for bars in self.lanes.values() for bar in bars if bar.stage != "you")
        return sum(max(min(bar.end, 0.0) - bar.begin, 0.0) for bar in worked)


def waterfall(record: Mapping[str, Any]) -> Waterfall:
    """A turn's waterfall, from its record (`Trace.record`)."""
    bars = [Bar(s["stage"], s["begin"], s["end"], s["n"]) for s in record["spans"]]
    first = record["ms"].get("first_audio")
    total = record["ms"].get("total") or max((bar.end for bar in bars), default=0.0)
    spoke = 1000 * record["heard_s"]
    bars += _wait(bars)
    bars += _device(bars, first)
    bars += _gaps(bars)
    if spoke:
        bars.append(Bar("you", -spoke, 0.0))
    until = total if first is None else first
    return Waterfall(first, total, spoke, tuple(_steps(bars, until)), _lanes(bars))


def _wait(bars: Sequence[Bar]) -> list[Bar]:
    """From the release to the first stage: what was under way, as idle work, ends first."""
    first = min((bar.begin for bar in bars if bar.end > 0), default=0.0)
    return [Bar("wait", 0.0, first)] if first >= NOTICED_MS else []


def _device(bars: Iterable[Bar], first: float | None) -> list[Bar]:
    """From the first clause that is rendered to its first sound."""
    ready = [bar.end for bar in bars if bar.stage == "synth" and bar.number <= 1]
    if first is None or not ready or min(ready) > first:
        return []
    return [Bar("device", min(ready), first)]


def _gaps(bars: Iterable[Bar]) -> list[Bar]:
    heard = sorted((bar for bar in bars if bar.stage == "play"), key=lambda bar: bar.begin)
    between = [Bar("gap", a.end, b.begin) for a, b in pairwise(heard)]
    return [gap for gap in between if gap.length > GAP_MS]


def _steps(bars: Iterable[Bar], until: float) -> Iterator[Bar]:
    """What stood between the release and the first sound: one bar a stage, in order."""
    wanted = [bar for bar in bars if bar.number <= 1 and bar.end > 0 and bar.begin < until]
    for stage in STAGES:
        mine = [bar for bar in wanted if bar.stage == stage]
        if mine and stage != "play":
            begin, end = min(bar.begin for bar in mine), max(bar.end for bar in mine)
            yield Bar(stage, max(begin, 0.0), min(end, until), mine[0].number)


def _lanes(bars: Iterable[Bar]) -> dict[str, tuple[Bar, ...]]:
    """All bars by who works; a stage that nobody knows stands with the ears."""
    owner = {stage: lane for lane, stages in LANES.items() for stage in stages}
    owner["gap"] = "sound"
    lanes: dict[str, list[Bar]] = {lane: [] for lane in LANES}
    for bar in sorted(bars, key=lambda bar: bar.begin):
        lanes[owner.get(bar.stage, "ears")].append(bar)
    return {lane: tuple(found) for lane, found in lanes.items()}


def ticks(begin: float, end: float, most: int = 8) -> list[float]:
    """Round places between two times, evenly apart, with 0 among them."""
    steps = (digit * 10.0**power for power in count() for digit in (1, 2, 5))
    step = next(step for step in steps if (end - begin) / step <= most)
    first, last = -int(-begin // step), int(end // step)
    return [number * step for number in range(first, last + 1)]


def duration(ms: float) -> str:
    """A time as people read it: 0.4 ms, 12 ms, 1.23 s."""
    if ms >= 1000:  # noqa: PLR2004 - a second
        return f"{ms / 1000:.2f} s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"  # noqa: PLR2004 - two digits
