"""The rules of reading: which words count, in which order lines fit, and when none does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.memory.read import abstain, rank
from companion.memory.read.pack import packed
from companion.memory.read.words import asks, is_question, terms

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PRIORS = {"recency", "speaker", "telling", "statement"}


def _one(key: int, text: str, score: float, *, mine: bool = True) -> rank.Candidate:
    return rank.Candidate(key, text, mine, NOW - timedelta(days=400), score, None, score)


def _answering(candidates: list[rank.Candidate], heard: str) -> list[rank.Candidate]:
    return rank.answering(candidates, rank.question_of(heard, candidates))


def test_a_question_is_looked_for_by_its_telling_words() -> None:
    assert terms("What\u2019s the name of my dog, in 7 words?") == ("name", "dog", "7", "words")


@pytest.mark.parametrize(
    "nothing", ["yes", "Okay, thanks.", "mm", "", "?!", "and you?", "Once more."]
)
def test_small_talk_asks_nothing(nothing: str) -> None:
    assert not asks(nothing)


@pytest.mark.parametrize("something", ["Do you remember my name?", "And the dog?", "Lisbon."])
def test_one_telling_word_is_enough_to_ask(something: str) -> None:
    assert asks(something)


@pytest.mark.parametrize(
    "question", ["What is my dog called?", "do you know where i live", "Really? And why?", "Tea?"]
)
def test_a_question_is_known_with_and_without_its_mark(question: str) -> None:
    assert is_question(question)


@pytest.mark.parametrize("statement", ["My dog is called Biscuit. And yours?", "I live here", ""])
def test_what_holds_a_statement_is_no_question(statement: str) -> None:
    assert not is_question(statement)


def test_scores_not_given_count_as_zero() -> None:
    spread = rank.spread_of([4.0], 4)
    assert (spread.mean, spread.deviation) == (1.0, pytest.approx(3**0.5))
    assert rank.spread_of([], 0).standard(0.0) == 0.0


@given(st.floats(-10, 10).filter(lambda score: abs(score) > 1e-6), st.floats(0.1, 0.9))
def test_a_factor_below_one_always_makes_it_worse(score: float, factor: float) -> None:
    assert rank.times(score, factor) < score


def test_words_and_meaning_are_added() -> None:
    near = replace(_one(1, "near", 0.0), lexical=1.0, dense=2.0)
    far = replace(_one(2, "far", 0.0), lexical=2.0, dense=None)
    first, second = rank.ranked([far, near], "near?", NOW)
    assert (first.key, second.key) == (1, 2)
    assert first.parts.keys() == {"lexical", "dense"} | PRIORS


def test_the_newer_of_two_equals_comes_first() -> None:
    old, new = _one(1, "same", 1.0), replace(_one(2, "same", 1.0), said=NOW)
    assert [one.key for one in rank.ranked([old, new], "same?", NOW)] == [2, 1]


def test_what_the_speaker_said_who_is_asked_about_counts_a_little_more() -> None:
    both = [replace(_one(1, "Hm.", 0.0), lexical=1.0, who=who) for who in ("Sam", "Mira")]
    said = {one.who: one.score for one in rank.ranked(both, "What did Mira's aunt say?", NOW)}
    assert said["Mira"] == pytest.approx(said["Sam"] * (1 + rank.ASKED_ABOUT))
    assert rank.asked_about("What did Sam tell Mira?", ["Sam", "Mira"]) == ""


def test_a_line_that_also_asks_or_says_little_counts_less() -> None:
    long = " ".join(f"word{n}" for n in range(rank.TELLING))
    lines = [
        replace(_one(n, text, 0.0), lexical=1.0)
        for n, text in enumerate((long, f"{long}, and you?", "Biscuit."))
    ]
    assert [one.key for one in rank.ranked(lines, "Biscuit", NOW)] == [0, 1, 2]


def test_a_line_from_the_future_is_of_now() -> None:
    (one,) = rank.ranked([replace(_one(1, "x", 1.0), said=NOW + timedelta(days=9))], "x?", NOW)
    assert one.parts["recency"] == pytest.approx(1 + rank.RECENCY)


def test_a_statement_stands_above_an_earlier_question_and_an_echo() -> None:
    candidates = [
        _one(1, "What was the name of my dog?", 3.0),
        _one(2, "What is my dog called?", 2.9),
        _one(3, "I have a brown puppy named Biscuit.", 2.0),
        _one(4, "Your brown puppy is Biscuit.", 2.0, mine=False),
        _one(5, "Mhm.", 2.0),
    ]
    order = [one.key for one in _answering(candidates, "what is my dog called")]
    assert order == [3, 4, 1, 5]  # the question itself answers nothing


def test_the_same_statement_answers_a_question_and_adds_nothing_to_a_statement() -> None:
    (line,) = [_one(1, "My dog is called Biscuit.", 1.0)]
    (asked,) = _answering([line], "Is my dog called Biscuit?")
    (repeated,) = _answering([line], "My dog is called Biscuit.")
    assert (asked.score, repeated.score) == (1.0, rank.ECHO)


def test_what_repeats_is_left_for_what_adds() -> None:
    same = [_one(n, "We walked along the river in Leeds.", 3.0 - n / 100) for n in (1, 2, 3)]
    other = _one(9, "Maya came along with her bicycle.", 2.0)
    assert {one.key for one in rank.varied([*same, other], 2)} == {1, 9}


def test_the_best_comes_last_and_noise_not_at_all() -> None:
    candidates = [
        _one(n, f"thing{n} place{n}", float(score)) for n, score in enumerate((9, 8, 1, -1))
    ]
    assert [one.key for one in packed(candidates)] == [1, 0]


def test_no_more_are_shown_than_asked_for() -> None:
    candidates = [_one(n, f"thing{n}", 9.0 - n / 10) for n in range(20)]
    assert len(packed(candidates)) == 6
    assert packed([]) == []


def test_one_that_is_below_average_is_better_than_none_when_it_is_the_best() -> None:
    assert [one.key for one in packed([_one(1, "only", -0.5)])] == [1]


def test_coverage_is_the_share_of_telling_words_in_one_window() -> None:
    weight = abstain.weights({"dog": 1, "name": 0, "biscuit": 0}, 100)
    assert weight["name"] == pytest.approx(abstain.FAINT_WEIGHT * weight["biscuit"])
    places = {"dog": {1, 2}, "name": {2}, "biscuit": {3}}
    whole = sum(weight.values())
    best = max(weight["dog"] + weight["name"], weight["biscuit"])
    assert abstain.coverage(weight, places) == pytest.approx(best / whole)


def test_a_question_without_words_covers_nothing() -> None:
    assert abstain.coverage({}, {}) == 0.0


@pytest.mark.parametrize(
    ("covered", "cosine", "told"),
    [(0.3, None, True), (0.29, None, False), (0.0, 0.6, True), (0.9, 0.1, False), (0.6, 0.3, True)],
)
def test_nothing_is_told_that_neither_words_nor_meaning_bear_out(
    covered: float,
    cosine: float | None,
    told: bool,  # noqa: FBT001
) -> None:
    assert abstain.worth_telling(covered, cosine) is told
