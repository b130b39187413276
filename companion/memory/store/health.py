"""How a memory is, from outside: looks, changes nothing, and needs no lock.

`companion.memory.store.verify` looks at all of it, from inside.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from companion.memory.store.copies import CHECKED, SPARE, Copy
from companion.memory.store.database import guarded, refuse_foreign

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Health:
    """What was found.

    Attributes:
        size: Bytes of the journal.
        lines: Lines in it, of anybody.
        memories: Memories in it, of anybody; 0 in a format that had none.
        vectors: How many lines have a vector.
        indexed: How many of these the dense index holds, as the journal knows it.
        checked: Whether its pages were looked through; a large one takes too long.
        fault: What is wrong with them; "" for nothing.
        copied: When its copy was made; None: there is none.
    """

    size: int
    lines: int
    memories: int
    vectors: int
    indexed: int
    checked: bool
    fault: str
    copied: datetime | None

    @property
    def room(self) -> int:
        """Free bytes that a copy of it takes for granted."""
        return SPARE * self.size


def look(journal: Path) -> Health:
    """Look at a journal that may be in use.

    Raises:
        StoreDamaged: It is no journal, is damaged, or is of a newer version.
        StoreError: It cannot be read.
    """
    with guarded(journal):
        refuse_foreign(journal)
        size = journal.stat().st_size
        checked, copied = size <= CHECKED, _copied(Copy(journal).path)
        with contextlib.closing(_reading(journal)) as db:
            fault = _fault(db) if checked else ""
            counts = (0, 0, 0, 0) if fault else _counts(db)
    return Health(size, *counts, checked, fault, copied)


def _reading(journal: Path) -> sqlite3.Connection:
    """A connection that writes nothing; an empty log could not be read without."""
    log = journal.with_name(f"{journal.name}-wal")
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    return sqlite3.connect(f"{journal.absolute().as_uri()}?{how}", uri=True)


def _fault(db: sqlite3.Connection) -> str:
    """What is wrong with the pages; "" for nothing."""
    try:
        ((found,),) = db.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else str(found)


def _counts(db: sqlite3.Connection) -> tuple[int, int, int, int]:
    """Lines, memories, lines with a vector, and those of them in the dense index."""
    tables = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'memories'").fetchall()
    memories = db.execute("SELECT count(*) FROM memories WHERE latest = 1") if tables else [(0,)]
    ((made,),) = memories
    find = "SELECT count(*), count(vector), coalesce(sum(indexed), 0) FROM lines"
    ((lines, vectors, indexed),) = db.execute(find)
    return lines, made, vectors, indexed


def _copied(copy: Path) -> datetime | None:
    with contextlib.suppress(FileNotFoundError):
        return datetime.fromtimestamp(copy.stat().st_mtime, UTC).astimezone()
    return None
