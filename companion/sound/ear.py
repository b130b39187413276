"""Whether a voice is heard in sound that never ends, chunk by chunk of 32 ms.

Keeps nothing of it but the last two hundredths of a second. Knows no words and no device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from companion.sound.gate import CHUNK, CONTEXT, FLOOR_DB, Memory, at_hearing_level

if TYPE_CHECKING:
    from companion.values import Samples

_FALLS_DB = 0.03
"""How much the loudest moment fades with each chunk: 1 dB a second. A voice that moves away is
raised to the detector's level after a while, and the noise of a pause is not."""

_OFFSET_SHARE = 0.05
_SILENCE = 1e-12


class Ear:
    """Listens without an end.

    Args:
        detector: Silero's voice detector.
        floor_db: Level below which nobody speaks, in dB of full scale; the detector is not asked.
    """

    def __init__(self, detector: Any, floor_db: float = FLOOR_DB) -> None:  # noqa: ANN401
        self._detector = detector
        self._floor_db = floor_db
        self.forget()

    def forget(self) -> None:
        """What comes next does not go on from what was."""
        self._rest = np.zeros(0, np.float32)
        self._before = np.zeros(CONTEXT, np.float32)
        self._loudest = self._floor_db
        self._offset = 0.0
        self._memory = Memory()

    def hear(self, samples: Samples) -> list[float]:
        """How likely each whole chunk is a voice.

        Args:
            samples: What came since the last time, mono at `SPEECH_RATE`.
        """
        sound = np.concatenate([self._rest, np.nan_to_num(samples)])
        whole = len(sound) // CHUNK * CHUNK
        self._rest = sound[whole:]
        return [self._chunk(sound[at : at + CHUNK]) for at in range(0, whole, CHUNK)]

    def _chunk(self, samples: Samples) -> float:
        self._offset += _OFFSET_SHARE * (float(samples.mean()) - self._offset)
        chunk = samples - np.float32(self._offset)
        level = float(10 * np.log10(np.square(chunk, dtype=np.float64).mean() + _SILENCE))
        self._loudest = max(self._floor_db, level, self._loudest - _FALLS_DB)
        heard = np.concatenate([self._before, chunk])
        self._before = chunk[-CONTEXT:]
        if level < self._floor_db:
            return 0.0
        return self._memory.likely(self._detector, at_hearing_level(heard, self._loudest)[None])[0]
