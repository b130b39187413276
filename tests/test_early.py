"""What is understood while the key is held, and that it changes nothing but the waiting."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from memory_world import Clock, settle, tell

from companion.early import BRIEF, LAST, LONG, LOOK, MOST, PAUSE, SAFE, SOON, Early, foreseen
from companion.errors import EngineError
from companion.events import Hearing, Notice, Remembered
from companion.flow import Cancel
from companion.lore.world import World
from companion.memory import Memory
from companion.testing import Notebook, scripted
from companion.trace import Trace
from companion.turn import turn
from companion.values import SPEECH_RATE, Answer, Heard, Recording
from companion.worth import LITTLE, TRIES, Gain, Meter, Worth

WORD, CHUNK = 0.5, 512
STORY = "i went to the lake in the morning"  # longer than LONG
VOCABULARY = f"{STORY} and saw a boat hello juno how are you forget that".split()


def spoken(*parts):
    """Words as steps of loudness, numbers as seconds of silence."""
    pieces = []
    for part in parts:
        if isinstance(part, str):
            for word in part.split():
                loud = (VOCABULARY.index(word) + 1) / 100
                pieces += [np.full(int(WORD * SPEECH_RATE), loud), np.zeros(80)]
        else:
            pieces.append(np.zeros(int(part * SPEECH_RATE)))
    return Recording(np.concatenate(pieces).astype(np.float32))


class Reader:
    """Hears the words in such a sound: a word that was cut in two is heard twice."""

    def __init__(self):
        self.asked = []
        self.confidence = 0.9

    def transcribe(self, recording, cancel):
        self.asked.append(round(recording.seconds, 2))
        levels = np.round(recording.samples * 100).astype(int)
        starts = np.flatnonzero(np.diff(levels, prepend=0))
        words = [VOCABULARY[levels[n] - 1] for n in starts if levels[n]]
        return None if cancel or not words else Heard(" ".join(words), self.confidence, 1.0)


class Listener:
    """Takes what is not silent for speech."""

    def __init__(self):
        self.speech = True
        self.loud = []

    def check(self, _):
        return SimpleNamespace(speech=self.speech)

    def pauses(self):
        return type(self)()

    def hear(self, samples):
        whole = len(samples) // CHUNK * CHUNK
        self.loud = list(np.abs(samples[:whole]).reshape(-1, CHUNK).max(axis=1, initial=0) > 0.001)

    def voiced(self, since=0, likely=0.5):  # noqa: ARG002
        return sum(self.loud[since // CHUNK :])

    def spoken(self, likely=0.5):  # noqa: ARG002
        return max((n + 1 for n, loud in enumerate(self.loud) if loud), default=0) * CHUNK


@dataclass
class Microphone:
    recording: Recording = None
    at: float = 0.0
    level_db: float = -20.0
    events: list = field(default_factory=list)

    def so_far(self):
        return Recording(self.recording.samples[: int(self.at * SPEECH_RATE)])


@pytest.fixture
def hold():
    """Says something while the key is held, and gives the turn's beginning."""

    def through(*parts, tail=0.0, gate=None, worth=None, late=False, **stages):
        companion, events = scripted(["Yes."], stt=stages.pop("stt", None) or Reader(), **stages)
        microphone, whole = Microphone(spoken(*parts)), spoken(*parts, tail)
        early = Early(companion, gate or Listener(), microphone, worth or Worth("on"))
        press = early.begin()
        for wait in press.steps():
            microphone.at += wait or 0.01
            if microphone.at > microphone.recording.seconds:
                press.stop()
        if late:
            press.catch_up()
        trace = Trace()
        return SimpleNamespace(
            companion=companion,
            events=events,
            early=early,
            whole=whole,
            trace=trace,
            asked=list(companion.stt.asked),
            begin=lambda cancel=None: press.finish(whole, cancel or Cancel(), trace),
            settle=lambda: press.settle(trace) or trace.early,
        )

    return through


def test_words_before_a_pause_are_there_at_the_release(hold):
    held = hold("hello juno how are you", PAUSE + 2 * LOOK, tail=0.1)
    heard = held.begin()
    assert heard == Heard("hello juno how are you", 0.9, held.whole.seconds)
    assert len(held.companion.stt.asked) == 1  # while the key was held
    assert held.settle()["hit"] == "all"


