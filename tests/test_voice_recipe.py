"""The parts of training/voice that decide what the figures mean; nothing is trained here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("piper")
pytest.importorskip("onnxruntime")
pytest.importorskip("soundfile")

from training.voice import build, corpus, evaluate, look, prep

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


def test_a_steady_tone_has_its_pitch() -> None:
    time = np.arange(look.RATE) / look.RATE
    tone = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 20))
    hertz, clear = look.pitches(tone.astype(np.float32))
    assert np.median(hertz) == pytest.approx(140, rel=0.02)
    assert clear.min() > 0.9


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(0).standard_normal(look.RATE).astype(np.float32)
    assert len(look.pitches(noise)[0]) == 0


def test_resonances_are_found() -> None:
    """Two poles at 500 Hz, two at 1,500 and two at 2,500, struck 120 times a second."""
    poles = [0.97 * np.exp(2j * np.pi * hertz / look.RATE) for hertz in (500, 1500, 2500)]
    weights = np.poly([*poles, *np.conj(poles)]).real
    sound = np.zeros(8000)
    for at in range(8000):
        past = sound[max(0, at - 6) : at][::-1]
        sound[at] = (at % 133 == 0) - weights[1 : len(past) + 1] @ past
    found = look.formants(sound.astype(np.float32))
    assert found == pytest.approx([500, 1500, 2500], rel=0.1)


def test_speakers_of_different_colour_are_told_apart_and_equal_ones_are_not() -> None:
    source = np.random.default_rng(1)
    dull = [np.cumsum(source.standard_normal(8000)).astype(np.float32) for _ in range(16)]
    bright = [source.standard_normal(8000).astype(np.float32) for _ in range(16)]
    away, right = look.told_apart([dull, bright])
    assert right == 1.0
    assert away[0, 1] > 2
    assert look.told_apart([bright[:8], bright[8:]])[0][0, 1] < away[0, 1] / 1.5


def test_what_was_understood_once_is_not_heard_again(tmp_path: Path) -> None:
    def mute(text: str) -> np.ndarray:
        raise AssertionError(text)

    file = tmp_path / "heard.json"
    file.write_text('{"I am here.": "i am where"}', encoding="utf-8")
    tally = evaluate.listen(mute, ["I am here."], file)
    assert (tally.errors.tolist(), tally.words.tolist()) == ([1], [3])


@pytest.mark.parametrize("recipe", build.VOICES.values(), ids=build.VOICES)
def test_every_voice_has_a_teacher_that_is_taught_from(recipe: build.Recipe) -> None:
    assert recipe.teacher in build.STEPS
