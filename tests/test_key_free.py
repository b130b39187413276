"""Hands-free: when a turn begins and ends, chunk by chunk of 32 ms."""

import numpy as np
import pytest

from companion.events import Answered, Words
from companion.key.free import LOST_SECONDS, Free, Interrupting, Rules, Turns
from companion.key.itself import Breaker, repeats

VOICE, QUIET = 0.9, 0.01
CHUNK = np.zeros(512, np.float32)


class Key:
    """Writes down when it is pressed and released."""

    def __init__(self):
        self.recording, self.did = False, []

    def press(self, key):
        self.did.append(f"press {key}")
        self.recording = True

    def release(self, key=""):
        self.did.append(f"release {key}")
        self.recording = False


class Script:
    """Sound, and an ear that finds in it what the test says."""

    def __init__(self):
        self.likely, self.forgotten, self.asked = [], 0, 0

    def read(self):
        return np.concatenate([CHUNK] * len(self.likely)) if self.likely else CHUNK[:0]

    def hear(self, samples):
        self.asked += len(samples) > 0
        found, self.likely = self.likely, []
        return found

    def forget(self):
        self.forgotten += 1


class Room:
    """A conversation without a key."""

    def __init__(self):
        self.key, self.script, self.busy, self.now = Key(), Script(), False, 0.0
        self.free = Free(self.script, self.script, self.key, lambda: self.busy)

    def hear(self, likely, chunks):
        for _ in range(chunks):
            self.script.likely = [likely]
            self.now += 0.032
            self.free.look(self.now)


@pytest.fixture
def room():
    made = Room()
    made.hear(QUIET, 20)
    return made


def test_five_chunks_of_a_voice_press_and_six_tenths_of_silence_release(room):
    room.hear(VOICE, 4)
    assert room.key.did == []
    room.hear(VOICE, 1)
    assert room.key.did == ["press voice"]
    room.hear(VOICE, 30)
    room.hear(QUIET, 18)
    assert room.key.did == ["press voice"]
    room.hear(QUIET, 1)  # 19 × 32 ms
    assert room.key.did == ["press voice", "release voice"]


def test_a_cough_begins_nothing(room):
    for _ in range(5):
        room.hear(VOICE, 4)
        room.hear(QUIET, 12)
    assert room.key.did == []


def test_a_pause_between_words_ends_nothing(room):
    room.hear(VOICE, 10)
    for _ in range(5):
        room.hear(QUIET, 18)
        room.hear(VOICE, 3)
    assert room.key.did == ["press voice"]


def test_the_soft_ending_of_a_word_belongs_to_it(room):
    room.hear(VOICE, 10)
    room.hear(0.4, 30)
    assert room.key.did == ["press voice"]


def test_the_silence_that_ends_a_turn_can_be_set():
    turns = Turns(Rules(silence=1.6))
    for _ in range(5):
        turns.hear(VOICE, recording=False, busy=False)
    did = [turns.hear(QUIET, recording=True, busy=False) for _ in range(50)]
    assert did == [""] * 49 + ["release"]


def test_nothing_is_listened_to_while_the_character_speaks_and_for_a_moment_after(room):
    room.busy = True
    room.hear(VOICE, 50)
    assert room.script.asked == 20  # not one chunk of these
    room.busy = False
    room.hear(VOICE, 13)  # 0.4 s: what the room still holds
    room.hear(VOICE, 4)
    assert room.key.did == []
    room.hear(VOICE, 1)
    assert room.key.did == ["press voice"]


def test_a_key_that_is_held_is_not_released_by_a_silence(room):
    room.key.press("space")
    room.hear(VOICE, 20)
    room.hear(QUIET, 40)
    assert room.key.did == ["press space"]


def test_a_key_may_end_what_a_voice_began(room):
    room.hear(VOICE, 10)
    room.key.release("space")
    room.hear(QUIET, 40)
    assert room.key.did == ["press voice", "release space"]


def test_a_microphone_that_does_not_come_back_ends_the_recording(room):
    room.hear(VOICE, 10)
    room.free.look(room.now + LOST_SECONDS)
    assert room.key.did == ["press voice"]
    room.free.look(room.now + LOST_SECONDS + 0.1)
    assert room.key.did == ["press voice", "release voice"]


def test_switched_off_it_begins_nothing_and_ends_what_it_began(room):
    room.hear(VOICE, 10)
    room.free.on = False
    room.hear(QUIET, 19)
    room.hear(VOICE, 50)
    assert room.key.did == ["press voice", "release voice"]


def test_a_listener_that_was_never_started_can_be_closed(room):
    room.free.close()


# ── hearing itself ───────────────────────────────────────────────────────────────────────────────


