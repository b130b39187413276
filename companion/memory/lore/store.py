"""The documents of one owner and one character, in the journal's file and in its transactions.

Beside the passages stands a full-text index of their words and headings, one table for each owner
and character. A forgotten document is in no index, and in no answer, until it is restored.
"""

# ruff: noqa: S608, SLF001  (names of tables are ours, values bound; it works in the journal's file)

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.memory.database import COLUMNS, guarded, quoted
from companion.memory.journal import Matches
from companion.memory.lore.passage import Document, Passage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from companion.memory.journal import Journal, Vector
    from companion.memory.lore.block import Block

TABLES = (
    """
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    ulid TEXT NOT NULL UNIQUE, scope INTEGER NOT NULL REFERENCES scopes,
    name TEXT NOT NULL, path TEXT NOT NULL, title TEXT NOT NULL, kind TEXT NOT NULL,
    digest TEXT NOT NULL,         -- SHA-256 of the file
    taken_at INTEGER NOT NULL,    -- microseconds since 1970, UTC
    utc_offset INTEGER NOT NULL,  -- seconds east, where it was taken in
    hidden INTEGER NOT NULL DEFAULT 0  -- 1 when it is forgotten and not yet purged
)""",
    """
CREATE TABLE IF NOT EXISTS passages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents, n INTEGER NOT NULL,
    headings TEXT NOT NULL, page INTEGER NOT NULL, keys TEXT NOT NULL, text TEXT NOT NULL,
    vector BLOB, embedder TEXT,   -- float32, length 1; NULL until embedded
    UNIQUE (document, n)
)""",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DOCUMENT = (
    "d.ulid, d.name, d.path, d.title, d.kind, d.digest, d.taken_at, d.utc_offset,"
    " (SELECT count(*) FROM passages p WHERE p.document = d.seq)"
)
_PASSAGE = (
    "p.seq, d.ulid, p.n, d.name, d.title, p.headings, p.page, p.keys, p.text, d.taken_at,"
    " d.utc_offset"
)
_OF_SCOPE = "passages p JOIN documents d ON d.seq = p.document WHERE d.scope = ? AND d.hidden = ?"


class Documents:
    """What was taken in, for one owner and one character; never another's.

    Args:
        journal: Whose file, scope and transactions these are.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._scope = journal.scope
        self._fts = f"passages_fts_{self._scope}"
        self._words = f"passages_words_{self._scope}"
        self._matrix: tuple[list[int], Vector] | None = None
        if not self._rows("SELECT 1 FROM sqlite_master WHERE name = ?", self._fts):
            with journal._writing() as db:
                for statement in TABLES:
                    db.execute(statement)
                db.execute(f"CREATE VIRTUAL TABLE {self._fts} USING fts5({COLUMNS})")
                words = f"CREATE VIRTUAL TABLE {self._words} USING fts5vocab"
                db.execute(f"{words}({self._fts}, row)")

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    def keep(self, document: Document, blocks: Sequence[Block]) -> Document:
        """Store a document, in the place of an earlier one of this id; all of it or nothing.

        Passages that did not change keep their vectors.
        """
        vectors = self._drawn(document.id)
        offset = document.taken.utcoffset() or timedelta()
        taken = (document.taken - _EPOCH) // timedelta(microseconds=1)
        with self._journal._writing() as db:
            self._drop(db, [document.id])
            seq = db.execute(
                "INSERT INTO documents (ulid, scope, name, path, title, kind, digest, taken_at,"
                " utc_offset) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(document.id, self._scope, document.name, document.path, document.title),
                    *(document.kind, document.digest, taken, int(offset.total_seconds())),
                ),
            ).lastrowid
            db.executemany(
                "INSERT INTO passages (document, n, headings, page, keys, text, vector, embedder)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (seq, n, *row, *vectors.get((document.title, row[0], row[3]), (None, None)))
                    for n, row in enumerate(map(_row, blocks), 1)
                ],
            )
            self._index(db, document.id)
        self._changed()
        return self.documents([document.id])[0]

    def rename(self, document: str, name: str, path: str) -> None:
        """Note that the same file is now somewhere else."""
        with self._journal._writing() as db:
            db.execute(
                "UPDATE documents SET name = ?, path = ? WHERE ulid = ? AND scope = ?",
                (name, path, document, self._scope),
            )

    def hide(self, ids: Iterable[str]) -> None:
        """Forget these documents so far that `restore` can bring them back."""
        with self._journal._writing() as db:
            for one in ids:
                self._unindex(db, one)
                db.execute(
                    "UPDATE documents SET hidden = 1 WHERE ulid = ? AND scope = ?",
                    (one, self._scope),
                )
        self._changed()

    def restore(self, ids: Iterable[str]) -> None:
        """Bring back what was hidden."""
        with self._journal._writing() as db:
            for one in ids:
                self._unindex(db, one)
                db.execute(
                    "UPDATE documents SET hidden = 0 WHERE ulid = ? AND scope = ?",
                    (one, self._scope),
                )
                self._index(db, one)
        self._changed()

    def remove(self, ids: Iterable[str]) -> None:
        """Delete these documents for good; the words are overwritten in the file."""
        with self._journal._writing() as db:
            self._drop(db, ids)
            # SQLite before 3.42 keeps deleted words inside the index until it is merged.
            db.execute(f"INSERT INTO {self._fts}({self._fts}) VALUES ('optimize')")
        with guarded(self._journal.path):
            self._journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._changed()

    def _drop(self, db: sqlite3.Connection, ids: Iterable[str]) -> None:
        for one in ids:
            self._unindex(db, one)
            of = "(SELECT seq FROM documents WHERE ulid = ? AND scope = ?)"
            db.execute(f"DELETE FROM passages WHERE document IN {of}", (one, self._scope))
            db.execute("DELETE FROM documents WHERE ulid = ? AND scope = ?", (one, self._scope))

    def _unindex(self, db: sqlite3.Connection, document: str) -> None:
        found = f"SELECT p.seq FROM {_OF_SCOPE} AND d.ulid = ?"
        db.execute(f"DELETE FROM {self._fts} WHERE rowid IN ({found})", (self._scope, 0, document))

    def _index(self, db: sqlite3.Connection, document: str) -> None:
        rows = db.execute(
            f"SELECT {_PASSAGE} FROM {_OF_SCOPE} AND d.ulid = ?", (self._scope, 0, document)
        ).fetchall()
        db.executemany(
            f"INSERT INTO {self._fts}(rowid, turn, win) VALUES (?, ?, ?)",
            [(one.seq, one.text, f"{one.around} {one.text}") for one in map(_passage, rows)],
        )

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def documents(
        self, ids: Sequence[str] | None = None, *, hidden: bool = False
    ) -> list[Document]:
        """What was taken in, oldest first: these, or all."""
        rows = self._rows(
            f"SELECT {_DOCUMENT} FROM documents d WHERE d.scope = ? AND d.hidden = ?"
            " ORDER BY d.seq",
            *(self._scope, int(hidden)),
        )
        return [one for one in map(_document, rows) if ids is None or one.id in ids]

    def passages(self, seqs: Sequence[int]) -> list[Passage]:
        """The passages at these places, in that order; hidden and foreign ones are left out."""
        marks = ", ".join("?" * len(seqs))
        rows = self._rows(
            f"SELECT {_PASSAGE} FROM {_OF_SCOPE} AND p.seq IN ({marks})", self._scope, 0, *seqs
        )
        found = {one.seq: one for one in map(_passage, rows)}
        return [found[seq] for seq in seqs if seq in found]

    def of(self, document: str) -> list[Passage]:
        """All passages of one document, in order."""
        rows = self._rows(
            f"SELECT {_PASSAGE} FROM {_OF_SCOPE} AND d.ulid = ? ORDER BY p.n",
            *(self._scope, 0, document),
        )
        return list(map(_passage, rows))

    def size(self) -> int:
        """How many passages there are."""
        return int(self._rows(f"SELECT count(*) FROM {_OF_SCOPE}", self._scope, 0)[0][0])

    def match(self, terms: Sequence[str]) -> Matches:
        """Find the passages that hold any of `terms`, in their words or their headings."""
        if not terms:
            return Matches([], [], self.size())
        rows = self._rows(
            f"SELECT rowid, -bm25({self._fts}, 2.0, 1.0) AS score FROM {self._fts}"
            f" WHERE {self._fts} MATCH ? ORDER BY score DESC, rowid",
            " OR ".join(map(quoted, terms)),
        )
        return Matches([seq for seq, _ in rows], [score for _, score in rows], self.size())

    def count(self, stem: str) -> int:
        """In how many passages or their headings a word stands, given as the index writes it."""
        rows = self._rows(f"SELECT doc FROM {self._words} WHERE term = ?", stem)
        return int(rows[0][0]) if rows else 0

    def holding(self, term: str, seqs: Sequence[int]) -> set[int]:
        """Those of these passages in which, or above which, a word stands."""
        marks = ", ".join("?" * len(seqs))
        rows = self._rows(
            f"SELECT rowid FROM {self._fts} WHERE {self._fts} MATCH ? AND rowid IN ({marks})",
            *(quoted(term), *seqs),
        )
        return {seq for (seq,) in rows}

    # ── vectors ──────────────────────────────────────────────────────────────────────────────

    def due(self, embedder: str, limit: int) -> list[Passage]:
        """Passages that this embedder has yet to see."""
        rows = self._rows(
            f"SELECT {_PASSAGE} FROM {_OF_SCOPE} AND p.embedder IS NOT ? ORDER BY p.seq LIMIT ?",
            *(self._scope, 0, embedder, limit),
        )
        return list(map(_passage, rows))

    def keep_vectors(self, vectors: Iterable[tuple[int, Vector]], embedder: str) -> None:
        """Store the vectors of passages, by place."""
        with self._journal._writing() as db:
            db.executemany(
                "UPDATE passages SET vector = ?, embedder = ? WHERE seq = ?",
                [(vector.tobytes(), embedder, seq) for seq, vector in vectors],
            )
        self._changed()

    def vectors(self, embedder: str) -> tuple[list[int], Vector]:
        """Places and vectors of all passages, shape (passages, dim); read once and kept."""
        if self._matrix is None:
            rows = self._rows(
                f"SELECT p.seq, p.vector FROM {_OF_SCOPE} AND p.embedder = ? ORDER BY p.seq",
                *(self._scope, 0, embedder),
            )
            matrix = np.frombuffer(b"".join(blob for _, blob in rows), np.float32)
            self._matrix = [seq for seq, _ in rows], matrix.reshape(len(rows), -1 if rows else 0)
        return self._matrix

    def _drawn(self, document: str) -> dict[tuple[str, str, str], tuple[bytes, str]]:
        """Vector and embedder by all that is embedded."""
        rows = self._rows(
            f"SELECT d.title, p.headings, p.text, p.vector, p.embedder FROM {_OF_SCOPE}"
            " AND d.ulid = ? AND p.vector IS NOT NULL",
            *(self._scope, 0, document),
        )
        return {tuple(row[:3]): tuple(row[3:]) for row in rows}

    def _changed(self) -> None:
        self._matrix = None

    def _rows(self, query: str, *values: object) -> list[Any]:
        with guarded(self._journal.path):
            return list(self._journal._db.execute(query, values))


def _row(block: Block) -> tuple[str, int, str, str]:
    path, keys = (json.dumps(one, ensure_ascii=False) for one in (block.path, block.keys))
    return path, block.page, keys, block.text


def _moment(micros: int, offset: int) -> datetime:
    zone = timezone(timedelta(seconds=offset))
    return (_EPOCH + timedelta(microseconds=micros)).astimezone(zone)


def _document(row: tuple[Any, ...]) -> Document:
    ulid, name, path, title, kind, digest, micros, offset, passages = row
    return Document(ulid, name, path, title, kind, digest, _moment(micros, offset), passages)


def _passage(row: tuple[Any, ...]) -> Passage:
    seq, document, n, name, title, headings, page, keys, text, micros, offset = row
    path, called = (tuple(json.loads(one)) for one in (headings, keys))
    taken = _moment(micros, offset)
    return Passage(seq, document, n, name, title, path, page, called, text, taken)
