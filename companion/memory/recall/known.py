"""What the memories add to a search.

A fact is a line in few words and with its names: where it fits a question, the line it was taken
from does, and that is what is shown, as it was said. A fact that was written or put right by hand
is shown itself, and the line is not. A line whose facts are all over speaks of the past. Lines of
a conversation that was had elsewhere and taken in stand among the memories, and count as lines.
Summaries are not recalled: the lines they sum up are.
"""

# ruff: noqa: S608  (marks only; values are always bound)

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.memory.record import FROM_LINE
from companion.memory.store.database import bound
from companion.values import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from companion.memory.recall.stems import Stemmer
    from companion.memory.store.journal import Journal, Vector
    from companion.memory.store.memo import Memo
    from companion.memory.store.versions import Versions

KEY = 1 << 60
"""Added to the place of a memory: no line has such a place."""
SCALE = 1.6
"""BM25 of a word that stands in a line of usual length, divided by how rare it is."""
_RARITY = 1e-6
_OVER = frozenset({"superseded", "expired"})


@dataclass(frozen=True, slots=True)
class Fact:
    """A memory that may fit.

    Attributes:
        memo: It.
        score: As BM25 of a line would be.
        vector: None where it has none yet.
        lines: Ids of the lines it rests on.
        who: Name of the one it is about.
        own: Whether its words are its own, and not those of its lines.
        cosine: How close it is to the question; None before that has a vector.
        line: Whether it is a line that was said elsewhere.
        past: Whether it is such a line, and all that it left is true no more.
    """

    memo: Memo
    score: float
    vector: Vector | None
    lines: tuple[str, ...]
    who: str
    own: bool
    cosine: float | None = None
    line: bool = False
    past: bool = False

    def compared(self, cosine: float) -> Fact:
        """The same with how close it is (`dataclasses.replace` takes five times as long)."""
        found = (self.memo, self.score, self.vector, self.lines, self.who, self.own)
        return Fact(*found, cosine, self.line, self.past)

    @property
    def over(self) -> bool:
        """Whether it is true no more."""
        return self.past or self.memo.status in _OVER


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: its words as the index writes them, how often each stands in how many lines."""

    stems: Mapping[str, str]
    counts: Mapping[str, int]
    lines: int
    embedder: str


class Known:
    """The memories of one journal, as a search sees them.

    Args:
        versions: The memories.
        journal: The lines.
        stemmer: Words as the index writes them.
    """

    def __init__(self, versions: Versions, journal: Journal, stemmer: Stemmer) -> None:
        self._versions = versions
        self._journal = journal
        self._stemmer = stemmer

    def holding(self, asked: Asked, depth: int) -> list[Fact]:
        """The memories that hold a word of the question, the best so many."""
        seqs = self._versions.match(list(asked.stems), past=True).seqs[:depth]
        memos = self._versions.memos(seqs)
        self._stemmer.read(one.text for one in memos)
        vectors = self._versions.vectors(asked.embedder, seqs)
        scored = [(one, vectors.get(one.seq), self._score(asked, one.text)) for one in memos]
        return self._facts(scored)

    def named(self, asked: Asked, names: Sequence[str]) -> list[Fact]:
        """The memories among what has these names."""
        found = self._versions.embedded(names, asked.embedder)
        return self._facts([(memo, vector, 0.0) for memo, vector in found])

    def _facts(self, memos: Sequence[tuple[Memo, Vector | None, float]]) -> list[Fact]:
        """These memories, each with its vector and its score, with what a search needs of them."""
        wanted = [one for one in memos if one[0].kind != "summary"]
        if not wanted:
            return []
        lines = self._sources([one.id for one, _, _ in wanted])
        edited = self._edited([one.id for one, _, _ in wanted if one.v > 1])
        said = self._said(
            [one.id for one, _, _ in wanted if one.kind == "event" and one.id not in lines]
        )
        past, wrong = (self.over(said), self._put_right(said)) if said else (set(), set())
        return [
            Fact(
                one,
                score,
                vector,
                lines.get(one.id, ()),
                self._who(one.subject),
                one.id in edited or one.id not in lines,
                line=one.id in said,
                past=one.id in past,
            )
            for one, vector, score in wanted
            if one.id not in wrong
        ]

    def past(self) -> bool:
        """Whether anything is over."""
        find = (
            "SELECT 1 FROM memories WHERE scope = ? AND latest = 1 AND hidden = 0"
            f" AND status IN ({bound(_OVER)}) LIMIT 1"
        )
        return bool(self._journal.database.rows(find, self._journal.scope, *_OVER))

    def over(self, ulids: Sequence[str]) -> set[str]:
        """Those of these lines all of whose memories are over."""
        marks = bound(ulids)
        rows = self._journal.database.rows(
            "SELECT s.source, m.status, m.kind FROM memory_sources s JOIN memories m"
            " ON m.scope = s.scope AND m.id = s.memory AND m.latest = 1 AND m.hidden = 0"
            f" WHERE s.scope = ? AND s.source IN ({marks})",
            self._journal.scope,
            *ulids,
        )
        told = [(ulid, status) for ulid, status, kind in rows if kind != "summary"]
        live = {ulid for ulid, status in told if status not in _OVER}
        return {ulid for ulid, _ in told} - live

    def _edited(self, ids: Sequence[str]) -> set[str]:
        """Those of these memories whose words were changed."""
        if not ids:
            return set()
        marks = bound(ids)
        rows = self._journal.database.rows(
            "SELECT DISTINCT m.id FROM memories m JOIN memories f ON f.scope = m.scope"
            " AND f.id = m.id AND f.v = 1 AND f.text != m.text"
            f" WHERE m.scope = ? AND m.latest = 1 AND m.id IN ({marks})",
            self._journal.scope,
            *ids,
        )
        return {name for (name,) in rows}

    def _said(self, ids: Sequence[str]) -> list[str]:
        """Those of these memories that are lines which were said elsewhere."""
        if not ids:
            return []
        rows = self._journal.database.rows(
            "SELECT id FROM memories WHERE scope = ? AND latest = 1 AND lang = 'und'"
            f" AND instr(xml, ?) AND id IN ({bound(ids)})",
            self._journal.scope,
            f'<lineage created-by="{FROM_LINE}"',
            *ids,
        )
        return [name for (name,) in rows]

    def _put_right(self, lines: Sequence[str]) -> set[str]:
        """Those of these lines whose memory was changed: it is shown in their place."""
        rows = self._journal.database.rows(
            "SELECT s.source, s.memory FROM memory_sources s JOIN memories m ON m.scope = s.scope"
            " AND m.id = s.memory AND m.latest = 1 AND m.hidden = 0 AND m.v > 1"
            f" WHERE s.scope = ? AND s.source IN ({bound(lines)})",
            self._journal.scope,
            *lines,
        )
        edited = self._edited([memory for _, memory in rows])
        return {line for line, memory in rows if memory in edited}

    def _who(self, subject: str) -> str:
        """A name for whom a memory is about."""
        return self._journal.owner if subject == "user" else subject.partition(":")[2].title()

    def _sources(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        marks = bound(ids)
        # The plus keeps SQLite from walking all lines in their order for a single memory's sake.
        rows = self._journal.database.rows(
            "SELECT s.memory, l.session || ':' || l.n FROM memory_sources s JOIN lines l"
            " ON l.ulid = s.source AND l.scope = s.scope AND l.hidden = 0"
            f" WHERE s.scope = ? AND s.memory IN ({marks}) ORDER BY +l.seq",
            self._journal.scope,
            *ids,
        )
        found: dict[str, tuple[str, ...]] = {}
        for memory, line in rows:
            found[memory] = (*found.get(memory, ()), line)
        return found

    def _score(self, asked: Asked, text: str) -> float:
        held = self._stemmer.held(asked.stems, text)
        return SCALE * sum(_rarity(asked.counts[word], asked.lines) for word in held)


def compared(facts: Iterable[Fact], vector: Vector | None) -> list[Fact]:
    """The facts with how close each is to a vector."""
    return [
        one if vector is None or one.vector is None else one.compared(float(one.vector @ vector))
        for one in facts
    ]


def _rarity(count: int, lines: int) -> float:
    """How rare a word is, as BM25 has it in SQLite."""
    return max(math.log((max(lines - count, 0) + 0.5) / (count + 0.5)), _RARITY)


def of_fact(fact: Fact, score: float, parts: dict[str, float]) -> Note:
    """A memory that was found, as a note."""
    memo = fact.memo
    return Note(
        id=memo.name,
        text=memo.text,
        who=fact.who,
        said=memo.observed.astimezone(),
        score=score,
        parts=parts,
        kind="line" if fact.line else memo.kind,
        until=memo.valid_to if fact.over else "",
        lines=fact.lines,
    )