def answered(text):
    return Answered(text, complete=True, record={})


def test_two_turns_with_the_words_just_spoken_end_it():
    trips = []
    breaker = Breaker(lambda: trips.append("tripped"))
    breaker.see(answered("There was an old dog who could sing."))
    breaker.see(Words("there was an old dog who sing", 0.8))
    assert trips == []
    breaker.see(answered("It sounds like you like dogs."))
    breaker.see(Words("Sounds like you like dogs.", 0.8))
    assert trips == ["tripped"]


def test_one_turn_with_other_words_between_them_is_a_conversation():
    trips = []
    breaker = Breaker(lambda: trips.append("tripped"))
    for words in ("an old dog", "What is its name?", "an old dog", "Where was that?"):
        breaker.see(answered("There was an old dog who could sing."))
        breaker.see(Words(words, 0.8))
    assert trips == []


@pytest.mark.parametrize(
    ("heard", "said", "same"),
    [
        ("could sing every evening", "He could sing. Every evening they came.", True),
        ("I live in Oxford", "You live in Oxford, I know.", True),
        ("I like music too", "What music do you like?", False),
        ("yes", "Yes.", False),
        ("", "", False),
    ],
)
def test_most_words_in_their_order_are_the_same(heard, said, same):
    assert repeats(heard, said) is same


# ── after a word ─────────────────────────────────────────────────────────────────────────────────


class Word:
    """A wake word that is said when the test says so."""

    said = False

    def heard(self, _):
        said, self.said = self.said, False
        return said


@pytest.fixture
def waiting():
    made = Room()
    word = made.word = Word()
    made.free = Free(made.script, made.script, made.key, lambda: made.busy, word=word)
    return made


def test_without_the_word_nothing_begins(waiting):
    waiting.hear(VOICE, 100)
    assert (waiting.key.did, waiting.script.asked) == ([], 0)


def test_the_word_begins_a_turn_that_does_not_hold_it(waiting):
    waiting.word.said = True
    waiting.hear(VOICE, 1)
    assert waiting.key.did == ["press voice"]
    assert waiting.script.forgotten == 2  # the sound and the ear
    waiting.script.likely = []
    waiting.hear(VOICE, 20)
    waiting.hear(QUIET, 19)
    assert waiting.key.did == ["press voice", "release voice"]


def test_after_the_word_there_are_four_seconds_to_begin(waiting):
    waiting.word.said = True
    waiting.hear(VOICE, 1)
    waiting.script.likely = []
    waiting.hear(QUIET, 124)
    assert waiting.key.did == ["press voice"]
    waiting.hear(QUIET, 1)
    assert waiting.key.did == ["press voice", "release voice"]


def test_the_word_does_nothing_while_the_character_speaks(waiting):
    waiting.busy = waiting.word.said = True
    waiting.hear(VOICE, 10)
    assert waiting.key.did == []


# ── over the character's voice ───────────────────────────────────────────────────────────────────


class Echo:
    """Takes nothing out."""

    playing, cleaned = True, 0

    def clean(self, samples):
        self.cleaned += 1
        return samples


@pytest.fixture
def open_room(room):
    room.busy, room.echo, room.kept = True, Echo(), []
    room.free.interrupting = Interrupting(room.echo, room.kept.append)
    return room


def test_a_voice_over_the_characters_interrupts_it_and_keeps_how_it_began(open_room):
    open_room.hear(VOICE, 5)
    assert open_room.key.did == []
    open_room.hear(VOICE, 1)
    assert open_room.key.did == ["press voice"]
    assert [len(samples) for samples in open_room.kept] == [6 * 512]
    open_room.hear(QUIET, 19)
    assert open_room.key.did == ["press voice", "release voice"]


def test_what_is_kept_of_before_an_interruption_is_bounded(open_room):
    open_room.hear(QUIET, 200)
    open_room.hear(VOICE, 6)
    assert len(open_room.kept[0]) == 1.2 * 16_000


def test_a_character_that_thinks_is_not_interrupted(open_room):
    open_room.echo.playing = False
    open_room.hear(VOICE, 50)
    assert open_room.key.did == []


def test_the_canceller_keeps_pace_with_a_reply_that_nobody_may_interrupt(open_room):
    open_room.free.on = False
    open_room.hear(VOICE, 50)
    assert (open_room.key.did, open_room.echo.cleaned) == ([], 50)


def test_the_wake_word_interrupts_where_there_is_one(waiting):
    waiting.busy = True
    waiting.free.interrupting = Interrupting(Echo(), [].append)
    waiting.hear(VOICE, 20)
    assert waiting.key.did == []
    waiting.word.said = True
    waiting.hear(VOICE, 1)
    assert waiting.key.did == ["press voice"]
