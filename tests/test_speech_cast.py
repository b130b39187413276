from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.flow import Cancel
from companion.speech.cast import Cast
from companion.speech.clauses import split_clauses
from companion.speech.piper import Piper
from companion.values import Speech


class Named:
    """A voice that signs what it says."""

    def __init__(self, rate):
        self.rate = rate

    def say(self, clauses, _cancel):
        for clause in clauses:
            yield Speech(clause, np.zeros(0, np.float32), self.rate)


VOICE = Path(__file__).parents[1] / "voices" / "en_US-juno-low.onnx"
CAST = Cast(Named(1), Named(2))


def apart(*tokens):
    return list(split_clauses(tokens, actions="apart"))


def test_a_stage_direction_is_a_clause_of_its_own():
    clauses = apart("Good evening. *She lights the lamp* Come in.")
    spoken = [(clause.spoken, clause.aside) for clause in clauses if clause.spoken]
    assert spoken == [
        ("Good evening.", False),
        ("She lights the lamp", True),
        ("Come in.", False),
    ]


def test_stage_directions_are_said_by_the_second_voice_in_their_place():
    said = CAST.say(apart("Hello. *waves* Come in."), Cancel())
    voices = [(one.clause.spoken, one.rate) for one in said if one.clause.spoken]
    assert voices == [("Hello.", 1), ("waves", 2), ("Come in.", 1)]


def test_a_clause_is_not_asked_for_before_the_one_before_it_was_said():
    taken = []

    def clauses():
        for clause in apart("One is here. Two is here. Three is here."):
            taken.append(clause)
            yield clause

    said = CAST.say(clauses(), Cancel())
    next(said)
    assert len(taken) == 1


@pytest.mark.parametrize("text", ["2 * 3 * 4", "a lone * star", "**bold** words"])
def test_what_is_no_stage_direction_is_not_apart(text):
    assert not any(clause.aside for clause in apart(text))


@given(st.text(alphabet="ab *.\n\"'`<>", max_size=60), st.integers(1, 7))
def test_joined_together_the_clauses_are_the_reply(text, size):
    tokens = [text[at : at + size] for at in range(0, len(text), size)]
    clauses = apart(*tokens)
    assert "".join(clause.text for clause in clauses) == text
    assert clauses == apart(text)
    assert not any("*" in clause.spoken for clause in clauses)


def seconds(voice):
    said = voice.say(split_clauses(["The lamp is lit."]), Cancel())
    return sum(len(one.samples) for one in said) / voice.rate


def test_a_slower_voice_is_the_same_voice_and_takes_longer():
    voice = Piper(VOICE)
    slow = voice.paced(0.5)
    assert 1.5 * seconds(voice) < seconds(slow) < 2.6 * seconds(voice)
    assert slow._voice is voice._voice
