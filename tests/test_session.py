import threading
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from companion.errors import CannotCreate, DeviceError, EngineError, StoreError
from companion.events import (
    Answered,
    Idle,
    Listening,
    NothingHeard,
    Notice,
    Speaking,
    Thinking,
    Undone,
    Words,
)
from companion.session import Session
from companion.testing import Loudspeaker, Writer, recording, scripted
from companion.values import Exchange, Heard, Said


@dataclass
class Verdict:
    speech: bool = True
    reason: str = ""
    level_db: float = -20.0


@dataclass
class Gate:
    verdict: Verdict = field(default_factory=Verdict)

    def check(self, _):
        return self.verdict


@dataclass
class Microphone:
    """Each press gives its own recording; its length tells which press it was."""

    presses: int = 0
    lost: DeviceError | None = None
    pre_rolls: list = field(default_factory=list)
    held: list = field(default_factory=list)  # presses that were not fetched yet
    let_go_of: int = 0

    def press(self, *, keep_pre_roll=True):
        if self.lost:
            raise self.lost
        self.presses += 1
        self.pre_rolls.append(keep_pre_roll)
        self.held.append(self.presses)

    def let_go(self):
        self.let_go_of += 1

    def release(self):
        return recording(1.5 + self.held.pop(0) / 100)


@pytest.fixture
def talk():
    opened = []

    def begin(replies, heard=None, *, gate=None, **parts):
        companion, events = scripted(replies, heard, **parts)
        session = Session(companion, gate or Gate(), microphone=Microphone(), tidy=companion.memory)
        session.start(greeting=False)
        opened.append(session)
        return session, companion, events

    yield begin
    for session in opened:
        assert session.close()


def kinds(events):
    return [type(e) for e in events if not isinstance(e, Speaking)]


def test_press_speak_release_is_answered(talk):
    session, companion, events = talk(["Good evening."], ["good evening"])
    session.press()
    session.release()
    assert session.wait(5)
    assert kinds(events)[:3] == [Listening, Thinking, Words]
    assert events[-1].text == "Good evening."
    assert companion.history == [Exchange("good evening", "Good evening.")]


def test_a_recording_that_is_dropped_is_not_answered(talk):
    session, companion, events = talk(["Good evening."], ["good evening"])
    session.press()
    session.drop()
    session.release()
    assert session.wait(5)
    assert kinds(events) == [Listening, NothingHeard]
    assert companion.history == []


def test_a_press_without_speech_costs_no_model_call_and_no_memory(talk):
    session, companion, events = talk(["x"], ["x"], gate=Gate(Verdict(False, "too quiet", -70)))
    session.press()
    session.release()
    assert session.wait(5)
    assert NothingHeard("too quiet", -70) in events
    assert companion.stt.presses == 0
    assert companion.memory.lines == []


def test_words_that_were_not_understood_are_said_so(talk):
    session, _, events = talk(["x"], [None])
    session.toggle()
    session.toggle()
    assert session.wait(5)
    assert isinstance(events[-1], NothingHeard)


def test_a_press_while_it_speaks_silences_it(talk):
    speaker = Loudspeaker()
    reply = "One sentence here. Another sentence here. A third sentence here."
    session, companion, _events = talk([reply, "Yes?"], ["second"], speaker=speaker)
    speaker.on_clause = lambda n: session.press() if n == 1 else None
    session.type("first")
    assert session.wait(5)
    speaker.on_clause = lambda _: None
    session.release()
    assert session.wait(5)
    assert companion.history[0].reply != reply
    assert reply.startswith(companion.history[0].reply)
    assert companion.history[1].reply == "Yes?"
    assert session._microphone.pre_rolls == [False]  # it would hold the character's own voice


def test_typing_is_answered_like_speech(talk):
    session, _, events = talk(["Typed, I see."])
    session.type("  hello  ")
    session.type("   ")
    assert session.wait(5)
    assert [e.text for e in events if isinstance(e, Words)] == ["hello"]


def test_undo_takes_the_last_turn_back_everywhere(talk):
    session, companion, events = talk(["Noted."])
    session.type("my secret")
    assert session.wait(5)
    session.undo()
    assert session.wait(5)
    assert companion.history == []
    assert companion.memory.lines == []
    assert Undone(2) in events


