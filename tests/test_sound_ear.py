"""The ear that listens without an end: what it takes for a voice, and that it keeps nothing."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from companion.key.free import Rules, Turns
from companion.sound.gate import Gate
from companion.sound.ring import Ring
from companion.sound.tap import Tap
from companion.sound.wav import read_wav

DATA = Path(os.environ.get("COMPANION_TESTDATA", "")) / "speech"
DEMO = Path(__file__).resolve().parents[1] / "models" / "offline" / "demo"
needs_data = pytest.mark.skipif(
    not (DATA / "manifest.json").is_file(), reason="COMPANION_TESTDATA holds no speech recordings"
)
HUSH = (1e-4 * np.random.default_rng(0).standard_normal(16_000)).astype(np.float32)


@pytest.fixture(scope="module")
def gate():
    return Gate()


def recordings(folder):
    rows = json.loads((DATA / "manifest.json").read_text())
    return [read_wav(DATA / row["file"]) for row in rows if row["file"].startswith(folder)]


def begins(gate, samples):
    """Whether a turn begins in a second of hush, this sound, and a second of hush."""
    turns, ear = Turns(Rules()), gate.ear()
    likely = ear.hear(np.concatenate([HUSH, samples, HUSH]))
    return "press" in [turns.hear(one, recording=False, busy=False) for one in likely]


@needs_data
@pytest.mark.parametrize("folder", ["negatives/", "rir/"])
def test_recorded_noise_begins_no_turn(gate, folder):
    assert [noise.source for noise in recordings(folder) if begins(gate, noise.samples)] == []


@needs_data
def test_nine_of_ten_single_words_begin_a_turn(gate):
    words = recordings("shortwords/")
    assert sum(begins(gate, word.samples) for word in words) >= 0.9 * len(words)


@pytest.mark.parametrize("gain", [0.1, 1.0, 3.0])
def test_every_spoken_line_begins_a_turn_softly_and_clipped(gate, gain):
    lines = [read_wav(path).samples for path in sorted(DEMO.glob("*.wav"))]
    assert all(begins(gate, np.clip(gain * line, -1, 1)) for line in lines)


def test_sound_in_pieces_is_heard_as_in_one(gate):
    line = read_wav(DEMO / "01.wav").samples
    ear = gate.ear()
    pieces = [one for at in range(0, len(line), 777) for one in ear.hear(line[at : at + 777])]
    assert pieces == pytest.approx(gate.ear().hear(line), abs=1e-6)


def test_a_current_and_frames_that_are_no_numbers_are_no_voice(gate):
    ear = gate.ear()
    assert max(ear.hear(np.full(32_000, 0.3, np.float32))) < 0.3
    assert max(ear.hear(np.full(16_000, np.nan, np.float32))) < 0.3


# ── the tap ──────────────────────────────────────────────────────────────────────────────────────


class Status:
    input_overflow = False


class Stream:
    """An open microphone."""

    def __init__(self, rate):
        self.ring = Ring(round(0.3 * rate), 60 * rate, rate)

    def plays(self, samples):
        size = self.ring.rate // 50
        for at in range(0, len(samples), size):
            block = samples[at : at + size, None]
            self.ring.hear(block, len(block), None, Status())


class Microphone:
    inlet = None


def test_a_tap_hears_everything_once_at_the_rate_of_speech():
    microphone = Microphone()
    microphone.inlet = Stream(48_000)
    tap = Tap(microphone)
    assert len(tap.read()) == 0
    tone = np.sin(np.arange(48_000) / 20).astype(np.float32)
    microphone.inlet.plays(tone)
    assert len(tap.read()) == pytest.approx(16_000, abs=500)  # the filter holds some back
    assert len(tap.read()) == 0


def test_a_tap_goes_on_with_the_microphone_that_came_back():
    microphone = Microphone()
    tap = Tap(microphone)
    assert len(tap.read()) == 0
    for _ in range(2):
        microphone.inlet = Stream(16_000)
        tap.read()
        microphone.inlet.plays(np.ones(3_200, np.float32))
        assert len(tap.read()) == 3_200


def test_what_nobody_fetches_from_a_tap_is_forgotten_after_two_seconds():
    microphone = Microphone()
    microphone.inlet = Stream(16_000)
    tap = Tap(microphone)
    tap.read()
    microphone.inlet.plays(np.ones(160_000, np.float32))
    assert len(tap.read()) == 32_000


def test_what_is_forgotten_is_no_pre_roll():
    microphone = Microphone()
    microphone.inlet = Stream(16_000)
    tap = Tap(microphone)
    tap.read()
    microphone.inlet.plays(np.ones(16_000, np.float32))
    tap.forget()
    assert len(tap.read()) == 0
    assert len(microphone.inlet.ring.begin().whole()) == 0
