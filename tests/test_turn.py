import threading
from dataclasses import replace

import pytest

from companion.errors import EngineError, StoreError
from companion.events import FirstSound, Notice, Remembered, Words
from companion.flow import Cancel
from companion.testing import Loudspeaker, Notebook, Writer, recording, scripted
from companion.trace import Trace
from companion.turn import greet, repeat, turn
from companion.values import Answer, Exchange, Heard


def test_a_turn_goes_from_the_recording_to_the_history():
    companion, events = scripted(["Hello Sam, nice to see you."], ["hello juno"])
    said = turn(companion, recording(), Cancel(), Trace())
    assert said.text == "Hello Sam, nice to see you."
    assert companion.history == [Exchange("hello juno", said.text)]
    assert companion.memory.lines == [("user", "hello juno"), ("character", said.text)]
    assert [type(e) for e in events[:2]] == [Words, Remembered]


def test_typed_words_need_no_transcriber():
    companion, _ = scripted(["Yes."], stt=None)
    assert turn(companion, Heard("are you there?"), Cancel(), Trace()).text == "Yes."


def test_a_recording_without_words_costs_no_model_call_and_no_memory():
    companion, _ = scripted(["never said"], [None])
    assert turn(companion, recording(), Cancel(), Trace()) is None
    assert companion.llm.prompts == []
    assert companion.memory.lines == []


def test_the_owners_words_are_kept_before_the_reply_is_made():
    seen = []
    companion, _ = scripted([])
    companion.llm = Writer(["Fine."], before=lambda _: seen.append(list(companion.memory.lines)))
    turn(companion, Heard("how are you"), Cancel(), Trace())
    assert seen[0] == [("user", "how are you")]


def test_a_press_while_it_speaks_keeps_only_the_words_that_were_heard():
    cancel = Cancel()
    reply = "First sentence is here. Second sentence is here. Third one too."
    speaker = Loudspeaker(on_clause=lambda n: cancel.set() if n == 1 else None)
    companion, _ = scripted([reply], speaker=speaker)
    said = turn(companion, Heard("tell me"), cancel, Trace())
    assert not said.complete
    assert reply.startswith(said.text)
    assert len(said.text) < len(reply) / 2
    assert companion.history == [Exchange("tell me", said.text)]
    assert companion.memory.lines[-1] == ("character", said.text)


def test_a_reply_stopped_before_it_was_heard_is_not_remembered_as_said():
    cancel = Cancel()
    companion, _ = scripted(["Never heard."])
    companion.llm.before = lambda _: cancel.set()
    turn(companion, Heard("wait"), cancel, Trace())
    assert companion.memory.lines == [("user", "wait")]


def test_words_that_were_not_answered_stand_before_the_next_ones():
    companion, _ = scripted(["Both heard."])
    companion.history.append(Exchange("my dog", ""))
    turn(companion, Heard("is called Rex"), Cancel(), Trace())
    text = "".join(chr(t) if t < 1_000_000 else "|" for t in companion.llm.prompts[0].tokens)
    assert "my dog\nis called Rex" in text


def test_a_failing_memory_is_said_and_the_conversation_goes_on():
    companion, events = scripted(["I am here."], memory=Notebook(fails=StoreError("disk full.")))
    assert turn(companion, Heard("hello"), Cancel(), Trace()).text == "I am here."
    notices = [e.text for e in events if isinstance(e, Notice)]
    assert any("Not remembered" in text for text in notices)


def test_an_engine_that_fails_in_the_middle_leaves_the_words_before_it():
    companion, _ = scripted([])
    companion.llm = Writer(["One two three, four five."], fails=EngineError("llm", "broken"))
    said = turn(companion, Heard("count"), Cancel(), Trace())
    assert isinstance(said.error, EngineError)
    assert not said.complete


def test_a_long_reply_ends_with_the_clause_that_passes_the_limit():
    reply = "This sentence takes a while to say. " * 20
    companion, _ = scripted([reply], longest=5.0)
    said = turn(companion, Heard("go on"), Cancel(), Trace())
    assert 5.0 <= said.seconds < 12.0
    assert reply.startswith(said.text)


