"""What a recording begins with, without a device."""

from __future__ import annotations

import numpy as np
import pytest

from companion.errors import DeviceError
from companion.sound.mic import Microphone
from companion.sound.ring import Ring
from companion.values import SPEECH_RATE


class Inlet:
    """An open stream that can break."""

    source = None
    alive = True

    def __init__(self) -> None:
        self.ring = Ring(SPEECH_RATE // 2, SPEECH_RATE)

    def taken(self) -> None:
        """No other source was taken."""


@pytest.fixture
def microphone() -> Microphone:
    made = Microphone(tail=0, shortest=0)
    made._inlet = Inlet()  # type: ignore[assignment]
    return made


def test_a_recording_begins_with_what_was_heard_before_its_press(microphone: Microphone) -> None:
    microphone.begin_with(np.full(SPEECH_RATE, 0.5, np.float32))
    microphone.press()
    assert microphone.release().seconds == pytest.approx(1.0)
    microphone.press()
    assert microphone.release().seconds == 0


def test_what_was_heard_before_a_press_that_failed_begins_no_later_one(
    microphone: Microphone,
) -> None:
    microphone.begin_with(np.full(SPEECH_RATE, 0.5, np.float32))
    microphone._inlet.alive = False  # type: ignore[union-attr,misc]
    with pytest.raises(DeviceError, match="lost"):
        microphone.press()
    microphone._inlet.alive = True  # type: ignore[union-attr,misc]
    microphone.press()
    assert microphone.release().seconds == 0
