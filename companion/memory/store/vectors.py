"""The rows of the journal that have vectors, whatever their table: what the dense index holds.

`indexed = 1` says that the dense index holds exactly this row's vector under this row's name.
A row that was forgotten or overtaken keeps it until the index has dropped the name.
"""

# ruff: noqa: S608, SLF001  (names of tables are ours, values bound; it works in the journal's file)

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.memory.store.database import bound, guarded
from companion.memory.store.formats import FINDABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from companion.memory.store.journal import Journal, Vector


@dataclass(frozen=True, slots=True)
class Shelf:
    """One table of the journal that has vectors.

    Attributes:
        table: Its name.
        name: SQL for what the dense index calls a row.
        wanted: SQL for which rows belong in the dense index.
    """

    table: str
    name: str
    wanted: str


SHELVES = (
    Shelf("lines", "session || ':' || n", "hidden = 0"),
    # Summaries are not recalled: the lines that they sum up are.
    Shelf("memories", "'memory:' || id", f"{FINDABLE} AND kind != 'summary'"),
)


TABLES = ("lines", "memories", "passages")
"""All that have vectors; passages are few and compared one by one, so the index has none."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row and its vector.

    Attributes:
        shelf: Its table.
        seq: Its place there.
        name: What the dense index calls it.
        vector: Its vector; empty where it is of no matter.
    """

    shelf: Shelf
    seq: int
    name: str
    vector: Vector


class Vectors:
    """The rows with vectors of one owner and one character.

    Args:
        journal: Where they are.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def held(self, embedder: str) -> set[str]:
        """Names that the dense index holds, with the vectors of now."""
        return {
            name
            for shelf in SHELVES
            for (name,) in self._rows(shelf, shelf.name, "indexed = 1 AND embedder = ?", embedder)
        }

    def known(self) -> set[str]:
        """Names that the dense index may hold: no other may be found in it."""
        return {
            name
            for shelf in SHELVES
            for (name,) in self._rows(shelf, shelf.name, f"(indexed = 1 OR {shelf.wanted})")
        }

    def size(self) -> int:
        """How many rows there are, with a vector or not, of anybody."""
        with guarded(self._journal.path):
            return sum(
                self._journal._db.execute(f"SELECT count(*) FROM {shelf.table}").fetchone()[0]
                for shelf in SHELVES
            )

    def waiting(self, embedder: str, limit: int) -> list[Row]:
        """Rows that the dense index does not hold yet, oldest first."""
        rows: list[Row] = []
        for shelf in SHELVES:
            rows += [
                Row(shelf, seq, name, np.frombuffer(blob, np.float32))
                for seq, name, blob in self._rows(
                    shelf,
                    f"seq, {shelf.name}, vector",
                    f"indexed = 0 AND embedder = ? AND {shelf.wanted} ORDER BY seq LIMIT ?",
                    *(embedder, limit - len(rows)),
                )
            ]
        return rows

    def stale(self, limit: int) -> list[Row]:
        """Rows that the dense index holds and should not."""
        return [
            Row(shelf, seq, name, np.zeros(0, np.float32))
            for shelf in SHELVES
            for seq, name in self._rows(
                shelf,
                f"seq, {shelf.name}",
                f"indexed = 1 AND NOT ({shelf.wanted}) ORDER BY seq LIMIT ?",
                limit,
            )
        ]

    def named(self, embedder: str, names: Sequence[str]) -> dict[str, Vector]:
        """The vectors that the dense index should hold under these names; unknown ones left out."""
        marks = bound(names)
        return {
            name: np.frombuffer(blob, np.float32)
            for shelf in SHELVES
            for name, blob in self._rows(
                shelf,
                f"{shelf.name}, vector",
                f"indexed = 1 AND embedder = ? AND {shelf.name} IN ({marks})",
                *(embedder, *names),
            )
        }

    def makers(self) -> set[str]:
        """What made the oldest vectors and the newest: all embedders, as no two are ever mixed."""
        return {
            name
            for table in TABLES
            for order in ("ASC", "DESC")
            for (name,) in self._journal.database.rows(
                f"SELECT embedder FROM {table} WHERE scope = ? AND hidden = 0"
                f" AND embedder IS NOT NULL ORDER BY seq {order} LIMIT 1",
                self._journal.scope,
            )
        }

    def due(self) -> int:
        """How many rows have yet to be embedded."""
        rows = self._journal.database.rows
        of_scope = "WHERE scope = ? AND due = 1 AND hidden = 0"
        return sum(
            rows(f"SELECT count(*) FROM {table} {of_scope}", self._journal.scope)[0][0]
            for table in TABLES
        )

    def mark(self, rows: Iterable[Row], *, indexed: bool) -> None:
        """Note that the dense index now holds these rows, or no longer does."""
        with self._journal._writing() as db:
            for row in rows:
                db.execute(
                    f"UPDATE {row.shelf.table} SET indexed = ? WHERE seq = ? AND scope = ?",
                    (int(indexed), row.seq, self._journal.scope),
                )

    def unmark(self) -> None:
        """Note that the dense index is gone."""
        with self._journal._writing() as db:
            for shelf in SHELVES:
                db.execute(
                    f"UPDATE {shelf.table} SET indexed = 0 WHERE scope = ? AND indexed = 1",
                    (self._journal.scope,),
                )

    def drop(self) -> None:
        """Throw every vector away: all rows are to be embedded again."""
        with self._journal._writing() as db:
            for table in TABLES:
                db.execute(
                    f"UPDATE {table} SET vector = NULL, embedder = NULL, due = 1,"
                    " indexed = 0 WHERE scope = ?",
                    (self._journal.scope,),
                )

    def _rows(self, shelf: Shelf, what: str, where: str, *values: object) -> list[tuple[Any, ...]]:
        with guarded(self._journal.path):
            return self._journal._db.execute(
                f"SELECT {what} FROM {shelf.table} WHERE scope = ? AND {where}",
                (self._journal.scope, *values),
            ).fetchall()
