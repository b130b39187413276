"""A Piper voice: real files, real engine."""

import json
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.errors import BadData, CompanionError, EngineError, MissingInput, ModelMissing
from companion.flow import Cancel
from companion.speech.clauses import split_clauses
from companion.values import Clause

pytest.importorskip("piper")
from companion.speech.piper import Piper
from companion.speech.piper import edges as ours

ROOT = Path(__file__).parents[1]
VOICES = sorted((ROOT / "voices").glob("*.onnx"))
EXAMPLES = 10_000 if os.environ.get("COMPANION_EXAM") else 50

REPLY = "Well hello there, my friend! *waves* I am **so** glad. 😀 *smiles*"

pytestmark = pytest.mark.skipif(not VOICES, reason="no voice in voices/")


@cache
def loaded():
    return Piper(VOICES[0])


@pytest.fixture
def voice():
    return loaded()


@pytest.fixture
def files(tmp_path):
    """A voice that a test may break."""
    for suffix in ("", ".json"):
        shutil.copy(f"{VOICES[0]}{suffix}", tmp_path / f"voice.onnx{suffix}")
    return tmp_path / "voice.onnx"


def graph(path, sound, *, inputs=("input", "input_lengths", "scales"), kind=1):
    """A voice whose engine answers every text with `sound`."""
    onnx = pytest.importorskip("onnx")
    kinds = {"input": 7, "input_lengths": 7}
    given = [onnx.helper.make_tensor_value_info(n, kinds.get(n, 1), None) for n in inputs]
    sound = np.asarray(sound)
    value = onnx.helper.make_tensor("v", kind, sound.shape, sound.ravel().tolist())
    node = onnx.helper.make_node("Constant", [], ["output"], value=value)
    output = onnx.helper.make_tensor_value_info("output", kind, sound.shape)
    made = onnx.helper.make_graph([node], "g", given, [output])
    opset = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(made, opset_imports=opset, ir_version=8), path)


def speak(voice, text):
    return list(voice.say(split_clauses([text]), Cancel()))


