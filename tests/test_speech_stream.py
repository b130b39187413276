"""A sentence that is heard before all of it is rendered: the voice's graph in two parts."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.flow import Cancel
from companion.measure.shapes_voice import VoiceSize, write_voice
from companion.sound.playback import heard_text
from companion.speech.clauses import split_clauses
from companion.speech.piper.graph import split
from companion.values import Clause

pytest.importorskip("piper")
from companion.speech.piper import Piper
from companion.speech.piper.engine import Engine

VOICES = sorted((Path(__file__).parents[1] / "voices").glob("*.onnx"))
SMALL = VoiceSize(width=16, inner=16, layers=1, couplings=2, waves=2, channels=16)
REPLY = "I had a long day at the harbour, and the kettle is on the stove. Come in, sit down!"

pytestmark = pytest.mark.skipif(not VOICES, reason="no voice in voices/")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A voice of Piper's shape, small and of random weights."""
    path = tmp_path_factory.mktemp("voice") / "small.onnx"
    config = json.loads(Path(f"{VOICES[0]}.json").read_text())
    write_voice(path, SMALL, config["phoneme_id_map"])
    return path


@pytest.fixture(scope="module")
def voice(model):
    return Piper(model)


def speak(voice, text=REPLY):
    return list(voice.say(split_clauses([text]), Cancel()))


def frames_of(engine, symbols=60):
    ids = np.random.default_rng(1).integers(3, 100, (1, symbols))
    scales = np.array([0.667, 1.0, 0.8], np.float32)
    return engine.sentence({"input": ids, "input_lengths": np.array([symbols]), "scales": scales})


@pytest.mark.parametrize("first", [0.1, 0.3, 0.7])
def test_the_pieces_are_the_sentence_sample_for_sample(model, first):
    sentence = frames_of(Engine(model, 1, 256, 22_050))
    whole = np.concatenate(list(sentence.pieces(1_000.0)))
    pieces = list(sentence.pieces(first))
    assert len(pieces) > 1
    assert len(whole) == sentence.length == sentence.spans.sum()
    assert np.abs(np.concatenate(pieces) - whole).max() < 1e-6


def test_no_more_is_rendered_around_a_piece_than_it_depends_on(model):
    engine = Engine(model, 1, 256, 22_050)
    parts = engine._parts
    assert (parts.flow.part.margin, parts.sound.part.margin) == (8, 11)
    parts.sound = replace(parts.sound, part=replace(parts.sound.part, margin=9))
    sentence = frames_of(engine)
    whole, pieces = (np.concatenate(list(sentence.pieces(first))) for first in (1_000.0, 0.1))
    assert np.abs(pieces - whole).max() > 1e-6


def test_a_flow_that_cannot_be_cut_is_left_with_the_text(model):
    whole = split(model.read_bytes())
    parts = split(model.read_bytes(), flow=False)
    assert (whole.flow.hop, parts.flow) == (1, None)
    assert whole.sound == parts.sound
    assert len(parts.text) > len(whole.text)


@pytest.mark.parametrize("factor", [0.01, 0.1, 0.2, 0.3, 0.39])
def test_each_piece_is_ready_long_before_the_one_before_was_heard(model, factor):
    sessions = Engine(model, 1, 256, 22_050)._parts
    sessions.factor = factor
    for frames in range(1, 900, 7):
        plan = sessions.plan(frames, 0.3)
        sizes = [end - start for start, end in plan]
        assert [start for start, _ in plan] == [0, *(end for _, end in plan[:-1])]
        assert sum(sizes) == frames
        for before, after in pairwise(sizes):
            assert factor * (after + 22) <= 0.55 * before + 1
            assert after > before / 4


def test_a_voice_with_much_work_is_not_begun_early(model):
    sessions = Engine(model, 1, 256, 22_050)._parts
    sessions.factor = 0.5
    assert sessions.plan(500, 0.3) == [(0, 500)]


def test_the_words_come_with_the_first_piece_and_the_last_ends_the_clause(voice):
    assert voice.streams
    speech = speak(voice)
    begins = [n for n, one in enumerate(speech) if one.clause.text]
    assert len(begins) < len(speech)
    assert "".join(one.clause.text for one in speech) == REPLY
    assert [n for n, one in enumerate(speech) if one.last] == [
        *(n - 1 for n in begins[1:]),
        len(speech) - 1,
    ]
    assert all(not one.marks for n, one in enumerate(speech) if n not in begins)


def test_no_seam_within_a_sentence_can_be_heard(voice):
    sound = np.concatenate([one.samples for one in speak(voice)])
    seams = np.cumsum([len(one.samples) for one in speak(voice)])[:-1]
    steps = np.abs(np.diff(sound))
    assert len(seams) > 2
    assert steps.max() < 1.0


def test_a_stop_between_two_pieces_renders_no_further_one(voice):
    cancel = Cancel()
    speech = voice.say([Clause(REPLY, REPLY)], cancel)
    assert not next(speech).last
    cancel.set()
    assert list(speech) == []


def test_words_of_a_clause_in_pieces_count_as_they_are_heard(voice):
    speech = speak(voice, "I had a long day at the old harbour by the sea.")
    assert len(speech) > 1
    total = sum(len(one.samples) for one in speech) / voice.rate
    heard = [heard_text(speech, total * part / 10) for part in range(11)]
    assert heard[0] == ""
    assert heard[10] == "I had a long day at the old harbour by the sea."
    assert sorted(map(len, heard)) == list(map(len, heard))
    assert 0.2 < len(heard[5]) / len(heard[10]) < 0.8


def test_a_voice_of_another_kind_is_left_whole():
    assert split(VOICES[0].read_bytes()) is None
    assert not Piper(VOICES[0]).streams


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40_000), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_is_cut_or_left_whole(model, at, noise):
    damaged = bytearray(model.read_bytes())
    damaged[at : at + len(noise)] = noise
    for file in (bytes(damaged), bytes(damaged[:at])):
        parts = split(file)
        assert parts is None or (parts.sound.hop > 0 and parts.sound.margin >= 0)


def test_no_copy_of_the_file_is_kept(model):
    parts = Engine(model, 1, 256, 22_050)._parts
    sessions = [parts.text, parts.flow.session, parts.sound.session]
    assert [len(one._model_bytes) for one in sessions] == [0, 0, 0]
    assert [len(one.part.model) for one in (parts.flow, parts.sound)] == [0, 0]
