"""Presses without words for the real gate, ear and worker: silence, fans, music, recorded noise."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from companion.early import Early
from companion.events import Listening, NothingHeard, Words
from companion.session import Session
from companion.sound.gate import Gate
from companion.sound.wav import read_wav
from companion.testing import scripted
from companion.values import SPEECH_RATE, Recording
from companion.worth import Worth

pytest.importorskip("faster_whisper")

FOLDER = Path(__file__).parents[1] / "models" / "offline" / "whisper"
DATA = Path(os.environ.get("COMPANION_TESTDATA", "")) / "speech"
pytestmark = [
    pytest.mark.skipif(not (FOLDER / "model.bin").exists(), reason="no model in models/offline"),
    pytest.mark.skipif(not (DATA / "negatives").is_dir(), reason="no COMPANION_TESTDATA"),
]
EACH = 15


class Ear:
    """The shipped Whisper, with a count of what it was asked."""

    def __init__(self):
        from companion.stt import Whisper

        self.whisper = Whisper(FOLDER, threads=1)
        self.asked = 0

    def transcribe(self, recording, cancel):
        self.asked += 1
        return self.whisper.transcribe(recording, cancel)


class Microphone:
    """A key that is held until all of a recording was heard."""

    level_db = -40.0

    def __init__(self):
        self.recording, self.at = Recording(np.zeros(0, np.float32)), 0
        self.all_heard = threading.Event()

    def press(self, *, keep_pre_roll=True):  # noqa: ARG002
        self.at = 0
        self.all_heard.clear()

    def let_go(self):
        pass

    def so_far(self):
        self.at += SPEECH_RATE // 4
        if self.at > len(self.recording.samples) + SPEECH_RATE:
            self.all_heard.set()
        return Recording(self.recording.samples[: self.at])

    def release(self):
        return self.recording


def seconds(rng):
    return round(rng.uniform(0.5, 5.0) * SPEECH_RATE)


def silence(rng):
    return rng.normal(0, 10 ** rng.uniform(-6, -3.2), seconds(rng))


def fan(rng):
    """Noise that falls with the frequency, a hum of blades, and both go up and down."""
    size = seconds(rng)
    spectrum = np.fft.rfft(rng.standard_normal(size))
    spectrum[1:] /= np.arange(1, len(spectrum)) ** rng.uniform(0.3, 1.0)
    sound, time = np.fft.irfft(spectrum, size), np.arange(size) / SPEECH_RATE
    sound = sound / sound.std() + 0.5 * np.sin(2 * np.pi * rng.uniform(60, 300) * time)
    swell = 1 + rng.uniform(0, 0.6) * np.sin(2 * np.pi * rng.uniform(0.2, 2) * time)
    return 10 ** rng.uniform(-3, -1) * swell * sound


def music(rng):
    """Chords and a melody of plucked and blown notes, with a drum."""
    size, beat = seconds(rng), rng.uniform(0.2, 0.6)
    sound = np.zeros(size)
    for start in np.arange(0, size / SPEECH_RATE, beat):
        time = np.arange(min(size - round(start * SPEECH_RATE), SPEECH_RATE)) / SPEECH_RATE
        for step in rng.choice([0, 3, 4, 5, 7, 9, 12, 16], rng.integers(1, 4)):
            pitch = 110 * 2 ** ((step + rng.integers(0, 2) * 12) / 12)
            tones = [
                np.sin(2 * np.pi * n * pitch * time) / n ** rng.uniform(1, 2) for n in range(1, 6)
            ]
            note = sum(tones) * np.exp(-time * rng.uniform(1, 12)) * np.minimum(1, time * 100)
            sound[round(start * SPEECH_RATE) :][: len(time)] += note
        drum = rng.normal(0, 1, len(time)) * np.exp(-time * 60) * rng.uniform(0, 1)
        sound[round(start * SPEECH_RATE) :][: len(time)] += drum
    return 10 ** rng.uniform(-2.5, -0.5) * sound / np.abs(sound).max()


def recorded(rng):
    """A piece of a recorded noise, louder or softer than it was."""
    rows = json.loads((DATA / "manifest.json").read_text())
    files = [row["file"] for row in rows if row["file"].startswith("negatives/")]
    whole = read_wav(DATA / files[rng.integers(len(files))]).samples
    size = min(seconds(rng), len(whole))
    start = rng.integers(0, len(whole) - size + 1)
    return np.clip(10 ** rng.uniform(-1, 0.5) * whole[start : start + size], -1, 1)


@pytest.mark.parametrize("when", ["on", "off"])
def test_of_sixty_presses_without_words_at_most_one_becomes_a_turn(when):
    ear, microphone, rng = Ear(), Microphone(), np.random.default_rng(60)
    companion, events = scripted(["What?"] * 60, stt=ear)
    session = Session(companion, gate := Gate(), microphone=microphone)
    session.early = Early(companion, gate, microphone, Worth(when), look=0.001)
    session.start(greeting=False)
    for make in [silence, fan, music, recorded] * EACH:
        microphone.recording = Recording(make(rng).astype(np.float32))
        session.press()
        assert microphone.all_heard.wait(20)
        session.release()
        assert session.wait(20)
    assert session.close()
    count = Counter(type(event) for event in events)
    assert count[Listening] == count[Words] + count[NothingHeard] == 4 * EACH
    assert len(companion.history) == count[Words] <= 1
    assert ear.asked <= 2  # what early gave no words is heard once more at the release
