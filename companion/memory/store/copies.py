"""A kept copy of the journal, and what happens when the journal is damaged: the copy takes over.

The copy is made in idle time, a piece at a time, at most once a day, and looked at before it
counts. It would bring back what was forgotten since, so forgetting drops it. A damaged journal is
never thrown away: it stays beside the other under another name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from companion.errors import StoreDamaged, StoreNewer, undoing
from companion.memory.store.database import guarded
from companion.memory.store.journal import Journal
from companion.memory.store.mend import aside, checked, files_of, log_mended, mended, searchable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DAY = 86_400.0
"""Seconds for which a copy is new enough."""
PIECE = 1 << 20
"""Bytes copied in one step."""
SPARE = 4
"""A copy is made while so many would fit the disk."""
CHECKED = 32 << 20
"""A journal of up to so many bytes is looked through whenever it is opened; 0.1 s or so."""


class Copy:
    """The kept copy of one journal.

    Args:
        journal: Path of the journal.
        clock: Seconds since 1970.
    """

    def __init__(self, journal: Path, clock: Callable[[], float] = time.time) -> None:
        self.journal = journal
        self.path = journal.with_name(f"{journal.stem}.kept{journal.suffix}")
        self._fresh = self.path.with_name(f"{self.path.name}.new")
        self._clock = clock
        self._source: tuple[int, int] | None = None  # what the copy that is being made is of

    def drop(self) -> None:
        """Remove it: what it holds is forgotten."""
        self._source = None
        with guarded(self.journal):
            for path in (self.path, self._fresh):
                path.unlink(missing_ok=True)

    def steps(self, journal: Journal) -> Iterator[None]:
        """Make it anew where it is too old, in small steps; left at any, it goes on there."""
        if not self._due(journal):
            return
        try:
            if self._source != _stamp(self.journal):
                journal.database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
                self._fresh.unlink(missing_ok=True)
                self._source = _stamp(self.journal)
            while self._piece():
                yield
            # What is written meanwhile stands in the log, unless that was merged into the file.
            if _stamp(self.journal) == self._source and _sound(self._fresh):
                os.utime(self._fresh, (self._clock(), self._clock()))
                self._fresh.rename(self.path)
        except OSError:
            self._fresh.unlink(missing_ok=True)  # no space: the journal itself is what counts
        self._source = None

    def _due(self, journal: Journal) -> bool:
        room = shutil.disk_usage(self.journal.parent).free
        if not journal.last() or room < SPARE * self.journal.stat().st_size:
            return False
        if not self.path.exists():
            return True
        made = self.path.stat().st_mtime
        changed = max(_changed(path) for path in files_of(self.journal))
        return changed > made and not 0 <= self._clock() - made < DAY

    def _piece(self) -> bool:
        """Copy the next piece; False: there is no more, and all is on the disk."""
        fd = os.open(self._fresh, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        with os.fdopen(fd, "ab") as target, self.journal.open("rb") as source:
            source.seek(os.fstat(fd).st_size)
            piece = source.read(PIECE)
            target.write(piece)
            if not piece:
                os.fsync(fd)
        return bool(piece)


def opened(path: Path, owner: str, character: str) -> tuple[Journal, str]:
    """The journal, and what is to be said: where it was damaged, its copy is in its place.

    Raises:
        StoreDamaged: It is damaged and there is no copy, or it is of a newer version; it is left
            unchanged.
        StoreError: It cannot be read or written.
    """
    copy = Copy(path)
    if not path.exists() and copy.path.exists():
        return _replaced(copy, owner, character)
    try:
        told = log_mended(path)
        journal, more = _checked(copy, owner, character)
    except StoreNewer:
        raise
    except StoreDamaged:
        if not copy.path.exists():
            raise
    else:
        return journal, " ".join(filter(None, (told, more)))
    return _replaced(copy, owner, character)


def _checked(copy: Copy, owner: str, character: str) -> tuple[Journal, str]:
    """The journal, looked through where that is soon done; what was put right in it."""
    path = copy.journal
    journal = Journal(path, owner, character)
    if path.stat().st_size > CHECKED:
        return journal, ""
    with undoing(journal.close):
        found = journal.database
        told = (checked(found), searchable(found), mended(found, copy.path))
    return journal, " ".join(filter(None, told))


def _replaced(copy: Copy, owner: str, character: str) -> tuple[Journal, str]:
    """Put the copy in the place of the journal, which is kept under another name."""
    with guarded(copy.journal):
        made = datetime.fromtimestamp(copy.path.stat().st_mtime, UTC).astimezone()
        kept = aside(copy.journal)
        fresh = copy.journal.with_name(f"{copy.journal.name}.restored")
        shutil.copyfile(copy.path, fresh)
        fresh.chmod(0o600)
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.rename(copy.journal)
    what = f"damaged; the damaged file is kept as {kept.name}" if kept else "gone"
    journal, _ = _checked(copy, owner, character)
    return journal, (
        f"The file of memories was {what}. Its copy of {made:%Y-%m-%d %H:%M} is in its place:"
        " what was kept after that is lost."
    )


def _changed(path: Path) -> float:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _sound(path: Path) -> bool:
    """Whether a copy is whole."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        try:
            return db.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
        except sqlite3.DatabaseError:
            return False
