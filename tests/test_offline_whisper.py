"""The offline Whisper: what may not train it, its vocabulary, and the lines of the demo."""

import ctypes
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from companion.flow import Cancel
from companion.measure.wer import distance, words
from companion.sound.wav import read_wav
from companion.stt import Whisper
from companion.values import SPEECH_RATE, Recording

pytest.importorskip("tokenizers", reason="training tools are not installed")
from training.whisper import domain, exam, heldout, quiet, text, wear, wide, wider

DEMO = Path(__file__).parents[1] / "models" / "offline" / "demo"
FOLDER = DEMO.with_name("whisper")
SCRIPT = [line for run in json.loads((DEMO / "script.json").read_text())["runs"] for line in run]


@pytest.fixture(scope="module")
def whisper():
    pytest.importorskip("faster_whisper")
    if not (FOLDER / "model.bin").exists():
        pytest.skip("no model in models/offline/whisper")
    return Whisper(FOLDER, threads=1)


def test_the_demo_is_understood(whisper):
    wrong = total = 0
    for line in SCRIPT:
        heard = whisper.transcribe(read_wav(DEMO / line["audio"]), Cancel())
        wrong += distance(words(line["text"]), words(heard.text if heard else ""))
        total += len(words(line["text"]))
    assert wrong / total <= 0.1


@pytest.mark.parametrize("seconds", [0.5, 2, 8])
def test_silence_gives_no_words(whisper, seconds):
    hiss = np.random.default_rng(1).normal(0, 1e-3, int(seconds * SPEECH_RATE))
    assert whisper.transcribe(Recording(hiss.astype(np.float32)), Cancel()) is None


@pytest.fixture(scope="module")
def ear(whisper):
    for library in ("libflite.so.1", "libespeak-ng.so.1"):
        try:
            ctypes.CDLL(library)
        except OSError:
            pytest.skip(f"{library} is not installed")
    return exam.Ear(FOLDER)


@pytest.fixture(scope="module")
def heard(ear):
    """Every eleventh clip of the large list, by set."""
    found = defaultdict(list)
    for name, voice, said, spelt, wave in exam.clips(11):
        found[name].append(ear.hear(wave, said, voice, spelt))
    return found


@pytest.mark.parametrize(("name", "most"), [("open-seen", 0.08), ("open-unseen", 0.2)])
def test_held_out_sentences_are_understood(heard, name, most):
    assert len(heard[name]) >= 45
    assert exam.errors(heard[name]) <= most


def test_confidence_tells_right_from_wrong(heard):
    every = [row for rows in heard.values() for row in rows]
    right = [row.confidence for row in every if row.said == row.heard]
    wrong = [row.confidence for row in every if row.said != row.heard]
    assert exam.auc(right, wrong) >= 0.85


def test_the_no_speech_probability_tells_noise_from_speech(ear, heard):
    noise = [ear.silence(wave) for _, wave in list(quiet.generated())[::3]]
    speech = [row.silence for rows in heard.values() for row in rows]
    assert exam.auc(noise, speech) >= 0.98


def test_sounds_without_speech_seldom_give_words(ear):
    found = [ear.hear(wave).heard for _, wave in quiet.generated()]
    assert sum(map(bool, found)) / len(found) <= 0.15


def test_no_word_begins_with_the_lone_space_that_faster_whisper_suppresses(whisper):
    tokenizer = whisper._model.hf_tokenizer
    alone = tokenizer.token_to_id("\u0120")
    for word in domain.words():
        assert alone not in tokenizer.encode(f" {word}").ids


def test_half_of_each_held_out_set_is_in_voices_that_never_train():
    for name, voice, _ in text.heldout():
        assert (voice in heldout.TRAINING_VOICES) == name.endswith("-seen")


def test_the_held_out_list_is_the_one_its_seed_draws(testdata):
    assert heldout.draw(testdata) == text.heldout()


def test_the_large_list_is_the_one_its_seed_draws(testdata):
    assert heldout.draw_large(testdata) == text.large()


def test_the_large_list_repeats_no_sentence_of_the_first():
    assert not {said for *_, said in text.heldout()} & {said for *_, said, _ in text.large()}


def test_the_voices_that_stay_unseen_speak_nothing_in_the_second_training():
    rng = np.random.default_rng(0)
    voices = {wide.voice(rng) for _ in range(20_000)}
    assert not {voice for voice in voices if voice.endswith(("awb", "+m4", "+f5"))}
    assert set(heldout.JOINED) <= voices


