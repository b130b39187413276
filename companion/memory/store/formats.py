"""The formats of the journal, one after the other: what each adds to the one before.

A new journal is made the same way as an old one is brought up to date, so that the two are alike.
Knows nothing of files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from companion.memory.store.digest import fill

if TYPE_CHECKING:
    import sqlite3

SCHEMA = 3
"""The newest format."""
TOKENIZER = "tokenize = 'porter unicode61 remove_diacritics 2'"
COLUMNS = f"turn, win, {TOKENIZER}"
"""Columns of the full-text index of lines."""

LINES = (
    """
CREATE TABLE scopes (
    id INTEGER PRIMARY KEY, owner TEXT NOT NULL, character TEXT NOT NULL, UNIQUE (owner, character)
)""",
    """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, scope INTEGER NOT NULL REFERENCES scopes,
    next INTEGER NOT NULL  -- the n of its next line; a number is never given twice
) WITHOUT ROWID""",
    """
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
)""",
    "CREATE INDEX lines_by_scope ON lines (scope, seq)",
    "CREATE INDEX lines_due ON lines (scope, seq) WHERE due = 1",
    "CREATE INDEX lines_waiting ON lines (scope, seq) WHERE indexed = 0",
)
MEMORIES = (
    # Which extractor has looked at a line (0: none), and whether it is forgotten but not yet gone.
    "ALTER TABLE lines ADD COLUMN looked INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE lines ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX lines_by_scope",
    "CREATE INDEX lines_shown ON lines (scope, seq) WHERE hidden = 0",
    "CREATE INDEX lines_hidden ON lines (scope, seq) WHERE hidden = 1",
    "CREATE INDEX lines_unlooked ON lines (scope, looked, seq) WHERE speaker = 'user'",
    """
CREATE TABLE memories (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, v INTEGER NOT NULL, scope INTEGER NOT NULL REFERENCES scopes,
    kind TEXT NOT NULL, status TEXT NOT NULL,
    subject TEXT NOT NULL, predicate TEXT NOT NULL, object TEXT NOT NULL,  -- '' for none
    text TEXT NOT NULL, lang TEXT NOT NULL,
    xml TEXT NOT NULL,            -- the whole record; its counters of use stand in memory_use
    observed INTEGER NOT NULL,    -- seconds since 1970, UTC
    valid_from TEXT NOT NULL, valid_to TEXT NOT NULL,  -- '' for open
    due_at TEXT,                  -- of an open promise, without its Z: sorts as time does
    importance REAL NOT NULL, confidence REAL NOT NULL,
    latest INTEGER NOT NULL DEFAULT 1,  -- of the versions of one id, the one that counts
    vector BLOB, embedder TEXT,
    due INTEGER NOT NULL DEFAULT 1, indexed INTEGER NOT NULL DEFAULT 0,
    hidden INTEGER NOT NULL DEFAULT 0,
    UNIQUE (id, v, scope)
)""",
    "CREATE UNIQUE INDEX memories_latest ON memories (id, scope) WHERE latest = 1",
    "CREATE INDEX memories_shown ON memories (scope, status, seq) WHERE latest = 1 AND hidden = 0",
    "CREATE INDEX memories_claims ON memories (scope, subject, predicate) WHERE latest = 1",
    "CREATE INDEX memories_promised ON memories (scope, due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX memories_due ON memories (scope, seq) WHERE due = 1",
    "CREATE INDEX memories_waiting ON memories (scope, seq) WHERE indexed = 0",
    """
CREATE TABLE memory_sources (  -- what a memory rests on: ULIDs of lines and of memories
    scope INTEGER NOT NULL REFERENCES scopes, source TEXT NOT NULL, memory TEXT NOT NULL,
    PRIMARY KEY (scope, source, memory)
) WITHOUT ROWID""",
    "CREATE INDEX memory_sources_of ON memory_sources (scope, memory)",
    """
