"""Clauses that are cut by how fast the model writes and the voice speaks."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

from companion.flow import Cancel
from companion.measure.bench.clauses import REPLIES
from companion.speech.pace import Pace, Rate, enough_sound, enough_words
from companion.values import Clause, Speech

TALK = (
    "Oh, I know that one. I had a long day at the harbour, but hearing your voice makes it better "
    "when the rain comes in from the sea and the lamps are lit along the quay. My brother used to "
    "say that nobody should walk home alone in such a night, because the steps are wet. So I wait "
    "for him with the kettle on the stove until he comes up the stairs and laughs at me. "
)
TALK = (TALK * 3).strip()
RATE = 1_000
LETTERS = 15.0  # a second


class Stage:
    """A model, a voice and a loudspeaker on one clock that is moved by hand.

    Args:
        letters: How many characters a second the model writes.
        factor: The voice's work for each second of sound.
    """

    def __init__(self, letters: float, factor: float) -> None:
        self.now = 0.0
        self.letters, self.factor = letters, factor
        self.pace = Pace(lambda: self.now)
        self.pace.expect(factor)
        self.voice_free = self.heard_until = 0.0
        self.gaps: list[float] = []
        self.clauses: list[Clause] = []
        self.due: list[tuple[float, Clause]] = []

    def write(self, text: str):
        for word in re.findall(r" ?\S+", text):
            self.wait(self.now + len(word) / self.letters)
            yield word

    def wait(self, until: float) -> None:
        """Let the voice finish what it can by then."""
        while self.due and self.due[0][0] <= until:
            self.now, clause = self.due.pop(0)
            self.render(clause)
        self.now = until

    def render(self, clause: Clause) -> None:
        seconds = len(clause.spoken) / LETTERS
        done = Speech(clause, np.zeros(round(seconds * RATE), np.float32), RATE)
        begun, self.now = self.now, self.now - seconds * self.factor
        given = self.pace._handed([clause])
        next(given)
        self.now = begun
        self.pace._rendered(done)
        if self.heard_until:
            self.gaps.append(max(0.0, self.now - self.heard_until))
        self.heard_until = max(self.heard_until, self.now) + seconds

    def run(self, text: str) -> float:
        """Milliseconds of silence within a minute of speech."""
        for clause in self.pace.clauses(self.write(text)):
            self.clauses.append(clause)
            begin = max(self.now, self.voice_free)
            self.voice_free = begin + len(clause.spoken) / LETTERS * self.factor
            self.due.append((self.voice_free, clause))
        self.wait(self.now + 1e6)
        return 60_000 * sum(self.gaps) / (len(text) / LETTERS)


def test_a_quick_model_is_cut_into_whole_sentences():
    stage = Stage(letters=400, factor=0.05)
    stage.run(TALK)
    assert [clause.text.strip()[-1] for clause in stage.clauses[1:]] == ["."] * 11
    assert "".join(clause.text for clause in stage.clauses) == TALK


@pytest.mark.parametrize("factor", [0.05, 0.2, 0.4, 0.7])
@pytest.mark.parametrize("speed", [1.3, 2.0, 4.0, 10.0])
def test_a_model_that_writes_faster_than_the_voice_speaks_leaves_no_gap(speed, factor):
    stage = Stage(LETTERS * speed, factor)
    assert stage.run(TALK) == 0


@pytest.mark.parametrize("factor", [0.1, 0.4, 0.7])
def test_forty_replies_of_a_model_that_just_keeps_up_are_silent_20_ms_a_minute_at_most(factor):
    sentences = [*REPLIES, *re.split(r"(?<=\.) ", TALK)[:4]]
    silence = seconds = 0.0
    for seed in range(40):
        stage = Stage(1.3 * LETTERS, factor)
        text = " ".join(random.Random(seed).sample(sentences, 4))
        stage.run(text)
        silence, seconds = silence + sum(stage.gaps), seconds + len(text) / LETTERS
    assert 60_000 * silence / seconds <= 20


def test_a_slow_model_has_gaps_only_at_marks_and_gives_every_word():
    stage = Stage(letters=8, factor=0.1)
    stage.run(TALK)
    assert all(clause.text.strip()[-1] in ",." for clause in stage.clauses)
    assert all(len(clause.spoken.split()) >= 3 for clause in stage.clauses)
    assert "".join(clause.text for clause in stage.clauses) == TALK


def test_the_next_reply_begins_with_what_the_last_was_like():
    stage = Stage(letters=8, factor=0.1)
    assert stage.pace.keeps_up
    stage.run(TALK)
    assert not stage.pace.keeps_up


def test_a_text_that_is_there_is_never_waited_for():
    stage = Stage(letters=8, factor=0.1)
    stage.run(TALK)
    given = list(stage.pace.clauses([TALK], live=False))
    assert stage.pace.keeps_up
    assert "".join(clause.text for clause in given) == TALK


def test_a_rate_follows_what_is_measured_last():
    rate = Rate(0.5)
    assert rate.of(10) == 5
    rate.add(1.0, 100)
    assert rate.of(100) == pytest.approx(1.0)
    for _ in range(100):
        rate.add(10.0, 100)
    assert rate.of(100) == pytest.approx(10.0, rel=0.01)


def test_a_clause_in_pieces_counts_once():
    now = [0.0]
    pace = Pace(lambda: now[0])

    def say(clauses, _):
        for clause in clauses:
            now[0] += 0.1
            yield Speech(clause, np.zeros(500, np.float32), RATE, last=False)
            now[0] += 0.1
            yield Speech(Clause("", ""), np.zeros(1_500, np.float32), RATE)

    clauses = pace.clauses(["Twenty characters..."])
    assert len(list(pace.speech(say, clauses, Cancel()))) == 2
    assert pace._first.of(20) == pytest.approx(0.1)
    assert pace._render.of(20) == pytest.approx(0.2)
    assert pace._sound.of(20) == pytest.approx(2.0)
    assert not pace._waiting


def test_ahead_are_two_clauses_and_more_where_they_are_short():
    short, long = Clause("Yes.", "Yes."), Clause("x" * 80, "x" * 80)
    assert not enough_words([long])
    assert not enough_words([short] * 5)
    assert enough_words([short, long])
    assert not enough_sound([Speech(short, np.zeros(500, np.float32), RATE)] * 4)
    assert enough_sound([Speech(short, np.zeros(500, np.float32), RATE)] * 5)
