"""Playing a reply: which words were heard, how it is cut, and what goes wrong upstream."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_sound_files import pitch_of, tone

from companion.errors import DeviceError, EngineError
from companion.flow import Cancel
from companion.sound.playback import FIRST_BLOCKS, Volume, heard_text, heard_words, play_to
from companion.sound.wav import WavSpeaker
from companion.values import Clause, Speech

RATE = 48_000


def clause(text: str, seconds: float = 0.5, rate: int = 22_050, marks=()) -> Speech:
    return Speech(Clause(text, text), tone(rate, seconds), rate, marks)


@st.composite
def marked(draw):
    """A clause of 1,000 samples with rising marks, or without."""
    text = draw(st.text(min_size=1, max_size=60))
    at = sorted(draw(st.sets(st.integers(0, 1_000), max_size=8)))
    heard = sorted(draw(st.lists(st.integers(0, len(text)), min_size=len(at), max_size=len(at))))
    marks = tuple(zip(heard, at, strict=True))
    return Speech(Clause(text, text), np.zeros(1_000, np.float32), 22_050, marks)


@given(speech=marked(), samples=st.integers(-10, 1_100))
def test_a_cut_clause_ends_with_a_whole_word(speech, samples):
    text = speech.clause.text
    heard = heard_words(speech, samples)
    assert text.startswith(heard)
    if heard not in {"", text}:
        assert not (heard[-1].isalnum() and text[len(heard)].isalnum())
        assert any(character.isalnum() or character in "'’-" for character in heard)


@given(speech=marked(), samples=st.integers(0, 999))
def test_no_word_counts_that_was_not_heard(speech, samples):
    heard = len(heard_words(speech, samples))
    if speech.marks:
        assert heard <= max((chars for chars, at in speech.marks if at <= samples), default=0)
    else:
        assert heard <= len(speech.clause.text) * samples / 1_000


@given(speech=marked(), first=st.integers(0, 1_000), more=st.integers(0, 1_000))
def test_more_sound_never_means_fewer_words(speech, first, more):
    assert heard_words(speech, first + more).startswith(heard_words(speech, first))


@given(
    parts=st.lists(st.tuples(st.text(max_size=9), st.integers(0, 900)), max_size=6),
    seconds=st.floats(0, 1),
)
def test_what_was_heard_begins_the_reply(parts, seconds):
    speech = [
        Speech(Clause(text, text), np.zeros(samples, np.float32), 1_000) for text, samples in parts
    ]
    reply = "".join(text for text, _ in parts)
    assert reply.startswith(heard_text(speech, seconds))
    whole = sum(samples for _, samples in parts) / 1_000
    spoken = "".join(text for text, _ in parts[: last_spoken(parts) + 1])
    assert heard_text(speech, whole) == spoken.rstrip()


def last_spoken(parts) -> int:
    return max((at for at, (_, samples) in enumerate(parts) if samples), default=-1)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (0, ""),
        (499, ""),
        (500, "Well,"),
        (749, "Well,"),
        (750, "Well, don't"),
        (949, "Well, don't"),
        (950, "Well, don't!"),
        (1_000, "Well, don't! "),
    ],
)
def test_words_are_counted_by_their_marks(samples, words):
    marks = ((5, 500), (9, 600), (11, 750), (12, 950))
    speech = Speech(Clause("Well, don't! ", ""), np.zeros(1_000, np.float32), 22_050, marks)
    assert heard_words(speech, samples) == words


def in_pieces(*lengths: int, last: bool = True) -> list[Speech]:
    """A clause of four words, 500 samples each, that comes piece by piece."""
    words = Clause("One two three four.", "One two three four.")
    marks = ((3, 500), (7, 1_000), (13, 1_500), (19, 2_000))
    sound = [np.zeros(length, np.float32) for length in lengths]
    rest = [Speech(Clause("", ""), one, 1_000, (), last=False) for one in sound[1:]]
    pieces = [Speech(words, sound[0], 1_000, marks, last=False), *rest]
    return [*pieces[:-1], replace(pieces[-1], last=last)]


@pytest.mark.parametrize("lengths", [(2_000, 0), (300, 1_700), (300, 900, 800)])
def test_words_of_a_clause_in_pieces_are_counted_over_all_of_them(lengths):
    heard = [heard_text(in_pieces(*lengths), at / 1_000) for at in (499, 1_000, 1_990, 2_000)]
    assert heard == ["", "One two", "One two three", "One two three four."]


def test_of_a_clause_that_broke_off_only_the_words_that_sounded_are_heard():
    assert heard_text(in_pieces(700, 500, last=False), 9.0) == "One two"
    unmarked = [replace(part, marks=()) for part in in_pieces(700, 500, last=False)]
    assert heard_text(unmarked, 9.0) == ""


def test_an_error_within_a_clause_comes_with_the_words_that_were_heard():
    def breaks():
        yield from in_pieces(700, 500, last=False)
        raise EngineError("voice", "It stopped.")

    said = WavSpeaker(1_000).play(breaks(), Cancel())
    assert (said.text, said.complete, said.seconds) == ("One two", False, 1.2)


def test_a_stage_direction_counts_once_something_after_it_was_heard():
    smiles = Speech(Clause("*smiles* ", ""), np.zeros(0, np.float32), 1_000)
    hello = Speech(Clause("Hello there.", ""), np.zeros(1_000, np.float32), 1_000)
    assert heard_text([smiles, hello], 0.0) == ""
    assert heard_text([smiles, hello], 0.6) == "*smiles* Hello"
    assert heard_text([hello, smiles], 1.0) == "Hello there."


def test_a_reply_in_two_rates_is_played_at_the_devices_own():
    speaker = WavSpeaker(RATE)
    said = speaker.play([clause("One ", 0.5, 16_000), clause("two.", 0.5, 24_000)], Cancel())
    assert (said.text, said.complete) == ("One two.", True)
    assert said.seconds == pytest.approx(1.0)
    assert len(speaker.samples) / RATE == pytest.approx(1.0, abs=0.021)
    assert pitch_of(speaker.samples, RATE) == pytest.approx(1_000, abs=1)


def test_clauses_of_a_reply_join_without_a_click():
    sound = tone(22_050, 1.0)
    parts = [
        Speech(Clause("x", "x"), piece, 22_050) for piece in np.split(sound, [3_001, 9_999, 10_100])
    ]
    speaker = WavSpeaker(RATE)
    speaker.play(parts, Cancel())
    inner = speaker.samples[1_000 : RATE - 1_000].astype(np.float64)
    assert np.abs(np.diff(inner, 3)).max() < 1.2 * 0.5 * (2 * np.pi * 1_000 / RATE) ** 3


class Pressed:
    """A sink that sets the stop sign once some blocks were played."""

    def __init__(self, after: int) -> None:
        self.cancel = Cancel()
        self.after = after
        self.blocks: list[np.ndarray] = []

    def __call__(self, block: np.ndarray) -> None:
        self.blocks.append(block)
        if len(self.blocks) == self.after:
            self.cancel.set()


@pytest.mark.parametrize("after", [1, 7, 20])
def test_after_a_press_only_a_fade_of_five_milliseconds_is_written(after):
    pressed = Pressed(after)
    said = WavSpeaker(RATE, pressed).play([clause("one two three four", 1.0)], pressed.cancel)
    tail = np.concatenate(pressed.blocks[after:])
    assert len(tail) == 240
    assert abs(tail[-1]) < 1e-6
    assert (said.complete, said.error) == (False, None)
    assert said.seconds == pytest.approx((FIRST_BLOCKS - 1 + after) * 0.02)
    assert said.text == {1: "", 7: "one", 20: "one two"}[after]


def test_a_press_before_the_first_word_writes_nothing_and_says_nothing():
    speaker, cancel = WavSpeaker(RATE), Cancel()
    cancel.set()
    said = speaker.play([], cancel)
    assert (said.text, said.complete, len(speaker.samples)) == ("", False, 0)


def failing(error: Exception):
    yield clause("One two. ", 0.5)
    raise error


def test_an_error_upstream_comes_with_the_words_that_were_said():
    speaker = WavSpeaker(RATE)
    error = EngineError("llm", "It stopped.")
    said = speaker.play(failing(error), Cancel())
    assert (said.text, said.complete, said.error) == ("One two. ", False, error)
    assert len(speaker.samples) / RATE >= 0.5


def test_a_fault_of_ours_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        WavSpeaker(RATE).play(failing(ZeroDivisionError()), Cancel())


class Unplugged:
    """An outlet that takes some blocks and is then gone."""

    rate = RATE

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks

    def write(self, _: np.ndarray) -> None:
        self.blocks -= 1
        if self.blocks < 0:
            raise DeviceError("The loudspeaker was lost.")

    def cut(self, _: np.ndarray) -> int:
        raise DeviceError("The loudspeaker was lost.")

    def finish(self) -> None:
        raise DeviceError("The loudspeaker was lost.")


@pytest.mark.parametrize(
    ("blocks", "words"), [(0, ""), (20, "one two"), (50, "one two three four")]
)
def test_a_lost_loudspeaker_comes_with_the_words_before(blocks, words):
    said = play_to(Unplugged(blocks), [clause("one two three four", 1.0)], Cancel(), lambda: 1.0)
    assert (said.text, said.complete) == (words, False)
    assert isinstance(said.error, DeviceError)


def test_the_first_sound_is_told_once_and_not_for_silence():
    told = []
    silence = Speech(Clause("", ""), np.zeros(2_205, np.float32), 22_050)
    speaker = WavSpeaker(RATE)
    speaker.play([silence], Cancel(), lambda: told.append("silence"))
    speaker.play([silence, clause("One.")], Cancel(), lambda: told.append("sound"))
    assert told == ["sound"]


def test_volume_moves_without_a_step_and_never_beyond_full_scale():
    volume = Volume()
    full = np.ones(960, np.float32)
    first, second = volume.apply(full, 1.0), volume.apply(full, 0.0)
    assert first.min() == 1
    assert np.abs(np.diff(second)).max() < 0.002
    assert second[-1] == 0
    assert Volume().apply(full, 3.0).max() == 1


def test_a_muted_reply_takes_its_time_and_is_said():
    speaker = WavSpeaker(RATE)
    speaker.muted = True
    assert speaker.play([clause("One.")], Cancel()).text == "One."
    assert np.abs(speaker.samples).max() == 0
    speaker.close()


def test_a_cue_is_played_at_the_devices_rate():
    speaker = WavSpeaker(RATE)
    speaker.cue(tone(24_000, 0.1), 24_000)
    assert len(speaker.samples) == 4_800
