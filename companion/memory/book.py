"""All memories as one XML document, to keep, to read, or to take in elsewhere.

What was said is in it too, each line as the event that it was said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from companion.errors import BadData
from companion.memory.record import NAMESPACE, Record, of_line, parse_book, serialise_book

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from companion.memory.record import Entity
    from companion.memory.store.journal import Journal
    from companion.memory.store.versions import Versions


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a book.

    Attributes:
        added: How many memories were taken in.
        known: How many were here already.
        refused: Why others were not, each in a sentence.
    """

    added: int = 0
    known: int = 0
    refused: tuple[str, ...] = ()


class Book:
    """Writes and reads the memories of one owner and one character as a book.

    Args:
        journal: The lines.
        versions: The memories.
    """

    def __init__(self, journal: Journal, versions: Versions) -> None:
        self._journal = journal
        self._versions = versions

    def write(self, now: datetime, *, redact: bool = False) -> str:
        """The book.

        Args:
            now: When this is.
            redact: To be shown to others: memories only, without the words they rest on, without
                names of people, and without what is private or secret.
        """
        latest = self._versions.everything()
        if redact:
            names = _Names(self._journal.owner)
            shown = [one for one in latest if one.sensitivity == "normal"]
            return serialise_book([_redacted(one, names) for one in shown], now)
        history = [one for last in latest for one in self._versions.history(last.id)]
        lines = [of_line(one) for one in reversed(self._journal.newest(1 << 62))]
        return serialise_book([*history, *lines], now)

    def read(self, text: str, progress: Callable[[float], None]) -> Taken:
        """Take a book in: what is new, in all its versions; all of it or nothing.

        Raises:
            BadData: It is no book; the message says where.
        """
        records = sorted(parse_book(text), key=lambda one: (one.id, one.v))
        added = known = 0
        refused: list[str] = []
        with self._versions.together():
            for n, record in enumerate(records):
                progress(n / len(records))
                if self._here(record):
                    known += 1
                    continue
                try:
                    self._keep(record)
                    added += 1
                except BadData as error:
                    refused.append(Exception.__str__(error))
        progress(1.0)
        return Taken(added, known, tuple(dict.fromkeys(refused)))

    def _here(self, record: Record) -> bool:
        if any(one.ulid == record.id for one in self._journal.ending(record.id)):
            return True
        kept = self._versions.get(record.id)
        return kept is not None and kept.v >= record.v

    def _keep(self, record: Record) -> None:
        if self._versions.get(record.id) is None:
            self._versions.add(record)
        else:
            self._versions.revise(record)


def is_book(data: bytes) -> bool:
    """Whether a file looks like a book of memories, or one memory."""
    head = data[:1024]
    return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and NAMESPACE.encode() in head


class _Names:
    """Stands in for names: the same for the same name."""

    def __init__(self, owner: str) -> None:
        self._known = {owner: "User"}

    def of(self, record: Record) -> dict[str, str]:
        """What to write for the names of this record."""
        for entity in record.about:
            if _person(entity):
                self._known.setdefault(entity.name, f"Person {len(self._known)}")
        return self._known


def _person(entity: Entity) -> bool:
    return entity.id == "user" or entity.id.startswith("person:")


def _redacted(record: Record, names: _Names) -> Record:
    """The record without quotes, places in the talk, and names of people."""
    known = names.of(record)
    text = record.text
    for name in sorted(known, key=len, reverse=True):
        text = text.replace(name, known[name])
    about = tuple(
        replace(one, name=known[one.name], id="user" if one.id == "user" else "")
        if _person(one)
        else one
        for one in record.about
    )
    sources = tuple(replace(one, session="", turns="", quotes=()) for one in record.sources)
    return replace(record, text=text, about=about, sources=sources, covers=(), foreign=())
