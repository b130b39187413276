"""A recording as a microphone would give it, and when what comes back can first be heard.

Every side of the comparison uses these two, also inside a peer's own environment: nothing but
the standard library and numpy is imported here.
"""

from __future__ import annotations

import contextlib
import time
import wave
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

BLOCK_SECONDS = 0.02
"""How much sound a microphone gives at once."""

AUDIBLE = 0.003
"""Samples below this (-50 dB) are silence."""


def read(path: Path | str) -> tuple[npt.NDArray[np.int16], int]:
    """Samples and rate of a 16-bit mono WAV."""
    with wave.open(str(path)) as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise SystemExit(f"{path} is not 16-bit mono.")
        return np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate()


@dataclass(frozen=True)
class Replay:
    """A recording in blocks, each with the second at which a microphone would have it whole."""

    samples: npt.NDArray[np.int16]
    rate: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate

    def blocks(self) -> Iterator[tuple[float, npt.NDArray[np.int16]]]:
        """(due, block), the last one as short as it is."""
        size = round(BLOCK_SECONDS * self.rate)
        for start in range(0, len(self.samples), size):
            block = self.samples[start : start + size]
            yield (start + len(block)) / self.rate, block

    def silence(self, seconds: float) -> Iterator[tuple[float, npt.NDArray[np.int16]]]:
        """Silent blocks that follow the recording, for a peer that waits for one."""
        size = round(BLOCK_SECONDS * self.rate)
        for number in range(round(seconds / BLOCK_SECONDS)):
            yield self.seconds + (number + 1) * BLOCK_SECONDS, np.zeros(size, np.int16)


def processor_seconds(pids: Iterable[int]) -> float:
    """What these processes have used so far, by their own clocks, which wait for nobody."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            total += time.clock_gettime((~pid << 3) | 2)  # how Linux names a process's clock
    return total


@dataclass
class Meter:
    """Processor seconds of a side between the release and the first sound.

    Attributes:
        pids: Its processes.
        seconds: What they used; None while nothing was heard.
    """

    pids: Iterable[int] = ()
    seconds: float | None = None
    _before: float = 0.0

    def start(self) -> None:
        """The key comes up."""
        self._before = processor_seconds(self.pids)

    def stop(self) -> None:
        """The first sound is there."""
        self.seconds = processor_seconds(self.pids) - self._before


@dataclass
class Loudspeaker:
    """A loudspeaker that plays without a pause what it is given, as soon as it is given.

    Attributes:
        meter: Is stopped at the first sound.
        audible: When the first sample that is not silent is heard, in seconds of `time.monotonic`.
        seconds: How much sound it was given.
    """

    meter: Meter = field(default_factory=Meter)
    audible: float | None = None
    seconds: float = 0.0
    _free: float = 0.0

    def play(self, samples: npt.NDArray[np.float32], rate: int, at: float | None = None) -> None:
        """Take a chunk, which begins when it comes or when what came before has been played."""
        begins = max(time.monotonic() if at is None else at, self._free)
        self._free = begins + len(samples) / rate
        self.seconds += len(samples) / rate
        if self.audible is None and len(loud := np.flatnonzero(np.abs(samples) > AUDIBLE)):
            self.audible = begins + int(loud[0]) / rate
            self.meter.stop()

    def report(self, released: float) -> dict[str, float | None]:
        """What the side-by-side wants to know."""
        first = None if self.audible is None else self.audible - released
        return {
            "first_sound_s": first,
            "cpu_to_first_sound_s": self.meter.seconds,
            "seconds": self.seconds,
        }

    def play_pcm(self, pcm: bytes, rate: int) -> None:
        """The same for 16-bit samples."""
        self.play(np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768, rate)


def sleep_until(moment: float) -> None:
    """Sleep until `moment` of `time.monotonic`."""
    time.sleep(max(0.0, moment - time.monotonic()))