def test_a_turn_that_the_memory_cannot_take_back_stays_everywhere(talk):
    session, companion, events = talk(["Noted."])
    session.type("my secret")
    assert session.wait(5)
    companion.memory.fails = StoreError("The memory cannot be written.", "Make room.")
    session.undo()
    assert session.wait(5)
    assert events[-1] == Notice("The memory cannot be written. Make room.")
    companion.memory.fails = None
    session.undo()
    assert session.wait(5)
    assert (companion.history, companion.memory.lines) == ([], [])
    assert events[-1] == Undone(2)


def test_undo_of_nothing_says_so(talk):
    session, _, events = talk([])
    session.undo()
    assert session.wait(5)
    assert isinstance(events[-1], Notice)


def test_again_says_the_last_reply_once_more(talk):
    session, companion, _ = talk(["The tide is low."])
    session.again()
    assert session.wait(5)
    session.type("how is the sea")
    assert session.wait(5)
    session.again()
    assert session.wait(5)
    assert companion.speaker.heard == ["The tide is low.", "The tide is low."]


def test_a_failure_is_told_and_the_next_turn_works(talk):
    session, companion, events = talk([])
    companion.llm = Writer(["a b c", "Better."], fails=EngineError("llm", "The engine broke."))
    session.type("one")
    assert session.wait(5)
    companion.llm.fails = None
    session.type("two")
    assert session.wait(5)
    assert any(isinstance(e, Notice) and "broke" in e.text for e in events)
    assert companion.history[-1].reply == "Better."


def test_an_unforeseen_failure_does_not_end_the_conversation(talk):
    session, companion, events = talk(["Still here."])
    working, companion.prompt = companion.prompt, None
    session.type("one")
    assert session.wait(5)
    companion.prompt = working
    session.type("two")
    assert session.wait(5)
    assert any(isinstance(e, Notice) and "Unexpected" in e.text for e in events)
    assert isinstance(events[-1], Answered)


def test_the_greeting_is_spoken_and_not_remembered():
    companion, _events = scripted([])
    companion.persona = type(companion.persona)("Juno", "Sam", greeting="Ahoy, Sam!")
    session = Session(companion, Gate())
    session.start()
    assert session.wait(5)
    assert session.close()
    assert companion.speaker.heard == ["Ahoy, Sam!"]
    assert companion.memory.lines == []


def test_without_a_microphone_a_press_does_nothing():
    companion, events = scripted([])
    session = Session(companion, Gate())
    session.start(greeting=False)
    session.press()
    session.release()
    assert session.wait(5)
    assert session.close()
    assert events == []


def test_idle_work_is_done_in_steps_between_the_turns(talk):
    session, _companion, events = talk(["Yes."])
    steps = []

    class Tidy:
        def idle(self):
            for n in range(3):
                steps.append(n)
                yield

        def notices(self):
            return ("The index was made again.",) if len(steps) == 2 else ()

    session._tidy = Tidy()
    session.type("hello")
    assert session.wait(5)
    assert steps[:3] == [0, 1, 2]
    assert Notice("The index was made again.") in events


def test_an_unforeseen_failure_of_idle_work_does_not_end_the_conversation(talk):
    session, companion, events = talk(["Still here."])

    class Tidy:
        def idle(self):
            yield 1 / 0

        def notices(self):
            return ()

        def undo(self, _names):
            return 0

    session._tidy = Tidy()
    session.type("hello")
    assert session.wait(5)
    session.undo()
    assert session.wait(5)
    assert any(isinstance(e, Notice) and "Unexpected" in e.text for e in events)
    assert companion.history == []


def test_a_microphone_that_is_gone_is_told_and_leaves_no_recording(talk):
    session, _, events = talk(["Here I am."], ["hello"])
    session._microphone.lost = DeviceError("The microphone was lost.", "Plug it in again.")
    session.press()
    assert not session.recording
    session.release()
    assert session.wait(5)
    assert [type(e) for e in events] == [Notice]
    session._microphone.lost = None
    session.press()
    session.release()
    assert session.wait(5)
    assert events[-1].text == "Here I am."


