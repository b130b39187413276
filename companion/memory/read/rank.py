"""In which order lines fit a question.

Two scores are made comparable and added: BM25 of the line and its window, and the cosine of their
vectors, each standardised over the whole conversation (LoCoMo: rank fusion is 9 points worse at
5). Weak priors follow. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from companion.memory.read import about, together
from companion.memory.read.words import SMALL_WORDS, is_question, telling, terms, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

RECENCY = 0.03
"""How much more a line of this moment counts than an old one (LoCoMo: .1 costs a point at 10)."""
HALF_LIFE = 30.0
"""Days after which that is halved."""
ALSO_ASKS = 0.85
"""What is left of the score of a line with a question in it: that part answers nothing."""
ASKED_ABOUT = 0.1
"""How much more a line of the speaker counts who is asked about."""
SHORT = 0.2
TELLING = 12
"""What a line loses that has none of `TELLING` telling words: it says little."""
QUESTION = 0.4
"""What is left of the score of an earlier question: it asks, where a statement answers."""
CHARACTER = 0.7
"""What is left of the score of the character's own words: it may have made them up."""
ECHO = 0.25
"""What is left of the score of a line that says what was just said, or nothing ("Mhm.")."""
SAME = 0.75
"""Share of common words from which a line is an echo."""
STRANGER = 0.2
"""What is left of the score of a line about somebody who is not asked about."""
UNCLEAR = 0.7
"""What is left of the score of a line of which it cannot be told whom it is about."""
CHANGED = 1.25
"""How much more a line counts that says what is different now; less, where the past is asked."""
OVER = 0.3
"""What is left of the score of what is true no more, unless the past is asked for."""
IMPORTANT = 0.1
"""How much more the most important memory counts than what was merely said."""
POOL = 30
"""Candidates that are looked at more closely."""
VARIETY = 0.3
"""Weight of not repeating what is already chosen."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation of a score over a whole conversation."""

    mean: float
    deviation: float

    def standard(self, score: float) -> float:
        """How many standard deviations `score` is above the mean."""
        return (score - self.mean) / (self.deviation + 1e-9)


def spread_of(scores: Sequence[float], count: int) -> Spread:
    """The spread of `count` scores of which those not given are 0."""
    if not count:
        return Spread(0.0, 1.0)
    mean = sum(scores) / count
    square = sum(score * score for score in scores) / count
    # Where no line holds any of the words, a fact that does is not infinitely better.
    return Spread(mean, max(square - mean * mean, 0.0) ** 0.5 or 1.0)


@dataclass(slots=True)
class Candidate:
    """A line that may fit; never changed.

    (A frozen one takes five times as long to make, and a recall makes a hundred.)

    Attributes:
        key: Place of the line; the order of equals.
        text: Its words.
        mine: True for the owner's words, False for the character's.
        said: When.
        lexical: Standardised BM25.
        dense: Standardised cosine, or None where there is no vector.
        score: What it comes to.
        who: Name of the one who said it.
        over: Whether it is known to be true no more.
        importance: 0 to 1, of a memory; 0 of what was merely said.
        parts: What the score is made of, by name.
    """

    key: int
    text: str
    mine: bool
    said: datetime
    lexical: float
    dense: float | None
    score: float = 0.0
    who: str = ""
    over: bool = False
    importance: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)

    def weighed(self, score: float, parts: dict[str, float]) -> Candidate:
        """The same with another score (`dataclasses.replace` takes five times as long)."""
        scores = (self.lexical, self.dense, score, self.who, self.over, self.importance, parts)
        return Candidate(self.key, self.text, self.mine, self.said, *scores)


def read(texts: Iterable[str]) -> None:
    """Take in texts that will be weighed: what their words come to is remembered for a while."""
    for text in texts:
        telling(text)
        is_question(text)
        about.introduced(text)
        about.tells_change(text)


def ranked(candidates: Iterable[Candidate], heard: str, now: datetime) -> list[Candidate]:
    """Best first: what was `scored`, `ordered`."""
    return ordered([scored(one, heard, now) for one in candidates], heard)


def scored(one: Candidate, heard: str, now: datetime) -> Candidate:
    """What a line comes to by itself.

    Args:
        one: What may fit, with its two scores.
        heard: The question.
        now: The time; newer lines count a little more.
    """
    age = max((now - one.said).total_seconds() / 86_400, 0.0)
    parts = {
        "recency": 1 + RECENCY * 2.0 ** (-age / HALF_LIFE),
        "speaker": 1.0,
        "telling": 1 - SHORT * (1 - min(len(terms(one.text)) / TELLING, 1.0)),
        "statement": ALSO_ASKS if "?" in one.text else 1.0,
    }
    if one.importance:
        parts["importance"] = 1 + IMPORTANT * one.importance
    if one.dense is None and (pairs := together.factor(one.text, heard)) > 1:
        parts["together"] = pairs
    score = times(one.lexical + (one.dense or 0.0), math.prod(parts.values()))
    parts["lexical"] = one.lexical
    if one.dense is not None:
        parts["dense"] = one.dense
    return one.weighed(score, parts)


