"""Sound through microphones and loudspeakers of every rate: the pitch stays, nothing is cut."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from conftest import EXAM
from test_sound_files import pitch_of, tone
from virtual_sound import VirtualSound, wait_for, why_not

from companion.flow import Cancel
from companion.sound.mic import Microphone
from companion.sound.speaker import Speaker
from companion.values import Clause, Speech

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
RATES = [8_000, 16_000, 22_050, 44_100, 48_000, 96_000]
PITCH = 500.0
SEAM_DB = -60.0
EDGE = 0.004
"""Seconds at either end whose frames hold less than a whole window."""


def other(rate: int) -> int:
    """A rate that goes badly with this one."""
    return {8_000: 44_100, 16_000: 22_050, 22_050: 48_000, 44_100: 96_000, 48_000: 44_100}.get(
        rate, 16_000
    )


EVERY = [
    (rate, out, channels) for rate in RATES for out in (rate, other(rate)) for channels in (1, 2)
]
CASES = EVERY if EXAM else EVERY[2::4] + EVERY[1:2]
"""(microphone's rate, loudspeaker's rate, channels of both)."""


@pytest.fixture(params=CASES, ids=lambda case: "{}-to-{}-{}ch".format(*case))
def sound(request, monkeypatch):
    mic_rate, rate, channels = request.param
    before = set(threading.enumerate())
    with VirtualSound(rate, channels, mic_rate, channels) as device:
        for name, value in device.env.items():
            monkeypatch.setenv(name, value)
        yield device
    for thread in set(threading.enumerate()) - before:
        thread.join(40)


def seam_db(samples: np.ndarray, rate: int, pitch: float) -> float:
    """The largest difference from a pure tone, in dB below it; the soft ends are left out.

    A click at the border of two blocks, or a sample too many, is such a difference.
    """
    inner = samples[round(EDGE * rate) : -round(EDGE * rate)].astype(np.float64)
    turns = 2 * np.pi * pitch * np.arange(len(inner)) / rate
    waves = np.stack([np.sin(turns), np.cos(turns), np.ones(len(inner))], axis=1)
    parts = np.linalg.lstsq(waves, inner, rcond=None)[0]
    rest = np.abs(inner - waves @ parts).max()
    return float(20 * np.log10(rest / np.hypot(*parts[:2]) + 1e-12))


def loud(samples: np.ndarray) -> np.ndarray:
    at = np.flatnonzero(np.abs(samples) > 0.02)
    return samples[at[0] : at[-1] + 1] if len(at) else samples[:0]


def best(measure, tries: int = 6):
    """The first of (fault, values) that has no fault, else the last.

    Whatever else runs on the machine can keep sound waiting: that only ever makes it worse.
    """
    for _ in range(tries):
        fault, values = measure()
        if not fault:
            break
    assert not fault, values
    return values


def spoken(sound, microphone) -> np.ndarray:
    """What a press keeps of a tone that begins just before it and ends just after its release."""
    wait_for(lambda: microphone.level_db < -60)
    sound.say(tone(sound.mic_rate, 1.0, PITCH), sound.mic_rate)
    wait_for(lambda: microphone.level_db > -30)
    microphone.press()
    wait_for(lambda: len(loud(microphone.so_far().samples)) > 0.9 * 16_000)
    return loud(microphone.release().samples)


def judged(samples: np.ndarray, rate: int, seconds: float) -> tuple[bool, dict[str, float]]:
    values = {
        "seconds": len(samples) / rate,
        "pitch": pitch_of(samples, rate),
        "seam_db": seam_db(samples, rate, PITCH),
    }
    whole = abs(values["seconds"] - seconds) < 0.005
    right = abs(values["pitch"] / PITCH - 1) < 0.01
    return not (whole and right and values["seam_db"] < SEAM_DB), values


def test_a_click_of_a_thousandth_or_a_missing_sample_would_be_found():
    whole = tone(48_000, 0.5, PITCH)
    assert seam_db(whole, 48_000, PITCH) < -100
    assert seam_db(np.delete(whole, 9_000), 48_000, PITCH) > SEAM_DB
    clicked = whole.copy()
    clicked[9_000] += 0.001
    assert seam_db(clicked, 48_000, PITCH) > SEAM_DB


def test_a_word_spoken_at_the_press_and_at_the_release_is_recorded_whole(sound):
    microphone = Microphone()
    microphone.open()
    try:
        best(lambda: judged(spoken(sound, microphone), 16_000, 1.0))
    finally:
        microphone.close()


def test_a_word_is_played_whole(sound):
    speaker = Speaker()
    speech = [Speech(Clause("One.", "One."), tone(22_050, 0.5, PITCH), 22_050)]

    def heard() -> np.ndarray:
        tape = sound.listen()
        speaker.play(speech, Cancel())
        tape.wait_until_quiet()
        return loud(tape.sound())

    try:
        best(lambda: judged(heard(), sound.rate, 0.5))
    finally:
        speaker.close()
