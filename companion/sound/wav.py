"""Sound files: reading any into a recording, writing one, and a loudspeaker that keeps its sound.

Knows no device. Reading goes through libsndfile, so that WAV, FLAC, Ogg and AIFF all do.
"""

from __future__ import annotations

import os
import tempfile
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.errors import BadData, CannotCreate, Forbidden, MissingInput, undoing
from companion.sound.playback import Volume, play_to
from companion.sound.resample import resample
from companion.values import SPEECH_RATE, Recording, Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from companion.flow import Cancel
    from companion.values import Said, Speech

RATES = range(4_000, 384_001)
"""Sample rates that are believed. A damaged header can claim any."""

LONGEST = 1_800.0
"""Seconds of a file that are still read as one recording."""


def read_wav(path: Path) -> Recording:
    """A sound file as mono at `SPEECH_RATE`, its channels mixed; see `read_sound`."""
    return Recording(read_sound(path, SPEECH_RATE), str(path))


def read_sound(path: Path, wanted: int) -> Samples:
    """A sound file as mono at a rate, its channels mixed.

    Raises:
        MissingInput: There is no such file.
        Forbidden: It may not be read.
        BadData: It is no sound, is cut short, or its length or rate cannot be right.
    """
    samples, rate = _read(path)
    if not np.isfinite(samples).all():
        raise BadData(f"{path}: holds samples that are not numbers.", "Record it again.")
    return resample(samples, rate, wanted)


def _read(path: Path) -> tuple[Samples, int]:
    import soundfile  # libsndfile is loaded only where a file is read

    if not path.exists():
        raise MissingInput(f"There is no sound file {path}.", "Check the name.")
    if not path.is_file():
        raise BadData(f"{path} is not a file.", "Name a sound file, such as one in WAV.")
    if not os.access(path, os.R_OK):
        raise Forbidden(f"{path} may not be read.", f"Type: chmod u+r {path}")
    try:
        with soundfile.SoundFile(path) as file:
            _check_header(path, file.samplerate, file.frames)
            samples = file.read(dtype="float32", always_2d=True)
            _check_length(path, len(samples), file.frames)
            return samples.mean(axis=1, dtype=np.float32), int(file.samplerate)
    except soundfile.LibsndfileError as error:
        raise BadData(
            f"{path} cannot be read as sound ({error.error_string.rstrip('.')}).",
            "Use a WAV, FLAC, Ogg or AIFF file.",
        ) from error


def _check_header(path: Path, rate: int, frames: int) -> None:
    if rate not in RATES:
        raise BadData(f"{path} claims {rate} samples a second.", "The file is damaged.")
    if frames <= 0:
        raise BadData(f"{path} holds no sound.", "Record it again.")
    if frames > LONGEST * rate:
        raise BadData(
            f"{path} lasts {frames / rate:.0f} s; the limit is {LONGEST:.0f} s.",
            "Cut it into shorter files.",
        )


def _check_length(path: Path, read: int, promised: int) -> None:
    if read != promised:
        raise BadData(
            f"{path} is cut short: {promised} samples promised, {read} found.", "Copy it again."
        )


def write_wav(path: Path, samples: Samples, rate: int) -> None:
    """Write mono sound as 16-bit PCM, wholly or not at all, readable by its owner only.

    Raises:
        CannotCreate: The folder is missing, full or may not be written.
    """
    pcm = (np.clip(np.nan_to_num(samples), -1.0, 1.0) * 32_767).round().astype("<i2")
    try:
        number, half_done = tempfile.mkstemp(".part", f".{path.name}.", path.parent)  # 0600
        with undoing(lambda: Path(half_done).unlink(missing_ok=True)):
            with os.fdopen(number, "wb") as file, wave.open(file) as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(rate)
                out.writeframes(pcm.tobytes())
            Path(half_done).replace(path)
    except OSError as error:
        raise CannotCreate(
            f"{path} cannot be written ({error.strerror}).", "Check the folder and its free space."
        ) from error


class WavSpeaker:
    """A loudspeaker that plays into memory, as fast as it is spoken.

    Args:
        rate: Samples a second of what it collects.
        sink: Called with every block as it is played; may be None.
    """

    def __init__(self, rate: int, sink: Callable[[Samples], None] | None = None) -> None:
        self.rate = rate
        self.volume = 1.0
        self.muted = False
        self.underflows = 0
        self._sink = sink
        self._blocks: list[Samples] = []

    @property
    def samples(self) -> Samples:
        """Everything played so far."""
        return np.concatenate([np.zeros(0, np.float32), *self._blocks])

    def play(
        self,
        speech: Iterable[Speech],
        cancel: Cancel,
        started: Callable[[], None] | None = None,
    ) -> Said:
        """Play a reply; see `Speaker.play`."""
        return play_to(_Collector(self._keep, self.rate), speech, cancel, self._volume, started)

    def cue(self, samples: Samples, rate: int) -> None:
        """Play a short sound that belongs to no reply."""
        self._keep(Volume().apply(resample(samples, rate, self.rate), self._volume()))

    def close(self) -> None:
        """Nothing is held open."""

    def _volume(self) -> float:
        return 0.0 if self.muted else self.volume

    def _keep(self, block: Samples) -> None:
        self._blocks.append(block)
        if self._sink is not None:
            self._sink(block)


class _Collector:
    """The outlet of `play_to` that has no device behind it."""

    def __init__(self, keep: Callable[[Samples], None], rate: int) -> None:
        self.rate = rate
        self._keep = keep

    def write(self, block: Samples) -> None:
        self._keep(block)

    def cut(self, fade: Samples) -> int:
        self._keep(fade)
        return 0

    def finish(self) -> None:
        """All that was written has been heard."""
