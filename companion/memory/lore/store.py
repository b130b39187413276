"""The documents of one owner and one character, in the journal's file and in its transactions.

Beside the passages stands a full-text index of their words and headings, one table for each owner
and character. A forgotten document is in no index, and in no answer, until it is restored.
"""

# ruff: noqa: S608  (names of tables are ours: a number behind a fixed word; values are always bound)

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.memory.lore.passage import BETWEEN, Document, Passage
from companion.memory.store.database import bound, quoted
from companion.memory.store.journal import LAST, Matches

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from companion.memory.lore.block import Block
    from companion.memory.store.database import Database

    Vector = npt.NDArray[np.float32]

_DOCUMENT = (
    "d.id, d.name, d.path, d.title, d.kind, d.sha, d.taken, d.utc_offset,"
    " (SELECT count(*) FROM passages p WHERE p.document = d.id)"
)
_PASSAGE = (
    "p.seq, p.document, p.n, d.name, d.title, p.heading, p.page, p.text, d.taken, d.utc_offset"
)
_SHOWN = "passages p JOIN documents d ON d.id = p.document WHERE d.scope = ? AND d.hidden = 0"
_HIDE = "UPDATE {} SET hidden = ? WHERE {} = ? AND scope = ?"


class Documents:
    """What was taken in, for one owner and one character; never another's.

    Args:
        database: The journal's file.
        scope: The number of this owner and character there.
    """

    def __init__(self, database: Database, scope: int) -> None:
        self._database = database
        self._scope = scope
        self._fts = f"passages_fts_{scope}"
        self._words = f"passages_words_{scope}"
        self._matrix: tuple[str, list[int], Vector] | None = None

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    def keep(self, document: Document, blocks: Sequence[Block]) -> Document:
        """Store a document, in the place of an earlier one of this id; all of it or nothing.

        Passages that did not change keep their vectors.
        """
        vectors = self._drawn(document.id)
        with self._database.writing() as db:
            self._drop(db, [document.id])
            db.execute(
                "INSERT INTO documents (id, scope, name, path, title, kind, sha, taken, utc_offset)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(document.id, self._scope, document.name, document.path, document.title),
                    *(document.kind, document.digest, int(document.taken.timestamp())),
                    int((document.taken.utcoffset() or timedelta()).total_seconds()),
                ),
            )
            for n, block in enumerate(blocks, 1):
                heading = BETWEEN.join(block.path)
                drawn = vectors.get((document.title, heading, block.text))
                seq = db.execute(
                    "INSERT INTO passages (id, scope, document, n, heading, page, keys, text,"
                    " vector, embedder, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        *(f"{document.id}:{n}", self._scope, document.id, n, heading, block.page),
                        *(" ".join(block.keys), block.text, *(drawn or (None, None)), not drawn),
                    ),
                ).lastrowid
                self._index(db, "p.seq = ?", seq)
        self._matrix = None
        return self.documents([document.id])[0]

    def rename(self, document: str, name: str, path: str) -> None:
        """Note that the same file is now somewhere else."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE documents SET name = ?, path = ? WHERE id = ? AND scope = ?",
                (name, path, document, self._scope),
            )

    def hide(self, ids: Iterable[str]) -> None:
        """Forget these documents so far that `restore` can bring them back."""
        with self._database.writing() as db:
            for one in ids:
                self._unindex(db, one)
                self._mark(db, one, hidden=True)
        self._matrix = None

    def restore(self, ids: Iterable[str]) -> None:
        """Bring back what was hidden."""
        with self._database.writing() as db:
            for one in ids:
                self._unindex(db, one)
                self._mark(db, one, hidden=False)
                self._index(db, "d.id = ?", one)
        self._matrix = None

    def remove(self, ids: Iterable[str]) -> None:
        """Delete these documents for good; the words are overwritten in the file."""
        with self._database.writing() as db:
            self._drop(db, ids)
            # SQLite before 3.42 keeps deleted words inside the index until it is merged.
            db.execute(f"INSERT INTO {self._fts}({self._fts}) VALUES ('optimize')")
        self._database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        self._matrix = None

    def _drop(self, db: sqlite3.Connection, ids: Iterable[str]) -> None:
        for one in ids:
            self._unindex(db, one)
            pair = (one, self._scope)
            db.execute("DELETE FROM passages WHERE document = ? AND scope = ?", pair)
            db.execute("DELETE FROM documents WHERE id = ? AND scope = ?", pair)

    def _mark(self, db: sqlite3.Connection, document: str, *, hidden: bool) -> None:
        for table, column in (("documents", "id"), ("passages", "document")):
            db.execute(_HIDE.format(table, column), (int(hidden), document, self._scope))

    def _unindex(self, db: sqlite3.Connection, document: str) -> None:
        found = "SELECT seq FROM passages WHERE scope = ? AND document = ?"
        db.execute(f"DELETE FROM {self._fts} WHERE rowid IN ({found})", (self._scope, document))

    def _index(self, db: sqlite3.Connection, where: str, value: object) -> None:
        """Put passages into the full-text index: their words, and what stands above them."""
        db.execute(
            f"INSERT INTO {self._fts}(rowid, heading, text)"
            f" SELECT p.seq, d.title || ' ' || p.heading || ' ' || p.keys, p.text"
            f" FROM {_SHOWN} AND {where}",
            (self._scope, value),
        )

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def documents(
        self, ids: Sequence[str] | None = None, *, hidden: bool = False
    ) -> list[Document]:
        """What was taken in, oldest first: these, or all."""
        rows = self._database.rows(
            f"SELECT {_DOCUMENT} FROM documents d WHERE d.scope = ? AND d.hidden = ?"
            " ORDER BY d.taken, d.id",
            *(self._scope, int(hidden)),
        )
        return [one for one in map(_document, rows) if ids is None or one.id in ids]

    def passages(self, seqs: Sequence[int]) -> list[Passage]:
        """The passages at these places, in that order; hidden and foreign ones are left out."""
        marks = bound(seqs)
        found = {one.seq: one for one in self._passages(f"AND p.seq IN ({marks})", *seqs)}
        return [found[seq] for seq in seqs if seq in found]

    def of(self, document: str) -> list[Passage]:
        """All passages of one document, in order."""
        return self._passages("AND d.id = ? ORDER BY p.n", document)

    def size(self) -> int:
        """How many passages there are."""
        counted = "SELECT count(*) FROM passages WHERE scope = ? AND hidden = 0"
        return int(self._database.rows(counted, self._scope)[0][0])

    def match(self, terms: Sequence[str]) -> Matches:
        """Find the passages that hold any of `terms`, in their words or their headings."""
        if not terms:
            return Matches([], [], self.size())
        rows = self._database.rows(
            f"SELECT rowid, -bm25({self._fts}, 1.0, 2.0) AS score FROM {self._fts}"
            f" WHERE {self._fts} MATCH ? ORDER BY score DESC, rowid",
            " OR ".join(map(quoted, terms)),
        )
        return Matches([seq for seq, _ in rows], [score for _, score in rows], self.size())

    def count(self, stem: str) -> int:
        """In how many passages or their headings a word stands; `*` as in `quoted`."""
        first, last = (stem[:-1], stem[:-1] + LAST) if stem.endswith("*") else (stem, stem)
        rows = self._database.rows(
            f"SELECT coalesce(sum(doc), 0) FROM {self._words} WHERE term BETWEEN ? AND ?",
            *(first, last),
        )
        return int(rows[0][0])

    def holding(self, term: str, seqs: Sequence[int]) -> set[int]:
        """Those of these passages in which, or above which, a word stands."""
        marks = bound(seqs)
        rows = self._database.rows(
            f"SELECT rowid FROM {self._fts} WHERE {self._fts} MATCH ? AND rowid IN ({marks})",
            *(quoted(term), *seqs),
        )
        return {seq for (seq,) in rows}

    def _passages(self, where: str, *values: object) -> list[Passage]:
        rows = self._database.rows(f"SELECT {_PASSAGE} FROM {_SHOWN} {where}", self._scope, *values)
        return list(map(_passage, rows))

    # ── vectors ──────────────────────────────────────────────────────────────────────────────

    def due(self, embedder: str, limit: int) -> list[Passage]:
        """Passages that this embedder has yet to see."""
        return self._passages("AND p.embedder IS NOT ? ORDER BY p.seq LIMIT ?", embedder, limit)

    def waiting(self) -> int:
        """How many passages have no vector yet."""
        rows = self._database.rows(f"SELECT count(*) FROM {_SHOWN} AND p.due = 1", self._scope)
        return int(rows[0][0])

    def keep_vectors(self, vectors: Iterable[tuple[int, Vector]], embedder: str) -> None:
        """Store the vectors of passages, by place."""
        with self._database.writing() as db:
            db.executemany(
                "UPDATE passages SET vector = ?, embedder = ?, due = 0 WHERE seq = ? AND scope = ?",
                [(vector.tobytes(), embedder, seq, self._scope) for seq, vector in vectors],
            )
        self._matrix = None

    def vectors(self, embedder: str) -> tuple[list[int], Vector]:
        """Places and vectors of all passages, shape (passages, dim); read once and kept."""
        if self._matrix is None or self._matrix[0] != embedder:
            rows = self._database.rows(
                f"SELECT p.seq, p.vector FROM {_SHOWN} AND p.embedder = ? ORDER BY p.seq",
                *(self._scope, embedder),
            )
            made = np.frombuffer(b"".join(blob for _, blob in rows), np.float32)
            matrix = made.reshape(len(rows), -1 if rows else 0)
            self._matrix = embedder, [seq for seq, _ in rows], matrix
        return self._matrix[1:]

    def _drawn(self, document: str) -> dict[tuple[str, str, str], tuple[bytes, str]]:
        """Vector and embedder by all that was embedded."""
        rows = self._database.rows(
            f"SELECT d.title, p.heading, p.text, p.vector, p.embedder FROM {_SHOWN}"
            " AND d.id = ? AND p.vector IS NOT NULL",
            *(self._scope, document),
        )
        return {(title, heading, text): (blob, by) for title, heading, text, blob, by in rows}


def _moment(seconds: int, offset: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(timezone(timedelta(seconds=offset)))


def _document(row: tuple[Any, ...]) -> Document:
    *head, seconds, offset, passages = row
    ulid, name, path, title, kind, digest = head
    return Document(ulid, name, path, title, kind, digest, _moment(seconds, offset), passages)


def _passage(row: tuple[Any, ...]) -> Passage:
    *head, seconds, offset = row
    seq, document, n, name, title, heading, page, text = head
    taken = _moment(seconds, offset)
    return Passage(seq, document, n, name, title, heading, page, text, taken)
