"""From the loudspeaker to the microphone: how long sound takes once around.

Knows no words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from companion.errors import DeviceError
from companion.flow import Cancel
from companion.values import SPEECH_RATE, Clause, Recording, Speech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from companion.values import Said, Samples

SOUNDS_LIKE_IT = 0.3
"""How much what was heard has to resemble what was played, 1 for the same."""

_SECONDS = 0.1
_LOW_HZ, _HIGH_HZ = 500.0, 3_000.0
_LEVEL = 0.5
_WAIT_SECONDS = 1.0


class Microphone(Protocol):
    """What listens."""

    def press(self, *, keep_pre_roll: bool = True) -> None:
        """Start to keep sound."""

    def so_far(self) -> Recording:
        """What was kept up to now."""

    def release(self) -> Recording:
        """Stop, and give what was recorded."""


class Loudspeaker(Protocol):
    """What plays."""

    def play(
        self,
        speech: Iterable[Speech],
        cancel: Cancel,
        started: Callable[[], None] | None = None,
    ) -> Said:
        """Play, and say what was heard."""


def round_trip(microphone: Microphone, speaker: Loudspeaker) -> float | None:
    """Seconds from handing a sound to the loudspeaker until the microphone has it.

    Right to about a block of 20 ms. None where the microphone did not hear it.

    Raises:
        DeviceError: A device was lost.
    """
    began: list[int] = []
    microphone.press(keep_pre_roll=False)
    said = speaker.play(
        [Speech(Clause("", ""), _with_silence(sweep()), SPEECH_RATE)],
        Cancel(),
        lambda: began.append(len(microphone.so_far().samples)),
    )
    heard = microphone.release().samples
    if said.error is not None or not began:
        raise said.error or DeviceError("The loudspeaker played nothing.", "Unmute it.")
    at = find(sweep(), heard)
    return None if at is None else max(0, at - began[0]) / SPEECH_RATE


def sweep() -> Samples:
    """A short rising tone, at `SPEECH_RATE`: like nothing else in a room."""
    time = np.arange(round(_SECONDS * SPEECH_RATE)) / SPEECH_RATE
    turns = _LOW_HZ * time + (_HIGH_HZ - _LOW_HZ) * time**2 / (2 * _SECONDS)
    swell = np.sin(np.pi * time / _SECONDS) ** 2
    return (_LEVEL * swell * np.sin(2 * np.pi * turns)).astype(np.float32)


def _with_silence(samples: Samples) -> Samples:
    """So that the microphone listens on until the sound has come around."""
    return np.concatenate([samples, np.zeros(round(_WAIT_SECONDS * SPEECH_RATE), np.float32)])


def find(sound: Samples, heard: Samples) -> int | None:
    """Where `heard` resembles `sound` most; None where it hardly does."""
    if len(heard) < len(sound):
        return None
    size = len(heard) + len(sound)
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sound, size)), size)
    power = np.cumsum(np.concatenate([[0.0], np.square(heard, dtype=np.float64)]))
    around = np.sqrt((power[len(sound) :] - power[: -len(sound)]).clip(min=1e-9))
    like = product[: len(around)] / (around * float(np.linalg.norm(sound)))
    at = int(like.argmax())
    return at if like[at] > SOUNDS_LIKE_IT else None
