"""A few words at once, where the answer takes long."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from companion import casting
from companion.config import Settings
from companion.errors import DeviceError
from companion.events import Answered, Notice
from companion.flow import Cancel
from companion.session import Session
from companion.speech.acknowledge import KEPT, Acknowledgement, words_for
from companion.testing import recording, scripted
from companion.values import Said, Speech

SLOW, QUICK = 4_000.0, 300.0


class Says:
    """A voice that counts what it renders."""

    def __init__(self, mark="a"):
        self.mark = mark
        self.rendered = []

    def say(self, clauses, _):
        for clause in clauses:
            self.rendered.append(clause.spoken)
            yield Speech(clause, np.full(800, 0.25, np.float32), 16_000)


class Plays:
    """A loudspeaker that is one thing at a time, and notes the order."""

    def __init__(self):
        self.lock = threading.Lock()
        self.played = []

    def play(self, speech, cancel):
        with self.lock:
            for part in speech:
                self.played.append("cancelled" if cancel else len(part.samples))
        return Said("")


def made(tmp_path, when, **parts):
    voice, speaker = parts.get("voice") or Says(), parts.get("speaker") or Plays()
    words = parts.get("words", ("Hm.", "One moment."))
    ours = Acknowledgement(voice, speaker.play, tmp_path / "kept", when, words)
    ours.ready()
    return ours, voice, speaker


def a_turn(ours, took):
    with ours.during(Cancel(), lambda: took):
        pass


def test_always_says_something_from_the_first_turn_on(tmp_path):
    ours, _, speaker = made(tmp_path, "on")
    a_turn(ours, QUICK)
    assert speaker.played == [800]


def test_auto_is_silent_where_answers_come_soon_and_renders_nothing(tmp_path):
    ours, voice, speaker = made(tmp_path, "auto")
    for _ in range(5):
        a_turn(ours, QUICK)
    assert (voice.rendered, speaker.played) == ([], [])


def test_auto_speaks_from_the_turn_after_a_slow_one(tmp_path):
    ours, voice, speaker = made(tmp_path, "auto")
    a_turn(ours, SLOW)
    assert (voice.rendered, speaker.played) == (["Hm.", "One moment."], [])
    a_turn(ours, SLOW)
    assert speaker.played == [800]


def test_one_quick_answer_in_between_changes_nothing(tmp_path):
    ours, _, speaker = made(tmp_path, "auto")
    for took in (SLOW, SLOW, QUICK, None, SLOW):
        a_turn(ours, took)
    assert len(speaker.played) == 4
    for _ in range(3):
        a_turn(ours, QUICK)
    speaker.played.clear()
    a_turn(ours, QUICK)
    assert speaker.played == []


def test_it_comes_before_the_reply_and_is_over_when_the_turn_is(tmp_path):
    ours, _, speaker = made(tmp_path, "on")
    before = threading.active_count()
    with ours.during(Cancel(), lambda: SLOW):
        speaker.play([Speech(None, np.zeros(5, np.float32), 1)], Cancel())
    assert speaker.played == [800, 5]
    assert threading.active_count() == before


def test_a_press_stops_it_as_it_stops_the_reply(tmp_path):
    ours, _, speaker = made(tmp_path, "on")
    cancel = Cancel()
    cancel.set()
    with ours.during(cancel, lambda: None):
        pass
    assert speaker.played == ["cancelled"]


def test_a_loudspeaker_that_is_late_plays_the_reply_and_not_it(tmp_path):
    ours, _, speaker = made(tmp_path, "on")
    with speaker.lock:
        turn = ours.during(Cancel(), lambda: SLOW)
        turn.__enter__()
    turn.__exit__(None, None, None)
    assert speaker.played == []


def test_it_is_rendered_once_for_all_starts_and_anew_for_another_voice(tmp_path):
    made(tmp_path, "on")
    assert made(tmp_path, "on")[1].rendered == []
    assert made(tmp_path, "on", voice=Says("b"))[1].rendered == ["Hm.", "One moment."]


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"\0" * 500])
def test_a_damaged_rendering_is_made_again(tmp_path, damage):
    made(tmp_path, "on", words=("Hm.",))
    (file,) = (tmp_path / "kept").iterdir()
    file.write_bytes(damage)
    assert made(tmp_path, "on", words=("Hm.",))[1].rendered == ["Hm."]
    assert made(tmp_path, "on", words=("Hm.",))[1].rendered == []


def test_only_so_many_renderings_are_kept_for_the_owners_eyes_only(tmp_path):
    for n in range(KEPT + 5):
        made(tmp_path, "on", voice=Says(str(n)), words=("Hm.",))
    files = list((tmp_path / "kept").iterdir())
    assert len(files) == KEPT
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path):
    (tmp_path / "kept").write_text("a file stands here")
    ours, _, speaker = made(tmp_path, "on")
    a_turn(ours, QUICK)
    assert speaker.played == [800]


def test_each_language_has_its_words_and_an_unknown_one_a_sound():
    assert words_for("en-us") == words_for("en-gb-x-rp")
    assert words_for("de")[0] == "Moment."
    assert words_for("xx") == ("Hm.",)


class Key:
    """A microphone that always recorded the same."""

    def press(self, *, keep_pre_roll=True): ...
    def let_go(self): ...
    def release(self):
        return recording(1.0)


def test_neither_history_nor_memory_nor_events_know_of_it(tmp_path):
    companion, events = scripted(["Good evening, Sam."], ["hello"])
    session = Session(companion, None, microphone=Key())
    session.acknowledge, _, speaker = made(tmp_path, "on")
    session.start(greeting=False)
    session.press()
    session.release()
    assert session.wait(10)
    session.close()
    assert speaker.played == [800]
    assert [line for _, line in companion.memory.lines] == ["hello", "Good evening, Sam."]
    assert [e.text for e in events if isinstance(e, Answered)] == ["Good evening, Sam."]


def test_a_loudspeaker_that_is_lost_meanwhile_is_told_of(tmp_path):
    class Lost(Plays):
        def play(self, speech, cancel):
            super().play(speech, cancel)
            return Said("", error=DeviceError("The loudspeaker was lost.", "Plug it in again."))

    companion, events = scripted(["Good evening, Sam."], ["hello"])
    session = Session(companion, None, microphone=Key())
    session.acknowledge, _, speaker = made(tmp_path, "on", speaker=Lost())
    session.start(greeting=False)
    session.press()
    session.release()
    assert session.wait(10)
    session.close()
    assert speaker.played == [800]
    assert events[-1] == Notice("The loudspeaker was lost. Plug it in again.")


def test_nothing_is_made_where_it_is_off_or_nobody_speaks():
    off = Settings(voice={"acknowledge": "off"})
    assert casting.acknowledgement(off, Says(), Plays()) is None
    assert casting.acknowledgement(Settings(), None, Plays()) is None
    assert casting.acknowledgement(Settings(), Says(), None) is None
