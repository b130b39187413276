"""What the model still holds: turns that leave, turns that were stopped, what is kept on disk."""

import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from companion.errors import EngineError
from companion.flow import Cancel
from companion.llm.engine import Limits, Llama
from companion.llm.held import Held, gap
from companion.prompt import Assembler, Now, Room
from companion.testing import NOON, Loudspeaker, scripted
from companion.trace import Trace
from companion.turn import turn
from companion.values import Exchange, Heard, Note, Persona, Prompt

STORIES = Path(os.environ.get("COMPANION_TESTDATA", "-")) / "gguf" / "stories260K.gguf"
MODEL = Path(__file__).parents[1] / "models" / "offline" / "companion.gguf"
JUNO = Persona("Juno", "Sam", description="Juno keeps a lighthouse.", greeting="Hello Sam!")
NOTE = Note("n", "my boat is called Marigold", "Sam", NOON)
LIMITS = Limits(context=384, reply=24, temperature=0)
SAYINGS = (
    "i walked along the river this morning",
    "my sister comes to visit on sunday",
    "there was a storm over the harbour",
    "i baked some bread for the neighbours",
    "the cat sat on the roof all day",
    "what do you think about the sea",
)


@pytest.fixture(scope="module")
def loaded():
    llama = Llama(MODEL, LIMITS)
    yield llama
    llama.close()


@pytest.fixture
def llama(loaded):
    loaded.forget()
    return loaded


def prompts(llama):
    return Assembler(llama, llama.chat, Room(LIMITS.context, LIMITS.reply, 60))


def now(turn):
    words = f"{SAYINGS[turn % len(SAYINGS)]} and that was number {turn}"
    return Now(words, (NOTE,), NOON + timedelta(minutes=turn))


def until_turns_leave(llama, build):
    """Talk until the context is full: the history, and the prompt without its oldest turns."""
    history = []
    for number in range(60):
        prompt = build.assemble(JUNO, history, now(number))
        if any("turns" in name for name in prompt.dropped):
            return history, prompt
        reply = "".join(llama.stream(prompt, Cancel()))
        history.append(Exchange(now(number).words, reply))
    raise AssertionError("the context never became full")


def test_the_turn_in_which_the_oldest_leave_costs_its_new_tokens_only(llama):
    _, prompt = until_turns_leave(llama, prompts(llama))
    list(llama.stream(prompt, Cancel()))
    assert llama.counts.evaluated <= 1.1 * llama.counts.new


def test_the_turn_after_it_costs_its_new_tokens_only(llama):
    build = prompts(llama)
    history, prompt = until_turns_leave(llama, build)
    reply = "".join(llama.stream(prompt, Cancel()))
    history.append(Exchange(now(len(history)).words, reply))
    list(llama.stream(build.assemble(JUNO, history, now(len(history))), Cancel()))
    assert llama.counts.evaluated <= 1.1 * llama.counts.new


def test_work_that_nobody_waits_for_does_not_make_that_turn_dearer(llama):
    _, prompt = until_turns_leave(llama, prompts(llama))
    assert list(llama.fill("Say yes or no.", 'root ::= "yes" | "no"', 9))
    list(llama.stream(prompt, Cancel()))
    assert llama.counts.evaluated <= 1.1 * llama.counts.new


def test_what_is_held_after_it_is_the_prompt(llama):
    _, prompt = until_turns_leave(llama, prompts(llama))
    llama.read(prompt, Cancel())
    assert llama.context == prompt.tokens[:-1]


def expected(llama, prompt, reply):
    """What the model holds for likeliest at each token of `reply`."""
    found = []
    for n in range(len(reply)):
        tokens = (*prompt.tokens, *reply[:n])
        list(llama.stream(replace(prompt, tokens=tokens, volatile=(0, 0)), Cancel()))
        width = llama._llama.n_vocab()
        logits = np.ctypeslib.as_array(llama._llama._ctx.get_logits(), shape=(width,))
        found.append(int(logits.argmax()))
    return found


def test_a_model_expects_the_same_words_after_turns_have_left(llama):
    _, prompt = until_turns_leave(llama, prompts(llama))
    llama.limits = replace(LIMITS, reply=1)
    reply = llama.encode(
        " I like the sea. It is calm in the morning, and loud at night.", special=False
    )
    moved = expected(llama, prompt, reply)
    llama.forget()
    fresh = expected(llama, prompt, reply)
    llama.limits = LIMITS
    assert len(reply) >= 10
    assert sum(a == b for a, b in zip(moved, fresh, strict=True)) >= 0.9 * len(reply)


def told(raw, length):
    """A story that the model tells itself, and how it begins anew when it is over."""
    tokens = raw.tokenize(b"Once upon a time, there was a little")
    while len(tokens) < length:
        for token in raw.generate(list(tokens), temp=0.8):
            if token == raw.token_eos() or len(tokens) == length:
                break
            tokens.append(token)
        else:
            break
        tokens += raw.tokenize(b" Then one day", add_bos=False)
    return tokens[:length]


