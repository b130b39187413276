"""Writing memories: what the owner's own words leave behind, checked by code before it is kept.

    writer = Writer(journal, versions, name="Juno", now=clock)
    for _ in writer.steps(): ...        one line or conversation each; may be left at any of them

A line is read once: what it leaves and the note that it was read are one transaction, so that
nothing is lost or doubled by a crash. Only lines of the owner are read, never a prompt, a card,
lore or a reply. First by rules, then, where there is one, by a language model; both go through
the same gate.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from companion.errors import CompanionError
from companion.memory.store.ulid import Ulids
from companion.memory.write import promise
from companion.memory.write.gate import Verdict, is_playing, judge
from companion.memory.write.keep import Keeper
from companion.memory.write.languages import language_of
from companion.memory.write.record import summary_record
from companion.memory.write.rules import About, note, read
from companion.memory.write.summary import LEAST, Told, summary, telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from companion.memory.record import Record
    from companion.memory.store.journal import Journal
    from companion.memory.store.line import Line
    from companion.memory.store.versions import Versions
    from companion.memory.write.candidate import Candidate, Extractor

BY_RULES = 1
"""`looked` of a line that the rules have read; higher once the rules have changed."""
BY_MODEL = 100
"""Added to it when the model has read the line too."""
AT_ONCE = 6
"""Lines the model reads together."""
ENDED = timedelta(minutes=30)
"""A conversation that has been silent for so long can be summed up."""
REFUSALS = 200
"""Refused candidates that are kept in mind, for whoever asks why."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A candidate that was not kept as true, and why; no words of it.

    Attributes:
        line: Id of the line.
        method: What had found it.
        verdict: What became of it.
    """

    line: str
    method: str
    verdict: Verdict


class Writer:
    """Makes memories of lines.

    Args:
        journal: The lines.
        versions: The memories, in the same file.
        name: The character's name.
        now: The clock.
        extractor: Reads lines with a language model; None: rules alone.
    """

    def __init__(
        self,
        journal: Journal,
        versions: Versions,
        name: str,
        now: Callable[[], datetime],
        extractor: Extractor | None = None,
    ) -> None:
        self._journal = journal
        self._versions = versions
        self._name = name
        self._now = now
        self._extractor = extractor
        self._ulids = Ulids()
        self._keeper = Keeper(versions, journal.owner, self._ulids)
        self._summed: set[str] = set()  # conversations that have been looked at for a summary
        self._swept = ""  # the newest one when all of them had been
        self.refusals: deque[Refusal] = deque(maxlen=REFUSALS)

    # ── in idle time ─────────────────────────────────────────────────────────────────────────

    def steps(self) -> Iterator[None]:
        """All that waits, in small steps; may be left at any of them and begun again."""
        while lines := self._journal.unlooked(BY_RULES, 1):
            self._read(lines[0])
            yield
        if self._extractor is not None:
            yield from self._ask(self._extractor)
        yield from self._overdue()
        yield from self._sum_up()

    def _read(self, line: Line) -> None:
        with self._versions.together():
            for one in read(line, self._about()):
                self._keep(one, line)
            self._promises(line)
            self._journal.mark_looked([line.seq], BY_RULES)

    def _ask(self, extractor: Extractor) -> Iterator[None]:
        """Have the model read what it has not."""
        while lines := self._journal.unlooked(BY_RULES + BY_MODEL, AT_ONCE):
            found: list[Candidate] = []
            for step in extractor.facts(lines):
                found += step or ()
                yield
            by_turn = {line.ulid: line for line in lines}
            with self._versions.together():
                for one in found:
                    if one.turn in by_turn:
                        self._keep(one, by_turn[one.turn])
                self._journal.mark_looked([line.seq for line in lines], BY_RULES + BY_MODEL)
            yield

    def _keep(self, candidate: Candidate, line: Line) -> Record | None:
        """Keep a candidate if the gate lets it through."""
        about = self._about()
        resolved = self._keeper.corrected(candidate, line)
        if resolved is None or self._keeper.is_forgotten(line):
            return None
        verdict = judge(resolved, line, about, playing=self._playing(line))
        if verdict.status != "active":
            self.refusals.append(Refusal(line.id, candidate.method, verdict))
        if verdict.status == "refused":
            return None
        try:
            return self._keeper.keep(resolved, line, verdict.status)
        except CompanionError as error:  # no memory can be made of it: too long, odd characters
            refused = Verdict("refused", type(error).__name__)
            self.refusals.append(Refusal(line.id, candidate.method, refused))
            return None

    def _playing(self, line: Line) -> bool:
        mine = [
            one.text
            for one in self._journal.session(line.session)
            if one.n <= line.n and one.speaker == "user"
        ]
        return is_playing(mine, language_of(line.text))

    def _about(self) -> About:
        people = self._versions.active(kind="relationship")
        names = {
            entity.name.lower() for one in people for entity in one.about if entity.role == "object"
        }
        return About(self._journal.owner, self._name, frozenset(names))

    # ── by the owner's wish ──────────────────────────────────────────────────────────────────

    def remember(self, text: str, line: Line) -> Record:
        """Keep what the owner asked to remember, whatever it is.

        Args:
            text: What to remember, in the owner's words.
            line: The line in which they said it.

        Raises:
            BadData: No memory can be made of it.
        """
        about = self._about()
        with self._versions.together():
            kept = [
                made
                for one in read(line, about)
                if one.asked and one.predicate != "note" and (made := self._keep(one, line))
            ]
            if not kept:
                plain = note(line, text, about, language_of(text))
                verdict = judge(plain, line, about)
                status = "quarantined" if verdict.status == "quarantined" else "active"
                kept = [self._keeper.keep(plain, line, status)]
            self._journal.mark_looked([line.seq], BY_RULES)
        return kept[0]

    def unlearn(self, lines: Sequence[Line]) -> list[str]:
        """Take back what these lines left, as if they had never been said.

        Memories that rest on nothing else go for good, and what they had ended goes on.

        Returns:
            Ids of the memories that went.
        """
        names = {name for line in lines for name in self._versions.sources_of(line.ulid)}
        places = {(line.session, str(line.n)) for line in lines}
        with self._versions.together():
            gone = [name for name in sorted(names) if self._keeper.unlearn(name, places)]
            return self._versions.remove(gone, self._now())

    # ── promises ─────────────────────────────────────────────────────────────────────────────

    def due(self, moment: datetime) -> list[Record]:
        """Open promises that are due and were not spoken of yet, the oldest first."""
        return [one for one in self._versions.due_before(moment) if not one.recalls]

    def told(self, name: str, moment: datetime) -> None:
        """Note that a promise was spoken of: a reminder is done with that."""
        record = self._versions.get(name)
        if record is None or record.due is None or record.due.state != "open":
            return
        self._versions.used(name, moment)
        if record.due.by == "character":
            self._versions.revise(promise.ended(record, "done"))

    def _promises(self, line: Line) -> None:
        """End the promises that a line ends."""
        waiting = [
            one
            for one in self._versions.active(kind="promise")
            if one.due is not None and one.due.state == "open" and one.observed < line.said
        ]
        if taken := promise.cancelled(line.text, waiting):
            self._versions.revise(promise.ended(taken, "cancelled"))
        elif kept := promise.fulfilled(line.text, waiting):
            self._versions.revise(promise.ended(kept, "done"))

    def _overdue(self) -> Iterator[None]:
        now = self._now()
        for one in self._versions.due_before(now):
            if promise.is_missed(one, now):
                self._versions.revise(promise.ended(one, "missed"))
                yield

    # ── summaries ────────────────────────────────────────────────────────────────────────────

    def _sum_up(self) -> Iterator[None]:
        """One summary for each conversation that has ended and is worth one."""
        newest = self._journal.newest(1)
        if not newest or newest[0].session == self._swept:
            return
        for session, _, first, last in self._journal.sessions():
            if session in self._summed:
                continue
            begin, end = self._journal.lines([first, last])
            if self._now() - end.said <= ENDED:
                continue
            if not self._has_summary(begin):
                yield from self._summarise(self._journal.session(session))
            self._summed.add(session)
            yield
        if newest[0].session in self._summed:
            self._swept = newest[0].session

    def _has_summary(self, line: Line) -> bool:
        found = map(self._versions.get, self._versions.sources_of(line.ulid))
        return any(one is None or one.kind == "summary" for one in found)

    def _summarise(self, lines: Sequence[Line]) -> Iterator[None]:
        mine = [line for line in lines if line.speaker == "user"]
        about, told = self._about(), list[Told]()
        for line in mine if len(mine) >= LEAST else ():
            told += telling(line, mine, about)
            yield
        if text := summary(told, about):
            self._versions.add(summary_record(lines, text, self._versions.scope, self._ulids))


__all__ = ["BY_MODEL", "BY_RULES", "Refusal", "Writer"]