def ordered(candidates: Collection[Candidate], heard: str) -> list[Candidate]:
    """Best first; equal scores newest first.

    Lines of the speaker whom the question names, and no other, count a little more.
    """
    speaker = asked_about(heard, {one.who for one in candidates})
    known = (_asked_for(one) if speaker and one.who == speaker else one for one in candidates)
    return sorted(known, key=lambda one: (-one.score, -one.key))


def _asked_for(one: Candidate) -> Candidate:
    factor = 1 + ASKED_ABOUT
    return one.weighed(times(one.score, factor), {**one.parts, "speaker": factor})


def asked_about(heard: str, names: Collection[str]) -> str:
    """The one of `names` that a question names; "" where it names none or several."""
    asked = {word.removesuffix("'s") for word in words(heard)}
    found = [name for name in names if any(part in asked for part in words(name))]
    return found[0] if len(found) == 1 else ""


def times(score: float, factor: float) -> float:
    """Weigh a score that may be negative: a factor below 1 always makes it worse."""
    return score * factor if score > 0 else score / factor


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, as far as it weighs lines.

    Attributes:
        heard: The words.
        persons: Whom it is about, other than those who talk; empty where that is not said.
        known: Everybody that the lines at hand introduce.
        speakers: Names of those who talk.
    """

    heard: str
    persons: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    speakers: frozenset[str] = frozenset()


def question_of(heard: str, candidates: Sequence[Candidate]) -> Question:
    """What `heard` asks, given the lines that may answer."""
    speakers = frozenset(word for one in candidates for word in words(one.who))
    asked = frozenset(word.removesuffix("'s") for word in words(heard)) - SMALL_WORDS
    if asked & speakers:  # a question about those who talk is about nobody else
        return Question(heard, speakers=speakers)
    able = (one.text for one in candidates if not asked.isdisjoint(words(one.text)))
    if not asked & about.known_in(able):
        return Question(heard, about.introduced(heard) - speakers, speakers=speakers)
    known = about.known_in(one.text for one in candidates) - speakers
    return Question(heard, about.persons(heard, known) - speakers, known, speakers)


def answering(candidates: Sequence[Candidate], question: Question) -> list[Candidate]:
    """Weigh what can answer a question above what merely sounds like it; best first.

    The same question asked before answers nothing, however often it was asked.
    """
    able = (one for one in candidates if not echoes(one.text, question.heard))
    weighed = [_weighed(one, question) for one in islice(able, POOL)]
    return sorted(weighed, key=lambda one: (-one.score, -one.key))


def echoes(text: str, heard: str) -> bool:
    """Whether a text asks what is asked now."""
    return is_question(text) and alike(telling(heard), telling(text)) >= SAME


def _weighed(one: Candidate, question: Question) -> Candidate:
    """The candidate with what speaks against it, or for it, in answer to a question."""
    asked, told, asks = telling(question.heard), telling(one.text), is_question(one.text)
    factor = 1.0 if one.mine or not asked.isdisjoint(words(one.who)) else CHARACTER
    if asks:
        factor *= QUESTION
    if not told or (alike(asked, told) >= SAME and (asks or not is_question(question.heard))):
        factor *= ECHO  # the same statement answers a question: "Is my dog called Biscuit?"
    parts = {"kind": factor}
    concerns = about.concerns(one.text, question.persons, question.known)
    if not concerns:
        parts["person"] = STRANGER if concerns is False else UNCLEAR
    past = about.asks_past(question.heard)
    if about.tells_change(one.text):
        parts["change"] = 1 / CHANGED if past else CHANGED
    if one.over:
        parts["over"] = CHANGED if past else OVER
    return one.weighed(times(one.score, math.prod(parts.values())), {**one.parts, **parts})


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of common words, 0 to 1 (Jaccard)."""
    together = one | other
    return len(one & other) / len(together) if together else 0.0


def varied(candidates: Sequence[Candidate], count: int) -> list[Candidate]:
    """Choose `count` that fit and do not repeat each other, best first (MMR)."""
    pool = {one.key: one for one in candidates}
    told = {one.key: telling(one.text) for one in candidates}
    best = abs(max((one.score for one in candidates), default=1.0)) or 1.0
    repeats = dict.fromkeys(pool, 0.0)  # how much of each is chosen already
    chosen: list[Candidate] = []

    def worth(key: int) -> tuple[float, int]:
        return (1 - VARIETY) * pool[key].score / best - VARIETY * repeats[key], key

    while pool and len(chosen) < count:
        pick = max(pool, key=worth)
        chosen.append(pool.pop(pick))
        for key in pool:
            repeats[key] = max(repeats[key], alike(told[key], told[pick]))
    return chosen