def test_the_key_coming_up_is_told_at_once_and_each_press_has_its_own_recording(talk):
    session, companion, events = talk(["One.", "Two."], ["first", "second"])
    for _ in range(2):
        session.press()
        session.release()
        assert session._microphone.let_go_of == session._microphone.presses
        assert session.wait(5)
    assert [e.seconds for e in events if isinstance(e, Thinking)] == [1.51, 1.52]
    assert [e.user for e in companion.history] == ["first", "second"]


class Hold:
    """A head start that counts its steps."""

    def __init__(self, begun):
        begun.append(self)
        self.stepped = threading.Event()
        self.stopped = self.caught_up = self.finished = False
        self.turns = []

    def steps(self):
        while True:
            self.stepped.set()
            yield 0.01

    def stop(self):
        self.stopped = True

    def catch_up(self):
        assert self.stopped
        self.caught_up = True

    def finish(self, _recording, _cancel, _trace):
        self.finished = True
        return Heard("known already", 0.9, 1.5)

    def settle(self, trace):
        self.turns.append(trace.kind)


def test_a_head_start_is_made_while_the_key_is_held_and_taken_at_the_release(talk):
    session, companion, events = talk(["I heard."])
    begun = []
    session.early = SimpleNamespace(begin=lambda: Hold(begun))
    session.press()
    assert begun[0].stepped.wait(5)
    session.release()
    assert session.wait(5)
    assert begun[0].stopped
    assert companion.history == [Exchange("known already", "I heard.")]
    assert [e.text for e in events if isinstance(e, Words)] == ["known already"]
    assert begun[0].turns == ["spoken"]  # and afterwards it learns what it was worth


@pytest.mark.parametrize("speaks", [True, False])
def test_words_that_say_at_once_i_heard_you_come_before_what_is_left_to_transcribe(talk, speaks):
    session, _, _ = talk(["I heard."])
    begun = []
    session.early = SimpleNamespace(begin=lambda: Hold(begun))
    session.acknowledge = SimpleNamespace(speaks=speaks, during=lambda *_: nullcontext())
    session.press()
    session.release()
    assert session.wait(5)
    assert begun[0].caught_up is not speaks
    assert begun[0].finished


def test_a_head_start_is_not_taken_where_nobody_spoke(talk):
    gate = Gate(Verdict(False, "no speech", -40))
    session, companion, _ = talk(["x"], gate=gate)
    begun = []
    session.early = SimpleNamespace(begin=lambda: Hold(begun))
    session.press()
    session.release()
    assert session.wait(5)
    assert not begun[0].finished
    assert companion.history == []


def test_a_recording_that_was_given_up_has_its_head_start_stopped(talk):
    session, companion, _ = talk(["x"])
    begun = []
    session.early = SimpleNamespace(begin=lambda: Hold(begun))
    session.press()
    session.drop()
    assert session.wait(5)
    assert begun[0].stopped
    assert not begun[0].finished
    assert companion.history == []


def test_forty_presses_in_a_row_leave_no_recording_and_answer_the_last_one(talk):
    said = [f"press {n}" for n in range(1, 41)]
    session, companion, events = talk([f"Reply {n}." for n in range(1, 41)], list(said))
    for _ in range(40):
        session.press()
        session.release()
    assert session.wait(10)
    assert not session.recording
    assert session._microphone.held == []  # each recording was fetched
    answers = [e for e in events if isinstance(e, Answered)]
    assert answers[-1].complete
    assert len([e for e in events if isinstance(e, Listening)]) == 40
    words = [e.text for e in events if isinstance(e, Words)]
    assert len(companion.history) == len(words) <= 40


def test_presses_from_several_threads_are_one_at_a_time(talk):
    session, _, events = talk([], gate=Gate(Verdict(False, "too short", -30)))
    keys = [threading.Thread(target=lambda: [session.toggle() for _ in range(20)]) for _ in "ab"]
    for key in keys:
        key.start()
    for key in keys:
        key.join()
    assert session.wait(10)
    assert not session.recording
    assert session._microphone.held == []
    assert len([e for e in events if isinstance(e, Listening)]) == 20


