"""P22, P23: whether sound runs dry while everything works, and how soon a press silences it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from companion.errors import DeviceError
from companion.flow import Cancel
from companion.measure.bench.rig import Rig, Sink, shaped, utterance
from companion.measure.bench.row import Bench, Figure, Group, Row
from companion.sound.playback import AUDIBLE, BLOCK_SECONDS, play_to
from companion.values import Clause, Samples, Speech

if TYPE_CHECKING:
    from companion.sound.speaker import Speaker

RATE = 22_050
PRESSES = 50
SHORT, LONG = 30.0, 600.0
"""Seconds of a run that is part of all, and of a whole soak."""


@dataclass(slots=True)
class _Counter:
    """An outlet that presses the key at one of its blocks, and counts what is audible after it."""

    cancel: Cancel
    at: int
    rate: int = RATE
    blocks: int = 0
    after: float = 0.0
    size: int = field(default=round(BLOCK_SECONDS * RATE))

    def write(self, block: Samples) -> None:
        """Take a block."""
        if self.cancel:
            self._count(block)
        self.blocks += 1
        if self.blocks == self.at:
            self.cancel.set()

    def cut(self, fade: Samples) -> int:
        """Take the last of it."""
        self._count(fade)
        return 0

    def finish(self) -> None:
        """Nothing is queued."""

    def _count(self, block: Samples) -> None:
        loud = np.flatnonzero(np.abs(block) > AUDIBLE)
        self.after += (int(loud[-1]) + 1) / self.size if len(loud) else 0.0


def blocks_after(at: int) -> float:
    """Blocks of 20 ms that are audible after a press at block `at`."""
    wave = (0.5 * np.sin(np.arange(3 * RATE) / 5)).astype(np.float32)
    counter = _Counter(Cancel(), at)
    play_to(counter, [Speech(Clause("aah", "aah"), wave, RATE)], counter.cancel, lambda: 1.0)
    return counter.after


def run(bench: Bench) -> dict[str, Figure]:
    """Both, in half a minute."""
    bench.progress("pressing while it speaks")
    worst = max(blocks_after(n) for n in range(1, PRESSES + 1))
    why = "what is written after a press, fade included; what a device has queued is dropped"
    silenced = Figure(worst, why=why, more={"presses": PRESSES})
    return {"P23": silenced, "P22s": _dry(bench, bench.scale * SHORT)}


def soak(bench: Bench) -> dict[str, Figure]:
    """Ten minutes of talk, on a loudspeaker where there is one."""
    return {"P22": _dry(bench, LONG)}


def _dry(bench: Bench, seconds: float) -> Figure:
    """How often sound ran dry within a reply while model and voice worked."""
    speaker, sink = _loudspeaker() if seconds == LONG else None, Sink(pace=1.0)
    rig = Rig(shaped(bench), utterance(0.5), sink)
    if speaker is not None:
        rig.parts.companion.speaker = speaker
    ends, dry, turns, spoken = time.monotonic() + seconds, 0, 0, 0.0
    while time.monotonic() < ends:
        bench.progress(f"speaking, {max(0.0, ends - time.monotonic()):.0f} s to go")
        found = rig.turn()
        turns, spoken = turns + 1, spoken + found.record.get("seconds", 0.0)
        dry += sink.dry
    rig.close()
    if speaker is not None:
        dry = speaker.underflows
        speaker.close()
    why = "a loudspeaker" if speaker else "a sink that takes sound at its pace, 0.2 s ahead"
    return Figure(float(dry), why=why, more={"turns": turns, "seconds_of_speech": spoken})


def _loudspeaker() -> Speaker | None:
    from companion.sound.speaker import Speaker

    try:
        return Speaker()
    except DeviceError:
        return None


GROUP = Group(
    "sound",
    (
        Row("P22s", "times sound ran dry in half a minute of talk", 0.0, counted=True),
        Row("P23", "blocks of 20 ms that sound after a press", 2.0, counted=True),
    ),
    run,
)
