"""The journal: every line that was heard or said, in one SQLite file. This is the truth.

A line is acknowledged only when it is committed (WAL, `synchronous=FULL`). Beside the lines stands
a full-text index of each line and its neighbours, one table for each owner and character, and the
line's vector. Knows nothing of ranking, embedders or Chroma.
"""

# ruff: noqa: S608  (table names are ours: a number behind a fixed word; values are always bound)

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from companion.errors import undoing
from companion.memory.store.database import Database, bound, guarded, quoted
from companion.memory.store.digest import LINE, digest, sound
from companion.memory.store.embedded import Embedded, vector_of
from companion.memory.store.formats import add_indexes
from companion.memory.store.line import Line, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from companion.memory.store.line import Spoken

    Vector = npt.NDArray[np.float32]

AT_ONCE = 1000
"""Lines named in one question; SQLite takes no more than some ten thousand values."""
WINDOW = 2
"""Neighbours on each side that are indexed with a line (LoCoMo: 1 and 3 are 3-4 points worse)."""

LAST = "\U0010ffff"
"""A letter after all others."""

FIELDS = f"seq, {LINE}"
WATCHED = LINE.count(",") + 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Matches:
    """Lines in which at least one term stands, best first.

    Attributes:
        seqs: Place of each line.
        scores: BM25, higher is better; the line counts twice, its window once.
        lines: How many lines there are, found or not.
    """

    seqs: list[int]
    scores: list[float]
    lines: int


