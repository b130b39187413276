"""What a recording says about the microphone: too loud, only silence, a current that is no sound.

Knows no device and no words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from companion.sound.gate import frame_levels
from companion.values import SPEECH_RATE

if TYPE_CHECKING:
    from companion.values import Recording

CLIPPED = 0.999
"""From here on a sample counts as full scale."""

CLIPPED_SHARE = 0.001
"""So many samples at full scale are heard as a rattle."""

OFFSET = 0.05
"""Direct current beyond this part of full scale comes from a plug or a power supply."""

SILENT_DB = -90.0
"""Below this no microphone is: 16 bits end at -96 dB, and every room has more."""

ENOUGH_SECONDS = 0.5
"""Shorter recordings say nothing."""

_SOFTEST_SHOWN = -60.0


@dataclass(frozen=True, slots=True)
class Measure:
    """The figures of a recording.

    Attributes:
        level_db: Loudest 20 ms in dB of full scale, direct current taken off.
        offset: Direct current, as a part of full scale.
        clipped: Share of the samples that are at full scale.
    """

    level_db: float
    offset: float
    clipped: float


def measure(recording: Recording) -> Measure:
    """The figures of a recording."""
    samples = recording.samples
    if not len(samples):
        return Measure(-120.0, 0.0, 0.0)
    offset = float(samples.mean(dtype=np.float64))
    level = float(frame_levels(samples - np.float32(offset)).max(initial=-120.0))
    return Measure(level, offset, float(np.mean(np.abs(samples) >= CLIPPED)))


class Faults:
    """What the owner should know about the microphone, each said once."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def new(self, recording: Recording, *, muted: bool | None = None) -> list[str]:
        """What is wrong with `recording`, and was not said before.

        Args:
            recording: A press.
            muted: Whether the sound server has the microphone muted; None where nobody knows.
        """
        if len(recording.samples) < ENOUGH_SECONDS * SPEECH_RATE:
            return []
        found = faults(measure(recording), muted=muted)
        new = [text for kind, text in found.items() if kind not in self._said]
        self._said |= found.keys()
        return new


def faults(figures: Measure, *, muted: bool | None = None) -> dict[str, str]:
    """What is wrong, as (kind, sentence)."""
    found = {}
    if muted:
        found["muted"] = "The microphone is muted in the sound settings: unmute it there."
    elif figures.level_db < SILENT_DB:
        found["muted"] = (
            "The microphone gives only silence. It may be muted, by a switch or in the settings."
        )
    if figures.clipped > CLIPPED_SHARE:
        found["clipped"] = (
            f"The microphone is set too loud ({figures.clipped:.1%} of the sound is cut off). "
            "Turn its level down in the sound settings."
        )
    if abs(figures.offset) > OFFSET:
        found["offset"] = (
            f"The microphone gives a direct current ({figures.offset:.0%} of full scale): its plug "
            "or its power supply is at fault."
        )
    return found


def bar(level_db: float, width: int = 30) -> str:
    """A level as a bar; its full width is full scale."""
    lit = round((1 - level_db / _SOFTEST_SHOWN) * width)
    lit = min(max(lit, 0), width)
    return "█" * lit + "·" * (width - lit)
