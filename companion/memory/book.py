"""All memories as one XML document, to keep, to read, or to take in elsewhere.

What was said is in it too, each line as the event that it was said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from companion.errors import BadData
from companion.memory.record import (
    FROM_LINE,
    NAME_CHARACTERS,
    NAMESPACE,
    TEXT_CHARACTERS,
    Record,
    of_line,
    parse_book,
    serialise_book,
    shortened,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
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
        history = [one for last in latest for one in self._versions.history(last.id)]
        if redact:
            names = _Names(self._journal.owner, history)
            shown = [one for one in latest if one.sensitivity == "normal"]
            return serialise_book([_redacted(one, names) for one in shown], now)
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
            self._join(records)
        progress(1.0)
        return Taken(added, known, tuple(dict.fromkeys(refused)))

    def _join(self, records: Iterable[Record]) -> None:
        """Note which memories rest on which lines of the book, as they do on lines of the journal.

        What was refused is in no table, and nothing is noted of it.
        """
        lines: dict[tuple[str, str], str] = {}
        left: list[tuple[str, tuple[str, str]]] = []
        for one in records:
            places = [(source.session, source.turns) for source in one.sources]
            if one.created_by == FROM_LINE:
                lines |= dict.fromkeys(places, one.id)
            else:
                left += [(one.id, place) for place in places]
        scope = self._journal.scope
        here = "EXISTS (SELECT 1 FROM memories WHERE scope = ?1 AND id = ?{})"
        with self._versions.together() as db:
            db.executemany(
                "INSERT OR IGNORE INTO memory_sources SELECT ?1, ?2, ?3"
                f" WHERE {here.format(2)} AND {here.format(3)}",
                [(scope, lines[place], name) for name, place in left if place in lines],
            )

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
    """Stands in for names of people: the same for the same name, wherever it was learned.

    Args:
        owner: Whose memories these are.
        records: All of them, in all versions.
    """

    def __init__(self, owner: str, records: Iterable[Record]) -> None:
        self._known = {owner: "User"}
        for entity in (one for record in records for one in record.about):
            if _person(entity):
                self._known.setdefault(entity.name, f"Person {len(self._known)}")
        self._longest_first = sorted(self._known, key=len, reverse=True)

    def hidden(self, text: str, most: int) -> str:
        """The text without the names, and no longer than that."""
        for name in self._longest_first:
            text = text.replace(name, self._known[name])
        return shortened(text, most, "…")


def _person(entity: Entity) -> bool:
    return entity.id == "user" or entity.id.startswith("person:")


def _redacted(record: Record, names: _Names) -> Record:
    """The record without quotes, places in the talk, and names of people."""
    text = names.hidden(record.text, TEXT_CHARACTERS)
    about = tuple(_unnamed(one, names) for one in record.about)
    sources = tuple(replace(one, session="", turns="", quotes=()) for one in record.sources)
    return replace(record, text=text, about=about, sources=sources, covers=(), foreign=())


def _unnamed(entity: Entity, names: _Names) -> Entity:
    """Whom or what a record is about, without names of people."""
    name = names.hidden(entity.name, NAME_CHARACTERS)
    named = _person(entity) or name != entity.name
    return replace(entity, name=name, id="" if named and entity.id != "user" else entity.id)
