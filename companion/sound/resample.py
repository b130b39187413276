"""Changing the sample rate of sound that arrives piece by piece.

Knows no device and no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from companion.values import Samples


class Resampler:
    """One stream of mono sound on its way from one sample rate to another.

    The pieces that come out, joined, are what one call on the whole sound would give: a stream
    keeps its filter between pieces, so that their seams cannot be heard.

    Args:
        source_hz: Samples a second of what goes in.
        target_hz: Samples a second of what comes out.
    """

    def __init__(self, source_hz: int, target_hz: int) -> None:
        import soxr  # `companion --help` must not load it

        self._stream = (
            None
            if source_hz == target_hz
            else soxr.ResampleStream(source_hz, target_hz, 1, dtype="float32")
        )

    def feed(self, samples: Samples) -> Samples:
        """What is ready after `samples`; the first pieces may give nothing yet."""
        return self._step(samples, last=False)

    def end(self) -> Samples:
        """What the filter still held back. The stream is then over."""
        return self._step(np.zeros(0, np.float32), last=True)

    def _step(self, samples: Samples, *, last: bool) -> Samples:
        samples = np.ascontiguousarray(samples, np.float32)
        if self._stream is None:
            return samples
        return np.asarray(self._stream.resample_chunk(samples, last=last), np.float32)


def resample(samples: Samples, source_hz: int, target_hz: int) -> Samples:
    """The whole of `samples` at another rate."""
    stream = Resampler(source_hz, target_hz)
    return np.concatenate([stream.feed(samples), stream.end()])