def edit(model, **changes):
    file = Path(f"{model}.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_a_reply_becomes_sound_clause_by_clause(voice):
    speech = speak(voice, REPLY)
    assert [one.clause.spoken for one in speech] == [
        "Well hello there,", "my friend!", "I am so glad.", "",
    ]  # fmt: skip
    assert all(one.samples.dtype == np.float32 and one.samples.ndim == 1 for one in speech)
    assert all(0.2 < len(one.samples) / one.rate < 3 for one in speech[:3])
    assert all(0.05 < np.abs(one.samples).max() <= 1 for one in speech[:3])


def test_a_clause_with_nothing_to_say_passes_without_sound(voice):
    last = speak(voice, REPLY)[-1]
    assert (last.clause.text, len(last.samples), last.marks) == (" 😀 *smiles*", 0, ())


def test_marks_lead_through_the_text_to_its_end(voice):
    for one in speak(voice, REPLY)[:3]:
        places, samples = zip(*one.marks, strict=True)
        assert list(places) == sorted(set(places))
        assert list(samples) == sorted(set(samples))
        assert places[-1] == len(one.clause.text)
        assert 0 < samples[0] < samples[-1] <= len(one.samples)


def test_the_first_words_come_at_once(voice):
    first = speak(voice, REPLY)[0].samples
    loud = np.flatnonzero(np.abs(first) > ours.SILENCE)[0]
    assert loud <= ours.LEAD_IN * voice.rate + 1


def test_only_the_first_clause_loses_its_silence(files):
    graph(files, np.r_[np.zeros(8000), np.full(8000, 0.5)])
    once, again = speak(Piper(files), "Well hello there, well hello there,")
    pause = round(ours.CLAUSE_PAUSE * 16_000)
    assert (len(once.samples), len(again.samples)) == (8000 + 480 + pause, 16_000 + pause)
    assert once.marks[-1][1] == again.marks[-1][1] - 8000 + 480


def test_faster_is_shorter():
    slow, fast = (len(speak(Piper(VOICES[0], speed=s), "Good morning.")[0].samples) for s in (1, 2))
    assert 0.4 < fast / slow < 0.7


def test_gain_makes_it_quieter_in_proportion(voice):
    plain, quiet = (
        speak(each, "Good morning.")[0].samples for each in (voice, Piper(VOICES[0], gain=0.25))
    )
    soft = np.abs(plain) < ours.KNEE
    assert np.allclose(quiet[soft], plain[soft] / 4, atol=1e-6)


def test_too_loud_is_rounded_and_not_clipped():
    loud = speak(Piper(VOICES[0], gain=8.0), "Good morning.")[0].samples
    assert 0.9 < np.abs(loud).max() <= 1
    steps = ours.limited(np.linspace(-3, 3, 601, dtype=np.float32), 1.0)
    assert (np.diff(steps) >= 0).all()


def test_a_stopped_turn_speaks_no_further_clause(voice):
    cancel = Cancel()
    speech = voice.say(split_clauses([REPLY]), cancel)
    next(speech)
    cancel.set()
    assert list(speech) == []


def test_a_stopped_turn_renders_nothing(voice):
    cancel = Cancel()
    cancel.set()
    assert list(voice.say([Clause("Hello.", "Hello.")], cancel)) == []


def test_a_long_text_is_never_rendered_in_one_call(voice, monkeypatch):
    asked = []
    engine = voice._voice.phonemize
    monkeypatch.setattr(voice._voice, "phonemize", lambda text: asked.append(text) or engine(text))
    (speech,) = voice.say([Clause("go", "go " * 200 + "x" * 500)], Cancel())
    assert max(map(len, asked)) <= 400
    assert len(speech.samples) / speech.rate > 20


@pytest.mark.parametrize("text", ["a\0b \ud800 c", "[[h@]] d", "Привет", "...", "1" * 60, "ﷺ", ""])
def test_no_text_stops_the_voice(voice, text):
    (speech,) = voice.say([Clause(text, text)], Cancel())
    assert speech.clause.text == text


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.text(max_size=80))
def test_no_reply_stops_the_voice(text):
    voice = loaded()
    speech = list(voice.say(split_clauses([text]), Cancel()))
    assert "".join(one.clause.text for one in speech) == text
    assert all(one.clause.spoken or not len(one.samples) for one in speech)


def test_raw_phonemes_are_never_taken_from_a_text(voice):
    raw, plain = voice.say([Clause(t, t) for t in ("go [[x]] go", "go x go")], Cancel())
    assert abs(len(raw.samples) - len(plain.samples)) <= 0.03 * voice.rate


def test_warming_up_changes_nothing(voice):
    before = speak(voice, REPLY)[0].samples
    voice.warm()
    assert np.array_equal(speak(voice, REPLY)[0].samples, before)


@pytest.mark.parametrize("lost", ["", ".json"])
def test_a_voice_needs_both_files(files, lost):
    Path(f"{files}{lost}").unlink()
    with pytest.raises(ModelMissing, match="companion voices pull"):
        Piper(files)


@pytest.mark.parametrize(
    "changes",
    [
        {"phoneme_id_map": {}},
        {"audio": {"sample_rate": "NaN"}},
        {"audio": {}},
        {"num_symbols": None},
        {"espeak": {}},
        {"espeak": {"voice": "xx-none"}},
        {"phoneme_type": "morse"},
        {"inference": []},
        {"hop_length": 0},
    ],
)
def test_a_broken_configuration_is_refused_in_one_line(files, changes):
    edit(files, **changes)
    with pytest.raises(BadData) as caught:
        Piper(files)
    assert "companion voices pull" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_configuration_that_is_no_json_is_refused(files, content):
    Path(f"{files}.json").write_bytes(content)
    with pytest.raises(BadData):
        Piper(files)


@pytest.mark.parametrize("unreadable", ["", ".json"])
def test_a_file_that_the_disk_does_not_give_is_named(files, unreadable):
    file = Path(f"{files}{unreadable}")
    file.unlink()
    file.symlink_to("/proc/self/mem")  # there, and not to be read, not even by root
    with pytest.raises(BadData, match=r"cannot be read: .+") as caught:
        Piper(files)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("length", [0, 10, 100_000])
