import json
import re
import stat
from datetime import UTC, datetime

import pytest

from companion.config import Settings
from companion.events import Answered, Notice
from companion.figures import NAME, OLDER, Figures, read_turns, rig
from companion.flow import Cancel
from companion.session import Session
from companion.testing import Notebook, recording, scripted
from companion.trace import Trace
from companion.turn import turn

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


def record(**more):
    companion, _ = scripted(["Good evening, friend. The tide is low."], ["hello"])
    trace = Trace()
    said = turn(companion, recording(1.5), Cancel(), trace)
    return trace.record(said.seconds) | more


@pytest.fixture
def figures(tmp_path):
    return Figures(tmp_path, 7, lambda: NOW)


def test_a_turn_comes_back_as_it_was_noted(figures, tmp_path):
    noted = record()
    figures.add(noted)
    (found,), broken = read_turns(tmp_path)
    kept = {name: noted[name] for name in found.record}
    assert (found.record, found.at, found.rig, found.complete) == (kept, NOW, 7, True)
    assert set(noted) - set(kept) == {"saw", "asked_again", "private"}
    assert broken == 0


def test_the_file_is_for_its_owner_alone(figures, tmp_path):
    figures.add(record())
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_no_word_in_it_is_one_that_forgetting_looks_for(figures, tmp_path):
    for kind in ("spoken", "typed", "command"):
        figures.add(record(kind=kind))
    assert not re.findall(r"[^\W\d_]{6,}", (tmp_path / NAME).read_text())


def test_it_stays_within_its_size_and_the_newest_turns_are_there(tmp_path):
    figures = Figures(tmp_path, 7, lambda: NOW, most=3000)
    for n in range(30):
        figures.add(record(heard_s=float(n)))
    files = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(files) == {NAME, OLDER}
    assert max(files.values()) < 5000
    seconds = [found.record["heard_s"] for found in read_turns(tmp_path)[0]]
    assert seconds == sorted(seconds)
    assert seconds[-1] == 29


def test_a_line_that_was_cut_short_spoils_no_other(figures, tmp_path):
    figures.add(record())
    with (tmp_path / NAME).open("a") as file:
        file.write('{"at": "2026-11-')
    figures.add(record())
    turns, broken = read_turns(tmp_path)
    assert (len(turns), broken) == (2, 1)


def test_without_a_file_there_are_no_turns(tmp_path):
    assert read_turns(tmp_path) == ([], 0)


def test_only_turns_are_noted_and_none_that_is_private(figures, tmp_path):
    tell = figures.after(lambda _: None)
    for kind, private in (("greeting", False), ("again", False), ("spoken", True)):
        tell(Answered("Hello.", complete=True, record=record(kind=kind, private=private)))
    assert read_turns(tmp_path) == ([], 0)


def test_a_disk_that_is_full_is_told_once_and_the_conversation_goes_on(tmp_path):
    (tmp_path / "file").write_text("in the way")
    events = []
    tell = Figures(tmp_path / "file", 7, lambda: NOW).after(events.append)
    for _ in range(2):
        tell(Answered("Hello.", complete=True, record=record()))
    assert [type(event) for event in events] == [Answered, Notice, Answered]
    assert "[stats] keep = false" in events[1].text


def test_a_conversation_notes_its_turns_after_they_were_told(figures, tmp_path):
    companion, events = scripted(["Yes.", "No."], memory=Notebook())
    noted = []
    companion.tell = figures.after(lambda e: (events.append(e), noted.append(NAME in _names())))
    _names = lambda: [path.name for path in tmp_path.iterdir()]  # noqa: E731
    session = Session(companion, None)
    session.start(greeting=False)
    session.type("hello")
    assert session.close()
    assert [found.kind for found in read_turns(tmp_path)[0]] == ["typed"]
    assert not any(noted)  # the answer was told first


def test_other_threads_or_another_voice_are_another_rig():
    settings = Settings()
    more = settings.model_copy(update={"llm": settings.llm.model_copy(update={"threads": 4})})
    assert len({rig(settings, "juno"), rig(more, "juno"), rig(settings, "tam")}) == 3
    assert rig(settings, "juno") == rig(Settings(), "juno")


def test_a_line_holds_numbers_and_short_names(figures, tmp_path):
    figures.add(record())
    line = json.loads((tmp_path / NAME).read_text())
    assert line["kind"] == "voice"
    assert {stage for stage, *_ in line["spans"]} >= {"stt", "mem", "read", "write", "synth"}