def test_no_sentence_of_the_second_training_is_held_out_or_holds_an_unseen_name(testdata):
    trained = {said for said, _ in wider.training(testdata, 21, 60_000)}
    spoken = {part.removesuffix("'s") for said in trained for part in said.split()}
    assert not spoken & text.unseen_names()
    assert not trained & {said for _, _, said in text.heldout()}
    assert not trained & {said for *_, said, _ in text.large()}
    assert not trained & {text.normal(line["text"]) for line in SCRIPT}


@pytest.mark.parametrize("change", [wear.room, wear.coded])
def test_a_room_or_a_codec_moves_no_sound_by_more_than_a_position_of_the_encoder(change):
    click = np.zeros(SPEECH_RATE, np.float32)
    click[8000:8160] = np.hanning(160) * np.sin(np.arange(160) / 3)
    for seed in range(20):
        heard = change(click, np.random.default_rng(seed))
        assert len(heard) == len(click)
        assert abs(int(np.argmax(np.abs(heard))) - 8080) < 0.04 * SPEECH_RATE


def test_sounds_without_speech_are_the_same_every_time_and_not_those_of_the_training():
    first, again = list(quiet.generated()), list(quiet.generated())
    assert all((a[1] == b[1]).all() for a, b in zip(first, again, strict=True))
    assert {kind for kind, _ in first}.isdisjoint(maker.__name__.strip("_") for maker in wear.KINDS)


def test_exported_weights_lie_between_those_of_two_runs():
    torch = pytest.importorskip("torch")
    export = pytest.importorskip("training.whisper.export")
    first, second = {"w": torch.tensor([0.0, 2.0])}, {"w": torch.tensor([1.0, 4.0])}
    assert export.between(first, second, 0.5)["w"].tolist() == [0.5, 3.0]
    assert export.between(first, second, 1.0)["w"].tolist() == [1.0, 4.0]


def test_a_grown_network_hears_what_the_smaller_one_heard():
    torch = pytest.importorskip("torch")
    grow = pytest.importorskip("training.whisper.grow")
    model = pytest.importorskip("training.whisper.model")
    small = model.Shape(20, width=16, heads=2)
    large = replace(small, encoder_layers=6, decoder_layers=3, decoder_feed=8)
    torch.manual_seed(0)
    first, second = model.TinyWhisper(small), model.TinyWhisper(large)
    second.load_state_dict(grow.grown(first.state_dict(), small, large))
    mel, tokens = torch.randn(2, 80, 40), torch.randint(0, 20, (2, 5))
    states, inner = first.encoder(mel)
    again, within = second.encoder(mel)
    assert torch.equal(states, again)
    assert torch.equal(inner, within)
    assert torch.allclose(first.decoder(tokens, states)[0], second.decoder(tokens, again)[0])


def test_a_word_list_gives_texts_without_the_names_that_choices_and_exam_are_made_on(
    testdata, tmp_path
):
    held = {name for *_, name in text.dev_names()} | text.unseen_names()
    listed = tmp_path / "words"
    listed.write_text("\n".join([*sorted(map(str.title, held)), "Zanzibar", "walrus", "it's"]))
    made = wider.training(testdata, 1, 600, wider.LEXICAL, listed)
    spoken = {part.removesuffix("'s") for said, _ in made for part in said.split()}
    assert {"zanzibar", "walrus"} <= spoken
    assert not spoken & held


def test_a_pause_before_the_words_moves_their_phones_along():
    pytest.importorskip("torch")
    batches = pytest.importorskip("training.whisper.batches")
    mel = np.repeat(np.array([[3], [9]], np.uint8), 40, axis=0).repeat(80, axis=1)
    clip = batches.Clip(mel, np.repeat([0, 5], 20), "flite", "yes.")
    (late,) = batches.delayed([clip], np.random.default_rng(0))
    more = late.frames - clip.frames
    assert 0 < more <= batches.LATEST
    assert (late.mel[: 2 * more + 40] == 3).all()
    assert (late.mel[2 * more :] == mel).all()
    assert late.phones.tolist() == [0] * (more + 20) + [5] * 20


def test_no_training_sentence_is_held_out_or_in_the_demo(testdata):
    trained = {said for said, _ in text.training(testdata, 7, own=9000, loose=4000)}
    trained |= {said for said, _ in text.own_words(testdata, 8, 4000)}
    assert not trained & {said for _, _, said in text.heldout()}
    assert not trained & {text.normal(line["text"]) for line in SCRIPT}
