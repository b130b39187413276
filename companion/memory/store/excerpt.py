"""One owner's part of a journal, as a journal of its own: of other people not a name is in it.

The journal may be in use meanwhile: SQLite copies a moment of it, whole. Knows nothing of archives.
"""

# ruff: noqa: S608  (table names come from the schema, which is ours; values are always bound)

from __future__ import annotations

import contextlib
import re
import sqlite3
from typing import TYPE_CHECKING

from companion.memory.store.database import Database, guarded, refuse_foreign

if TYPE_CHECKING:
    from pathlib import Path

_OF_A_SCOPE = re.compile(r"\w+_(?:fts|words)_(\d+)")


def excerpt(journal: Path, target: Path, owner: str, character: str) -> bool:
    """Write the lines and memories of one owner and character into a new journal.

    Args:
        journal: The journal; nothing in it is changed.
        target: The new one; not there yet.
        owner: Whose.
        character: With whom.

    Returns:
        Whether there are any; else nothing is written.

    Raises:
        StoreDamaged: It is no journal, damaged, or of a newer version.
        StoreError: It cannot be read, or the new one not be written.
    """
    with guarded(journal):
        refuse_foreign(journal)
        with contextlib.closing(sqlite3.connect(journal)) as source:
            source.execute("PRAGMA query_only = ON")
            find = "SELECT id FROM scopes WHERE owner = ? AND character = ?"
            if source.execute(find, (owner, character)).fetchone() is None:
                return False
            with contextlib.closing(sqlite3.connect(target)) as copy:
                source.backup(copy)
    database = Database(target)
    try:
        with guarded(target):
            _keep_only(database, owner, character)
    finally:
        database.close()
    return True


def _keep_only(database: Database, owner: str, character: str) -> None:
    db = database.connection
    pair = (owner, character)
    (mine,) = db.execute("SELECT id FROM scopes WHERE owner = ? AND character = ?", pair).fetchone()
    db.execute("PRAGMA foreign_keys = OFF")  # what points at each other goes together
    with database.writing():
        for table in _with_scope(db):
            db.execute(f"DELETE FROM {table} WHERE scope != ?", (mine,))
        db.execute("DELETE FROM recalls WHERE line NOT IN (SELECT seq FROM lines)")
        db.execute("DELETE FROM scopes WHERE id != ?", (mine,))
        for table in _of_others(db, mine):
            db.execute(f"DROP TABLE {table}")
        db.execute("UPDATE documents SET path = name")  # where it lay on this machine
    db.execute("VACUUM")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _tables(db: sqlite3.Connection) -> list[str]:
    found = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [name for (name,) in found]


def _with_scope(db: sqlite3.Connection) -> list[str]:
    """The tables whose rows belong to an owner and a character."""
    return [
        table
        for table in _tables(db)
        if any(row[1] == "scope" for row in db.execute(f"PRAGMA table_info({table})"))
    ]


def _of_others(db: sqlite3.Connection, mine: int) -> list[str]:
    """Full-text indexes of other owners and characters, what reads them before what they are."""
    found = {table: _OF_A_SCOPE.fullmatch(table) for table in _tables(db)}
    others = [table for table, scope in found.items() if scope and int(scope[1]) != mine]
    return sorted(others, reverse=True)  # …_words_2 before …_fts_2
