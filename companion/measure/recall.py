"""How much of what answers a question a memory finds, and what it shows where nothing does.

Every conversation is told line by line to a fresh memory, through the same calls as in a turn, and
then every question is asked. Nothing is random.

recall@k: share of a question's evidence among the first k, averaged over questions with evidence.
packed: the same for the block that would stand before the owner's words, in 400 tokens of MiniLM's
tokenizer, tags included. ms: of one whole recall.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.memory import Memory
from companion.memory.more import More
from companion.prompt.wording import fitting, notes_text
from companion.values import Heard, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from companion.measure.sets import Question, Set
    from companion.memory.dense.embed import Embedder
    from companion.memory.recall.judge import Judge
    from companion.values import Note

DEPTHS = (5, 10, 25, 50)
ROOM = 400
"""Tokens of the block."""
NOTES = 40
"""Notes that may be in it."""


@dataclass(slots=True)
class Clock:
    """A clock that stands where the data says."""

    time: datetime

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.time


@dataclass(frozen=True, slots=True)
class Way:
    """How the memory is asked.

    Attributes:
        embedder: None: words alone decide.
        tokens: Tokens of a text in MiniLM's tokenizer.
        wording: Version of the wording of the block.
        judge: The second stage; None: there is none.
    """

    embedder: Embedder | None
    tokens: Callable[[str], int]
    wording: str = "v2"
    judge: Judge | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one question.

    Attributes:
        question: It.
        found: Ids of the lines found, best first; "" for what is no line of the set.
        shown: Ids of those in the block, best last.
        seconds: What the recall took.
    """

    question: Question
    found: tuple[str, ...]
    shown: tuple[str, ...]
    seconds: float

    def recall(self, depth: int) -> float:
        """Share of the evidence among the first `depth`."""
        evidence = self.question.evidence
        return len(evidence & set(self.found[:depth])) / len(evidence)

    @property
    def packed(self) -> float:
        """Share of the evidence in the block."""
        return len(self.question.evidence & set(self.shown)) / len(self.question.evidence)

    @property
    def reciprocal(self) -> float:
        """One divided by the place of the first evidence; 0 where there is none."""
        places = (n for n, one in enumerate(self.found, 1) if one in self.question.evidence)
        return next((1 / n for n in places), 0.0)

    @property
    def misled(self) -> bool:
        """Whether a line about somebody else is shown above all evidence."""
        return self._above(self.question.wrong)

    @property
    def outdated(self) -> bool:
        """Whether a line of another time is shown above all evidence, or no evidence is shown."""
        return self._above(self.question.old) or not self.question.evidence & set(self.shown)

    def _above(self, others: frozenset[str]) -> bool:
        first = next(
            (one for one in reversed(self.shown) if one in others | self.question.evidence), ""
        )
        return first in others


def measure(
    sets: Iterable[Set], way: Way, progress: Callable[[str], None] | None = None
) -> list[Asked]:
    """Ask every question of every set, one fresh memory for each set."""
    made: list[Asked] = []
    for one in sets:
        if progress is not None:
            progress(f"{one.name}: {len(one.lines)} lines, {len(one.questions)} questions")
        with tempfile.TemporaryDirectory() as folder:
            made += _one(one, way, Path(folder) / "memory")
    return made


def _one(one: Set, way: Way, folder: Path) -> list[Asked]:
    clock = Clock(one.now)
    more = More(notes=NOTES, judge=way.judge)
    memory = Memory(folder, one.owner, one.character, way.embedder, clock, **more)
    try:
        names = {}
        for line in one.lines:
            clock.time = line.said
            keep = memory.hear(Heard(line.text)) if line.mine else memory.say(Said(line.text))
            names[keep] = line.id
        clock.time = one.now
        for _ in memory.idle():
            pass
        return [_ask(memory, names, question, way) for question in one.questions]
    finally:
        memory.close()


def _ask(memory: Memory, names: dict[str, str], question: Question, way: Way) -> Asked:
    begun = time.perf_counter()
    notes = memory.recall(Heard(question.text), skip=0)
    seconds = time.perf_counter() - begun
    shown = fitting(notes, ROOM, lambda some: way.tokens(notes_text(some, way.wording)))
    found = memory.search(question.text, DEPTHS[-1])
    return Asked(question, _ids(names, found), _ids(names, shown), seconds)


def _ids(names: dict[str, str], notes: Sequence[Note]) -> tuple[str, ...]:
    """The lines of these notes; of a memory, those it rests on."""
    return tuple(names.get(one, "") for note in notes for one in note.lines or (note.id,))


# ── figures ──────────────────────────────────────────────────────────────────────────────────


def report(asked: Sequence[Asked]) -> dict[str, Any]:
    """All figures of what was asked, fractions 0 to 1."""
    answerable = [one for one in asked if one.question.evidence]
    kinds: dict[str, list[Asked]] = defaultdict(list)
    for one in answerable:
        kinds[one.question.kind].append(one)
    times = sorted(1000 * one.seconds for one in asked)
    figures = {
        **_figures(answerable),
        "by_category": {name: _figures(kinds[name]) for name in sorted(kinds)},
        "packed_recall": _mean(one.packed for one in answerable),
        "ms": {"p50": _at(times, 0.5), "p95": _at(times, 0.95)},
    }
    return figures | _honesty(asked)


def _figures(asked: Sequence[Asked]) -> dict[str, Any]:
    return {
        "n": len(asked),
        "recall": {str(k): _mean(one.recall(k) for one in asked) for k in DEPTHS},
        "mrr": _mean(one.reciprocal for one in asked),
    }


def _honesty(asked: Sequence[Asked]) -> dict[str, Any]:
    """What only a set with unanswerable questions can say."""
    unanswerable = [one for one in asked if not one.question.evidence]
    if not unanswerable:
        return {}
    answerable = [one for one in asked if one.question.evidence]
    return {
        "unanswerable": {
            "n": len(unanswerable),
            "abstained": _mean(not one.shown for one in unanswerable),
            "lost": _mean(not one.shown for one in answerable),
        },
        "wrong_person": [one.question.text for one in asked if one.misled],
        "wrong_time": [
            one.question.text for one in answerable if one.question.old and one.outdated
        ],
    }


def _mean(values: Iterable[float]) -> float:
    every = list(values)
    return round(statistics.fmean(every), 4) if every else 0.0


def _at(times: Sequence[float], share: float) -> float:
    return round(times[int(share * (len(times) - 1))], 2) if times else 0.0
