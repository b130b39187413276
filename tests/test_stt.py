"""Sound to text: the shipped Whisper where the engine matters, a scripted one for its whims."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from companion.errors import BadData, EngineError, ModelMissing
from companion.flow import Cancel
from companion.stt import FULL_WINDOW, STEP, Whisper, Window, _clean
from companion.values import SPEECH_RATE, Recording

pytest.importorskip("faster_whisper")

OFFLINE = Path(__file__).parents[1] / "models" / "offline"
FOLDER = OFFLINE / "whisper"
pytestmark = pytest.mark.skipif(
    not (FOLDER / "model.bin").exists(), reason="no model in models/offline/whisper"
)


class Scripted:
    """An engine that answers as it is told, and keeps what it was asked."""

    device = "cpu"
    n_mels = 80
    is_multilingual = False

    def __init__(self, *answers):
        self.answers = list(answers)
        self.encoded = []
        self.asked = []
        self.then = lambda: None

    def encode(self, features, **_):
        self.encoded.append(tuple(features.shape))
        self.then()
        return features

    def generate(self, _states, prompts, **how):
        self.asked.append((prompts[0], how))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [answer]


@pytest.fixture
def whisper():
    return Whisper(FOLDER, threads=1)


@pytest.fixture
def files(tmp_path):
    """A model that a test may break."""
    return Path(shutil.copytree(FOLDER, tmp_path / "whisper"))


def answer(whisper, text, logprob=-0.2, silence=0.0, tokens=None):
    ids = whisper._tokens.encode(" " + text) if tokens is None else tokens
    mean = logprob * (len(ids) + 1) / max(len(ids), 1)
    return SimpleNamespace(sequences_ids=[ids], scores=[mean], no_speech_prob=silence)


def scripted(whisper, *answers):
    whisper._model.model = Scripted(*answers)
    return whisper._model.model


def spoken(seconds=4.0):
    noise = np.random.default_rng(1).normal(0, 0.1, round(seconds * SPEECH_RATE))
    return Recording(noise.astype(np.float32))


def hear(whisper, recording=None):
    return whisper.transcribe(recording or spoken(), Cancel())


def frames(whisper, seconds):
    return round(seconds * whisper._rate)


def test_a_spoken_sentence_becomes_words(whisper):
    import soundfile

    samples, rate = soundfile.read(min((OFFLINE / "demo").glob("*.wav")), dtype="float32")
    heard = hear(whisper, Recording(samples))
    assert rate == SPEECH_RATE
    assert heard is not None
    assert heard.text == heard.text.strip() != ""
    assert 0 < heard.confidence <= 1
    assert heard.seconds == len(samples) / rate


def test_listening_twice_hears_the_same(whisper):
    assert hear(whisper) == hear(whisper)


def test_the_window_fits_the_speech(whisper):
    engine = scripted(whisper, answer(whisper, "good morning"))
    heard = hear(whisper)
    assert (heard.text, heard.confidence) == ("good morning", pytest.approx(np.exp(-0.2)))
    (shape,) = engine.encoded
    assert whisper.frames_encoded == shape[-1]
    assert frames(whisper, 6.5) <= shape[-1] <= frames(whisper, 6.5) + 2 * STEP
    assert whisper.frames_encoded / frames(whisper, 4) <= 1.7


def test_the_window_has_a_floor_and_a_margin():
    tight = Whisper(FOLDER, threads=1, window=Window(floor=0, margin=0.64))
    engine = scripted(tight, *[answer(tight, "yes")] * 2)
    hear(tight, spoken(0.5))
    hear(tight, spoken(4))
    assert engine.encoded[0][-1] <= frames(tight, 1.2) + 2 * STEP
    assert engine.encoded[1][-1] <= frames(tight, 4.7) + 2 * STEP


@pytest.mark.parametrize(
    "first",
    [
        {"text": "go go go " * 40},
        {"text": "hm", "logprob": -1.4},
        {"text": "", "tokens": [1] * 200},
    ],
)
def test_a_doubtful_answer_is_heard_again_in_the_full_window(whisper, first):
    engine = scripted(whisper, answer(whisper, **first), answer(whisper, "good morning"))
    assert hear(whisper).text == "good morning"
    assert engine.encoded[1][-1] == FULL_WINDOW
    assert whisper.fallbacks == 1
    assert whisper.frames_encoded == engine.encoded[0][-1] + FULL_WINDOW


def test_of_two_doubtful_answers_the_surer_one_counts(whisper):
    first, again = answer(whisper, "hm", logprob=-1.2), answer(whisper, "oh", logprob=-3)
    scripted(whisper, first, again)
    assert hear(whisper).text == "hm"
    scripted(whisper, again, first)
    assert hear(whisper).text == "hm"


@pytest.mark.parametrize("text", ["", "...", "?!"])
def test_an_answer_without_words_is_nothing(whisper, text):
    scripted(whisper, answer(whisper, text))
    assert hear(whisper) is None


def test_silence_is_nothing_and_costs_no_second_window(whisper):
    scripted(whisper, answer(whisper, "thank you", logprob=-1.5, silence=0.9))
    assert hear(whisper) is None
    assert whisper.fallbacks == 0


def test_words_that_are_sure_are_heard_though_it_may_be_silence(whisper):
    scripted(whisper, answer(whisper, "yes", silence=0.9))
    assert hear(whisper).text == "yes"


def test_an_endless_loop_is_nothing(whisper):
    loop = answer(whisper, "thank you " * 80)
    scripted(whisper, loop, loop)
    assert hear(whisper) is None


def test_nothing_recorded_is_nothing(whisper):
    engine = scripted(whisper)
    assert hear(whisper, Recording(np.zeros(0, np.float32))) is None
    assert engine.encoded == []


def test_a_stopped_turn_encodes_nothing(whisper):
    engine = scripted(whisper)
    cancel = Cancel()
    cancel.set()
    assert whisper.transcribe(spoken(), cancel) is None
    assert engine.encoded == []


def test_a_turn_that_is_stopped_while_encoding_writes_nothing(whisper):
    engine = scripted(whisper)
    cancel = Cancel()
    engine.then = cancel.set
    assert whisper.transcribe(spoken(), cancel) is None
    assert engine.asked == []


def test_a_turn_that_is_stopped_before_the_second_window_is_nothing(whisper):
    engine = scripted(whisper, answer(whisper, "hm", logprob=-2))
    cancel = Cancel()
    engine.then = lambda: cancel.set() if len(engine.encoded) == 2 else None
    assert whisper.transcribe(spoken(), cancel) is None


def test_decoding_is_greedy_without_timestamps_and_bounded(whisper):
    engine = scripted(whisper, answer(whisper, "yes"))
    hear(whisper)
    prompt, how = engine.asked[0]
    assert prompt[-1] == whisper._tokens.no_timestamps
    assert how["beam_size"] == 1
    assert how["max_length"] <= len(prompt) + 4.1 * whisper._fastest + 16
    assert whisper._tokens.sot_prev in how["suppress_tokens"]


def test_names_to_expect_stand_before_the_answer():
    biased = Whisper(FOLDER, threads=1, bias="Juno and Tam")
    engine = scripted(biased, answer(biased, "yes"))
    hear(biased)
    prompt, _ = engine.asked[0]
    assert prompt[0] == biased._tokens.sot_prev
    assert "juno" in biased._tokens.decode(prompt).lower()


def test_a_long_recording_is_cut_where_it_is_quiet(whisper):
    samples = spoken(40).samples.copy()
    samples[27 * SPEECH_RATE : 28 * SPEECH_RATE] = 0
    engine = scripted(whisper, answer(whisper, "one"), answer(whisper, "two", logprob=-0.4))
    heard = hear(whisper, Recording(samples))
    assert heard.text == "one two"
    assert heard.confidence == pytest.approx(np.exp(-0.3))
    assert len(engine.encoded) == 2
    assert frames(whisper, 27 + 2.5) <= engine.encoded[0][-1] <= frames(whisper, 28 + 2.6) + STEP


def test_a_part_without_words_leaves_the_others(whisper):
    scripted(whisper, answer(whisper, "one"), answer(whisper, ""))
    assert hear(whisper, spoken(40)).text == "one"


def test_an_engine_that_fails_is_reported_as_speech_recognition(whisper):
    scripted(whisper, RuntimeError("out of memory"))
    with pytest.raises(EngineError, match="out of memory") as caught:
        hear(whisper)
    assert caught.value.stage == "stt"


def test_warming_up_is_short(whisper):
    whisper.warm()
    assert 0 < whisper.frames_encoded <= 100


def test_text_is_cleaned():
    assert _clean("  a\n b\0\ufffd  c ") == "a b c"


@pytest.mark.parametrize("lost", ["model.bin", "tokenizer.json"])
def test_a_missing_file_is_named_with_the_cure(files, lost):
    (files / lost).unlink()
    with pytest.raises(ModelMissing, match=f"{lost}.*companion models pull"):
        Whisper(files)


def test_a_missing_folder_is_named_and_nothing_is_downloaded(tmp_path):
    with pytest.raises(ModelMissing, match="companion models pull"):
        Whisper(tmp_path / "small")


@pytest.mark.parametrize("name", ["tokenizer.json", "preprocessor_config.json", "config.json"])
@pytest.mark.parametrize("content", [b"", b"[]", b"\xff"])
def test_a_damaged_json_is_refused(files, name, content):
    (files / name).write_bytes(content)
    with pytest.raises(BadData, match="damaged"):
        Whisper(files)


@pytest.mark.parametrize("length", [0, 100, 100_000])
def test_a_truncated_model_is_refused(files, length):
    model = files / "model.bin"
    model.write_bytes(model.read_bytes()[:length])
    with pytest.raises(BadData, match="damaged"):
        Whisper(files)


def test_a_tokenizer_of_another_kind_is_refused(files):
    raw = json.loads((files / "tokenizer.json").read_text())
    raw["added_tokens"] = []
    (files / "tokenizer.json").write_text(json.dumps(raw))
    with pytest.raises(BadData, match="no tokenizer of a Whisper model"):
        Whisper(files)


def test_a_language_that_the_model_does_not_know_is_refused():
    with pytest.raises(BadData, match="English only, not 'de'"):
        Whisper(FOLDER, language="de")
