"""What a recording says about the microphone, and how long sound takes once around."""

from __future__ import annotations

import numpy as np
import pytest
from test_sound_files import tone

from companion.sound.loop import find, sweep
from companion.sound.meter import Faults, bar, faults, measure
from companion.values import Recording

NOISE = np.random.default_rng(1).normal(0, 0.001, 16_000).astype(np.float32)


def told(samples, *, muted=None) -> dict[str, str]:
    return faults(measure(Recording(samples)), muted=muted)


def test_a_good_recording_has_no_fault():
    assert told(tone(16_000, 1.0) + NOISE) == {}
    assert told(NOISE) == {}  # nobody spoke, but the microphone works


def test_a_microphone_set_too_loud_is_told_with_the_share_that_is_cut_off():
    found = told(np.clip(4 * tone(16_000, 1.0), -1, 1))
    assert list(found) == ["clipped"]
    assert "62.5% of the sound is cut off" in found["clipped"]


def test_one_loud_knock_is_no_fault():
    samples = tone(16_000, 1.0) + NOISE
    samples[5_000:5_010] = 1.0
    assert told(samples) == {}


def test_a_muted_microphone_is_told():
    assert "gives only silence" in told(np.zeros(16_000, np.float32))["muted"]
    assert "muted in the sound settings" in told(np.zeros(16_000, np.float32), muted=True)["muted"]


def test_direct_current_is_told_and_is_no_sound():
    found = told(NOISE + 0.2)
    assert list(found) == ["offset"]
    assert "20% of full scale" in found["offset"]
    assert list(told(np.full(16_000, 0.2, np.float32))) == ["muted", "offset"]


def test_each_fault_is_told_once():
    once, loud = Faults(), Recording(np.clip(4 * tone(16_000, 1.0), -1, 1))
    assert len(once.new(loud)) == 1
    assert once.new(loud) == []
    assert len(once.new(Recording(np.zeros(16_000, np.float32)))) == 1


def test_a_slip_of_the_finger_says_nothing_of_the_microphone():
    assert Faults().new(Recording(np.zeros(3_000, np.float32))) == []


@pytest.mark.parametrize(("level", "lit"), [(-120, 0), (-60, 0), (-30, 15), (0, 30), (6, 30)])
def test_a_level_is_a_bar(level, lit):
    assert bar(level) == "█" * lit + "·" * (30 - lit)


@pytest.mark.parametrize("at", [0, 1_234, 14_000])
def test_the_sweep_is_found_in_a_noisy_room(at):
    room = 50 * NOISE.copy()
    room[at : at + len(sweep())] += 0.3 * sweep()[: 16_000 - at]
    assert find(sweep(), room) == pytest.approx(at, abs=2)


def test_a_room_without_the_sweep_is_not_taken_for_it():
    assert find(sweep(), 300 * NOISE) is None
    assert find(sweep(), tone(16_000, 1.0, 1_000)) is None
    assert find(sweep(), NOISE[:100]) is None
