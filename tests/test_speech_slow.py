"""A model that writes two tokens a second: there are gaps, and every word is whole."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from companion.flow import Cancel
from companion.sound.playback import play_to
from companion.speech.pace import Pace
from companion.speech.piper.edges import SILENCE

pytest.importorskip("piper")
from companion.speech.piper import Piper

VOICES = sorted((Path(__file__).parents[1] / "voices").glob("*.onnx"))
REPLY = (
    "I had a long day at the harbour, but hearing your voice makes it better. Come in and sit "
    "down by the fire, the kettle is on. My brother says the rain will stop before the night"
)
TOKENS_A_SECOND = 2

pytestmark = pytest.mark.skipif(not VOICES, reason="no voice in voices/")


class Tape:
    """A loudspeaker and a model on one clock: it moves while the model writes, and as sound goes.

    Attributes:
        gaps: (samples before it, samples of it) of each silence in which nothing had come.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.now = 0.0
        self.blocks: list[np.ndarray] = []
        self.gaps: list[tuple[int, int]] = []

    @property
    def length(self) -> int:
        return sum(map(len, self.blocks))

    def write(self, block: np.ndarray) -> None:
        self.blocks.append(block)

    def cut(self, fade: np.ndarray) -> int:
        self.blocks.append(fade)
        return 0

    def finish(self) -> None: ...

    def tokens(self, text: str):
        for token in re.findall(r"\s*\w{1,7}|\s*[^\w\s]", text):
            self.now += 1 / TOKENS_A_SECOND
            yield token

    def heard(self, speech):
        """What came late comes after a silence."""
        begun = 0.0
        for part in speech:
            begun = begun or self.now
            late = round((self.now - begun) * self.rate) - self.length
            if self.length and late > 0:
                self.gaps.append((self.length, late))
                self.blocks.append(np.zeros(late, np.float32))
            yield part


@pytest.fixture(scope="module")
def voice():
    return Piper(VOICES[0])


@pytest.fixture(scope="module", params=[1, 48_000], ids=["the voice's rate", "48 kHz"])
def spoken(request, voice):
    """The reply as it is heard, and the tape it is on."""
    tape = Tape(max(request.param, voice.rate))
    pace = Pace(lambda: tape.now)
    speech = pace.speech(voice.say, pace.clauses(tape.tokens(REPLY)), Cancel())
    said = play_to(tape, tape.heard(speech), Cancel(), lambda: 1.0)
    return said, tape


def test_every_word_is_heard_to_the_last(spoken):
    said, tape = spoken
    assert (said.text, said.complete) == (REPLY, True)
    assert len(tape.gaps) >= 3


def test_no_gap_is_within_a_word(spoken):
    _, tape = spoken
    sound = np.concatenate(tape.blocks)
    for at, length in tape.gaps:
        before, after = sound[at - tape.rate // 500 : at], sound[at + length : at + length + 96]
        assert np.abs(before).max() < SILENCE
        assert np.abs(after).max() < 0.05


def test_no_sound_is_lost_and_none_comes_twice(spoken, voice):
    said, tape = spoken
    sound = np.concatenate(tape.blocks)
    kept = np.ones(len(sound), bool)
    for at, length in tape.gaps:
        kept[at : at + length] = False
    pace = Pace(lambda: tape.now)
    assert kept.sum() / tape.rate == pytest.approx(said.seconds, abs=0.02 * (len(tape.gaps) + 2))
    if tape.rate == voice.rate:
        whole = said.seconds * voice.rate
        assert abs(kept.sum() - whole) < voice.rate / 50
    assert pace.keeps_up


def test_a_gap_is_never_longer_than_the_model_needs_for_a_sentence(spoken):
    _, tape = spoken
    longest = max(length for _, length in tape.gaps) / tape.rate
    assert longest < max(map(len, re.split(r"[.,]", REPLY))) / 4 / TOKENS_A_SECOND + 1
