"""What goes when something is forgotten for good: it, and what was made of it alone.

Lines take the memories with them that rest on nothing else, and every summary of them; a memory
that also rests on a line that stays keeps that line's words and loses the others'.
"""

# ruff: noqa: S608  (names of tables are ours; values are always bound)

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from companion.memory.forget.closing import Lineage
from companion.memory.forget.remains import telling
from companion.memory.record import FROM_LINE, parse
from companion.memory.store.digest import MEMORY
from companion.memory.store.formats import FINDABLE
from companion.memory.store.memo import row_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable

    from companion.memory.record import Record
    from companion.memory.store.journal import Journal
    from companion.memory.store.line import Line


@dataclass(slots=True)
class Doomed:
    """What is to go.

    Attributes:
        lines: The lines.
        versions: Versions of memories, by their place in the journal.
        changed: Memories that stay and lose a source: place in the journal, and what it becomes.
        documents: Documents that were taken in, by id.
        texts: All the words of all that.
    """

    lines: list[Line] = field(default_factory=list)
    versions: dict[int, Record] = field(default_factory=dict)
    changed: dict[int, Record] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def memories(self) -> set[str]:
        """Ids of the memories of which something goes."""
        return {one.id for one in self.versions.values()}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ULIDs of all that goes, sorted."""
        return tuple(sorted({*(x.ulid for x in self.lines), *self.memories, *self.documents}))


def gather(journal: Journal, names: Collection[str] | None) -> Doomed:
    """What goes with what was hidden.

    Args:
        journal: Where it is.
        names: Only these of the hidden: ids or ULIDs; None: all.
    """

    def meant(*ids: str) -> bool:
        return names is None or not set(names).isdisjoint(ids)

    scope = journal.scope
    rows = journal.database.rows
    doomed = Doomed(lines=[one for one in journal.hidden() if meant(one.ulid, one.id)])
    asked = {
        id_
        for (id_,) in rows("SELECT id FROM memories WHERE scope = ? AND hidden = 1", scope)
        if meant(id_)
    }
    doomed.documents = [
        id_
        for (id_,) in rows("SELECT id FROM documents WHERE scope = ? AND hidden = 1", scope)
        if meant(id_)
    ]
    every = {
        seq: parse(xml)
        for seq, xml in rows("SELECT seq, xml FROM memories WHERE scope = ? ORDER BY seq", scope)
    }
    elsewhere = [(one.text, one.id in asked) for one in every.values() if _is_line(one)]
    _cascade(doomed, every, set(asked), cache(lambda: _words(journal, doomed.lines, elsewhere)))
    doomed.texts = [
        *(line.text for line in doomed.lines),
        *(text for one in doomed.versions.values() for text in _texts(one)),
        *(text for one in doomed.documents for text in _passages(journal, one)),
    ]
    return doomed


def _cascade(
    doomed: Doomed, every: dict[int, Record], asked: set[str], words: Callable[[], set[str]]
) -> None:
    """Find what rests on what goes, until nothing more does."""
    gone = {(line.session, line.n) for line in doomed.lines}
    said = (one for one in every.values() if _is_line(one) and one.id in asked)
    gone |= {place for one in said for place in places(one)}
    latest = {one.id: one.v for one in every.values()}
    refs: set[str] = set()
    while True:
        more = {
            seq: one
            for seq, one in every.items()
            if seq not in doomed.versions and (one.id in asked or _rests(one, gone, refs, words))
        }
        if not more:
            break
        doomed.versions |= more
        refs |= {one.ref for one in more.values()}
        asked |= {one.id for one in more.values() if one.v == latest[one.id]}
    lineage = Lineage({one.id: one for one in every.values()}, refs)
    left = [seq for seq in every if seq not in doomed.versions]
    kept = lineage.kept(_unquoted(every[seq], gone) for seq in left)
    doomed.changed |= {seq: one for seq, one in zip(left, kept, strict=True) if one != every[seq]}


def _rests(
    one: Record, gone: Collection[tuple[str, int]], refs: set[str], words: Callable[[], set[str]]
) -> bool:
    """Whether this version cannot stay without what is gone."""
    if any(_touches(part.session, part.turns, gone) for part in one.covers):
        return True
    if not refs.isdisjoint(one.derived_from):
        return True
    touched = [_touches(part.session, part.turns, gone) for part in one.sources]
    if not any(touched):
        return False
    text = one.text.casefold()
    return all(touched) or any(word in text for word in words())


def _touches(session: str, turns: str, gone: Collection[tuple[str, int]]) -> bool:
    first, _, last = turns.partition("-")
    if not first:
        return False
    return any(session == where and int(first) <= n <= int(last or first) for where, n in gone)


def _unquoted(one: Record, gone: Collection[tuple[str, int]]) -> Record:
    """This version without the words of lines that are gone."""
    left = tuple(p for p in one.sources if not _touches(p.session, p.turns, gone))
    return replace(one, sources=left)


def _words(
    journal: Journal, lines: Iterable[Line], elsewhere: Collection[tuple[str, bool]]
) -> set[str]:
    """Words that only these lines hold, and those from elsewhere that go too."""
    rows = journal.database.rows(
        "SELECT text FROM lines WHERE scope = ? AND hidden = 0", journal.scope
    )
    gone = [*(line.text for line in lines), *(text for text, goes in elsewhere if goes)]
    kept = [*(text for (text,) in rows), *(text for text, goes in elsewhere if not goes)]
    return {one.casefold() for one in telling(gone, kept)}


def _is_line(one: Record) -> bool:
    """Whether it is a line that was said elsewhere and taken in."""
    return one.created_by == FROM_LINE


def places(record: Record) -> set[tuple[str, int]]:
    """The lines that a memory rests on."""
    found = set()
    for source in record.sources:
        first, _, last = source.turns.partition("-")
        if first:
            found |= {(source.session, n) for n in range(int(first), int(last or first) + 1)}
    return found


def _texts(one: Record) -> list[str]:
    quotes = [quote.text for source in one.sources for quote in source.quotes]
    return [one.text, *(entity.name for entity in one.about), *quotes]


def _passages(journal: Journal, document: str) -> list[str]:
    rows = journal.database.rows("SELECT text FROM passages WHERE document = ?", document)
    return [text for (text,) in rows]


def _rewrite(db: sqlite3.Connection, scope: int, seq: int, one: Record) -> None:
    """Keep what became of a version in its place; what was taken back can be found again."""
    row = row_of(one)
    fresh = {name: row[name] for name in (*MEMORY.split(", "), "xml", "digest", "xml_digest")}
    names = ", ".join(f"{name} = ?" for name in fresh)
    here = "seq = ? AND scope = ?"
    find = f"SELECT 1 FROM memories WHERE {FINDABLE} AND {here}"
    before = db.execute(find, (seq, scope)).fetchone()
    db.execute(f"UPDATE memories SET {names} WHERE {here}", (*fresh.values(), seq, scope))
    if before is None and db.execute(find, (seq, scope)).fetchone() is not None:
        db.execute(f"UPDATE memories SET due = 1 WHERE {here}", (seq, scope))
        db.execute(f"INSERT INTO memories_fts_{scope}(rowid, text) VALUES (?, ?)", (seq, one.text))


def remove(journal: Journal, doomed: Doomed, at: int) -> None:
    """Delete all of it from every table, in one transaction; a tombstone holds id and second."""
    scope = journal.scope
    with journal.database.writing() as db:
        journal.erase(doomed.lines)
        for seq in doomed.versions:
            db.execute(f"DELETE FROM memories_fts_{scope} WHERE rowid = ?", (seq,))
            db.execute("DELETE FROM memories WHERE seq = ? AND scope = ?", (seq, scope))
        for seq, one in doomed.changed.items():
            _rewrite(db, scope, seq, one)
        for ulid in doomed.ids:
            db.execute("DELETE FROM memory_sources WHERE scope = ? AND source = ?", (scope, ulid))
        left = "NOT IN (SELECT id FROM memories WHERE scope = ?)"
        for table in ("memory_sources", "memory_use"):
            db.execute(f"DELETE FROM {table} WHERE scope = ? AND memory {left}", (scope, scope))
        for document in doomed.documents:
            where = "SELECT seq FROM passages WHERE document = ?"
            db.execute(f"DELETE FROM passages_fts_{scope} WHERE rowid IN ({where})", (document,))
            db.execute("DELETE FROM passages WHERE document = ?", (document,))
            db.execute("DELETE FROM documents WHERE id = ? AND scope = ?", (document, scope))
        db.executemany(
            "INSERT OR REPLACE INTO tombstones VALUES (?, ?, ?)",
            [(scope, one, at) for one in doomed.ids],
        )
        # SQLite before 3.42 keeps deleted words inside a full-text index until it is built anew.
        gone = {"lines": doomed.lines, "memories": doomed.versions, "passages": doomed.documents}
        for table in (table for table, some in gone.items() if some):
            fts = f"{table}_fts_{scope}"
            db.execute(f"INSERT INTO {fts}({fts}) VALUES ('rebuild')")