def test_a_pause_is_looked_at_when_it_is_long_enough(hold):
    for spare in (0.0, 0.02, 0.04):  # wherever the looks before it fell
        held = hold("hello juno how are you", PAUSE + SOON + spare)
        assert len(held.asked) == 1


def test_such_words_are_answered_as_a_recording_is(hold):
    held = hold("hello juno", 0.4)
    said = turn(held.companion, held.begin(), Cancel(), held.trace)
    assert said.text == "Yes."
    assert held.companion.memory.lines[0] == ("user", "hello juno")
    assert held.trace.kind == "spoken"
    assert held.companion.llm.counts.evaluated == 1  # the prompt was read, but for its last token


def test_words_that_end_with_the_release_are_transcribed_as_ever(hold):
    held = hold("hello juno how are you")
    assert held.begin() is held.whole
    assert held.asked == []
    assert held.settle()["hit"] == ""


def test_words_that_end_with_the_release_are_transcribed_while_the_tail_comes_in(hold):
    held = hold("hello juno how are you", LAST + 0.04, late=True, tail=0.1)
    assert len(held.asked) == 1
    assert held.begin().text == "hello juno how are you"
    assert held.settle()["saved_s"] == 0  # nothing was over at the release


def test_words_in_the_tail_are_never_lost(hold):
    held = hold("hello juno how", LAST + 0.04, late=True, tail="are you")
    assert len(held.asked) == 1
    assert held.begin() is held.whole


def test_a_slip_of_the_finger_calls_no_model(hold):
    before = spoken("hello juno", 0.15)  # heard before the press
    companion, _ = scripted([], stt=Reader())
    press = Early(companion, Listener(), Microphone(before, at=1.0), Worth("on")).begin()
    for _, step in zip(range(3), press.steps(), strict=False):
        press.early.microphone.at += step
    press.stop()
    press.catch_up()
    assert companion.stt.asked == []


def test_words_after_a_pause_are_never_lost(hold):
    held = hold("hello juno", 0.3, "how are you")
    assert held.asked != []
    assert held.begin() is held.whole


def test_after_a_long_pause_only_the_end_is_transcribed(hold):
    held = hold(STORY, SAFE + 2 * LOOK, "and saw a boat")
    assert held.begin().text == f"{STORY} and saw a boat"
    assert held.companion.stt.asked[-1] < held.whole.seconds / 2
    assert held.settle()["hit"] == "part"


def test_what_is_transcribed_again_at_each_pause_does_not_grow_with_the_recording(hold):
    held = hold(*[part for _ in range(8) for part in (STORY, BRIEF + 2 * LOOK)])  # 35 s
    assert held.begin().text == " ".join([STORY] * 8)
    assert max(held.companion.stt.asked) < MOST + 2 * spoken(STORY, BRIEF).seconds


def test_a_short_sentence_is_understood_as_a_whole(hold):
    held = hold("hello juno", SAFE + 2 * LOOK, "how are you", 0.3)
    assert held.begin().text == "hello juno how are you"
    assert len(spoken("hello juno").samples) < LONG * SPEECH_RATE
    assert held.asked[-1] > spoken("hello juno", SAFE, "how are you").seconds


def test_what_was_heard_without_much_confidence_is_heard_again(hold):
    ear = Reader()
    ear.confidence = 0.3
    held = hold("hello juno", 0.4, stt=ear)
    assert held.begin() is held.whole


def test_a_recording_that_lost_what_was_looked_at_is_transcribed_as_a_whole(hold):
    held = hold("hello juno", 0.4)
    held.whole.samples[5000:6000] = 0.0  # the microphone was taken away, and another one came
    assert held.begin() is held.whole
    assert held.settle()["hit"] == ""


def test_words_are_shown_as_they_are_heard(hold):
    held = hold("hello juno", 0.3, "how are you", 0.3)
    shown = list(dict.fromkeys(e.text for e in held.events if isinstance(e, Hearing)))
    assert shown == ["", "hello juno", "hello juno how are you"]


def test_without_a_head_start_the_level_is_shown(hold):
    held = hold("hello juno", 0.4, worth=Worth("off"))
    assert held.asked == []
    assert {e.text for e in held.events} == {""}
    assert held.begin() is held.whole


def test_what_stands_before_the_words_is_read_before_the_first_pause(hold):
    held = hold("hello juno how are you")
    (opening,) = held.companion.llm.ahead
    turn(held.companion, held.begin(), Cancel(), held.trace)
    (prompt,) = held.companion.llm.prompts
    assert opening.tokens[:-1] == prompt.tokens[: sum(prompt.volatile)]
    assert held.companion.llm.counts.evaluated <= prompt.new


