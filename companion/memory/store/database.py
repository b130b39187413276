"""The SQLite file of the journal: how it is made, opened, brought up to date and refused.

Knows nothing of lines.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING, Any

from companion.errors import Forbidden, StoreDamaged, StoreError, StoreNewer, undoing
from companion.memory.store.formats import COLUMNS, SCHEMA, bring_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sized
    from pathlib import Path

APPLICATION = 0x436D706E
"""`PRAGMA application_id`: "Cmpn"."""
CACHE = 16 * 1024
"""KiB of the file that are held: with SQLite's 2,000 a recall reads most of its pages anew."""
__all__ = ["COLUMNS", "SCHEMA", "Database", "bound", "guarded", "quoted"]


@contextlib.contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk say into our errors."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "decode" in str(error):
            raise StoreDamaged(
                f"The memories in {path} are damaged: a text in them is no text.",
                "`companion memories verify` says where.",
            ) from error
        raise StoreError(
            f"The memories in {path} cannot be read or written: {error}.",
            "See that there is space on the disk and that the folder may be written.",
        ) from error
    except UnicodeDecodeError as error:  # a damaged name in what SQLite itself says
        raise StoreDamaged(
            f"The memories in {path} are damaged: a name in them is no text.",
            "Put a copy of the file in its place, or move it away.",
        ) from error
    except PermissionError as error:
        raise Forbidden(
            f"The memories in {path} may not be read by this account.",
            "Change the owner of the memory folder, or set [companion] memory to another one.",
        ) from error
    except OSError as error:
        raise StoreError(
            f"The memories in {path} cannot be read or written: {error.strerror}.",
            "See that there is space on the disk and that the folder may be written.",
        ) from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:
            raise  # a mistake of ours
        raise StoreDamaged(
            f"The memories in {path} are damaged: {error}.",
            "Nothing was changed. Put a copy of the file in its place, or move it away.",
        ) from error


def bound(values: Sized) -> str:
    """The marks that stand for so many values in a statement."""
    return ", ".join("?" * len(values))


def quoted(term: str) -> str:
    """A word as a string of the query language: nothing in it can be an operator.

    One that ends with `*` stands for all that begin so.
    """
    rest = "*" if term.endswith("*") else ""
    return '"{}"{}'.format(term.removesuffix("*").replace('"', '""'), rest)


class Database:
    """An open journal; made if it is not there, brought up to date if it is of an older format.

    Args:
        path: The SQLite file.

    Attributes:
        lost: Places of rows, by their table, that were left out because they are damaged.

    Raises:
        StoreDamaged: The file is damaged, not ours, or of a newer version; it is left unchanged.
        StoreError: It cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._told = 0
        self.lost: dict[str, set[int]] = {"lines": set(), "memories": set()}
        with guarded(path):
            if path.exists():
                refuse_foreign(path)
            else:
                _create(path)
            self.connection = _connect(path)

    def close(self) -> None:
        """Close the file; safe to repeat."""
        self.connection.close()

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What a question comes to."""
        with guarded(self.path):
            return self.connection.execute(statement, values).fetchall()

    def escaped(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The same with bytes that are no UTF-8 escaped, for who knows what they should be."""
        try:
            return self.rows(statement, *values)
        except StoreDamaged:
            self.connection.text_factory = _escaped
            try:
                return self.rows(statement, *values)
            finally:
                self.connection.text_factory = str

    def left_out(self) -> tuple[str, ...]:
        """What is to be said of the rows that were left out since this was last asked."""
        more = sum(map(len, self.lost.values())) - self._told
        self._told += more
        if not more:
            return ()
        told = (
            f"{more} of your lines and memories cannot be read, and are left out: bits of them have"
            " changed on the disk. `companion memories verify` names them."
        )
        return (told,)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: everything in it is on the disk afterwards, or nothing is.

        Inside another it is a part of that one: it is undone alone, or kept with it.
        """
        whole = _part if self.connection.in_transaction else _whole
        with guarded(self.path), whole(self.connection):
            yield self.connection


def _escaped(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


@contextlib.contextmanager
def _whole(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    with db:  # commits, or rolls back what is still open
        yield


@contextlib.contextmanager
def _part(db: sqlite3.Connection) -> Iterator[None]:
    def undo() -> None:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK TO part")
            db.execute("RELEASE part")

    db.execute("SAVEPOINT part")
    with undoing(undo):
        yield
    db.execute("RELEASE part")


def _connect(path: Path) -> sqlite3.Connection:
    """Open a journal; a newer one is refused before anything is written."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        # The header may be older than the log beside it, which a writer would merge when it leaves.
        # (Only then: SQLite cannot read an empty log without writing.)
        where = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(where, uri=True)) as db:
            _refuse_newer(path, _version(db))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2)
    with undoing(db.close):
        db.execute("PRAGMA journal_mode = WAL").fetchone()
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON").fetchone()
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(f"PRAGMA cache_size = -{CACHE}")
        _migrate(db, path)
    return db


def _version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring an older format up to date in one transaction; a copy is kept until it is done."""
    copy = path.with_name(f"{path.name}.old")
    if _version(db) < SCHEMA:
        _copy(db, copy)
        with _whole(db):
            if _version(db) < SCHEMA:
                bring_up(db, _version(db))
    copy.unlink(missing_ok=True)


def _copy(db: sqlite3.Connection, path: Path) -> None:
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    copy = sqlite3.connect(path, isolation_level=None)
    with undoing(path.unlink), contextlib.closing(copy):
        db.backup(copy)


def _create(path: Path) -> None:
    """Make an empty journal, wholly or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    for left in (fresh, fresh.with_name(f"{fresh.name}-journal")):  # of one that was cut short
        left.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    db = sqlite3.connect(fresh, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = FULL")
        with _whole(db):
            db.execute(f"PRAGMA application_id = {APPLICATION}")
            bring_up(db, 0)
    finally:
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
        raise StoreNewer(
            f"The memories in {path} were written by a newer version (format {version}; this one "
            f"knows {SCHEMA}). Nothing was changed.",
            "Install the newer version again.",
        )