def likeliest(raw, tokens):
    """The likeliest token behind each of these."""
    for token in tokens:
        raw.eval([token])
        logits = np.ctypeslib.as_array(raw._ctx.get_logits(), shape=(raw.n_vocab(),))
        yield int(logits.argmax())


@pytest.mark.skipif(
    not STORIES.is_file(), reason="needs gguf/stories260K.gguf of COMPANION_TESTDATA"
)
def test_a_model_that_tells_stories_goes_on_as_before_after_its_beginning_has_left():
    import llama_cpp

    raw = llama_cpp.Llama(str(STORIES), n_ctx=512, n_batch=256, n_threads=1, seed=1, verbose=False)
    held, agreed, places = Held(raw), 0, 0
    for seed in range(3):
        raw.set_seed(seed + 1)
        story = told(raw, 440)
        body, after = story[:400], story[400:]
        kept = body[:10] + body[200:]
        held.clear()
        held.read(body, Cancel())
        held.story = 1
        assert held.fit((*kept, -1), 1, len(kept)) == len(kept)
        moved = list(likeliest(raw, after))
        held.clear()
        held.read(kept, Cancel())
        agreed += sum(a == b for a, b in zip(moved, likeliest(raw, after), strict=True))
        places += len(after)
    raw.close()
    assert agreed >= 0.9 * places


def test_what_was_forgotten_leaves_nothing_behind_in_what_followed_it(llama):
    build = prompts(llama)
    history = []
    for number in range(4):
        reply = "".join(llama.stream(build.assemble(JUNO, history, now(number)), Cancel()))
        history.append(Exchange(now(number).words, reply))
    prompt = build.assemble(JUNO, history[:1] + history[2:], now(4))
    list(llama.stream(prompt, Cancel()))
    after = len(build.assemble(JUNO, history[2:], now(4)).tokens) - len(build.start(JUNO))
    assert llama.counts.evaluated >= after


def test_an_edited_card_leaves_nothing_behind_in_what_follows_it(llama):
    build = prompts(llama)
    long = replace(
        JUNO, description="Juno keeps a lighthouse. Juno is rude to everybody who comes."
    )
    reply = "".join(llama.stream(build.assemble(long, [], now(0)), Cancel()))
    prompt = build.assemble(JUNO, [Exchange(now(0).words, reply)], now(1))
    list(llama.stream(prompt, Cancel()))
    assert llama.counts.evaluated > llama.counts.new + len(llama.encode(reply, special=False))


@pytest.mark.parametrize(
    ("held", "wanted", "at", "found"),
    [
        ([*range(9), *range(20, 60)], [*range(9), *range(30, 60)], 9, (19, 30)),
        ([*range(9), *range(20, 60)], [*range(9), *range(70, 99)], 9, (9, 0)),
        ([*range(9), *range(20, 30)], [*range(9), *range(22, 30)], 9, (9, 0)),
        ([0, *range(50), *range(50)], [*range(50)], 0, (1, 50)),
        ([], [1], 0, (0, 0)),
    ],
)
def test_a_gap_is_where_the_rest_goes_on(held, wanted, at, found):
    assert gap(held, wanted, at) == found


# ── stopped ──────────────────────────────────────────────────────────────────────────────────────


class StopsAt(Cancel):
    """A stop sign that is set when it is looked at for the n-th time."""

    def __init__(self, looks):
        super().__init__()
        self.looks = looks

    def __bool__(self):
        self.looks -= 1
        if self.looks == 0:
            self.set()
        return super().__bool__()


def test_what_was_read_before_a_stop_is_not_read_again(llama):
    _, prompt = until_turns_leave(llama, prompts(llama))
    llama.forget()
    before = llama.read(prompt, StopsAt(3))
    after = llama.read(prompt, Cancel())
    assert 0 < before < len(prompt.tokens) - 1
    assert before + after == len(prompt.tokens) - 1


def test_a_stop_in_the_middle_of_a_step_ends_the_step(llama):
    cancel = Cancel()
    with llama._used(cancel):
        cancel.set()
        with pytest.raises(RuntimeError, match="returned 2"):
            llama._llama.eval([5] * 32)


def test_a_model_that_writes_is_stopped_before_it_is_freed():
    llama = Llama(MODEL, LIMITS)
    words = llama.stream(prompts(llama).assemble(JUNO, [], now(0)), Cancel())
    next(words)
    writer = threading.Thread(target=lambda: list(words))
    closer = threading.Thread(target=llama.close)
    closer.start()
    writer.start()
    writer.join(10)
    closer.join(10)
    assert not writer.is_alive()
    assert not closer.is_alive()


def test_a_closed_model_refuses_to_be_used():
    llama = Llama(MODEL, LIMITS)
    prompt = prompts(llama).assemble(JUNO, [], now(0))
    llama.close()
    with pytest.raises(EngineError):
        llama.read(prompt, Cancel())


