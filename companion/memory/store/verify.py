"""Whether the memory is sound: the journal, its full-text indexes, its vectors, the dense index.

Looks, and changes nothing.
"""

# ruff: noqa: S608  (names of tables are ours; values are always bound)

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from companion.errors import BadData, StoreError
from companion.memory.dense.index import ANEW
from companion.memory.record import parse
from companion.memory.store.digest import KEPT, digest, restored
from companion.memory.store.formats import FINDABLE
from companion.memory.store.vectors import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.memory.dense.index import Index
    from companion.memory.store.journal import Journal

MOST = 20
"""Rows that SQLite lists of what is wrong."""
SHOWN = {"lines": "hidden = 0", "memories": FINDABLE, "passages": "hidden = 0"}
UNIT = 1e-3
"""A vector's length may differ so much from 1."""
PATIENCE = 300.0
"""Seconds to wait for what looks into the dense index."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found.

    Attributes:
        lines: How many lines there are, of this owner with this character.
        memories: The same of memories.
        passages: The same of passages of documents.
        forgotten: How many of them are forgotten and can still be restored.
        vectors: How many have a vector.
        embedder: What made the vectors; "" where there are none.
        index: The dense index "agrees", "is not made yet", "will be built anew", or "is on a server
            that does not answer"; "" without an embedder.
        problems: What is wrong with the journal, each as a sentence; none: it is sound.
    """

    lines: int
    memories: int
    passages: int
    forgotten: int
    vectors: int
    embedder: str
    index: str
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong; an index that does not agree is built anew by itself."""
        return not self.problems


def verify(journal: Journal, index: Index | None) -> Verdict:
    """Look at everything.

    Args:
        journal: The journal.
        index: The dense index over it, which is closed for this; None without an embedder.
    """
    problems = [*_file(journal), *_full_text(journal), *_records(journal), *_digests(journal)]
    vectors, embedder, wrong = _vectors(journal)

    def count(table: str, where: str = "hidden = 0") -> int:
        return _count(journal, f"FROM {table} WHERE scope = ? AND {where}")

    return Verdict(
        lines=count("lines"),
        memories=count("memories", "latest = 1 AND hidden = 0"),
        passages=count("passages"),
        forgotten=count("lines", "hidden = 1") + count("memories", "latest = 1 AND hidden = 1"),
        vectors=vectors,
        embedder=embedder,
        index="" if index is None else _index(index),
        problems=(*problems, *wrong),
    )


def _count(journal: Journal, what: str) -> int:
    ((value,),) = journal.database.rows(f"SELECT count(*) {what}", journal.scope)
    return int(value)


def _file(journal: Journal) -> Iterator[str]:
    rows = journal.database.rows
    for (what,) in rows(f"PRAGMA integrity_check({MOST})"):
        if what != "ok":
            yield f"The journal is damaged: {what}."
    for table, row, other, _ in rows("PRAGMA foreign_key_check"):
        yield f"Row {row} of {table} names a row of {other} that is not there."


def _full_text(journal: Journal) -> Iterator[str]:
    for table in TABLES:
        fts = f"{table}_fts_{journal.scope}"
        try:
            with journal.database.writing() as db:
                db.execute(f"INSERT INTO {fts}({fts}) VALUES ('integrity-check')")
        except (StoreError, sqlite3.DatabaseError) as error:
            yield f"The words of the {table} are not those of their index: {error}."
        shown = f"SELECT seq FROM {table} WHERE scope = ? AND {SHOWN[table]}"
        held = f"SELECT rowid FROM {fts}"
        missing = _count(journal, f"FROM ({shown} EXCEPT {held})")
        extra = _count(journal, f"FROM ({held} EXCEPT {shown})")
        if missing or extra:
            yield f"The index of words lacks {missing} {table}, and has {extra} that are not there."


def _records(journal: Journal) -> Iterator[str]:
    rows = journal.database.rows(
        "SELECT id, v, text, xml FROM memories WHERE scope = ?", journal.scope
    )
    for name, v, text, xml in rows:
        try:
            record = parse(xml)
        except BadData as error:
            yield f"The memory {name} cannot be read: {error}"
            continue
        if (record.id, record.v, record.text) != (name, v, text):
            yield f"The memory {name} is not what its XML says."


def _digests(journal: Journal) -> Iterator[str]:
    for table, columns, name in KEPT:
        find = f"SELECT seq, {columns}, {name} FROM {table} WHERE scope = ? AND {name} IS NOT NULL"
        for seq, *values, known in journal.database.escaped(find, journal.scope):
            if digest(values) != known:
                lost = restored(tuple(values), known) is None
                how = "is lost" if lost else "is told as it was"
                yield f"Row {seq} of {table} is not what was written there; it {how}."


def _vectors(journal: Journal) -> tuple[int, str, list[str]]:
    """How many vectors there are, who made them, and what is wrong with them."""
    makers: dict[str, int] = {}
    lengths: set[int] = set()
    odd = 0
    for table in TABLES:
        for maker, blob in journal.database.rows(
            f"SELECT embedder, vector FROM {table} WHERE scope = ? AND vector IS NOT NULL",
            journal.scope,
        ):
            makers[maker] = makers.get(maker, 0) + 1
            lengths.add(len(blob))
            length = float(np.linalg.norm(np.frombuffer(blob[: len(blob) // 4 * 4], np.float32)))
            odd += not abs(length - 1) < UNIT
    wrong = [f"{odd} vectors are damaged."] if odd else []
    if len(lengths) > 1 or len(makers) > 1:
        wrong.append(f"Vectors of different embedders stand together: {', '.join(makers)}.")
    return sum(makers.values()), ", ".join(sorted(makers)), wrong


def _index(index: Index) -> str:
    """What the dense index is found to be, by whoever may look at it."""
    until = time.monotonic() + PATIENCE
    while (answer := index.examined()) is None and time.monotonic() < until:
        pass
    return answer or ANEW
