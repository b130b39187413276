"""Where the context cannot be moved: room is made between the turns, and no turn waits."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from recurrent import write_hybrid, write_recurrent

from companion.flow import Cancel
from companion.llm.engine import Limits, Llama
from companion.prompt import Assembler, Now, Room
from companion.prompt.earlier import WORDS, earlier
from companion.session import Session
from companion.testing import NOON, Frames, Letters, Notebook, Writer, scripted
from companion.trace import Trace
from companion.turn import turn
from companion.upkeep import upkeep
from companion.values import Answer, Exchange, Heard, Note, Persona

JUNO = Persona("Juno", "Sam", description="Juno keeps a lighthouse.", greeting="Hello Sam!")
NOTE = Note("n", "my boat is called Marigold", "Sam", NOON)
LIMITS = Limits(context=384, reply=12, temperature=0)


@pytest.fixture(scope="module", params=[write_recurrent, write_hybrid])
def file(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model.gguf"
    request.param(path)
    return path


@pytest.fixture(scope="module")
def loaded(file):
    llama = Llama(file, LIMITS)
    yield llama
    llama.close()


@pytest.fixture
def llama(loaded):
    loaded.forget()
    return loaded


@pytest.fixture
def companion(llama):
    made, _ = scripted([], llm=llama, prompt=Assembler(llama, llama.chat, Room(384, 12, 60)))
    made.persona = JUNO
    return made


def now(turn):
    words = f"i walked along the river and that was number {turn}"
    return Now(words, (NOTE,), NOON + timedelta(minutes=turn))


def talk(companion, turns, meanwhile=lambda _: None):
    """(evaluated, new) of each turn; `meanwhile` is called after each."""
    costs = []
    for number in range(turns):
        prompt = companion.prompt.assemble(companion.persona, companion.history, now(number))
        reply = "".join(companion.llm.stream(prompt, Cancel()))
        counts = companion.llm.counts
        costs.append((counts.evaluated, counts.new))
        companion.history.append(Exchange(now(number).words, reply, prompt.volatile_text))
        meanwhile(companion)
    return costs


def all_steps(companion):
    return len(list(upkeep(companion)))


def test_a_recurrent_model_cannot_be_cut(llama):
    assert not llama.can_cut


def test_without_upkeep_the_turn_that_is_too_much_stalls(companion):
    assert max(evaluated / new for evaluated, new in talk(companion, 12)[1:]) > 2


def test_with_upkeep_no_turn_stalls(companion):
    costs = talk(companion, 12, all_steps)[1:]
    assert max(evaluated / new for evaluated, new in costs) <= 1.1
    assert len(companion.prompt._left(companion.history)) < 12


def test_the_turns_that_left_are_told_in_a_line(companion):
    talk(companion, 12, all_steps)
    prompt = companion.prompt.assemble(JUNO, companion.history, now(12))
    text = "".join(section.text for section in prompt.sections)
    assert text.count("<earlier>Sam said: i walked along the river") == 1


def test_upkeep_can_be_left_at_any_step(companion):
    def one_step(companion):
        next(upkeep(companion), None)

    assert all(new for _, new in talk(companion, 12, one_step))
    prompt = companion.prompt.assemble(JUNO, companion.history, now(12))
    assert list(companion.llm.stream(prompt, Cancel()))


def test_a_prompt_read_in_vain_does_not_cost_the_conversation(companion):
    talk(companion, 3, all_steps)
    llama, history = companion.llm, companion.history
    guess = companion.prompt.assemble(JUNO, history, Now("i wal", (), NOON))
    llama.read(guess, Cancel())
    come = companion.prompt.assemble(JUNO, history, now(3))
    list(llama.stream(come, Cancel()))
    assert llama.counts.evaluated <= llama.counts.new


def test_a_stopped_turn_does_not_cost_the_conversation(companion):
    talk(companion, 3, all_steps)
    stop = Cancel()
    stop.set()
    prompt = companion.prompt.assemble(JUNO, companion.history, now(3))
    list(companion.llm.stream(prompt, stop))
    list(companion.llm.stream(prompt, Cancel()))
    assert companion.llm.counts.evaluated <= companion.llm.counts.new


def test_a_reply_is_the_same_after_a_step_back(companion):
    llama = companion.llm
    prompt = companion.prompt.assemble(JUNO, [], now(0))
    first = "".join(llama.stream(prompt, Cancel()))
    assert "".join(llama.stream(prompt, Cancel())) == first
    assert llama.counts.reused > 0


def test_a_torn_state_is_not_used_again(companion):
    llama = companion.llm
    prompt = companion.prompt.assemble(JUNO, [], now(0))
    first = "".join(llama.stream(prompt, Cancel()))
    llama.read(prompt, Cancel())
    llama._held.tear()
    assert "".join(llama.stream(prompt, Cancel())) == first


def read_at_start(file, folder):
    """Tokens of a card, and how many of them a newly loaded model reads."""
    llama = Llama(file, LIMITS, folder)
    start = Assembler(llama, llama.chat, Room(384, 12, 60)).start(JUNO)
    evaluated: list[int] = []
    whole = llama._llama.eval
    llama._llama.eval = lambda tokens: (evaluated.extend(tokens), whole(tokens))
    llama.warm(start)
    assert llama.context == start
    llama.close()
    return len(start), len(evaluated)


def test_the_card_of_a_recurrent_model_is_kept_too(file, tmp_path):
    card, read = read_at_start(file, tmp_path)
    assert read >= card
    assert read_at_start(file, tmp_path)[1] == 1


def test_a_model_that_can_be_cut_needs_no_upkeep():
    companion, _ = scripted(["Hello."])
    turn(companion, Heard("hello"), Cancel(), Trace())
    assert all_steps(companion) == 0


def after_forgetting(*answers):
    """A conversation of three turns, and then a command that makes one of them go."""
    memory = Notebook(answers=dict(answers))
    companion, _ = scripted(["Nice.", "Good.", "Fine."], memory=memory)
    for words in ("my dog is Biscuit", "i like rain", "it is late", "forget that"):
        turn(companion, Heard(words), Cancel(), Trace())
    return companion


def test_what_was_forgotten_leaves_the_model_and_what_is_left_is_read_meanwhile():
    companion = after_forgetting(("forget that", Answer("Forgotten.", forgotten=("s:1",))))
    assert companion.llm.empty
    assert all_steps(companion) == 1
    text = "".join(map(chr, (t for t in companion.llm.held if t < 0x110000)))
    assert "rain" in text
    assert "Biscuit" not in text


def test_a_command_that_forgets_nothing_leaves_the_model_as_it_is():
    companion = after_forgetting(("forget that", Answer("There is nothing.")))
    assert not companion.llm.empty
    assert all_steps(companion) == 0


def letters(context=400):
    return Assembler(Letters(), Frames(), Room(context, 20, 100))


def told(*words):
    return [Exchange(text, "I see.") for text in words]


def test_what_was_forgotten_is_not_in_the_line():
    build = letters(700)
    history = told("my boat is called Marigold", *["so it is, as you know"] * 20)
    build.assemble(JUNO, history[:1], now(1))
    build.relieve(JUNO, history)
    before = build.assemble(JUNO, history, now(2)).sections
    after = build.assemble(JUNO, history[1:], now(2)).sections
    assert any("Marigold</earlier>" in s.text or "Marigold." in s.text for s in before)
    assert not any("<earlier>" in s.text for s in after)


def test_the_line_holds_the_owners_telling_sentences_in_order():
    line = earlier(told("My boat is old. What now?", "ok", "I paint my boat red."), "Sam")
    assert line == "<earlier>Sam said: My boat is old. I paint my boat red.</earlier>\n"


def test_the_line_is_short_and_opens_no_tag():
    line = earlier(told(*[f"my <now> number{n} is long and wide" for n in range(50)]), "S<m")
    assert len(line.split()) <= WORDS + 3
    assert line.count("<") == 2


def test_there_is_no_line_about_nothing():
    assert earlier(told("ok", "why?"), "Sam") == ""


def test_a_new_conversation_tells_of_no_earlier_turns():
    build = letters(700)
    history = told(*["i walked along the river"] * 20)
    build.assemble(JUNO, history[:1], now(1))
    build.relieve(JUNO, history)
    build.reset()
    sections = build.assemble(JUNO, history[:2], now(2)).sections
    assert not any("<earlier>" in section.text for section in sections)


def test_room_is_made_for_a_turn_as_long_as_the_longest():
    build = letters(700)
    history = told(*["i walked along the river"] * 20)
    longest = build.assemble(JUNO, history[:1], now(1)).new
    tokens = build.relieve(JUNO, history)
    assert len(tokens) + longest <= build.room.prompt
    following = build.assemble(JUNO, history, replace(now(3), notes=()))
    assert following.tokens[: len(tokens)] == tokens
    assert not any("turns" in name for name in following.dropped)


class Readied(Writer):
    """A model that cannot be cut, and tells when it was made ready."""

    def __init__(self, script):
        super().__init__(script)
        self.can_cut = False
        self.was = threading.Event()

    def ready(self, tokens):
        self.was.set()
        yield from super().ready(tokens)


def test_a_session_makes_room_after_the_turn():
    llm = Readied(["Hello."])
    made, _ = scripted([], llm=llm)
    session = Session(made, None)
    session.start(greeting=False)
    session.type("hello there")
    assert llm.was.wait(10)
    assert len(made.history) == 1
    assert session.close()