def test_a_press_between_two_clauses_of_a_reply_leaves_no_ghost_turn(talk):
    speaker = Loudspeaker()
    reply = "One sentence here. Another sentence here. A third sentence here."
    gate = Gate(Verdict(False, "too short", -30))
    session, companion, events = talk([reply], [], gate=gate, speaker=speaker)
    speaker.on_clause = lambda n: [session.press(), session.release()] if n == 1 else None
    session.type("first")
    assert session.wait(5)  # the reply
    assert session.wait(5)  # what the press in the middle of it left to do
    assert [type(e) for e in events][-1] is NothingHeard
    assert len(companion.history) == 1
    assert not session.recording


def test_a_line_typed_while_it_records_is_silenced_by_the_key(talk):
    speaker = Loudspeaker()
    reply = "One sentence here. Another sentence here. A third sentence here."
    session, companion, _ = talk([reply, "Yes?"], ["second"], speaker=speaker)
    speaker.on_clause = lambda n: session.release() if n == 1 else None
    session.press()
    session.type("first")
    assert session.wait(5)
    assert session.wait(5)
    assert companion.history[0].reply != reply
    assert companion.history[1] == Exchange("second", "Yes?")


@dataclass
class Broken:
    """A microphone that was taken away while it recorded."""

    error: DeviceError = field(default_factory=lambda: DeviceError("It is gone.", "Plug it in."))

    def press(self, *, keep_pre_roll=True):
        pass

    def let_go(self):
        pass

    def release(self):
        raise self.error


@pytest.mark.parametrize("ending", [Session.release, Session.drop])
def test_after_a_recording_that_is_lost_nothing_goes_on(talk, ending):
    session, _, events = talk([])
    session._microphone = Broken()
    session.press()
    ending(session)
    assert session.wait(5)
    assert events == [Listening(), Idle(), Notice("It is gone. Plug it in.")]


def test_after_a_turn_that_failed_nothing_goes_on(talk):
    session, companion, events = talk([], ["words"])
    companion.stt = SimpleNamespace()
    session.press()
    session.release()
    assert session.wait(5)
    assert kinds(events) == [Listening, Thinking, Idle, Notice]


def test_what_fails_while_it_records_leaves_it_recording(talk):
    session, companion, events = talk([], ["words"])
    session.press()
    companion.renew = Broken().release
    session.type("hello")
    assert session.wait(5)
    assert session.recording
    assert kinds(events) == [Listening, Listening, Notice]


def test_after_a_press_that_is_stopped_before_anybody_listened_nothing_goes_on(talk):
    session, _, events = talk([], ["words"])
    fetch = session._microphone.release
    session._microphone.release = lambda: session.undo() or fetch()
    session.press()
    session.release()
    assert session.wait(5)
    assert session.wait(5)
    assert kinds(events) == [Listening, Idle, Notice]


def test_what_is_said_again_is_an_answer(talk):
    session, _, events = talk(["The tide is low."])
    session.type("how is the sea")
    assert session.wait(5)
    session.again()
    assert session.wait(5)
    assert isinstance(events[-1], Answered)
    assert events[-1].record["kind"] == "again"


def test_a_loudspeaker_that_is_lost_while_it_repeats_is_told(talk):
    session, companion, events = talk(["The tide is low."])
    session.type("how is the sea")
    assert session.wait(5)
    lost = Said("The tide", False, 0.5, DeviceError("The loudspeaker is gone.", "Plug it in."))
    companion.speaker = SimpleNamespace(play=lambda *_: lost)
    session.again()
    assert session.wait(5)
    assert events[-1] == Notice("The loudspeaker is gone. Plug it in.")


def test_a_reply_that_cannot_be_kept_is_an_answer_all_the_same(talk):
    session, _, events = talk(["The tide is low."])

    class Full:
        def label(self, _lines):
            raise CannotCreate("No space left.", "Make room.")

    session._keeper = Full()
    session.type("how is the sea")
    assert session.wait(5)
    assert isinstance(events[-2], Answered)
    assert events[-1] == Notice("No space left. Make room.")
