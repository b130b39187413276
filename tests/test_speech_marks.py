"""Where in the text a voice is."""
# ruff: noqa: RUF001 - phonemes look like letters

import pytest

from companion.speech.marks import Timed, place_marks, sounds, word_ends
from companion.speech.shape import speakable
from companion.values import Clause


def clause(text):
    return Clause(text, speakable(text))


def timed(phonemes):
    return [Timed(phoneme, 10 * (index + 1)) for index, phoneme in enumerate(phonemes)]


def test_a_word_ends_behind_its_marks_in_the_text():
    ends = word_ends(clause("*waves hello* **Hello** there, `friend`! 😀"))
    assert ends == (("Hello", 23), ("there,", 30), ("friend!", 40))


def test_actions_that_are_read_out_have_places_too():
    assert word_ends(Clause("*waves* Hi.", "waves Hi.")) == (("waves", 7), ("Hi.", 11))


def test_words_that_are_not_in_the_text_are_placed_in_proportion():
    assert word_ends(Clause("12 34", "ab cd")) == (("ab", 2), ("cd", 5))


def test_each_word_is_marked_where_the_voice_ends_it():
    marks = place_marks(clause("one two six"), timed("wʌn tuː sɪks."), len)
    assert marks == ((3, 30), (7, 60), (11, 120))


def test_words_that_the_voice_runs_together_keep_their_order():
    marks = place_marks(clause("one of the"), timed("wʌn ʌvðə"), {"one": 3, "of": 2, "the": 2}.get)
    assert marks == ((3, 30), (6, 60), (10, 80))


def test_a_word_of_no_length_is_heard_with_the_one_before():
    marks = place_marks(
        clause("one a b two"), timed("wʌn tu"), {"one": 3, "a": 0, "b": 0, "two": 2}.get
    )
    places, samples = zip(*marks, strict=True)
    assert list(samples) == sorted(set(samples))
    assert places[-1] == len("one a b two")


@pytest.mark.parametrize("text", ["", "*waves*", "😀 "])
def test_a_silent_clause_has_no_marks(text):
    assert place_marks(clause(text), timed("abc"), len) == ()


def test_a_clause_without_phonemes_has_no_marks():
    assert place_marks(clause("Привет"), [], len) == ()


def test_stress_and_punctuation_are_no_sounds():
    assert sounds("həlˈoʊ, juː.") == 7
