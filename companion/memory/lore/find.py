"""Which passages fit some words, with scores as if they stood among the lines of the journal.

BM25 weighs a word by how rare it is in its own collection, which says little in a short document;
so the scores are weighed anew by how rare the words are in lines and passages together. All
passages are compared with the question one by one: that is exact, needs no index that could
disagree with the journal, and takes 1 ms for 10,000 of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from companion.memory.read import abstain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from companion.memory.lore.passage import Passage
    from companion.memory.lore.store import Documents, Vector

COMMON = 2000
"""Passages from which on a word is not looked for where there are rarer ones: at 55,000 passages
that makes a search several times as fast."""
BEST = 3
"""Passages in which the words of the question are looked for."""
_RARITY = 1e-6
"""What BM25 takes for a word that stands in more than half of a collection."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question.

    Attributes:
        words: The words to look for, as they were said.
        stems: The same as the full-text index writes them, by word.
        vector: Its vector; None without an embedder.
        embedder: What made it.
    """

    words: Sequence[str]
    stems: Mapping[str, str]
    vector: Vector | None = None
    embedder: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that may fit: its BM25 among everything, and its cosine."""

    passage: Passage
    score: float
    cosine: float | None


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found.

    Attributes:
        hits: The passages, in no order.
        passages: How many there are, found or not.
        scores: BM25 of all that hold a word of the question.
        cosines: Of all that have a vector.
        coverage: Share of the question's telling words in the best passage, 0 to 1.
        counts: In how many lines and passages each word stands; empty without passages.
    """

    hits: Sequence[Hit] = ()
    passages: int = 0
    scores: Sequence[float] = ()
    cosines: Mapping[int, float] = field(default_factory=dict)
    coverage: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)


def find(
    documents: Documents, asked: Asked, counts: Mapping[str, int], lines: int, depth: int
) -> Hits:
    """The passages that fit best, by words and by meaning, at most `depth` of each.

    Args:
        documents: Where to look.
        asked: The question.
        counts: In how many lines each word stands.
        lines: How many lines there are.
        depth: How many passages.
    """
    if not documents.size():
        return Hits()
    here = {word: documents.count(asked.stems[word]) for word in asked.words}
    matches = documents.match(
        [word for word, count in here.items() if count <= COMMON] or asked.words
    )
    both = {word: counts[word] + here[word] for word in asked.words}
    best = matches.seqs[:depth]
    places = {word: documents.holding(word, best) for word in asked.words}
    scores = anew(
        dict(zip(matches.seqs, matches.scores, strict=True)),
        places,
        (here, matches.lines),
        (both, lines + matches.lines),
    )
    cosines = _cosines(documents, asked)
    near = sorted(cosines, key=lambda seq: (-cosines[seq], seq))[:depth]
    return Hits(
        [
            Hit(one, scores.get(one.seq, 0.0), cosines.get(one.seq))
            for one in documents.passages(list(dict.fromkeys([*best, *near])))
        ],
        matches.lines,
        list(scores.values()),
        cosines,
        abstain.coverage(
            abstain.weights(both, lines + matches.lines),
            {word: found & set(best[:BEST]) for word, found in places.items()},
        ),
        both,
    )


def anew(
    scores: Mapping[int, float],
    places: Mapping[str, AbstractSet[int]],
    before: tuple[Mapping[str, int], int],
    after: tuple[Mapping[str, int], int],
) -> dict[int, float]:
    """Scores of BM25, weighed by how rare the words are in another collection.

    Args:
        scores: As they are, by place.
        places: At which of these places each word stands; where none does, a score stays.
        before: In how many texts each word stands, and how many there are, in this collection.
        after: The same in the other.
    """
    old, new = (
        {word: _rarity(counts[word], size) for word in places} for counts, size in (before, after)
    )
    made = dict(scores)
    for seq in set().union(*places.values()):
        words = [word for word, found in places.items() if seq in found]
        made[seq] *= sum(new[word] for word in words) / sum(old[word] for word in words)
    return made


def _rarity(count: int, size: int) -> float:
    """What FTS5 makes of a word that stands in `count` of `size` texts."""
    return max(math.log((max(size - count, 0) + 0.5) / (count + 0.5)), _RARITY)


def _cosines(documents: Documents, asked: Asked) -> dict[int, float]:
    if asked.vector is None:
        return {}
    seqs, matrix = documents.vectors(asked.embedder)
    if not seqs:
        return {}
    return dict(zip(seqs, np.asarray(matrix @ asked.vector).tolist(), strict=True))
