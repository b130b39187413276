"""Forgetting: what goes with what, out of mind at once, and back while it is not yet deleted.

A line takes the reply to it along, and what was learned from it; a memory takes the lines that it
rests on. Deleting for good is `companion.memory.forget.purge`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.memory.forget.closing import settle
from companion.memory.forget.doomed import gather, places
from companion.memory.forget.elsewhere import joined
from companion.memory.forget.topic import Topic
from companion.memory.hand import as_note, ulid
from companion.memory.record import Record
from companion.memory.store.line import Line
from companion.memory.store.memo import NAMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from companion.memory.hand import Hand, Thing
    from companion.memory.lore import Lore
    from companion.memory.store.journal import Journal
    from companion.memory.store.versions import Versions
    from companion.values import Note


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What goes, or went.

    Attributes:
        asked: What was named.
        also: What goes with it: the reply to a line, what was learned from it, and the lines a
            memory rests on.
    """

    asked: tuple[Note, ...] = ()
    also: tuple[Note, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all of it."""
        return tuple(note.id for note in (*self.asked, *self.also))


class Forgetting:
    """Takes out of mind, and brings back.

    Args:
        journal: The lines.
        versions: The memories.
        lore: The documents.
        hand: Finds things by their names.
    """

    def __init__(self, journal: Journal, versions: Versions, lore: Lore, hand: Hand) -> None:
        self._journal = journal
        self._versions = versions
        self._lore = lore
        self._hand = hand
        self._topic = Topic(journal, versions, hand)

    # ── what there is ────────────────────────────────────────────────────────────────────────

    def about(self, topic: str) -> tuple[Note, ...]:
        """What speaks of a topic, also in earlier words of a memory; see `Topic`."""
        return self._topic.about(topic)

    def everything(self) -> tuple[str, ...]:
        """Ids of all lines and memories."""
        lines = self._journal.newest(1 << 62)
        return (
            *(one.id for one in lines),
            *(f"{NAMED}{one.id}" for one in self._versions.everything()),
        )

    def forgotten(self) -> tuple[Note, ...]:
        """What is out of mind and can be restored, newest first."""
        lines = [*map(as_note, self._journal.hidden())]
        memories = [*map(self._hand.of_record, self._versions.hidden())]
        papers = [*map(self._hand.as_note, self._lore.documents(hidden=True))]
        notes = (*lines, *memories, *papers)
        return tuple(sorted(notes, key=lambda note: note.said, reverse=True))

    # ── forgetting, and back ─────────────────────────────────────────────────────────────────

    def forget(self, names: Sequence[str]) -> Forgotten:
        """Take out of mind what has these names, and what goes with it; all of it or nothing.

        What is already forgotten is named again.

        Raises:
            MissingInput: There is no such thing.
            UsageError: A name fits several.
        """
        asked = self._named(names)
        lines = {one.id: one for one in asked if isinstance(one, Line)}
        records = {one.id: one for one in asked if isinstance(one, Record)}
        papers = [one for one in asked if not isinstance(one, Line | Record)]
        for record in records.values():
            lines |= {one.id: one for one in self._sources(record)}
        lines |= {one.id: one for one in self._replies(lines.values())}
        elsewhere = map(self._versions.get, sorted(joined(self._journal, list(records))))
        records |= {one.id: one for one in elsewhere if one is not None}
        with self._versions.together():
            self._journal.hide(list(lines))
            self._versions.hide(list(records))
            self._lore.forget([one.id for one in papers])
            records |= self._resting(set(lines) | set(records))
            self._versions.hide(list(records))
            settle(self._journal, self._versions, list(records))
        also: tuple[Thing, ...] = (*lines.values(), *records.values())
        known = {ulid(one) for one in asked}
        return Forgotten(
            tuple(map(self._hand.as_note, asked)),
            tuple(self._hand.as_note(one) for one in also if ulid(one) not in known),
        )

    def restore(self, name: str) -> tuple[Note, ...]:
        """Bring back what has this name, and what went with it.

        Raises:
            MissingInput: Nothing of this name is forgotten, or it is deleted for good.
            UsageError: The name fits several.
        """
        thing = self._hand.find(name, hidden=True)
        hidden = self._journal.hidden()
        with self._versions.together():
            if isinstance(thing, Line):
                lines = [thing, *_answers(thing, hidden), *_asked(thing, hidden)]
            elif isinstance(thing, Record):
                where = places(thing)
                said = [one for one in hidden if (one.session, one.n) in where]
                lines = [*said, *(a for one in said for a in _answers(one, hidden))]
            else:
                lines = []
                self._lore.restore([thing.id])
            back = self._journal.unhide([one.ulid for one in lines])
            told = {line.ulid for line in back}
            told |= joined(self._journal, [thing.id]) if isinstance(thing, Record) else set()
            names = told | {name for one in told for name in self._versions.sources_of(one)}
            names |= {thing.id} if isinstance(thing, Record) else set()
            memories = self._versions.unhide(sorted(names))
            settle(self._journal, self._versions, memories)
        records = filter(None, map(self._versions.get, memories))
        papers = () if isinstance(thing, Line | Record) else (self._hand.as_note(thing),)
        return (*map(as_note, back), *map(self._hand.of_record, records), *papers)

    def _named(self, names: Sequence[str]) -> list[Thing]:
        """What has these names, forgotten before or not; each once."""
        before = {one.id for one in self._journal.hidden()}
        before |= {f"{NAMED}{one.id}" for one in self._versions.hidden()}
        found = [self._hand.find(name, hidden=name in before) for name in names]
        return list({ulid(thing): thing for thing in found}.values())

    def _sources(self, record: Record) -> list[Line]:
        return self._journal.by_id([f"{session}:{n}" for session, n in sorted(places(record))])

    def _replies(self, lines: Iterable[Line]) -> list[Line]:
        """The character's lines that answer these: they may say the words again."""
        asked = [one for one in lines if one.speaker == "user"]
        after = self._journal.by_id([f"{one.session}:{one.n + 1}" for one in asked])
        return [one for one in after if one.speaker == "character"]

    def _resting(self, hidden: set[str]) -> dict[str, Record]:
        """Memories that cannot stay without what is hidden now."""
        doomed = gather(self._journal, hidden)
        latest = (self._versions.get(name) for name in doomed.memories)
        versions = {one.ref for one in doomed.versions.values()}
        return {one.id: one for one in latest if one is not None and one.ref in versions}


def _answers(line: Line, others: Iterable[Line]) -> list[Line]:
    """The reply to a line, of some lines."""
    if line.speaker != "user":
        return []
    mine = (line.session, line.n + 1, "character")
    return [one for one in others if (one.session, one.n, one.speaker) == mine]


def _asked(line: Line, others: Iterable[Line]) -> list[Line]:
    """The line that a reply answers, of some lines."""
    if line.speaker == "user":
        return []
    mine = (line.session, line.n - 1, "user")
    return [one for one in others if (one.session, one.n, one.speaker) == mine]
