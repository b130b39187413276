"""The gate for silence: what is kept and what is rejected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from companion.sound.cue import cue_tone
from companion.sound.gate import Gate
from companion.sound.resample import resample
from companion.sound.wav import read_wav
from companion.values import Recording

DATA = Path(os.environ.get("COMPANION_TESTDATA", "")) / "speech"
needs_data = pytest.mark.skipif(
    not (DATA / "manifest.json").is_file(), reason="COMPANION_TESTDATA holds no speech recordings"
)


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


def recordings(folder: str) -> list[Recording]:
    rows = json.loads((DATA / "manifest.json").read_text())
    return [read_wav(DATA / row["file"]) for row in rows if row["file"].startswith(folder)]


def noise(seed: int, tilt: float = 0.0, level: float = 0.05) -> np.ndarray:
    """Two seconds of noise that falls by `tilt` powers of the frequency."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(32_000))
    spectrum[1:] /= np.arange(1, len(spectrum)) ** tilt
    sound = np.fft.irfft(spectrum)
    return (level * sound / sound.std()).astype(np.float32)


def hum(pitch: float) -> np.ndarray:
    time = np.arange(32_000) / 16_000
    return sum(0.1 / n * np.sin(2 * np.pi * n * pitch * time) for n in (1, 2, 3)).astype(np.float32)


def clicks(seed: int) -> np.ndarray:
    """Typing: short bursts of noise at irregular times."""
    random = np.random.default_rng(seed)
    sound = 0.001 * random.standard_normal(32_000)
    for at in random.integers(0, 31_000, 12):
        sound[at : at + 200] += 0.4 * random.standard_normal(200) * np.exp(-np.arange(200) / 40)
    return sound.astype(np.float32)


NOT_SPEECH = {
    "digital zero": [np.zeros(32_000, np.float32)],
    "direct current": [np.full(32_000, 0.3, np.float32)],
    "hiss": [noise(seed, level=level) for seed in range(10) for level in (0.002, 0.05, 0.3)],
    "fan": [noise(seed, 0.5) for seed in range(10)],
    "rumble": [noise(seed, 1.0) for seed in range(10)],
    "hum": [hum(50), hum(60), hum(100), hum(120)],
    "typing": [clicks(seed) for seed in range(10)],
    "our own cue": [np.pad(resample(*cue_tone(), 16_000), 8_000)],
}


@pytest.mark.parametrize("kind", NOT_SPEECH)
def test_sound_without_words_is_rejected(gate, kind):
    verdicts = [gate.check(Recording(sound)) for sound in NOT_SPEECH[kind]]
    assert [verdict.reason for verdict in verdicts if verdict.speech] == []
    assert {verdict.reason for verdict in verdicts} <= {"too quiet", "no speech"}


@needs_data
def test_at_least_98_of_100_lone_short_words_are_kept(gate):
    words = recordings("shortwords/")
    kept = sum(gate.check(word).speech for word in words)
    assert len(words) >= 49
    assert kept >= 0.98 * len(words)


@needs_data
@pytest.mark.parametrize("gain", [0.1, 3.0])
def test_a_short_word_is_kept_softly_and_clipped(gate, gain):
    words = recordings("shortwords/")
    played = [np.clip(word.samples * gain, -1, 1) for word in words]
    assert sum(gate.check(Recording(word)).speech for word in played) >= 0.98 * len(words)


@needs_data
def test_a_short_word_in_a_long_silence_is_kept(gate):
    words = recordings("shortwords/")
    sound = [np.pad(word.samples, (32_000, 48_000)) for word in words]
    assert sum(gate.check(Recording(word)).speech for word in sound) >= 0.98 * len(words)


@needs_data
@pytest.mark.parametrize("folder", ["negatives/", "rir/"])
def test_recorded_noise_is_rejected(gate, folder):
    for noise_file in recordings(folder):
        verdict = gate.check(noise_file)
        assert not verdict.speech, noise_file.source


@pytest.mark.parametrize("samples", [0, 1, 3_199])
def test_a_slip_of_the_finger_is_too_short(gate, samples):
    verdict = gate.check(Recording(np.full(samples, 0.1, np.float32)))
    assert (verdict.speech, verdict.reason) == (False, "too short")


def test_direct_current_is_noticed_and_taken_off_the_level(gate):
    verdict = gate.check(Recording(noise(1, level=0.001) + np.float32(0.3)))
    assert verdict.offset == pytest.approx(0.3, abs=0.001)
    assert verdict.level_db == pytest.approx(-59, abs=2)
    assert verdict.reason == "no speech"


def test_a_microphone_that_is_set_too_loud_is_noticed(gate):
    loud = np.clip(noise(1, level=0.6), -1, 1)
    assert gate.check(Recording(loud)).clipped
    assert not gate.check(Recording(loud * np.float32(0.5))).clipped


def test_frames_that_are_not_numbers_are_silence(gate):
    verdict = gate.check(Recording(np.full(16_000, np.nan, np.float32)))
    assert (verdict.reason, verdict.level_db) == ("too quiet", -120)


def test_the_cue_is_short_soft_and_ends_in_silence():
    samples, rate = cue_tone()
    assert len(samples) / rate <= 0.15
    assert 0.05 < np.abs(samples).max() < 0.2
    assert abs(samples[0]) + abs(samples[-1]) < 1e-3


def test_the_gate_and_the_language_model_can_be_loaded_together_in_either_order():
    gate = "from companion.sound.gate import Gate; Gate()"
    for order in ([gate, "import llama_cpp"], ["import llama_cpp", gate]):
        done = subprocess.run(
            [sys.executable, "-c", "; ".join(order)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