def test_what_stopped_one_turn_does_not_stop_the_next(llama):
    earlier = Cancel()
    prompt = prompts(llama).assemble(JUNO, [], now(0))
    words = llama.stream(prompt, earlier)
    next(words)
    words.close()
    following = llama.stream(prompt, Cancel())
    next(following)
    earlier.set()
    assert "".join(following)
    assert llama.counts.ended != "cancelled"


def test_after_an_interruption_only_what_changed_is_read(llama):
    build = prompts(llama)
    words = llama.stream(build.assemble(JUNO, [], now(0)), Cancel())
    heard = next(words) + next(words) + next(words)
    words.close()
    prompt = build.assemble(JUNO, [Exchange(now(0).words, heard)], now(1))
    list(llama.stream(prompt, Cancel()))
    assert llama.counts.evaluated <= 1.1 * llama.counts.new


def test_after_a_press_during_the_reply_only_what_changed_is_read(llama):
    """The whole data path: what was heard is what the clauses say."""
    stop = Cancel()
    speaker = Loudspeaker(lambda number: stop.set() if number else None)
    made, _ = scripted([], llm=llama, prompt=prompts(llama), speaker=speaker, persona=JUNO)
    said = turn(made, Heard("tell me a long story please"), stop, Trace())
    assert said is not None
    assert not said.complete
    made.speaker = Loudspeaker()
    turn(made, Heard("thank you"), Cancel(), Trace())
    assert made.history[0].reply.strip()
    assert llama.counts.evaluated <= 1.1 * llama.counts.new


# ── kept on the disk ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "cards"


def warmed(folder, persona=JUNO, limits=LIMITS):
    """How many tokens of a card a newly loaded model had to read, and what it answers."""
    llama = Llama(MODEL, limits, folder)
    build = prompts(llama)
    start = build.start(persona)
    held = llama._held.begin(start)
    llama.warm(start)
    assert llama.context == start
    reply = "".join(llama.stream(build.assemble(persona, [], now(0)), Cancel()))
    llama.close()
    return len(start) - held, reply


def test_a_card_is_read_once_for_all_starts(kept):
    read, first = warmed(kept)
    assert read > 0
    assert warmed(kept) == (0, first)


def test_another_card_is_read(kept):
    warmed(kept)
    assert warmed(kept, replace(JUNO, description="Juno sells ships."))[0] > 0


def test_a_kept_card_does_not_fit_another_size_of_the_model(kept):
    warmed(kept)
    assert warmed(kept, limits=replace(LIMITS, context=512))[0] > 0


def damaged(raw):
    """A file of these bytes, damaged in every way a disk knows."""
    middle = len(raw) // 2
    flipped = raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]
    return {"flipped": flipped, "short": raw[:middle], "empty": b"", "longer": raw + b"\0"}


@pytest.mark.parametrize("way", ["flipped", "short", "empty", "longer"])
def test_a_damaged_file_is_read_anew_silently(kept, way, capfd):
    _, first = warmed(kept)
    (file,) = kept.iterdir()
    file.write_bytes(damaged(file.read_bytes())[way])
    read, reply = warmed(kept)
    assert (read > 0, reply) == (True, first)
    assert capfd.readouterr() == ("", "")
    assert warmed(kept) == (0, first)


def test_a_folder_that_cannot_be_written_costs_only_the_reading(tmp_path):
    blocked = tmp_path / "cards"
    blocked.write_text("no folder")
    assert warmed(blocked)[0] > 0


def test_nothing_that_was_said_gets_into_the_folder(kept):
    llama = Llama(MODEL, LIMITS, kept)
    build = prompts(llama)
    llama.warm(build.start(JUNO))
    before = {file: file.read_bytes() for file in kept.iterdir()}
    until_turns_leave(llama, build)
    llama.forget()
    list(llama.stream(build.assemble(JUNO, [], now(0)), Cancel()))
    llama.close()
    assert {file: file.read_bytes() for file in kept.iterdir()} == before
    assert len(before) == 1


def test_a_forgotten_conversation_begins_with_the_kept_card(kept):
    llama = Llama(MODEL, LIMITS, kept)
    build = prompts(llama)
    llama.warm(build.start(JUNO))
    llama.forget()
    list(llama.stream(build.assemble(JUNO, [], now(0)), Cancel()))
    assert llama.counts.reused == len(build.start(JUNO))
    llama.close()


def test_only_the_owner_can_read_what_is_kept(kept):
    warmed(kept)
    (file,) = kept.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_prompt_without_a_story_is_never_patched_together(llama):
    _, prompt = until_turns_leave(llama, prompts(llama))
    list(llama.stream(Prompt(prompt.tokens, prompt.new, prompt.volatile), Cancel()))
    assert llama.counts.evaluated > 1.5 * llama.counts.new
