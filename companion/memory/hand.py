"""The memory by hand: looking at what is kept, telling it something, and putting it right.

Knows nothing of recall, of the turn, or of an embedder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from companion.errors import MissingInput, UsageError
from companion.memory.lore import Document
from companion.memory.record import (
    NAME_CHARACTERS,
    Entity,
    Record,
    Source,
    Unfit,
    clean,
    of_line,
    serialise,
    shortened,
)
from companion.memory.store.line import Line
from companion.memory.store.memo import NAMED
from companion.memory.store.ulid import LENGTH
from companion.values import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from companion.memory.lore import Lore
    from companion.memory.store.journal import Journal
    from companion.memory.store.versions import Versions

Thing = Line | Record | Document
"""What has an id of its own."""
MANUAL = "manual"
"""How a memory came to be that was written by hand."""
IMPORTANCE = 0.8
"""Of what somebody took the trouble to write."""
KNOWN = ("fact", "preference", "relationship", "promise")
"""Kinds of memories that are told when the owner asks what is known."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One session: when it was, how long, and how it began."""

    id: str
    started: datetime
    ended: datetime
    lines: int
    first: str


class Hand:
    """What a person does with the memory besides talking.

    Args:
        journal: The lines.
        versions: The memories.
        lore: The documents.
        stamp: Gives a new ULID and the time, with its zone.
    """

    def __init__(
        self,
        journal: Journal,
        versions: Versions,
        lore: Lore,
        stamp: Callable[[], tuple[str, datetime]],
    ) -> None:
        self._journal = journal
        self._versions = versions
        self._lore = lore
        self._stamp = stamp

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    def newest(self, limit: int, kind: str = "") -> tuple[Note, ...]:
        """The newest lines and memories, newest first; only those of a kind."""
        lines = self._journal.newest(limit) if kind in ("", "line") else []
        made = self._versions.active(kind)[::-1] if kind else self._versions.newest(limit)
        notes = [*map(as_note, lines), *map(self.of_record, made)]
        return tuple(sorted(notes, key=lambda note: note.said, reverse=True)[:limit])

    def profile(self) -> tuple[Note, ...]:
        """What is known about the owner, the most telling first."""
        known = [
            one
            for one in self._versions.active(subject="user")
            if one.kind in KNOWN and not self._is_name(one)
        ]
        known.sort(key=lambda one: (one.pinned, one.importance, one.observed), reverse=True)
        return tuple(map(self.of_record, known))

    def _is_name(self, one: Record) -> bool:
        """Whether it says no more than what the owner is called by anyway."""
        named = one.claim is not None and one.claim.predicate == "name"
        return named and self._journal.owner in one.object

    def conversations(self) -> tuple[Conversation, ...]:
        """All conversations, oldest first."""
        made = []
        for session, count, first, last in self._journal.sessions():
            ends = self._journal.lines([first, last]) or self._journal.session(session)
            if not ends:
                continue
            start, end = ends[0], ends[-1]
            made.append(Conversation(session, start.said, end.said, count, start.text))
        return tuple(made)

    def note(self, name: str) -> Note | None:
        """What has exactly this id; None where it is gone, or hidden."""
        if name.startswith(NAMED):
            record = self._versions.get(name.removeprefix(NAMED))
            return self.of_record(record) if record else None
        lines = self._journal.by_id([name])
        if lines:
            return as_note(lines[0])
        passage = self._lore.passage(name)
        return passage.as_note() if passage else None

    def to_xml(self, name: str) -> str:
        """What has this id, as XML."""
        thing = self.find(name)
        if isinstance(thing, Document):
            raise UsageError(f"{thing.name} is a document, and no memory.", "Open the file itself.")
        return serialise(of_line(thing) if isinstance(thing, Line) else thing)

    def history(self, name: str) -> tuple[Record, ...]:
        """All versions of a memory, oldest first; a line has one."""
        thing = self.find(name)
        if isinstance(thing, Record):
            return tuple(self._versions.history(thing.id))
        return (of_line(thing),) if isinstance(thing, Line) else ()

    def find(self, name: str, *, hidden: bool = False) -> Thing:
        """The line, memory or document with this id, or this end of an id.

        Args:
            name: `<session>:<n>`, a ULID or its end, `memory:<ULID>`, or the name of a document.
            hidden: Look among what is forgotten and not yet deleted.

        Raises:
            MissingInput: There is none.
            UsageError: There are several; they are named.
        """
        found = self._hidden(name) if hidden else self._shown(name)
        if not found and (passage := self._lore.passage(name)):
            raise UsageError(
                f'{name!r} is a passage of {passage.source}: "{passage.text}"',
                f"`companion memories forget {passage.document[-4:]}` takes the document out.",
            )
        if not found:
            raise MissingInput(
                f"There is no {'forgotten ' if hidden else ''}memory {name!r} of"
                f" {self._journal.owner} with {self._journal.character}.",
                f"`companion memories list{' --forgotten' if hidden else ''}` shows what there is.",
            )
        if len(found) > 1:
            every = ", ".join(ulid(thing) for thing in found[:5])
            raise UsageError(f"{name!r} fits {len(found)} memories: {every}.", "Type more of it.")
        return found[0]

    def line(self, name: str) -> Line:
        """The line with this id. Raises as `find` does."""
        thing = self.find(name)
        if not isinstance(thing, Line):
            raise UsageError(f"{name!r} is no line of a conversation.", "Name one that is.")
        return thing

    def _shown(self, name: str) -> Sequence[Thing]:
        if placed := self._journal.by_id([name]) or self._placed(name):
            return placed
        tail = name.removeprefix(NAMED).upper()
        lines = [] if len(tail) > LENGTH or name.startswith(NAMED) else self._journal.ending(tail)
        return [*lines, *self._versions.ending(tail), *self._lore.named(name)] if tail else []

    def _placed(self, name: str) -> list[Line]:
        """Lines whose id ends with `name`, as the lists show them: `J67Q1FXNJ4:5`."""
        session, _, n = name.upper().rpartition(":")
        every = self._journal.sessions() if session else []
        ids = [one[0] for one in every if _ends(one[0], session)]
        return self._journal.by_id([f"{one}:{n}" for one in ids])

    def _hidden(self, name: str) -> Sequence[Thing]:
        tail = name.removeprefix(NAMED).upper()
        lines = [
            one
            for one in self._journal.hidden()
            if _ends(one.ulid, tail) or (":" in tail and _ends(one.id, tail))
        ]
        memories = [one for one in self._versions.hidden() if _ends(one.id, tail)]
        return [*lines, *memories, *self._lore.named(name, hidden=True)]

    # ── telling, and putting right ───────────────────────────────────────────────────────────

    def know(self, text: str, kind: str, *, pinned: bool) -> Note:
        """Keep a sentence as a memory.

        Raises:
            UsageError: It is empty, too long, or of no known kind.
        """
        name, moment = self._stamp()
        owner = shortened(self._journal.owner, NAME_CHARACTERS)
        try:
            record = Record(
                id=name,
                kind=kind,
                text=" ".join(clean(text).split()),
                lang="und",
                about=(Entity("subject", owner, "user"),),
                sources=(Source("operator", "", "", MANUAL),),
                observed=moment,
                importance=IMPORTANCE,
                pinned=pinned,
                created_by=f"{MANUAL}/1",
                scope=self._versions.scope,
            )
        except Unfit as error:
            raise UsageError(f"This can be no memory: {Exception.__str__(error)}.") from error
        return self.of_record(self._versions.add(record))

    def edit(self, name: str, text: str) -> Note:
        """Put the words of a memory right; what they were stays in its history.

        Raises:
            UsageError: It is a line, which stays as it was said, or the text cannot be one.
            MissingInput: There is no such memory.
        """
        record = self.find(name)
        if not isinstance(record, Record):
            raise UsageError(
                f"{name!r} is what was said, and stays as it was.",
                "Forget it, and tell what is right: `companion memories add TEXT`.",
            )
        by_hand = Source("operator", "", "", MANUAL)
        words = " ".join(clean(text).split())
        sources = tuple(one for one in record.sources if one != by_hand)
        try:
            better = replace(
                record,
                text=words,
                **_claimed(record, words),
                sources=(*sources, by_hand),
                confidence=1.0,
                created_by=f"{MANUAL}/1",
            )
        except Unfit as error:
            raise UsageError(f"This can be no memory: {Exception.__str__(error)}.") from error
        return self.of_record(self._versions.revise(better))

    def as_note(self, thing: Thing) -> Note:
        """Anything as a note."""
        if isinstance(thing, Line):
            return as_note(thing)
        if isinstance(thing, Record):
            return self.of_record(thing)
        text = thing.title or thing.name
        return Note(thing.id, text, thing.name, thing.taken, kind="lore", source=thing.path)

    def of_record(self, record: Record) -> Note:
        """A memory as a note."""
        return Note(
            id=f"{NAMED}{record.id}",
            text=record.text,
            who=record.about[0].name,
            said=record.observed.astimezone(),
            kind=record.kind,
            until=record.valid_to,
        )


def as_note(line: Line, score: float = 0.0, parts: dict[str, float] | None = None) -> Note:
    """A line as a note."""
    return Note(line.id, line.text, line.who, line.said, score, parts or {})


def ulid(thing: Thing) -> str:
    """The ULID of anything."""
    return thing.ulid if isinstance(thing, Line) else thing.id


def _claimed(record: Record, text: str) -> dict[str, Any]:
    """What a memory says for a machine once its words are `text`.

    The same of another object, where that is all that changed; else nothing.
    """
    things = [one for one in record.about if one.role == "object"]
    if record.claim is not None and len(things) == 1:
        before, _, after = record.text.partition(things[0].name)
        name = text.removeprefix(before).removesuffix(after).strip()
        if name and f"{before}{name}{after}" == text and len(name) <= NAME_CHARACTERS:
            other = replace(things[0], name=name, id="")
            return {"about": tuple(other if one == things[0] else one for one in record.about)}
    return {"claim": None, "about": tuple(one for one in record.about if one.role == "subject")}


def _ends(name: str, tail: str) -> bool:
    return bool(tail) and name.endswith(tail)
