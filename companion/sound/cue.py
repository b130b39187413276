"""The short soft sound that says "I am listening"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from companion.values import Samples

_RATE = 48_000
_NOTES = (659.26, 987.77)  # E5 and B5: a rising fifth asks
_NOTE_SECONDS = 0.06
_LEVEL = 0.12


def cue_tone() -> tuple[Samples, int]:
    """Two short rising notes and their sample rate."""
    time = np.arange(round(_NOTE_SECONDS * _RATE)) / _RATE
    swell = np.sin(np.pi * time / _NOTE_SECONDS) ** 2
    notes = [_LEVEL * swell * np.sin(2 * np.pi * pitch * time) for pitch in _NOTES]
    return np.concatenate(notes).astype(np.float32), _RATE
