from dataclasses import dataclass, field

import pytest

from companion.errors import EngineError
from companion.events import (
    Answered,
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
from companion.values import Exchange


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
    presses: int = 0

    pre_rolls: list = field(default_factory=list)

    def press(self, *, keep_pre_roll=True):
        self.presses += 1
        self.pre_rolls.append(keep_pre_roll)

    def release(self):
        return recording(1.5)


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
