"""Puts right what a few changed bits did to a journal, and says what cannot be put right.

Whatever is changed here, the file as it was stays beside the other under another name.
"""

# ruff: noqa: S608  (names of tables and columns are ours; values are always bound)

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from companion.errors import StoreDamaged, StoreError
from companion.memory.store.database import Database, bound, guarded
from companion.memory.store.digest import KEPT, digest, restored
from companion.memory.store.log import examined
from companion.memory.store.vectors import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Row = tuple[Any, ...]
    Spoiled = tuple[str, str, str, Row]
    """Table, its watched columns, the column of their digest; place, values, digest."""


def aside(journal: Path) -> Path | None:
    """Move a damaged journal and what belongs to it out of the way; where it is now."""
    kept = None
    for path in files_of(journal):
        if path.exists():
            target = _elsewhere(journal, path)
            path.rename(target)
            kept = kept or target
    return kept


def _copied_aside(journal: Path) -> str:
    """Copy a damaged journal and its log before they are changed, where there is room; a note."""
    kept = []
    with contextlib.suppress(OSError):
        for path in files_of(journal)[:2]:
            if path.exists() and path.stat().st_size:
                target = _elsewhere(journal, path)
                os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                shutil.copyfile(path, target)
                kept.append(target.name)
    return f" What was there before is kept: {', '.join(kept)}." if kept else ""


def _elsewhere(journal: Path, path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return path.with_name(path.name.replace(journal.name, f"{journal.name}.damaged-{stamp}"))


def files_of(journal: Path) -> list[Path]:
    """The file of a journal, and those that SQLite keeps beside it."""
    return [journal.with_name(f"{journal.name}{end}") for end in ("", "-wal", "-shm")]


def log_mended(journal: Path) -> str:
    """Put right the log that a program left that was killed; what is to be said, "" for nothing."""
    log = files_of(journal)[1]
    with guarded(journal):
        raw = log.read_bytes() if log.exists() else b""
        right, lost = examined(raw)
        if right == raw and not lost:
            return ""
        kept = _copied_aside(journal)
        with log.open("r+b") as file:  # most bytes stay what they are, so no crash can tear it
            file.write(right)
            file.flush()
            os.fsync(file.fileno())
    what = (
        f"at {lost}: what was kept last, before the program ended, is lost from there on"
        if lost
        else "in single bits, and is as it was again"
    )
    return f"The log of the memories was damaged {what}.{kept}"


def checked(database: Database) -> str:
    """Look through the file, and make its indexes anew where it is they; what is to be said.

    Raises:
        StoreDamaged: It is damaged elsewhere; nothing was changed.
    """
    if not _fault(database):
        return ""
    with database.writing() as db:
        with contextlib.suppress(sqlite3.DatabaseError):
            db.execute("REINDEX")
        if fault := _fault(database):
            raise StoreDamaged(
                f"The memories in {database.path} are damaged: {fault}.",
                "Nothing was changed. Put a copy of the file in its place, or move it away.",
            )
    return (
        "An index in the file of memories was damaged and is made anew; `companion memories verify`"
        " says whether all else agrees."
    )


def _fault(database: Database) -> str:
    ((found,),) = database.rows("PRAGMA integrity_check(1)")
    return "" if found == "ok" else str(found)


def mended(database: Database, copy: Path) -> str:
    """Put right the lines and memories that are not as they were written; what is to be said.

    One bit is found by its digest, more are read from the kept copy; what is neither is taken out.
    """
    found = [(one, _whole(one, copy)) for one in _spoiled(database)]
    if not found:
        return ""
    lost = {(one[0], one[3][0]) for one, values in found if values is None}
    try:
        database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        kept = _copied_aside(database.path)
        with database.writing() as db:
            for one, values in found:
                _write(db, one, values)
            for table, seq in lost:
                _take_out(db, table, seq)
    except StoreError as error:  # what is read is put right all the same
        return (
            f"Bits had changed in {len(found)} lines and memories, and cannot be put right: {error}"
        )
    right = {(one[0], one[3][0]) for one, _ in found} - lost
    told = (
        f"{len(right)} are as they were again." if right else "",
        f"{len(lost)} cannot be read any more and are taken out." if lost else "",
        "Look whether the disk is failing.",
    )
    words = " ".join(("Bits had changed in lines or memories on the disk:", *filter(None, told)))
    return words + kept


def searchable(database: Database) -> str:
    """Make the search tables anew that are damaged; what is to be said.

    Raises:
        StoreDamaged: One cannot be made anew.
    """
    made = 0
    for (scope,) in database.rows("SELECT id FROM scopes"):
        for table in TABLES:
            fts = f"{table}_fts_{scope}"
            try:
                _told(database, fts, "integrity-check")
            except (StoreDamaged, sqlite3.DatabaseError):
                _told(database, fts, "rebuild")
                made += 1
    return "A table of words was damaged and is made anew." if made else ""


def _told(database: Database, fts: str, what: str) -> None:
    with database.writing() as db:
        db.execute(f"INSERT INTO {fts}({fts}) VALUES (?)", (what,))


def _spoiled(database: Database) -> Iterator[Spoiled]:
    for table, columns, name in KEPT:
        for row in database.escaped(f"SELECT seq, {columns}, {name} FROM {table} ORDER BY seq"):
            if row[-1] is not None and digest(row[1:-1]) != row[-1]:
                yield table, columns, name, row


def _whole(one: Spoiled, copy: Path) -> Row | None:
    """What a row was: by its digest, or in the copy."""
    *_, row = one
    return restored(row[1:-1], row[-1]) or _copied(one, copy)


def _copied(one: Spoiled, copy: Path) -> Row | None:
    table, columns, name, row = one
    if not copy.exists():
        return None
    find = f"SELECT {columns}, {name} FROM {table} WHERE seq = ?"
    with contextlib.closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as db:
        try:
            found = db.execute(find, (row[0],)).fetchone()
        except sqlite3.DatabaseError:
            return None
    same = found is not None and found[-1] == row[-1] == digest(found[:-1])
    return found[:-1] if same else None


def _write(db: sqlite3.Connection, one: Spoiled, values: Row | None) -> None:
    table, columns, name, row = one
    if values is not None:
        marks = bound(values)
        what = f"UPDATE {table} SET ({columns}, {name}) = ({marks}, ?) WHERE seq = ?"
        db.execute(what, (*values, digest(values), row[0]))


def _take_out(db: sqlite3.Connection, table: str, seq: int) -> None:
    db.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))
    for (scope,) in db.execute("SELECT id FROM scopes").fetchall():
        db.execute(f"DELETE FROM {table}_fts_{scope} WHERE rowid = ?", (seq,))