def test_a_truncated_voice_is_refused_in_one_line(files, length):
    files.write_bytes(files.read_bytes()[:length])
    with pytest.raises(BadData) as caught:
        Piper(files)
    assert "\n" not in str(caught.value)


def test_a_speaker_that_is_not_there_is_refused():
    with pytest.raises(MissingInput, match="speaker 7"):
        Piper(VOICES[0], speaker=7)


def test_a_voice_without_alignments_is_marked_in_proportion(files):
    graph(files, np.full((1, 1, 8000), 0.5))
    (speech,) = speak(Piper(files), "One two three four")
    assert speech.marks[-1][0] == 18
    assert len(speech.marks) == 4
    assert 1000 < speech.marks[0][1] < 3500


@pytest.mark.parametrize("sound", [np.full(800, np.nan), np.full((1, 2, 800), 0.1)])
def test_a_voice_that_gives_no_mono_sound_fails_as_the_voice(files, sound):
    graph(files, sound)
    with pytest.raises(EngineError) as caught:
        speak(Piper(files), "Hello there my friend.")
    assert caught.value.stage == "voice"


@pytest.mark.parametrize("how", [{"inputs": ("x",)}, {"kind": 11}])
def test_a_graph_that_is_no_voice_is_refused(files, how):
    graph(files, np.full(800, 0.5), **how)
    with pytest.raises(BadData, match="no Piper voice"):
        Piper(files)


def test_an_engine_that_fails_is_reported_as_the_voice(files):
    onnx = pytest.importorskip("onnx")
    graph(files, np.full(800, 0.5))
    model = onnx.load(files)
    node = onnx.helper.make_node("Reshape", ["scales", "input"], ["other"])
    other = onnx.helper.make_tensor_value_info("other", 1, None)
    model.graph.node.append(node)
    model.graph.output.append(other)
    onnx.save(model, files)
    with pytest.raises(CompanionError, match="failed"):
        speak(Piper(files), "Hello there my friend.")


KEPT = """
import companion
companion.prepare()
import ctypes, sys
from pathlib import Path
from companion.speech.piper import Piper
libc = ctypes.CDLL(None)
class Info(ctypes.Structure):
    _fields_ = [(f"n{n}", ctypes.c_size_t) for n in range(10)]
libc.mallinfo2.restype = Info
voice = Piper(Path(sys.argv[1]))
for _ in range(2):
    before = libc.mallinfo2().n7
    for _ in range(300):
        voice._read("Hm.")
    print(libc.mallinfo2().n7 - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries do not tell")
def test_a_clause_leaves_no_memory_behind():
    command = [sys.executable, "-c", KEPT, str(VOICES[0])]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    assert int(done.stdout.split()[-1]) < 300 * 200  # bytes; espeak kept 1,360 of every clause


def test_voices_of_two_languages_keep_their_own_sounds(files):
    edit(files, espeak={"voice": "de"})
    german, english = Piper(files), loaded()
    heard = [one._voice.phonemize("Die Rose") for one in (german, english, german, english)]
    assert heard[0] == heard[2]
    assert heard[1] == heard[3]
    assert heard[0] != heard[1]


def test_a_language_that_espeak_lacks_leaves_the_others_as_they_are(voice):
    from piper import espeakbridge

    before = voice._voice.phonemize("Die Rose")
    with pytest.raises(RuntimeError):
        espeakbridge.set_voice("xx-none")
    assert voice._voice.phonemize("Die Rose") == before


BEGINS_ANEW = """
import sys
from pathlib import Path
from piper.phonemize_espeak import EspeakPhonemizer
from companion.speech.piper import Piper
voice = Piper(Path(sys.argv[1]))._voice
before = voice.phonemize("A rose is a rose.")
EspeakPhonemizer()
assert voice.phonemize("A rose is a rose.") == before
"""


def test_espeak_that_begins_anew_is_told_its_voice_again():
    env = {**os.environ, "MALLOC_PERTURB_": "165"}  # what was given back is no longer readable
    command = [sys.executable, "-c", BEGINS_ANEW, str(VOICES[0])]
    subprocess.run(command, check=True, env=env, cwd=ROOT)