CREATE TABLE memory_use (
    scope INTEGER NOT NULL REFERENCES scopes, memory TEXT NOT NULL,
    recalls INTEGER NOT NULL DEFAULT 0, last INTEGER, pinned INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (scope, memory)
) WITHOUT ROWID""",
    """
CREATE TABLE recalls (  -- what was recalled for a line: ids and figures as JSON, no words
    line INTEGER PRIMARY KEY REFERENCES lines ON DELETE CASCADE, made TEXT NOT NULL
)""",
    """
CREATE TABLE tombstones (  -- what was forgotten for good: the id and the second, no words
    scope INTEGER NOT NULL REFERENCES scopes, id TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (scope, id)
) WITHOUT ROWID""",
    """
CREATE TABLE documents (
    id TEXT PRIMARY KEY, scope INTEGER NOT NULL REFERENCES scopes,
    name TEXT NOT NULL, path TEXT NOT NULL, title TEXT NOT NULL, kind TEXT NOT NULL,
    sha TEXT NOT NULL,            -- SHA-256 of the file
    taken INTEGER NOT NULL,       -- seconds since 1970, UTC
    utc_offset INTEGER NOT NULL,  -- seconds east, where it was taken in
    hidden INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID""",
    """
CREATE TABLE passages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, scope INTEGER NOT NULL REFERENCES scopes,
    document TEXT NOT NULL REFERENCES documents, n INTEGER NOT NULL,
    heading TEXT NOT NULL,  -- the path of headings above it
    page INTEGER NOT NULL, keys TEXT NOT NULL, text TEXT NOT NULL,
    vector BLOB, embedder TEXT,
    due INTEGER NOT NULL DEFAULT 1, indexed INTEGER NOT NULL DEFAULT 0,
    hidden INTEGER NOT NULL DEFAULT 0,
    UNIQUE (document, n)
)""",
    "CREATE INDEX passages_shown ON passages (scope, seq) WHERE hidden = 0",
)
DIGESTS = (  # of what never changes in a row: see `digest`
    "ALTER TABLE lines ADD COLUMN digest INTEGER",
    "ALTER TABLE memories ADD COLUMN digest INTEGER",
    "ALTER TABLE memories ADD COLUMN xml_digest INTEGER",
)
STEPS = (LINES, MEMORIES, DIGESTS)
"""Statements that make format 1 from nothing, and each format from the one before."""
INDEXES: tuple[dict[str, str], ...] = (
    {"lines": COLUMNS},
    {"memories": f"text, {TOKENIZER}", "passages": f"heading, text, {TOKENIZER}"},
    {},
)
"""Full-text indexes that come with each format, one of each for every scope."""
FINDABLE = "latest = 1 AND hidden = 0 AND status IN ('active', 'superseded', 'expired')"
"""Which memories can be found: not overtaken, forgotten, taken back or in doubt."""


def bring_up(db: sqlite3.Connection, version: int) -> None:
    """Make the newest format of a journal of format `version` (0: of an empty file).

    Inside a transaction of the caller's.
    """
    for step, indexes in zip(STEPS[version:], INDEXES[version:], strict=True):
        for statement in step:
            db.execute(statement)
        for (scope,) in db.execute("SELECT id FROM scopes").fetchall():
            _add(db, scope, indexes)
    fill(db)
    db.execute(f"PRAGMA user_version = {SCHEMA}")


def add_indexes(db: sqlite3.Connection, scope: int) -> None:
    """Make the full-text indexes of a new owner and character, and their lists of words."""
    for indexes in INDEXES:
        _add(db, scope, indexes)


def _add(db: sqlite3.Connection, scope: int, indexes: dict[str, str]) -> None:
    for table, columns in indexes.items():
        fts = f"{table}_fts_{scope}"
        db.execute(f"CREATE VIRTUAL TABLE {fts} USING fts5({columns})")
        db.execute(f"CREATE VIRTUAL TABLE {table}_words_{scope} USING fts5vocab({fts}, row)")
