"""The vectors beside what they were made of: lines and memories keep theirs alike.

A row is due until an embedder has seen it. Knows nothing of what is embedded, of embedders, or
of the dense index.
"""

# ruff: noqa: S608  (tables and conditions are ours; values are always bound)

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from companion.memory.store.database import Database

    Vector = npt.NDArray[np.float32]


class Embedded:
    """The vectors of one table and one scope.

    Args:
        database: The journal's file.
        table: "lines" or "memories".
        scope: Number of the owner and the character.
        shown: Which rows can be found at all, as SQL.
    """

    def __init__(self, database: Database, table: str, scope: int, shown: str) -> None:
        self._database = database
        self._table = table
        self._scope = scope
        self._where = f"FROM {table} WHERE scope = ? AND {shown}"

    def keep(self, vectors: Iterable[tuple[int, Vector]], embedder: str) -> None:
        """Store vectors by place; the dense index does not hold them yet."""
        with self._database.writing() as db:
            db.executemany(
                f"UPDATE {self._table} SET vector = ?, embedder = ?, due = 0, indexed = 0"
                " WHERE seq = ? AND scope = ?",
                [(vector.tobytes(), embedder, seq, self._scope) for seq, vector in vectors],
            )

    def due(self, limit: int) -> list[int]:
        """Places of rows that are to be embedded, oldest first."""
        rows = self._rows("seq", "due = 1 ORDER BY seq LIMIT ?", limit)
        return [seq for (seq,) in rows]

    def of(self, embedder: str, seqs: Sequence[int]) -> dict[int, Vector]:
        """The vectors of these rows, by place; rows without one are left out."""
        where = "embedder = ? AND seq IN (SELECT value FROM json_each(?))"
        return dict(self._vectors(where, embedder, json.dumps(list(seqs))))

    def sample(self, embedder: str, size: int) -> Vector:
        """At most about `size` vectors spread over all rows, shape (n, dim)."""
        seqs = [seq for (seq,) in self._rows("seq", "1 ORDER BY seq")]  # from its index alone
        rows = list(self.of(embedder, seqs[:: max(1, len(seqs) // size)]).values())
        return np.stack(rows) if rows else np.zeros((0, 0), np.float32)

    def _vectors(self, where: str, *values: object) -> list[tuple[int, Vector]]:
        rows = self._rows("seq, vector", f"{where} ORDER BY seq", *values)
        return [(seq, np.frombuffer(blob, np.float32)) for seq, blob in rows]

    def _rows(self, what: str, where: str, *values: object) -> list[tuple[Any, ...]]:
        return self._database.rows(f"SELECT {what} {self._where} AND {where}", self._scope, *values)


def vector_of(blob: bytes | None) -> Vector | None:
    """A vector as it is stored."""
    return None if blob is None else np.frombuffer(blob, np.float32)
