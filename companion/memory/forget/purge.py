"""Forgetting for good: in the journal, its full-text and dense indexes, kept sound and exports.

Afterwards the bytes of the words are looked for in every file of ours, and a receipt says what
went and whether anything is left. A purge that is interrupted can be asked for again: the journal,
which knows what was to go, loses it last.
"""

# ruff: noqa: S608  (names of tables are ours)

from __future__ import annotations

import calendar
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from companion.errors import BadData
from companion.memory.dense.chroma import Folder
from companion.memory.forget import exports
from companion.memory.forget.closing import Lineage
from companion.memory.forget.doomed import gather, remove
from companion.memory.forget.remains import Found, search, telling
from companion.memory.record import parse_book, serialise_book
from companion.memory.store.copies import Copy
from companion.memory.store.database import guarded
from companion.memory.store.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from companion.memory.dense.index import Index
    from companion.memory.forget.doomed import Doomed
    from companion.memory.store.journal import Journal

_SHADOW = re.compile(r"_fts_\d+|_words_\d+|^sqlite_")


@dataclass(frozen=True, slots=True)
class Places:
    """Where words of the memory can be.

    Attributes:
        folder: The memory folder.
        audio: The folder of kept replies.
        logs: Files and folders of logs.
    """

    folder: Path
    audio: Path | None = None
    logs: tuple[Path, ...] = ()

    def files(self) -> list[Path]:
        """Every file in them."""
        roots = [one for one in (self.folder, self.audio, *self.logs) if one is not None]
        inside = (path for root in roots for path in (root, *root.rglob("*")))
        return sorted({path for path in inside if path.is_file()})

    def size(self) -> int:
        """Bytes of all of them."""
        return sum(path.stat().st_size for path in self.files())


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a purge came to.

    Attributes:
        at: When.
        ids: ULIDs of what is gone; the tombstones hold the same and nothing more.
        removed: How many of each kind: "lines", "memories", "sound", "exports", "copies", ….
        searched: Files whose bytes were looked at afterwards.
        words: How many words and pairs of words were looked for.
        left: Files in which some of them still stand.
        changed: Exports that were changed since they were written, so they were not touched.
        away: Whether the dense index is on a server that did not answer: the vectors, which hold no
            words, are deleted there when it does.
        elsewhere: Whether the dense index is on a server: what that keeps of the vectors in its own
            files cannot be seen from here.
    """

    at: datetime
    ids: tuple[str, ...]
    removed: Mapping[str, int]
    searched: int = 0
    words: int = 0
    left: tuple[Found, ...] = ()
    changed: tuple[str, ...] = ()
    away: bool = False
    elsewhere: bool = False

    @property
    def verified(self) -> bool:
        """Whether nothing is left in any file of ours."""
        return not self.left and not self.changed

    def told(self) -> tuple[str, ...]:
        """It in sentences."""
        gone = ", ".join(f"{count} {kind}" for kind, count in self.removed.items())
        told = [f"Deleted for good at {self.at:%Y-%m-%d %H:%M}: {gone or 'nothing'}."]
        if self.verified:
            told += [f"None of their words is left in the {self.searched} files of the memory."]
        told += [f"Still there: {one.count} of their words in {one.path}." for one in self.left]
        if self.away:
            told += ["The index server did not answer: their vectors are deleted when it does."]
        if self.elsewhere:
            told += ["What the index server keeps of vectors in its own files cannot be checked."]
        told += [
            f"Left alone, because it was changed since it was exported: {path}."
            for path in self.changed
        ]
        return tuple(told)


def purge(
    journal: Journal,
    index: Index | None,
    places: Places,
    names: Collection[str] | None,
    at: datetime,
) -> Receipt:
    """Delete what was forgotten, everywhere, and look for what is left.

    Args:
        journal: Whose.
        index: The dense index over it.
        places: Where to delete and to look.
        names: Only these of what was forgotten; None: all of it.
        at: When this is.
    """
    doomed = gather(journal, names)
    if not doomed.ids:
        _flush(journal)  # one that was cut short may have come so far
        return Receipt(at, (), {})
    Copy(journal.path).drop()
    removed = Counter(_kinds(doomed))
    needles = _needles(journal, doomed)
    removed["sound"] = _drop_sound(places.audio, doomed, needles)
    removed["copies"] = _drop_copies(journal.path, needles)
    removed["exports"], changed = _drop_exports(places.folder, doomed, needles)
    away = not _drop_index(journal, index, places.folder)
    remove(journal, doomed, int(at.timestamp()))
    _flush(journal)
    files = places.files()
    left = search(files, needles)
    elsewhere = index is not None and index.elsewhere
    if any(found.path.name.startswith(journal.path.name) for found in left):
        _flush(journal, whole=True)
        left = search(files, needles)
    kinds = {kind: count for kind, count in removed.items() if count}
    return Receipt(
        *(at, doomed.ids, kinds, len(files), len(needles), tuple(left), tuple(changed)),
        away=away,
        elsewhere=elsewhere,
    )


def _kinds(doomed: Doomed) -> dict[str, int]:
    kinds = {one.id: one.kind for one in doomed.versions.values()}
    summaries = sum(kind == "summary" for kind in kinds.values())
    return {
        "lines": len(doomed.lines),
        "memories": len(kinds) - summaries,
        "summaries": summaries,
        "documents": len(doomed.documents),
    }


def _needles(journal: Journal, doomed: Doomed) -> list[str]:
    """What to look for: the words that nothing which stays has."""
    return telling(doomed.texts, _kept(journal, doomed))


def _kept(journal: Journal, doomed: Doomed) -> Iterable[str]:
    """Every text in the journal that stays, of anybody, and the words of its own tables."""
    rows = journal.database.rows
    gone = {
        "lines": {line.seq for line in doomed.lines},
        "memories": {*doomed.versions, *doomed.changed},
    }
    yield " ".join(calendar.month_name)  # a line is indexed with its date
    yield from (one.text for one in doomed.changed.values())
    for table, sql in rows("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
        yield sql or ""
        if _SHADOW.search(table):
            continue
        every = rows(f"PRAGMA table_info({table})")
        columns = [name for _, name, kind, *_ in every if kind == "TEXT"]
        key = "seq" if table in gone else "0"
        for seq, *texts in rows(f"SELECT {key}, {', '.join(columns) or 0} FROM {table}"):
            if seq not in gone.get(table, ()) and not _of(table, texts, doomed):
                yield from (text for text in texts if isinstance(text, str))


def _of(table: str, texts: list[object], doomed: Doomed) -> bool:
    """Whether a row belongs to a document that goes."""
    return table in {"documents", "passages"} and not set(doomed.documents).isdisjoint(
        str(text) for text in texts
    )


def _drop_index(journal: Journal, index: Index | None, folder: Path) -> bool:
    """Throw the dense index away, which the journal fills again; False: it is out of reach."""
    reached = True
    if index is not None:
        reached = index.renew()
    else:
        Vectors(journal).unmark()
    Folder(folder / "chroma").clear()  # of another embedder, or from before there was a server
    return reached


def _drop_sound(folder: Path | None, doomed: Doomed, needles: list[str]) -> int:
    """Remove the kept replies to these lines, and others in which the words are said."""
    if folder is None:
        return 0
    lines = {line.id for line in doomed.lines}
    notes = sorted(folder.rglob("*.json"))
    telling_ones = {found.path for found in search(notes, needles)}
    gone = [path for path in notes if path in telling_ones or not lines.isdisjoint(_lines(path))]
    for path in gone:
        path.with_suffix(".wav").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    return len(gone)


def _lines(note: Path) -> list[str]:
    try:
        lines = json.loads(note.read_text("utf-8"))["lines"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [str(one) for one in lines] if isinstance(lines, list) else []


def _drop_copies(journal: Path, needles: list[str]) -> int:
    """Remove copies of the journal beside it that hold the words."""
    live = {journal.name, f"{journal.name}-wal", f"{journal.name}-shm"}
    copies = [path for path in journal.parent.glob("journal*") if path.name not in live]
    found = search(sorted(copies), needles)
    for one in found:
        one.path.unlink(missing_ok=True)
    return len(found)


def _drop_exports(folder: Path, doomed: Doomed, needles: list[str]) -> tuple[int, list[str]]:
    """Take the words out of files that were written; how many, and which were changed since."""
    count, changed, known = 0, [], []
    for one in exports.known(folder):
        path = Path(one.path)
        if not search([path], needles):
            known += [one] if path.exists() else []
        elif exports.digest(path) != one.sha256:
            changed.append(one.path)
            known.append(one)
        else:
            count += 1
            if _rewritten(path, set(doomed.ids), needles):
                known.append(exports.Export(one.path, exports.digest(path)))
    exports.keep(folder, known)
    return count, changed


def _rewritten(path: Path, gone: set[str], needles: list[str]) -> bool:
    """Write a book of memories without these; another file, or one that keeps words, goes."""
    try:
        records = parse_book(path.read_text("utf-8"))
        refs = {one.ref for one in records if one.id in gone}
        lineage = Lineage({one.id: one for one in records}, refs)
        kept = lineage.kept(one for one in records if one.id not in gone)
        path.write_text(serialise_book(kept), "utf-8")
    except (BadData, ValueError):
        records = ()
    if records and not search([path], needles):
        return True
    path.unlink(missing_ok=True)
    return False


def _flush(journal: Journal, *, whole: bool = False) -> None:
    """Write what is only in the WAL into the file, and cut the WAL to nothing."""
    with guarded(journal.path):
        if whole:
            journal.database.connection.execute("VACUUM")
        journal.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
