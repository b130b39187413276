"""The SQLite file of the journal: its tables, how it is made, opened and refused.

Knows nothing of lines.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

from companion.errors import Forbidden, StoreDamaged, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = 1
APPLICATION = 0x436D706E
"""`PRAGMA application_id`: "Cmpn"."""

TABLES = """
CREATE TABLE scopes (
    id INTEGER PRIMARY KEY, owner TEXT NOT NULL, character TEXT NOT NULL, UNIQUE (owner, character)
);
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, scope INTEGER NOT NULL REFERENCES scopes,
    next INTEGER NOT NULL  -- the n of its next line; a number is never given twice
) WITHOUT ROWID;
CREATE TABLE lines (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- order, whatever the clock says
    ulid TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL REFERENCES sessions, n INTEGER NOT NULL,
    scope INTEGER NOT NULL REFERENCES scopes, owner TEXT NOT NULL, character TEXT NOT NULL,
    speaker TEXT NOT NULL CHECK (speaker IN ('user', 'character')), who TEXT NOT NULL,
    text TEXT NOT NULL, confidence REAL NOT NULL,
    said_at INTEGER NOT NULL,     -- microseconds since 1970, UTC
    utc_offset INTEGER NOT NULL,  -- seconds east, where it was said
    vector BLOB, embedder TEXT,   -- float32, length 1; NULL until embedded
    due INTEGER NOT NULL DEFAULT 1,      -- 1 when it is to be embedded (again: a neighbour came)
    indexed INTEGER NOT NULL DEFAULT 0,  -- 1 when the dense index holds exactly this vector
    UNIQUE (session, n)
);
CREATE INDEX lines_by_scope ON lines (scope, seq);
CREATE INDEX lines_due ON lines (scope, seq) WHERE due = 1;
CREATE INDEX lines_waiting ON lines (scope, seq) WHERE indexed = 0;
"""
COLUMNS = "turn, win, tokenize = 'porter unicode61 remove_diacritics 2'"
"""Columns of a full-text index."""


@contextlib.contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk say into our errors."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"The memories in {path} cannot be read or written: {error}.",
            "See that there is space on the disk and that the folder may be written.",
        ) from error
    except PermissionError as error:
        raise Forbidden(
            f"The memories in {path} may not be read by this account.",
            "Change the owner of the memory folder, or set [memory] folder to another one.",
        ) from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:
            raise  # a mistake of ours
        raise StoreDamaged(
            f"The memories in {path} are damaged: {error}.",
            "Nothing was changed. Put a copy of the file in its place, or move it away.",
        ) from error


def quoted(term: str) -> str:
    """A word as a string of the query language: nothing in it can be an operator."""
    return '"{}"'.format(term.replace('"', '""'))


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal; a newer one is refused before anything is written."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2)
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        _refuse_newer(path, version)
        db.execute("PRAGMA journal_mode = WAL").fetchone()
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON").fetchone()
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def create(path: Path) -> None:
    """Make an empty journal, wholly or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    db = sqlite3.connect(fresh, isolation_level=None)
    db.execute("PRAGMA synchronous = FULL")
    db.executescript(
        f"BEGIN; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA};"
        f"{TABLES} COMMIT;"
    )
    db.close()
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def refuse_foreign(path: Path) -> None:
    """Look at the header alone, so that what is not ours or newer stays byte for byte the same."""
    with path.open("rb") as file:
        header = file.read(100)
    ours = header[68:72] == APPLICATION.to_bytes(4, "big")
    if not header.startswith(b"SQLite format 3\0") or not ours:
        raise StoreDamaged(
            f"{path} is not a journal of this program, or its beginning is damaged.",
            "Nothing was changed. Put a copy of the file in its place, or move it away.",
        )
    _refuse_newer(path, int.from_bytes(header[60:64], "big"))


def _refuse_newer(path: Path, version: int) -> None:
    if version > SCHEMA:
        raise StoreDamaged(
            f"The memories in {path} were written by a newer version (format {version}; this one "
            f"knows {SCHEMA}). Nothing was changed.",
            "Install the newer version again.",
        )
