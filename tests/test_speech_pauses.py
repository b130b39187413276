from pathlib import Path

import numpy as np
import pytest

from companion.flow import Cancel
from companion.speech.piper import Piper
from companion.values import Clause

VOICE = Path(__file__).parents[1] / "voices" / "en_US-juno-low.onnx"


@pytest.fixture(scope="module")
def voice():
    return Piper(VOICE)


def silence_after(voice, text):
    """Seconds of silence at the end of one clause."""
    (speech,) = voice.say([Clause(text, text)], Cancel())
    loud = np.flatnonzero(np.abs(speech.samples) > 0.01)
    return (len(speech.samples) - 1 - loud[-1]) / speech.rate


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("The lamp is lit.", 0.16, 0.26),
        ("Is the lamp lit?", 0.16, 0.26),
        ("He said “no.” ", 0.16, 0.26),
        ("When the lamp is lit,", 0.06, 0.15),
        ("The lamp is", 0.0, 0.1),
    ],
)
def test_a_voice_pauses_as_the_punctuation_says(voice, text, least, most):
    assert least <= silence_after(voice, text) <= most


def test_the_words_are_heard_before_the_pause_ends(voice):
    (speech,) = voice.say([Clause("The lamp is lit. ", "The lamp is lit.")], Cancel())
    characters, samples = speech.marks[-1]
    assert characters == len(speech.clause.text)
    assert samples < len(speech.samples)