@pytest.mark.parametrize(
    "words", ["say that again", "Please repeat that.", "could you say that again?"]
)
def test_say_that_again_repeats_without_model_or_memory(words):
    companion, _ = scripted([])
    companion.history.append(Exchange("hi", "The sea is calm."))
    said = turn(companion, Heard(words), Cancel(), Trace())
    assert said.text == "The sea is calm."
    assert companion.memory.lines == []
    assert len(companion.history) == 1


@pytest.mark.parametrize("unheard", ["", " "])
def test_say_that_again_means_the_newest_reply_that_was_heard(unheard):
    companion, _ = scripted([])
    companion.history += [Exchange("hi", "The sea is calm.", private=True), Exchange("a", unheard)]
    trace = Trace()
    assert turn(companion, Heard("say that again"), Cancel(), trace).text == "The sea is calm."
    assert trace.off_record
    assert repeat(companion, Cancel(), Trace()).text == "The sea is calm."


def test_where_no_reply_was_heard_there_is_none_to_say_again_and_that_is_said():
    companion, _ = scripted([])
    companion.history.append(Exchange("hi", ""))
    said = turn(companion, Heard("say that again"), Cancel(), Trace())
    assert said.text == "There is nothing to say again yet."
    assert repeat(companion, Cancel(), Trace()) is None
    assert companion.history == [Exchange("hi", "")]


def test_what_a_model_cannot_cut_stays_frozen_in_its_turn():
    companion, _ = scripted(["One.", "Two."])
    companion.llm.can_cut = False
    turn(companion, Heard("first"), Cancel(), Trace())
    turn(companion, Heard("second"), Cancel(), Trace())
    first, second = companion.llm.prompts
    assert second.tokens[: len(first.tokens)] == first.tokens


def test_no_thread_survives_a_turn():
    before = threading.active_count()
    companion, _ = scripted(["One. Two. Three."])
    turn(companion, Heard("count"), Cancel(), Trace())
    assert threading.active_count() == before


def test_the_first_sound_is_told_once_and_with_its_time():
    companion, events = scripted(["Hello there, friend. Come in."], ["hello"])
    trace = Trace()
    turn(companion, recording(), Cancel(), trace)
    told = [event.ms for event in events if isinstance(event, FirstSound)]
    assert told == [trace.ms["first_audio"]]


def test_nobody_waits_for_a_greeting():
    companion, events = scripted([])
    companion.persona = replace(companion.persona, greeting="Ahoy!")
    greet(companion, Cancel(), Trace())
    assert not [event for event in events if isinstance(event, FirstSound)]


def test_the_trace_holds_every_figure_of_the_contract():
    companion, _ = scripted(["Hello there, friend."], ["hello"])
    trace = Trace()
    turn(companion, recording(), Cancel(), trace)
    assert set(trace.ms) == {"stt", "recall", "prefill", "first_token", "first_audio", "total"}
    assert {"prompt", "new", "evaluated", "reused", "generated"} <= set(trace.tokens)
    assert trace.ms["first_token"] <= trace.ms["first_audio"] <= trace.ms["total"]
    assert trace.lines == ["s:1", "s:2"]


def test_what_the_memory_answers_itself_needs_no_model_and_is_not_remembered():
    memory = Notebook(answers={"forget that": Answer("Forgotten.")})
    companion, _ = scripted([], memory=memory)
    trace = Trace()
    assert turn(companion, Heard("forget that"), Cancel(), trace).text == "Forgotten."
    assert memory.lines == []
    assert companion.history == []
    assert trace.off_record


def test_what_was_forgotten_leaves_the_conversation_too():
    memory = Notebook(answers={"forget that": Answer("Forgotten.", forgotten=("s:1",))})
    companion, _ = scripted(["Oh.", "Ah."], memory=memory)
    companion.llm.can_cut = False
    turn(companion, Heard("my secret"), Cancel(), Trace())
    turn(companion, Heard("the weather"), Cancel(), Trace())
    turn(companion, Heard("forget that"), Cancel(), Trace())
    assert [(e.user, e.frozen) for e in companion.history] == [("the weather", "")]


