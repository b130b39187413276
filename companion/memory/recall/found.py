"""What a search asks, and what it comes to on the way and in the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from concurrent.futures import Future

    from companion.memory.lore import Passage
    from companion.memory.lore.find import Hits
    from companion.memory.read import rank
    from companion.memory.recall.known import Asked, Fact
    from companion.memory.store.journal import Vector
    from companion.memory.store.line import Line


@dataclass(frozen=True, slots=True)
class Span:
    """The part of the journal that is asked: places after `after` and before `before`."""

    after: int = 0
    before: int = 1 << 62

    def __contains__(self, seq: int) -> bool:
        return self.after < seq < self.before


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        text: The words.
        vector: What they mean, being made; None without an embedder.
    """

    text: str
    vector: Future[Vector | None]


@dataclass(frozen=True, slots=True)
class Worded:
    """What the words of a question come to.

    Attributes:
        asked: The words, and in how many windows each stands.
        scores: BM25 of every line that holds one of them, by place.
        spread: The spread of the scores over all lines; None where documents count too.
        lines: The best of those, by place.
        kept: The memories that hold one of them.
        named: The same lines, and those that these memories were taken from, by id.
        vectors: The vectors of all these lines.
        over: ULIDs of those of them that speak of what is over.
        past: Whether anything is over.
        around: The windows of the first few of them, by the line's place.
        held: Which of the words stand in each of all these lines, by its place.
    """

    asked: Asked
    scores: Mapping[int, float]
    spread: rank.Spread | None
    lines: dict[int, Line]
    kept: Sequence[Fact]
    named: dict[str, Line]
    vectors: Mapping[int, Vector]
    over: AbstractSet[str]
    past: bool
    around: Mapping[int, Sequence[Line]]
    held: dict[int, list[str]]


@dataclass(frozen=True, slots=True)
class Gauge:
    """What is ordinary for a question, and how the lines with its words compare with that.

    Attributes:
        lore: What documents say.
        scores: BM25 of every line that holds a word, by place, documents counted in.
        cosines: By place, of the best of those lines that have a vector.
        facts: The memories that hold a word, by name.
        words: The spread of the scores over everything.
        meaning: The spread of cosines over everything.
    """

    lore: Hits
    scores: Mapping[int, float]
    cosines: dict[int, float]
    facts: Mapping[str, Fact]
    words: rank.Spread
    meaning: rank.Spread

    def standard(self, cosine: float | None) -> float | None:
        """A cosine in standard deviations; None without one."""
        return None if cosine is None else self.meaning.standard(cosine)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Attributes:
        lines: The lines found, by place.
        passages: The passages found, by their place below zero.
        facts: The memories found, by their place with `KEY` added; not all are in the ranking.
        meant: What facts say of lines, by the place of the line.
        ranked: All as candidates, best first.
        weights: How much each word of the question tells.
        told: Share of that in the best passage, 0 to 1.
        cosines: By place, of what has a vector.
        around: The windows of some of the lines, by the line's place.
        held: Which words of the question stand in some of the lines, by the line's place.
    """

    lines: Mapping[int, Line]
    passages: Mapping[int, Passage]
    facts: Mapping[int, Fact]
    meant: Mapping[int, str]
    ranked: Sequence[rank.Candidate]
    weights: Mapping[str, float]
    told: float
    cosines: Mapping[int, float]
    around: Mapping[int, Sequence[Line]]
    held: dict[int, list[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What answers a question.

    Attributes:
        found: What the search came to.
        chosen: What is worth showing of it, best last.
        coverage: Share of the question's telling words in the best that was found, 0 to 1.
        cosine: Best cosine; None without vectors.
        reason: Why nothing was chosen, in a few words; "" where something was.
    """

    found: Found
    chosen: Sequence[rank.Candidate] = ()
    coverage: float = 0.0
    cosine: float | None = None
    reason: str = ""
