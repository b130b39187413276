import json
import os
import resource
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import soundfile

from companion.compose import Parts, open_session
from companion.config import Settings
from companion.errors import CannotCreate
from companion.flow import Cancel
from companion.sound.keep import Keeper, save
from companion.sound.wav import WavSpeaker
from companion.testing import Hum, Loudspeaker, scripted
from companion.values import Clause, Samples, Speech

CLAUSES = [Clause("Hello there. ", "Hello there."), Clause("Bye.", "Bye.")]


def keeper(folder, megabytes=100, days=30, clock=None):
    return Keeper(Loudspeaker(), folder, megabytes, days, clock or (lambda: 1_000_000.0))


def speak(keep):
    return keep.play(Hum().say(CLAUSES, Cancel()), Cancel())


def test_a_reply_is_kept_as_sound_and_facts(tmp_path):
    keep = keeper(tmp_path / "out")
    said = speak(keep)
    path = keep.label(["s:1", "s:2"])
    samples, rate = soundfile.read(path)
    facts = json.loads(Path(path).with_suffix(".json").read_text("utf-8"))
    assert len(samples) == round(said.seconds * rate)
    assert facts["text"] == "Hello there. Bye."
    assert facts["lines"] == ["s:1", "s:2"]
    assert soundfile.info(path).subtype == "PCM_16"
    assert Path(path).stat().st_mode & 0o777 == 0o600


def test_two_replies_in_one_second_get_two_names(tmp_path):
    keep = keeper(tmp_path)
    names = []
    for _ in range(2):
        speak(keep)
        names.append(keep.label([]))
    assert len(set(names)) == 2


def test_a_reply_without_sound_leaves_no_file(tmp_path):
    keep = keeper(tmp_path)
    keep.play(iter(()), Cancel())
    assert keep.label([]) == ""
    assert list(tmp_path.iterdir()) == []


def test_the_oldest_go_when_there_is_too_much(tmp_path):
    clock = count(1_000_000, 60)
    keep = keeper(tmp_path, megabytes=1, clock=lambda: float(next(clock)))
    for _ in range(30):
        speak(keep)
        path = keep.label([])
    sizes = [p.stat().st_size for p in tmp_path.glob("*.wav")]
    assert sum(sizes) <= 1_000_000 + max(sizes)
    assert Path(path).exists()
    assert len(list(tmp_path.glob("*.json"))) == len(sizes)


def test_what_is_too_old_goes(tmp_path):
    speak(keep := keeper(tmp_path, days=1))
    old = keep.label([])
    os.utime(old, (0, 0))
    speak(keep)
    new = keep.label([])
    assert [str(p) for p in tmp_path.glob("*.wav")] == [new]


def test_forgetting_a_line_removes_its_sound(tmp_path):
    keep = keeper(tmp_path)
    speak(keep)
    keep.label(["s:1", "s:2"])
    assert keep.forget("s:9") == 0
    assert keep.forget("s:2") == 1
    assert list(tmp_path.iterdir()) == []


def test_taking_back_removes_the_last_reply(tmp_path):
    keep = keeper(tmp_path)
    speak(keep)
    keep.label([])
    keep.drop_last()
    keep.drop_last()
    assert list(tmp_path.iterdir()) == []


def test_taking_back_a_reply_without_sound_leaves_the_one_before(tmp_path):
    keep = keeper(tmp_path)
    speak(keep)
    path = keep.label([])
    keep.play(iter(()), Cancel())
    assert keep.label([]) == ""
    keep.drop_last()
    assert Path(path).exists()
    keep.drop_last()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_error(tmp_path):
    (tmp_path / "file").write_text("")
    samples: Samples = np.zeros(10, np.float32)
    with pytest.raises(CannotCreate):
        save(tmp_path / "file" / "x.wav", samples, 16_000, {})


@pytest.fixture
def small_files():
    """The disk takes no file of more than 4 KB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_reply_whose_facts_cannot_be_written_leaves_no_sound(tmp_path, small_files):
    samples: Samples = np.zeros(10, np.float32)
    with pytest.raises(CannotCreate, match=r"x\.json.*free space"):
        save(tmp_path / "x.wav", samples, 16_000, {"text": "A" * 8000, "lines": ["s:1"]})
    assert list(tmp_path.iterdir()) == []


def test_a_reply_that_cannot_be_kept_is_an_error_with_its_cure(tmp_path):
    (tmp_path / "file").write_text("")
    keep = keeper(tmp_path / "file")
    speak(keep)
    with pytest.raises(CannotCreate) as found:
        keep.label([])
    assert "folder" in found.value.hint


VOICES = [
    Speech(Clause("*smiles* ", "smiles", aside=True), np.full(16_000, 0.25, np.float32), 16_000),
    Speech(Clause("Hello there.", "Hello there."), np.full(44_100, 0.5, np.float32), 22_050),
]


@pytest.mark.parametrize("voices", [VOICES, VOICES[::-1]])
@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_voices_of_different_rates_are_kept_as_they_were_heard(tmp_path, voices, rate):
    keep = Keeper(WavSpeaker(24_000), tmp_path, 100, 30, rate=rate)
    said = keep.play(voices, Cancel())
    samples, found = soundfile.read(keep.label([]))
    assert found == rate
    assert len(samples) / rate == pytest.approx(said.seconds, abs=0.001)
    middle = [samples[round(at * rate)] for at in (0.5, 2.5)]
    assert middle == pytest.approx([voices[0].samples[0], voices[1].samples[0]], abs=0.01)


def test_notes_of_another_kind_are_left_alone(tmp_path):
    for number, text in enumerate(["[]", "{", '{"lines": null}', '{"lines": "s:1"}']):
        (tmp_path / f"{number}.json").write_text(text)
    assert keeper(tmp_path).forget("s:1") == 0
    assert len(list(tmp_path.iterdir())) == 4


def test_a_conversation_keeps_its_replies_at_the_rate_of_the_settings(tmp_path):
    audio = {"keep": True, "rate": 8_000}
    settings = Settings.model_validate({"root": tmp_path, "audio": audio})
    companion, events = scripted(["Hello there."])
    companion.speaker = speaker = WavSpeaker(24_000)
    parts = Parts(None, companion, None, None, speaker=speaker)
    session = open_session(parts, settings)
    session.start(greeting=False)
    session.type("hello")
    assert session.wait(5)
    assert session.close()
    assert soundfile.info(events[-1].audio).samplerate == 8_000
