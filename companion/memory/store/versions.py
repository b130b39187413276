"""The memories of one owner and one character: versions that are added and never changed.

    versions = Versions(journal)
    made = versions.add(record)                      version 1
    versions.revise(replace(made, text="…"))         version 2; version 1 keeps its place

Versions of one id are what was written about the same thing: they are edits. What became untrue is
another memory: it stays, closed by `write.keep`, beside the one that took its place. Everything is
in the journal's file and, inside `together`, in one transaction. Knows nothing of ranking or
embedders.
"""

# ruff: noqa: S608  (table names are ours: a number behind a fixed word; values are always bound)

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from companion.errors import BadData, MissingInput
from companion.memory.record import Record, parse, scope_of
from companion.memory.store.database import bound, quoted
from companion.memory.store.digest import sound
from companion.memory.store.embedded import Embedded, vector_of
from companion.memory.store.formats import FINDABLE
from companion.memory.store.journal import Matches
from companion.memory.store.memo import (
    COLUMNS,
    LIVE,
    NAMED,
    WATCHED,
    Memo,
    memo,
    moment,
    row_of,
    seconds,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from companion.memory.store.journal import Journal, Vector

SHOWN = "latest = 1 AND hidden = 0"
NOW = " AND status = 'active'"
_WITH_USE = (
    "memories m LEFT JOIN memory_use u ON u.scope = m.scope AND u.memory = m.id WHERE m.scope = ?"
)
_PLACED = f"{FINDABLE} AND seq"
_CALLED = f"{FINDABLE.replace('status', '+status')} AND m.id"
"""Of a few memories. The plus keeps SQLite from walking all that can be found, by their status."""


class Versions:
    """The memories of a journal's owner and character.

    Args:
        journal: Whose file, scope and transactions these are.
    """

    def __init__(self, journal: Journal) -> None:
        self._database = journal.database
        self._scope = journal.scope
        self._fts = f"memories_fts_{self._scope}"
        self._vocabulary = f"memories_words_{self._scope}"
        self._embedded = Embedded(self._database, "memories", self._scope, FINDABLE)
        self.scope = scope_of(journal.character)

    def together(self) -> AbstractContextManager[sqlite3.Connection]:
        """One transaction around many calls: all of them are kept, or none is."""
        return self._database.writing()

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    def add(self, record: Record) -> Record:
        """Keep a new memory; returns it as it is kept.

        Raises:
            BadData: There is one of this id, it was forgotten for good, or it is another's.
        """
        with self._database.writing() as db:
            if self._rows("SELECT 1 FROM memories WHERE scope = ? AND id = ?", record.id):
                raise BadData(f"There is a memory {record.id} already.")
            if self.gone(record.id):
                raise BadData(f"The memory {record.id} was forgotten; it is not taken in again.")
            self._insert(db, record)
            if record.recalls or record.last or record.pinned:
                last = None if record.last is None else seconds(record.last)
                db.execute(
                    "INSERT INTO memory_use VALUES (?, ?, ?, ?, ?)",
                    (self._scope, record.id, record.recalls, last, int(record.pinned)),
                )
        return self._existing(record.id)

    def revise(self, record: Record) -> Record:
        """Keep a new version of a memory: the next number, whatever `record.v` says.

        Raises:
            MissingInput: There is no such memory.
            BadData: It is another's.
        """
        with self._database.writing() as db:
            old = self._existing(record.id)
            self._withdraw(db, [old.id])
            db.execute(
                "UPDATE memories SET latest = 0, vector = NULL, embedder = NULL, due = 0"
                " WHERE scope = ? AND id = ? AND latest = 1",
                (self._scope, old.id),
            )
            self._insert(db, replace(record, v=old.v + 1))
            if record.pinned != old.pinned:
                self.pin(old.id, pinned=record.pinned)
        return self._existing(record.id)

    def restore(self, name: str, v: int) -> Record:
        """Make version `v` of a memory the newest one again, as a new version.

        Raises:
            MissingInput: There is no such memory or version.
        """
        with self._database.writing():
            for one in self.history(name):
                if one.v == v:
                    return self.revise(one)
        hint = "`companion memories show ID --history` lists its versions."
        raise MissingInput(f"There is no version {v} of the memory {name}.", hint)

    def pin(self, name: str, *, pinned: bool = True) -> None:
        """Note that a memory is always worth telling, or no longer."""
        self._use(name, "pinned = excluded.pinned", pinned=int(pinned))

    def used(self, name: str, moment: datetime) -> None:
        """Count that a memory was used in a reply."""
        what = "recalls = recalls + 1, last = excluded.last"
        self._use(name, what, recalls=1, last=seconds(moment))

    def hide(self, names: Iterable[str]) -> list[str]:
        """Forget memories so far that `unhide` can bring them back; returns those it found."""
        with self._database.writing() as db:
            found = [name for name in names if self._seen(name, hidden=0)]
            self._withdraw(db, found)
            self._mark(db, found, hidden=1)
        return found

    def unhide(self, names: Iterable[str]) -> list[str]:
        """Take that back; returns those it found."""
        with self._database.writing() as db:
            found = [name for name in names if self._seen(name, hidden=1)]
            self._mark(db, found, hidden=0)
            for name in found:
                db.execute(
                    f"INSERT INTO {self._fts}(rowid, text) SELECT seq, text FROM memories"
                    f" WHERE scope = ? AND id = ? AND {FINDABLE}",
                    (self._scope, name),
                )
        return found

    def remove(self, names: Iterable[str], moment: datetime) -> list[str]:
        """Delete memories for good, hidden or not, in every table; only the ids are kept.

        The words stay in free pages of the full-text index until it is optimised, and in the
        write-ahead log until a checkpoint: the caller does both when all is deleted.
        """
        with self._database.writing() as db:
            found = [name for name in names if self._seen(name, 0) or self._seen(name, 1)]
            self._withdraw(db, found)
            for name in found:
                for table, column in (
                    ("memories", "id"),
                    ("memory_sources", "memory"),
                    ("memory_use", "memory"),
                ):
                    db.execute(
                        f"DELETE FROM {table} WHERE scope = ? AND {column} = ?", (self._scope, name)
                    )
                db.execute(
                    "INSERT INTO tombstones VALUES (?, ?, ?)", (self._scope, name, seconds(moment))
                )
        return found

    def _insert(self, db: sqlite3.Connection, record: Record) -> None:
        if record.scope != self.scope:
            raise BadData(f"The memory {record.id} belongs to {record.scope}, not {self.scope}.")
        row = {"scope": self._scope} | row_of(record)
        marks = bound(row)
        what = f"INSERT INTO memories ({', '.join(row)}) VALUES ({marks})"
        made = db.execute(what, tuple(row.values()))
        if record.status in LIVE:
            db.execute(
                f"INSERT INTO {self._fts}(rowid, text) VALUES (?, ?)", (made.lastrowid, record.text)
            )
        db.executemany(
            "INSERT OR IGNORE INTO memory_sources VALUES (?, ?, ?)",
            [(self._scope, source, record.id) for source in self._sources(record)],
        )

    def _sources(self, record: Record) -> set[str]:
        """ULIDs of the lines and memories that a record rests on."""
        places = [(one.session, one.turns) for one in record.sources]
        places += [(one.session, one.turns) for one in record.covers]
        found = {ref.partition("#")[0] for ref in record.derived_from}
        for session, turns in places:
            first, _, last = turns.partition("-")
            rows = self._rows(
                "SELECT ulid FROM lines WHERE scope = ? AND session = ? AND n BETWEEN ? AND ?",
                *(session, int(first or 0), int(last or first or 0)),
            )
            found |= {ulid for (ulid,) in rows}
        return found

    def _withdraw(self, db: sqlite3.Connection, names: Iterable[str]) -> None:
        """Take memories out of the full-text index."""
        for name in names:
            db.execute(
                f"DELETE FROM {self._fts} WHERE rowid IN"
                f" (SELECT seq FROM memories WHERE scope = ? AND id = ? AND {FINDABLE})",
                (self._scope, name),
            )

    def _mark(self, db: sqlite3.Connection, names: Iterable[str], hidden: int) -> None:
        db.executemany(
            "UPDATE memories SET hidden = ? WHERE scope = ? AND id = ?",
            [(hidden, self._scope, name) for name in names],
        )

    def _use(self, name: str, update: str, **values: int) -> None:
        columns = ", ".join(values)
        marks = bound(values)
        with self._database.writing() as db:
            self._existing(name)
            db.execute(
                f"INSERT INTO memory_use (scope, memory, {columns}) VALUES (?, ?, {marks})"
                f" ON CONFLICT DO UPDATE SET {update}",
                (self._scope, name, *values.values()),
            )

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def get(self, name: str) -> Record | None:
        """The newest version of a memory, with how often it was used."""
        return next(iter(self._records(f"{SHOWN} AND m.id = ?", name)), None)

    def history(self, name: str) -> list[Record]:
        """All versions of a memory, oldest first."""
        return self._records("hidden = 0 AND m.id = ? ORDER BY v", name)

    def active(
        self, kind: str | None = None, subject: str | None = None, predicate: str | None = None
    ) -> list[Record]:
        """What is true now, oldest first; those of a kind, about a subject, with a predicate."""
        wanted = {"kind": kind, "subject": subject, "predicate": predicate}
        asked = {name: value for name, value in wanted.items() if value is not None}
        where = "".join(f" AND {name} = ?" for name in asked)
        return self._records(f"{SHOWN}{NOW}{where} ORDER BY seq", *asked.values())

    def of_status(self, status: str) -> list[Record]:
        """The memories of a status ("quarantined": still to be confirmed), oldest first."""
        return self._records(f"{SHOWN} AND status = ? ORDER BY seq", status)

    def everything(self) -> list[Record]:
        """The newest version of each memory, true now or not, oldest first."""
        return self._records(f"{SHOWN} ORDER BY seq")

    def newest(self, limit: int) -> list[Record]:
        """What is true now, newest first."""
        return self._records(f"{SHOWN}{NOW} ORDER BY seq DESC LIMIT ?", limit)

    def ending(self, tail: str) -> list[Record]:
        """Memories whose id ends with `tail`, newest first."""
        return self._records(
            f"{SHOWN} AND substr(id, -length(?)) = ? ORDER BY seq DESC", tail, tail
        )

    def hidden(self) -> list[Record]:
        """Memories that are forgotten but can still be restored, newest first."""
        return self._records("latest = 1 AND hidden = 1 ORDER BY seq DESC")

    def due_before(self, when: datetime) -> list[Record]:
        """Open promises due by then, the oldest first; days are those of the moment's own zone."""
        now, today = f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", f"{when:%Y-%m-%d}"
        by = "due_at <= ? AND due_at <= iif(length(due_at) > 10, ?, ?) ORDER BY due_at"
        return self._records(f"{SHOWN}{NOW} AND {by}", max(now, today), now, today)

    def sources_of(self, ulid: str) -> list[str]:
        """Ids of all memories, also hidden ones, that rest on this line or memory."""
        find = "SELECT memory FROM memory_sources WHERE scope = ? AND source = ?"
        return [name for (name,) in self._rows(find, ulid)]

    def gone(self, name: str) -> bool:
        """Whether a memory of this id was deleted for good."""
        return bool(self._rows("SELECT 1 FROM tombstones WHERE scope = ? AND id = ?", name))

    # ── searching ────────────────────────────────────────────────────────────────────────────

    def match(self, terms: Sequence[str], *, past: bool = False) -> Matches:
        """Find the memories that hold any of `terms`; with `past` also what was true once."""
        ((count,),) = self._rows(f"SELECT count(*) FROM memories WHERE scope = ? AND {FINDABLE}")
        if not terms:
            return Matches([], [], count)
        rows = self._rows(
            f"SELECT seq, -bm25({self._fts}) AS score FROM {self._fts} f"
            f" JOIN memories m ON m.seq = f.rowid WHERE m.scope = ? AND {self._fts} MATCH ?"
            f" AND {FINDABLE if past else SHOWN + NOW} ORDER BY score DESC, seq DESC",
            " OR ".join(map(quoted, terms)),
        )
        return Matches([seq for seq, _ in rows], [score for _, score in rows], count)

    def count(self, stem: str) -> int:
        """In how many memories a word stands, given as the index writes it."""
        find = f"SELECT doc FROM {self._vocabulary} WHERE term = ?"
        rows = self._database.rows(find, stem)
        return int(rows[0][0]) if rows else 0

    def holding(self, term: str, seqs: Sequence[int]) -> set[int]:
        """Those of these memories in which a word stands."""
        marks = bound(seqs)
        find = f"SELECT rowid FROM {self._fts} WHERE {self._fts} MATCH ? AND rowid IN ({marks})"
        return {seq for (seq,) in self._database.rows(find, quoted(term), *seqs)}

    def memos(self, seqs: Sequence[int]) -> list[Memo]:
        """What can be found at these places, in that order; never another's."""
        found = {one.seq: one for one, _ in self._memos(_PLACED, seqs)}
        return [found[seq] for seq in seqs if seq in found]

    def embedded(self, names: Sequence[str], embedder: str) -> list[tuple[Memo, Vector | None]]:
        """What can be found by these names (`memory:<id>`), in that order, each with its vector.

        None stands for a vector where this embedder has made none.
        """
        ids = [name.removeprefix(NAMED) for name in names if name.startswith(NAMED)]
        found = {one.name: (one, vector) for one, vector in self._memos(_CALLED, ids, embedder)}
        return [found[name] for name in names if name in found]

    def _memos(
        self, where: str, values: Sequence[object], embedder: str = ""
    ) -> list[tuple[Memo, Vector | None]]:
        if not values:
            return []
        find = (
            f"SELECT {COLUMNS}, iif(embedder = ?, vector, NULL), digest FROM {_WITH_USE}"
            f" AND {where} IN (SELECT value FROM json_each(?))"
        )
        rows = self._database.escaped(find, embedder, self._scope, json.dumps(list(values)))
        whole = sound(rows, WATCHED, self._database.lost["memories"])
        return [(memo(row[:-1]), vector_of(row[-1])) for row in whole]

    # ── vectors ──────────────────────────────────────────────────────────────────────────────

    def due(self, limit: int) -> list[Memo]:
        """Memories that are to be embedded, oldest first."""
        return self.memos(self._embedded.due(limit))

    def keep_vectors(self, vectors: Iterable[tuple[int, Vector]], embedder: str) -> None:
        """Store the vectors of memories, by place; the dense index does not hold them yet."""
        self._embedded.keep(vectors, embedder)

    def vectors(self, embedder: str, seqs: Sequence[int]) -> dict[int, Vector]:
        """The vectors of these memories, by place; those without one are left out."""
        return self._embedded.of(embedder, seqs)

    def sample(self, embedder: str, size: int) -> Vector:
        """At most about `size` vectors spread over all memories, shape (n, dim)."""
        return self._embedded.sample(embedder, size)

    # ── the database ─────────────────────────────────────────────────────────────────────────

    def _existing(self, name: str) -> Record:
        found = self.get(name)
        if found is None:
            raise MissingInput(f"There is no memory {name}.", "See `companion memories list`.")
        return found

    def _seen(self, name: str, hidden: int) -> bool:
        find = "SELECT 1 FROM memories WHERE scope = ? AND id = ? AND hidden = ?"
        return bool(self._rows(find, name, hidden))

    def _records(self, where: str, *values: object) -> list[Record]:
        rows = self._database.escaped(
            "SELECT seq, xml, coalesce(recalls, 0), last, coalesce(pinned, 0), xml_digest"
            f" FROM {_WITH_USE} AND {where}",
            *(self._scope, *values),
        )
        whole = sound(rows, 1, self._database.lost["memories"])
        return [_used(parse(xml), *use) for _, xml, *use in whole]

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a question whose first value is the scope."""
        return self._database.rows(statement, self._scope, *values)


def _used(record: Record, recalls: int, last: int | None, pinned: int) -> Record:
    """A record with how often it was used."""
    if not recalls and last is None and not pinned:
        return record
    used = None if last is None else moment(last)
    return replace(record, recalls=recalls, last=used, pinned=bool(pinned))
