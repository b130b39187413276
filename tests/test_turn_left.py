"""A reply that is left before its end leaves nothing behind: no thread, and the model free.

All of it without the garbage collector, which would tidy up sooner or later, and hide the fault.
"""

import gc
import threading
import weakref

import numpy as np
import pytest
from test_early import Listener, Microphone, Reader, spoken

from companion.early import LOOK, PAUSE, Early
from companion.errors import DeviceError, EngineError
from companion.events import Notice
from companion.flow import Cancel, ahead
from companion.session import Session
from companion.sound.lane import Lane
from companion.sound.playback import play_to
from companion.speech.clauses import split_clauses
from companion.testing import RATE, Loudspeaker, Writer, scripted
from companion.trace import Trace
from companion.turn import turn
from companion.values import Clause, Heard, Speech
from companion.worth import Worth

WORDS, AHEAD = 13, 4
"""Words of a sentence, and sentences that are written ahead while the first clause is played."""
LONG = " ".join(
    f"This is sentence {n} of many, and it is long enough, my friend." for n in "x" * 12
)
TURNS = 8


@pytest.fixture(autouse=True)
def _no_garbage_collector():
    gc.disable()
    yield
    gc.enable()


class Filled:
    """A model that writes long replies, and waits with the rest until `clause` was played."""

    def __init__(self, replies: int, clause: int = 0) -> None:
        self.full = threading.Event()
        last = (AHEAD + clause) * WORDS
        self.llm = Writer([LONG] * replies, before=lambda n: n == last and self.full.set())

    def wait(self) -> None:
        assert self.full.wait(5)
        self.full.clear()


class Unplugged:
    """A loudspeaker that is gone after some blocks of each reply; what it said is kept."""

    rate = RATE

    def __init__(self, model: Filled) -> None:
        self.model = model
        self.said = []

    def play(self, speech, cancel, started=None):
        self.left = 20
        self.said.append(play_to(self, speech, cancel, lambda: 1.0, started))
        return self.said[-1]

    def write(self, _):
        self.left -= 1
        if not self.left:
            self.model.wait()
            raise DeviceError("The loudspeaker was lost.")


def problems(events):
    return [event.text for event in events if isinstance(event, Notice)]


def in_a_row(companion, events):
    """Several turns one after the other; what went wrong in them."""
    session = Session(companion, None)
    session.start(greeting=False)
    for n in range(TURNS):
        session.type(f"tell me more, {n}")
        assert session.wait(10)
    assert session.close()
    assert len(companion.history) == TURNS
    return problems(events)


def test_no_turn_is_lost_after_a_press_in_the_middle_of_a_long_reply():
    model, pressed = Filled(TURNS, clause=1), []

    def press(clause):
        if clause == 1:
            model.wait()
            pressed[-1].set()

    companion, _ = scripted([], llm=model.llm, speaker=Loudspeaker(on_clause=press))
    for n in range(TURNS):
        pressed.append(Cancel())
        said = turn(companion, Heard(f"tell me more, {n}"), pressed[-1], Trace())
        assert said.text
        assert not said.complete
        assert not model.llm.busy.locked()


def test_the_press_that_cuts_a_reply_short_has_its_head_start():
    model, cancel = Filled(1, clause=1), Cancel()

    def press(clause):
        if clause == 1:
            model.wait()
            cancel.set()

    speaker = Loudspeaker(on_clause=press)
    companion, _ = scripted([], llm=model.llm, speaker=speaker, stt=Reader())
    turn(companion, Heard("tell me more"), cancel, Trace())
    microphone = Microphone(spoken("hello juno how are you", PAUSE + 2 * LOOK))
    held = Early(companion, Listener(), microphone, Worth("on")).begin()
    for wait in held.steps():
        microphone.at += wait or 0.01
        if microphone.at > microphone.recording.seconds:
            held.stop()
    assert held.on  # nothing failed
    assert model.llm.ahead


def test_no_turn_is_lost_after_replies_that_became_too_long():
    model = Filled(TURNS)
    speaker = Loudspeaker(on_clause=lambda clause: clause == 0 and model.wait())
    companion, events = scripted([], llm=model.llm, speaker=speaker, longest=9.0)
    assert in_a_row(companion, events) == []
    assert len(companion.history[-1].reply) < len(LONG) / 2


def test_no_turn_is_lost_to_the_model_after_the_loudspeaker_was_lost():
    model = Filled(TURNS)
    companion, events = scripted([], llm=model.llm, speaker=Unplugged(model))
    assert in_a_row(companion, events) == ["The loudspeaker was lost."] * TURNS


def test_no_thread_of_a_reply_outlives_its_turn():
    model, before = Filled(1), threading.active_count()
    companion, _ = scripted([], llm=model.llm, speaker=Unplugged(model))
    turn(companion, Heard("tell me more"), Cancel(), Trace())
    assert threading.active_count() == before


def test_clauses_that_nobody_wants_any_more_let_go_of_the_words_at_once():
    closed = []

    def words():
        try:
            yield from [*LONG]
        finally:
            closed.append(True)

    clauses = split_clauses(words())
    next(clauses)
    del clauses
    assert closed == [True]


class Gone:
    """A loudspeaker that is gone."""

    rate = RATE

    def write(self, _):
        raise DeviceError("The loudspeaker was lost.")


class Works:
    """A loudspeaker nobody hears."""

    rate = RATE

    def write(self, _):
        pass

    def finish(self):
        pass


def sound(error=None):
    yield Speech(Clause("One.", "One."), np.ones(RATE, np.float32), RATE)
    if error is not None:
        raise error


@pytest.mark.parametrize(
    ("out", "error"), [(Gone(), None), (Works(), EngineError("llm", "The engine broke."))]
)
def test_what_is_told_of_a_reply_that_failed_holds_nothing_of_it(out, error):
    """It is kept until the next reply, with its sound."""
    speech = sound(error)
    left = weakref.ref(speech)
    said = play_to(out, speech, Cancel(), lambda: 1.0)
    del speech
    assert said.error is not None
    assert left() is None


watched = []


def failing():
    raise seen(EngineError("llm", "The engine broke."))


def seen(error):
    watched.append(weakref.ref(error))
    return error


def test_a_sound_call_that_failed_lets_go_of_its_error():
    lane = Lane("test")
    with pytest.raises(EngineError) as caught:
        lane.call(failing, 5.0)
    caught = None  # noqa: F841 - holds it, too
    lane.close()
    assert watched.pop()() is None


def test_a_look_ahead_that_failed_lets_go_of_its_error():
    def source():
        yield 1
        failing()

    with pytest.raises(EngineError) as caught:
        list(ahead(source(), Cancel()))
    caught = None  # noqa: F841 - holds it, too
    assert watched.pop()() is None