class Journal:
    """The lines of one owner and one character.

    Args:
        path: The SQLite file; made if it is not there.
        owner: Whose lines.
        character: With whom.

    Raises:
        StoreDamaged: The file is damaged, not ours, or of a newer version; it is left unchanged.
        StoreError: It cannot be read or written.
    """

    def __init__(self, path: Path, owner: str, character: str) -> None:
        self.path = path
        self.owner = owner
        self.character = character
        self.database = Database(path)
        self._db = self.database.connection
        self._writing = self.database.writing
        with undoing(self.close):
            self.scope = self._scope()
        self._embedded = Embedded(self.database, "lines", self.scope, "hidden = 0")
        self._fts = f"lines_fts_{self.scope}"
        self._vocabulary = f"lines_words_{self.scope}"

    def close(self) -> None:
        """Close the file; safe to repeat."""
        self.database.close()

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    def add(self, session: str, ulid: str, spoken: Spoken) -> Line:
        """Store a line and return it once it is on the disk."""
        with self._writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO sessions VALUES (?, ?, 1)",
                (session, self.scope),
            )
            (n,) = db.execute(
                "UPDATE sessions SET next = next + 1 WHERE id = ? AND scope = ? RETURNING next - 1",
                (session, self.scope),
            ).fetchone()
            offset = spoken.said.utcoffset() or timedelta()
            row = (
                *(ulid, session, n, self.owner, self.character),
                *(spoken.speaker, spoken.who, spoken.text, float(spoken.confidence)),
                *((spoken.said - _EPOCH) // timedelta(microseconds=1), int(offset.total_seconds())),
            )
            what = f"INSERT INTO lines ({LINE}, scope, digest) VALUES ({'?, ' * WATCHED}?, ?)"
            seq = db.execute(what, (*row, self.scope, digest(row))).lastrowid
            self._refresh(session, n)
        (line,) = self.lines([seq or 0])
        return line

    def remove(self, lines: Sequence[Line]) -> None:
        """Delete lines in every table, for good. They are in the log until `flush`."""
        with self._writing() as db:
            self.erase(lines)
            # SQLite before 3.42 keeps deleted words inside an index until it is merged.
            for fts in (self._fts, f"memories_fts_{self.scope}"):
                db.execute(f"INSERT INTO {fts}({fts}) VALUES ('optimize')")

    def flush(self) -> None:
        """Write the log into the file and cut it to nothing: what was deleted is in neither."""
        self.database.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def erase(self, lines: Sequence[Line]) -> None:
        """Delete lines, shown or not, and the vectors of others that were made with their words.

        The full-text index holds their words until it is merged.
        """
        with self._writing() as db:
            for line in lines:
                db.execute(f"DELETE FROM {self._fts} WHERE rowid = ?", (line.seq,))
                db.execute("DELETE FROM lines WHERE seq = ? AND scope = ?", (line.seq, self.scope))
            self._refresh_all(lines)
            db.execute(
                "UPDATE lines SET vector = NULL, embedder = NULL WHERE scope = ? AND due = 1",
                (self.scope,),
            )

    def hide(self, ids: Sequence[str]) -> list[Line]:
        """Make lines invisible to everything but `hidden` and `unhide`; returns those it found."""
        with self._writing() as db:
            gone = [
                line
                for start in range(0, len(ids), AT_ONCE)
                for line in self.by_id(ids[start : start + AT_ONCE])
            ]
            for line in gone:
                db.execute("UPDATE lines SET hidden = 1 WHERE seq = ?", (line.seq,))
                db.execute(f"DELETE FROM {self._fts} WHERE rowid = ?", (line.seq,))
            self._refresh_all(gone)
        return gone

    def unhide(self, ulids: Sequence[str]) -> list[Line]:
        """Take that back for lines named by their ULIDs; returns those it found."""
        with self._writing() as db:
            wanted = set(ulids)
            back = [line for line in self.hidden() if line.ulid in wanted]
            for line in back:
                db.execute("UPDATE lines SET hidden = 0, due = 1 WHERE seq = ?", (line.seq,))
            self._refresh_all(back)
        return back

    def mark_looked(self, seqs: Iterable[int], version: int) -> None:
        """Note that this version of the extractor has looked at these lines."""
        with self._writing() as db:
            db.executemany(
                "UPDATE lines SET looked = ? WHERE seq = ? AND scope = ?",
                [(version, seq, self.scope) for seq in seqs],
            )

    def keep_vectors(self, vectors: Iterable[tuple[int, Vector]], embedder: str) -> None:
        """Store the vectors of lines, by place; the dense index does not hold them yet."""
        self._embedded.keep(vectors, embedder)

    def _refresh_all(self, lines: Sequence[Line]) -> None:
        for session, n in sorted({(line.session, line.n) for line in lines}):
            self._refresh(session, n)

    def _refresh(self, session: str, n: int) -> None:
        """Write the window of line `n` and of the neighbours that have it in theirs.

        The vectors of its neighbours are made of its words too, so they are due again.
        """
        near = self._lines(
            "session = ? AND n BETWEEN ? AND ? ORDER BY n", session, n - 2 * WINDOW, n + 2 * WINDOW
        )
        for place, line in enumerate(near):
            if abs(line.n - n) <= WINDOW:
                window = near[max(0, place - WINDOW) : place + WINDOW + 1]
                self._db.execute(
                    f"INSERT OR REPLACE INTO {self._fts}(rowid, turn, win) VALUES (?, ?, ?)",
                    (line.seq, line.worded, " ".join(one.worded for one in window)),
                )
        self._db.execute(
            "UPDATE lines SET due = 1 WHERE scope = ? AND session = ? AND n BETWEEN ? AND ?",
            (self.scope, session, n - WINDOW, n + WINDOW),
        )

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def match(self, terms: Sequence[str]) -> Matches:
        """Find the lines that hold any of `terms`, or whose neighbours do."""
        with guarded(self.path):
            (lines,) = self._db.execute(
                "SELECT count(*) FROM lines WHERE scope = ? AND hidden = 0", (self.scope,)
            ).fetchone()
            if not terms:
                return Matches([], [], lines)
            rows = self._db.execute(
                f"SELECT rowid, -bm25({self._fts}, 2.0, 1.0) AS score FROM {self._fts}"
                f" WHERE {self._fts} MATCH ? ORDER BY score DESC, rowid DESC",
                (" OR ".join(map(quoted, terms)),),
            ).fetchall()
        return Matches([seq for seq, _ in rows], [score for _, score in rows], lines)

    def counts(self, stems: Mapping[str, str]) -> dict[str, int]:
        """In how many windows each word stands; `*` as in `quoted`.

        Args:
            stems: Each word as the index writes it.
        """
        exact = list({stem for stem in stems.values() if not stem.endswith("*")})
        marks = bound(exact)
        of = f"FROM {self._vocabulary} WHERE term"
        with guarded(self.path):
            known = dict(self._db.execute(f"SELECT term, doc {of} IN ({marks})", exact).fetchall())
            for stem in set(stems.values()) - set(exact):
                first = stem.removesuffix("*")
                find = f"SELECT coalesce(sum(doc), 0) {of} BETWEEN ? AND ?"
                (known[stem],) = self._db.execute(find, (first, first + LAST)).fetchone()
        return {word: int(known.get(stem, 0)) for word, stem in stems.items()}

    def holding(self, term: str, seqs: Sequence[int]) -> set[int]:
        """Those of these lines in whose window a word stands."""
        marks = bound(seqs)
        with guarded(self.path):
            rows = self._db.execute(
                f"SELECT rowid FROM {self._fts} WHERE {self._fts} MATCH ? AND rowid IN ({marks})",
                (quoted(term), *seqs),
            ).fetchall()
        return {seq for (seq,) in rows}

    def lines(self, seqs: Sequence[int]) -> list[Line]:
        """The lines at these places, in that order; never another's."""
        marks = bound(seqs)
        with guarded(self.path):
            found = {line.seq: line for line in self._lines(f"seq IN ({marks})", *seqs)}
        return [found[seq] for seq in seqs if seq in found]

    def by_id(self, ids: Sequence[str]) -> list[Line]:
        """The lines with these ids (`<session>:<n>`), in that order; unknown ones are left out."""
        return [line for line, _ in self.embedded(ids, "")]

    def embedded(self, ids: Sequence[str], embedder: str) -> list[tuple[Line, Vector | None]]:
        """The same, each with its vector; None where this embedder has made none."""
        pairs = [(session, n) for session, _, n in (one.rpartition(":") for one in ids)]
        if not pairs:
            return []
        marks = ", ".join(["(?, ?)"] * len(pairs))
        with guarded(self.path):
            rows = self._db.execute(
                f"SELECT {FIELDS}, iif(embedder = ?, vector, NULL)"
                f" FROM (VALUES {marks}) v CROSS JOIN lines l"
                " ON l.session = v.column1 AND l.n = v.column2"
                " WHERE scope = ? AND owner = ? AND character = ? AND hidden = 0",
                (
                    embedder,
                    *(part for session, n in pairs for part in (session, number(n))),
                    *(self.scope, self.owner, self.character),
                ),
            ).fetchall()
        lines = ((_line(row[:-1]), vector_of(row[-1])) for row in rows)
        found = {line.id: (line, vector) for line, vector in lines}
        return [found[one] for one in ids if one in found]

    def session(self, session: str) -> list[Line]:
        """All lines of one conversation, in order."""
        with guarded(self.path):
            return self._lines("session = ? ORDER BY n", session)

    def end_of(self, session: str, count: int) -> list[Line]:
        """The last lines of one conversation, in order."""
        return self._lines("session = ? ORDER BY n DESC LIMIT ?", session, count)[::-1]

    def windows(self, lines: Sequence[Line]) -> dict[int, list[Line]]:
        """The window of each of these lines, in order, by the line's place."""
        near = {
            line.seq: [f"{line.session}:{n}" for n in range(line.n - WINDOW, line.n + WINDOW + 1)]
            for line in lines
        }
        found = {line.id: line for line in self.by_id(list({*chain(*near.values())}))}
        return {seq: [found[one] for one in ids if one in found] for seq, ids in near.items()}

    def newest(self, limit: int) -> list[Line]:
        """The newest lines, newest first."""
        return self._lines("1 ORDER BY seq DESC LIMIT ?", limit)

    def sessions(self) -> list[tuple[str, int, int, int]]:
        """Id, number of lines, first and last place of each conversation, oldest first."""
        return self.database.rows(
            "SELECT session, count(*), min(seq), max(seq) FROM lines"
            " WHERE scope = ? AND owner = ? AND character = ? AND hidden = 0"
            " GROUP BY session ORDER BY 3",
            *(self.scope, self.owner, self.character),
        )

    def hidden(self) -> list[Line]:
        """Lines that are forgotten but can still be restored, newest first."""
        return self._lines("1 ORDER BY seq DESC", hidden=1)

    def unlooked(self, version: int, limit: int) -> list[Line]:
        """The owner's lines that this version of the extractor has yet to see, oldest first."""
        return self._lines("speaker = 'user' AND looked < ? ORDER BY seq LIMIT ?", version, limit)

    def ending(self, tail: str) -> list[Line]:
        """Lines whose ULID ends with `tail`, newest first."""
        return self._lines("substr(ulid, -length(?)) = ? ORDER BY seq DESC", tail, tail)

    def last(self) -> int:
        """Place of the newest line of anybody; 0 in an empty journal."""
        ((seq,),) = self.database.rows("SELECT coalesce(max(seq), 0) FROM lines")
        return int(seq)

    # ── vectors ──────────────────────────────────────────────────────────────────────────────

    def due(self, limit: int) -> list[Line]:
        """Lines that are to be embedded, oldest first."""
        return self.lines(self._embedded.due(limit))

    def texts(self, lines: Sequence[Line]) -> list[str]:
        """What is embedded for these lines: first each alone, then each with its window.

        The sum of the two vectors finds more than either (LoCoMo, fused, recall at 10: 2 points).
        """
        with guarded(self.path):
            near = [
                self._lines("session = ? AND n BETWEEN ? AND ? ORDER BY n", one.session, *around)
                for one in lines
                for around in ((one.n - WINDOW, one.n + WINDOW),)
            ]
        return [line.worded for line in lines] + [
            " ".join(line.worded for line in window) for window in near
        ]

    def vectors(self, embedder: str, seqs: Sequence[int]) -> dict[int, Vector]:
        """The vectors of these lines, by place; lines without one are left out."""
        return self._embedded.of(embedder, seqs)

    def sample(self, embedder: str, size: int) -> Vector:
        """At most about `size` vectors spread over all lines, shape (n, dim)."""
        return self._embedded.sample(embedder, size)

    # ── the database ─────────────────────────────────────────────────────────────────────────

    def _lines(self, where: str, *values: object, hidden: int = 0) -> list[Line]:
        rows = self.database.escaped(
            f"SELECT {FIELDS}, digest FROM lines"
            f" WHERE scope = ? AND owner = ? AND character = ? AND hidden = {hidden} AND {where}",
            *(self.scope, self.owner, self.character, *values),
        )
        return [_line(row) for row in sound(rows, WATCHED, self.database.lost["lines"])]

    def _scope(self) -> int:
        """The number of this owner and character; their full-text indexes, made when they meet."""
        pair = (self.owner, self.character)
        find = "SELECT id FROM scopes WHERE owner = ? AND character = ?"
        if not self.database.rows(find, *pair):
            with self._writing() as db:
                made = db.execute("INSERT INTO scopes (owner, character) VALUES (?, ?)", pair)
                add_indexes(db, made.lastrowid or 0)
        return int(self.database.rows(find, *pair)[0][0])


def _line(row: tuple[Any, ...]) -> Line:
    """A line from a row of `FIELDS`."""
    seq, ulid, session, n, owner, character, speaker, who, text, sure, micros, offset = row
    said = _epoch(offset) + timedelta(microseconds=micros)
    return Line(seq, ulid, session, n, owner, character, speaker, who, text, sure, said)


@lru_cache
def _epoch(offset: int) -> datetime:
    """The beginning of time, told in a zone."""
    return _EPOCH.astimezone(timezone(timedelta(seconds=offset)))
