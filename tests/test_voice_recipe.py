"""The parts of training/voice that decide what the figures mean; nothing is trained here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("piper")
pytest.importorskip("onnxruntime")
pytest.importorskip("soundfile")

from training.voice import corpus, evaluate, prep

if TYPE_CHECKING:
    from pathlib import Path

TIME = "^ta\N{LATIN LETTER SMALL CAPITAL I}m$"
WORDS = "market\nwindow\nlantern\nhollow\n"


@pytest.fixture
def dictionary(tmp_path: Path) -> Path:
    path = tmp_path / "words"
    path.write_text(WORDS, encoding="utf-8")
    return path


def test_no_evaluation_sentence_is_trained_on(dictionary: Path) -> None:
    trained = {corpus.bare(s) for s in corpus.sentences(1000, dictionary)}
    assert not trained & {corpus.bare(s) for s in corpus.held_out()}


@pytest.mark.parametrize("name", corpus.LISTS)
def test_each_list_of_the_evaluation_has_300_different_sentences(name: str) -> None:
    assert len({corpus.bare(s) for s in corpus.held_out(name)}) == 300


def test_the_two_lists_of_the_evaluation_share_no_sentence() -> None:
    assert len({corpus.bare(s) for s in corpus.held_out()}) == 600


def test_most_longer_words_of_the_unseen_list_are_in_no_training_text(dictionary: Path) -> None:
    words = {w for s in corpus.sentences(1000, dictionary) for w in corpus.bare(s).split()}
    for sentence in corpus.held_out("unseen"):
        longer = [w for w in corpus.bare(sentence).split() if len(w) > 3]
        assert sum(w not in words for w in longer) > len(longer) / 2, sentence


def test_the_training_text_is_the_same_every_time(dictionary: Path) -> None:
    assert corpus.sentences(50, dictionary) == corpus.sentences(50, dictionary)


def test_both_code_points_of_a_diphthong_share_its_segment() -> None:
    path, cost = prep.align(list(TIME), ["pau", "t", "ay", "m", "pau"])
    assert path == [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (5, 4)]
    assert cost < 0.1


def test_a_sentence_that_was_read_differently_costs_too_much() -> None:
    _, cost = prep.align(list(TIME), ["pau", "s", "uw", "pau", "n", "ow", "pau"])
    assert cost > prep.MAX_COST


def test_words_replaced_inserted_and_lost_are_one_error_each() -> None:
    said = ["the", "cat", "sat"]
    assert evaluate.distance(said, ["a", "cat", "sat", "down"]) == 2
    assert evaluate.distance(said, []) == 3


def test_two_equal_speakers_differ_by_nothing() -> None:
    tally = evaluate.Tally(np.array([0, 1, 2]), np.array([5, 5, 5]))
    assert evaluate.interval(tally, tally) == (0.0, 0.0)


def test_a_worse_speaker_shows_in_the_whole_interval() -> None:
    words = np.full(50, 10)
    good, bad = (evaluate.Tally(np.full(50, errors), words) for errors in (1, 2))
    low, high = evaluate.interval(bad, good)
    assert low == pytest.approx(0.1)
    assert high == pytest.approx(0.1)