def test_without_speech_no_model_is_called(hold):
    gate = Listener()
    gate.speech = False
    held = hold("hello juno", 0.4, gate=gate)
    assert held.asked == []
    assert held.companion.llm.ahead == []


def test_nothing_is_remembered_told_or_carried_out_early(hold):
    memory = Notebook(answers={"forget that": Answer("Gone.")})
    held = hold("forget that", 0.4, memory=memory)
    assert memory.lines == []
    assert {type(e) for e in held.events} == {Hearing}
    (opening,) = held.companion.llm.ahead  # a command is no talk
    assert len(opening.tokens) == sum(opening.volatile) + 1
    said = turn(held.companion, held.begin(), Cancel(), held.trace)
    assert said.text == "Gone."


def test_recall_is_told_once_the_turn_begins(hold):
    held = hold("hello juno", 0.4)
    assert not [e for e in held.events if isinstance(e, Remembered)]
    turn(held.companion, held.begin(), Cancel(), held.trace)
    assert len([e for e in held.events if isinstance(e, Remembered)]) == 1


def test_a_model_that_cannot_give_back_what_it_read_reads_nothing_early(hold):
    companion, _ = scripted([])
    companion.llm.can_cut = False
    held = hold("hello juno", 0.4, llm=companion.llm)
    assert held.companion.llm.ahead == []


def test_an_engine_that_fails_early_fails_in_the_turn_and_not_before(hold):
    class Broken(Reader):
        def transcribe(self, recording, _cancel):
            self.asked.append(recording.seconds)
            raise EngineError("stt", "The engine broke.")

    held = hold("hello juno", 0.4, "how are you", 0.4, stt=Broken())
    assert len(held.asked) == 1
    assert not [e for e in held.events if isinstance(e, Notice)]
    assert held.begin() is held.whole


def test_a_turn_that_is_stopped_before_its_words_are_whole_hears_nothing(hold):
    held = hold(STORY, SAFE + 2 * LOOK, "and saw a boat")
    stopped = Cancel()
    stopped.set()
    assert held.begin(stopped) is held.whole


def test_what_was_done_early_stands_before_the_release_in_the_figures(hold):
    held = hold("hello juno", 0.4)
    held.begin()
    early = [span for span in held.trace.spans if span.stage in ("stt", "recall", "prefill")]
    assert {span.stage for span in early} == {"stt", "recall", "prefill"}
    assert all(span.end <= 0 for span in early)
    figures = held.settle()
    assert figures["cpu_s"] >= figures["wasted_s"] >= 0


def test_a_stage_that_works_in_small_pieces_is_one_span():
    meter = Meter()
    for stage in ("stt", "prefill", "prefill", "prefill", "", "stt"):
        with meter.work(stage):
            pass
    assert [stage for stage, _, _ in meter.spans] == ["stt", "prefill", "stt"]
    assert all(began <= ended for _, began, ended in meter.spans)


@pytest.fixture
def learned():
    """What a head start learns of its worth; it is always tried."""
    gains = []
    return SimpleNamespace(pays=True, learn=gains.append, gains=gains)


def test_what_was_read_before_the_words_counts_as_saved_though_the_words_were_late(hold, learned):
    held = hold("hello juno how are you", worth=learned)
    turn(held.companion, held.begin(), Cancel(), held.trace)
    held.settle()
    (gain,) = learned.gains
    assert gain.hit == ""
    assert gain.saved > 0
    assert gain.wasted < gain.cpu


def test_a_prompt_that_the_turn_did_not_make_was_read_in_vain(hold, learned):
    held = hold("hello juno how are you", 0.4, worth=learned)
    held.companion.llm.forget()
    turn(held.companion, held.whole, Cancel(), held.trace)  # nobody asked for the words
    held.settle()
    (gain,) = learned.gains
    assert gain.saved == 0
    assert gain.wasted == gain.cpu > 0


# ── whether it pays ──────────────────────────────────────────────────────────────────────────


def test_one_processor_is_not_enough():
    assert not Worth("auto", cores=1).pays
    assert Worth("auto", cores=2).pays
    assert Worth("on", cores=1).pays
    assert not Worth("off", cores=8).pays


