"""Everything the microphone hears, as it comes: for somebody who listens without a key.

What nobody fetches is forgotten after two seconds. Knows no key and no word.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

import numpy as np

from companion.sound.inlet import BLOCK_SECONDS
from companion.sound.resample import Resampler
from companion.values import SPEECH_RATE

if TYPE_CHECKING:
    from companion.sound.inlet import Inlet
    from companion.values import Samples

_MOST_SECONDS = 2.0
_NOTHING = np.zeros(0, np.float32)


class Microphone(Protocol):
    """What is tapped."""

    @property
    def inlet(self) -> Inlet | None:
        """The open stream; None while the microphone is lost."""


class Tap:
    """Listens to a microphone, also after it was lost and taken up again.

    Args:
        microphone: Which one.
    """

    def __init__(self, microphone: Microphone) -> None:
        self._microphone = microphone
        self._inlet: Inlet | None = None
        self._blocks: deque[Samples] = deque(maxlen=round(_MOST_SECONDS / BLOCK_SECONDS))
        self._resampler = Resampler(SPEECH_RATE, SPEECH_RATE)

    def read(self) -> Samples:
        """What came since the last time, mono at `SPEECH_RATE`."""
        inlet = self._microphone.inlet
        if inlet is not self._inlet:
            self._follow(inlet)
        blocks = [self._blocks.popleft() for _ in range(len(self._blocks))]
        return self._resampler.feed(np.concatenate(blocks).mean(axis=1)) if blocks else _NOTHING

    def forget(self) -> None:
        """Drop what came, and what a recording that begins now would have from before it."""
        self._blocks.clear()
        if self._inlet is not None:
            self._inlet.ring.forget()

    def _follow(self, inlet: Inlet | None) -> None:
        self._inlet = inlet
        self._blocks.clear()
        if inlet is not None:
            self._resampler = Resampler(inlet.ring.rate, SPEECH_RATE)
            inlet.ring.tap = self._blocks
