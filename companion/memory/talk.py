"""The conversation that goes on: its lines are kept, and it knows where it began."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from companion.memory.recall.found import Span
from companion.memory.record import clean
from companion.memory.store.line import Spoken
from companion.memory.store.ulid import Ulids

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from companion.memory.store.journal import Journal
    from companion.memory.store.line import Line

SILENCE = timedelta(minutes=30)
"""After so much silence a new conversation begins."""


class Talk:
    """One conversation after the other, line by line.

    Args:
        journal: Where lines are kept.
        now: The clock.
        fresh: Whether nothing from before this conversation counts.

    Attributes:
        session: Id of the conversation; "" before its first line.
        heard: Id of the owner's last line; "" in private.
        private: While it is set, nothing of what is said is kept.
    """

    def __init__(self, journal: Journal, now: Callable[[], datetime], *, fresh: bool) -> None:
        self.session = ""
        self.heard = ""
        self.private = False
        self._journal = journal
        self._now = now
        self._fresh = fresh
        self._ulids = Ulids()
        self._last: datetime | None = None
        self._started_after = journal.last()

    def keep(self, speaker: str, who: str, words: str, confidence: float = 1.0) -> str:
        """Keep a line; its id once it is on the disk, "" where there is nothing to keep."""
        text = clean(words)
        line = "" if self.private or not text else self._add(speaker, who, text, confidence)
        self.heard = line if speaker == "user" else self.heard
        return line

    def _add(self, speaker: str, who: str, text: str, confidence: float) -> str:
        said = self.moment()
        session = self._session_at(said)
        ulid = self._ulids.new(_milliseconds(said))
        line = self._journal.add(session, ulid, Spoken(speaker, who, text, confidence, said))
        self.session, self._last = session, said
        return line.id

    def last_turn(self) -> list[Line]:
        """The owner's last line of this conversation, and what came after it."""
        lines = self._journal.session(self.session)
        first = max((line.n for line in lines if line.speaker == "user"), default=None)
        return [] if first is None else [line for line in lines if line.n >= first]

    def newest(self, count: int) -> list[Line]:
        """The last lines of the conversation, in order."""
        return self._journal.end_of(self.session, count)

    def forget(self, names: Collection[str]) -> None:
        """Lines that went are no longer the last ones."""
        if self.heard in names:
            self.heard = ""

    def moment(self) -> datetime:
        """The time, with its zone; a clock without one is a local clock."""
        moment = self._now()
        return moment if moment.tzinfo else moment.astimezone()

    def stamp(self) -> tuple[str, datetime]:
        """A new id, and the time."""
        moment = self.moment()
        return self._ulids.new(_milliseconds(moment)), moment

    def span(self, skip: int | None) -> Span:
        """The part of the journal that is asked.

        Args:
            skip: Lines of this conversation that the prompt still holds, counted from its end;
                None: all of them.
        """
        after = self._started_after if self._fresh else 0
        if skip is None:  # also in private, where no line begins the next conversation
            over = self._is_over(self.moment())
            return Span(after, (self._journal.last() if over else self._started_after) + 1)
        kept = self._journal.end_of(self.session, skip)
        return Span(after, kept[0].seq) if kept else Span(after)

    def _is_over(self, moment: datetime) -> bool:
        return self._last is None or moment - self._last > SILENCE

    def _session_at(self, moment: datetime) -> str:
        """The conversation a line of this moment belongs to."""
        if self._is_over(moment):
            self._started_after = self._journal.last()
            return self._ulids.new(_milliseconds(moment))
        return self.session


def _milliseconds(moment: datetime) -> int:
    return max(int(moment.timestamp() * 1000), 0)