@pytest.mark.parametrize(
    ("gain", "pays"),
    [
        (Gain("all", saved=0.5, cpu=1.0, wasted=0.5), True),
        (Gain("", saved=0.0, cpu=1.0, wasted=1.0), False),
        (Gain("", saved=0.0, cpu=LITTLE / 2, wasted=LITTLE / 2), True),  # nobody notices
    ],
)
def test_a_head_start_that_wastes_more_than_it_saves_rests(gain, pays):
    worth = Worth("auto", cores=2)
    for _ in range(TRIES):
        worth.learn(gain)
    assert worth.pays is pays


def test_after_a_rest_it_is_tried_again():
    worth = Worth("auto", cores=2)
    for _ in range(TRIES):
        worth.learn(Gain(cpu=1.0, wasted=1.0))
    for _ in range(TRIES):
        worth.learn(Gain())
    assert worth.pays


# ── with a real memory and a real lorebook ───────────────────────────────────────────────────


@pytest.fixture
def remembering(tmp_path):
    """Sam told Juno of a dog yesterday, and spoke of it just now."""
    clock = Clock()
    memory = Memory(tmp_path / "memory_db", "Sam", "juno", now=clock, name="Juno")
    tell(memory, "My dog is called Rex.", "My secret word is xylograph.")
    settle(memory)
    clock.pass_time(days=1)
    companion, events = scripted(["Your dog is Rex.", "Yes."], memory=memory)
    turn(companion, Heard("What is my dog called?"), Cancel(), Trace())
    settle(memory)
    yield SimpleNamespace(companion=companion, memory=memory, events=events)
    memory.close()


def test_a_foreseen_prompt_is_the_one_that_the_turn_makes(remembering):
    heard = Heard("And what is my secret word?")
    prompt = foreseen(remembering.companion, heard)
    assert "xylograph" in prompt.volatile_text
    turn(remembering.companion, heard, Cancel(), Trace())
    assert remembering.companion.llm.prompts[-1].tokens == prompt.tokens


def test_foreseeing_leaves_no_trace_in_the_memory(remembering):
    memory, told = remembering.memory, len(remembering.events)
    before = (memory.export(), memory.why(), memory.session, memory.private)
    assert foreseen(remembering.companion, Heard("What is my secret word?")) is not None
    assert (memory.export(), memory.why(), memory.session, memory.private) == before
    assert len(remembering.events) == told
    # "Yes" goes on with what was really recalled last.
    assert [note.text for note in memory.recall(Heard("yes"))] == ["My dog is called Rex."]


@pytest.mark.parametrize(
    "words",
    ["Forget that.", "Remember that I like tea.", "This is private.", "What do you know about me?"],
)
def test_a_wish_to_the_memory_is_neither_carried_out_nor_read_early(remembering, words):
    memory = remembering.memory
    before = memory.export()
    assert foreseen(remembering.companion, Heard(words)) is None
    assert memory.export() == before
    assert not memory.private


def test_a_question_that_waits_for_a_yes_still_waits(remembering):
    memory = remembering.memory
    assert "?" in memory.obey(Heard("Forget about Rex.")).text
    foreseen(remembering.companion, Heard("yes"))
    assert any("Rex" in note.text for note in memory.memories())
    memory.obey(Heard("yes"))
    assert not any("called Rex" in note.text for note in memory.memories())


def test_what_a_lorebook_would_tell_does_not_count_as_told():
    class Book:
        seed = "seed"
        as_it_was = staticmethod(nullcontext)

        def told(self, _said, _turn, state, spent=0):  # noqa: ARG002
            left_out = ("a long entry",)
            return SimpleNamespace(
                entries=(), left_out=left_out, notices=(), state={**state, "told": 1}, tokens=0
            )

    world = World(Book())
    assert world.peek(scripted([])[0].persona, (), "the tower").notices
    assert (world.state, world.full) == ({}, False)
    assert world.tell(scripted([])[0].persona, (), "the tower").notices


def test_a_lorebook_that_fails_halfway_has_told_nothing():
    class Book:
        seed = "seed"
        as_it_was = staticmethod(nullcontext)

        def told(self, _said, _turn, state, spent=None):
            if spent is not None:
                raise EngineError("lore", "It failed.")
            return SimpleNamespace(
                entries=(), left_out=(), notices=(), state={**state, "told": 1}, tokens=0
            )

    world = World(Book(), beside=Book())
    with pytest.raises(EngineError):
        world.peek(scripted([])[0].persona, (), "the tower")
    assert world.state == {}