def test_what_was_forgotten_leaves_the_conversation_also_where_the_model_fails():
    memory = Notebook(answers={"forget that": Answer("Forgotten.", forgotten=("s:1",))})
    companion, events = scripted(["Oh.", "Ah."], memory=memory)
    for words in ("my secret", "the weather"):
        turn(companion, Heard(words), Cancel(), Trace())
    with companion.llm.busy:  # it refuses to forget
        said = turn(companion, Heard("forget that"), Cancel(), Trace())
    assert said.text == "Forgotten."
    assert [e.user for e in companion.history] == ["the weather"]
    assert any(isinstance(e, Notice) and "Two threads" in e.text for e in events)


def test_what_is_to_be_remembered_is_known_in_the_same_conversation():
    answer = Answer("I will.", kept="s:9")
    companion, _ = scripted([], memory=Notebook(answers={"remember that": answer}))
    trace = Trace()
    turn(companion, Heard("remember that"), Cancel(), trace)
    assert companion.history == [Exchange("remember that", "I will.")]
    assert trace.lines == ["s:9"]


def test_what_was_private_leaves_the_conversation_when_remembering_begins_again():
    memory = Notebook(answers={"remember again": Answer("Yes.")}, private=True)
    companion, _ = scripted(["Oh."], memory=memory)
    trace = Trace()
    turn(companion, Heard("my secret"), Cancel(), trace)
    assert trace.off_record
    assert companion.history[0].private
    memory.private = False
    turn(companion, Heard("remember again"), Cancel(), Trace())
    assert companion.history == []


def test_a_command_that_fails_is_said_and_is_no_talk():
    companion, events = scripted([], memory=Notebook(fails=StoreError("disk full.")))
    companion.memory.answers["forget that"] = Answer("never")
    assert turn(companion, Heard("forget that"), Cancel(), Trace()).text == "I could not do that."
    assert any(isinstance(e, Notice) for e in events)


FLAWED = "As an AI language model, I have no lighthouse."


def test_what_is_wrong_with_a_reply_is_noted_and_the_reply_spoken():
    companion, _ = scripted([FLAWED])
    trace = Trace()
    assert turn(companion, Heard("Who are you?"), Cancel(), trace).text == FLAWED
    assert (trace.saw, trace.again) == (("OUT_OF_CHARACTER",), ())


def test_a_flawed_reply_is_asked_for_once_more_where_that_is_wished():
    companion, _ = scripted([FLAWED, "I am Juno."], ask_again=True)
    trace = Trace()
    assert turn(companion, Heard("Who are you?"), Cancel(), trace).text == "I am Juno."
    assert (trace.saw, trace.again) == ((), ("OUT_OF_CHARACTER",))
    assert "[You are Juno, and nothing else.]" in companion.llm.prompts[1].volatile_text
    assert companion.speaker.heard == ["I am Juno."]


def test_of_two_flawed_replies_the_first_is_spoken_and_no_third_is_asked_for():
    companion, _ = scripted([FLAWED, FLAWED, "I am Juno."], ask_again=True)
    assert turn(companion, Heard("Who are you?"), Cancel(), Trace()).text == FLAWED
    assert companion.llm.script == ["I am Juno."]


def test_a_reply_without_flaws_is_asked_for_once():
    companion, _ = scripted(["Yes.", "No."], ask_again=True)
    assert turn(companion, Heard("Is it light?"), Cancel(), Trace()).text == "Yes."
    assert companion.llm.script == ["No."]


def test_a_stop_while_the_reply_is_awaited_asks_for_no_other():
    cancel = Cancel()
    companion, _ = scripted([FLAWED, "I am Juno."], ask_again=True)
    companion.llm.before = lambda n: cancel.set() if n == 5 else None
    turn(companion, Heard("Who are you?"), cancel, Trace())
    assert companion.llm.script == ["I am Juno."]
    assert companion.speaker.heard == []
