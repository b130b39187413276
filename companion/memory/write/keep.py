"""Carries out what a finding does to what is known; see `companion.memory.write.merge`.

Whatever it is asked twice it does once: a line that has left a memory leaves no second one.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from companion.memory.write.calendars import CALENDARS
from companion.memory.write.language import SOURCES
from companion.memory.write.merge import FREE, JUST_NOW, Known, key, known, plan, said_lately
from companion.memory.write.record import record_of, source_of, subject_id
from companion.memory.write.rules import BARE

if TYPE_CHECKING:
    from companion.memory.record import Record
    from companion.memory.store.line import Line
    from companion.memory.store.ulid import Ulids
    from companion.memory.store.versions import Versions
    from companion.memory.write.candidate import Candidate
    from companion.memory.write.merge import Plan


MISHEARD = 0.5
"""Words that share so much may have been taken for each other."""


class Keeper:
    """Keeps findings of one owner.

    Args:
        versions: The memories.
        owner: Whose they are.
        ulids: Makes ids.
    """

    def __init__(self, versions: Versions, owner: str, ulids: Ulids) -> None:
        self._versions = versions
        self._owner = owner
        self._ulids = ulids

    def keep(self, candidate: Candidate, line: Line, status: str) -> Record:
        """Keep a finding that the gate let through; returns the memory that says it.

        Raises:
            BadData: No memory can be made of it.
        """
        with self._versions.together():
            done = self._already(candidate, line)
            if done is not None:
                return done
            if status != "active":
                return self._versions.add(self._record(candidate, line, status))
            subject = subject_id(candidate.subject, self._owner)
            others = self._versions.active(subject=subject)
            what = plan(candidate, line, others)
            if what.same is not None:
                self._close(what, what.same.record, line)
                return self._confirm(what.same.record, candidate, line)
            return self._add(candidate, line, what)

    def is_forgotten(self, line: Line) -> bool:
        """Whether the owner has forgotten something that this line had left."""
        names = self._versions.sources_of(line.ulid)
        return any(self._versions.get(name) is None for name in names)

    def corrected(self, candidate: Candidate, line: Line) -> Candidate | None:
        """A correction that says only the right word as the finding it means; None for nothing.

        "No, I meant Lisbon" is about the last memory of this conversation in whose place Lisbon
        can stand: its sentence with the one word for the other.
        """
        if candidate.predicate != BARE:
            return candidate
        recent = [
            known(one)
            for one in self._versions.active()
            if said_lately(one, line, JUST_NOW)
            and one.claim is not None
            and one.observed <= line.said
        ]
        last = max(recent, key=lambda one: (one.record.observed, one.record.id), default=None)
        return None if last is None else _in_place(last, candidate)

    def unlearn(self, name: str, places: set[tuple[str, str]]) -> bool:
        """Take lines out of the sources of a memory; whether it rests on nothing any more."""
        record = self._versions.get(name)
        if record is None:
            return False
        left = tuple(one for one in record.sources if (one.session, one.turns) not in places)
        if left and record.kind != "summary":
            self._versions.revise(replace(record, sources=left))
            return False
        for ref in record.supersedes:
            self._reopen(ref.partition("#")[0], record)
        return True

    def _reopen(self, name: str, by: Record) -> None:
        """Let a memory go on that another one had ended or taken back."""
        record = self._versions.get(name)
        if record is None or by.ref not in record.superseded_by:
            return
        left = tuple(ref for ref in record.superseded_by if ref != by.ref)
        self._versions.revise(replace(record, status="active", valid_to="", superseded_by=left))

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    def _already(self, candidate: Candidate, line: Line) -> Record | None:
        """The memory that this line has left before, whatever became of it since."""
        for name in self._versions.sources_of(line.ulid):
            record = self._versions.get(name)
            if record is None or record.kind == "summary":
                continue
            one = known(record)
            if (one.predicate, one.polarity) != (candidate.predicate, candidate.polarity):
                continue
            if candidate.predicate in FREE or key(one.object) == key(candidate.object):
                return record
        return None

    def _record(self, candidate: Candidate, line: Line, status: str) -> Record:
        name = self._ulids.new(max(int(line.said.timestamp() * 1000), 0))
        return record_of(candidate, line, (name, self._versions.scope), status)

    def _confirm(self, record: Record, candidate: Candidate, line: Line) -> Record:
        """Note that the owner said it again."""
        if len(record.sources) >= SOURCES:
            return record
        doubt = (1 - record.confidence) * (1 - candidate.confidence * line.confidence / 2)
        return self._versions.revise(
            replace(
                record,
                sources=(*record.sources, source_of(candidate, line)),
                confidence=1 - doubt,
                importance=max(
                    record.importance, self._record(candidate, line, "active").importance
                ),
            )
        )

    def _add(self, candidate: Candidate, line: Line, what: Plan) -> Record:
        record = self._record(candidate, line, "active")
        if what.over is not None:
            return self._versions.add(_past(record, what.over.record, line))
        if what.ended:
            record = _begun(record, what.ended, line)
        closed = (*what.ended, *what.wrong)
        record = replace(record, supersedes=tuple(one.record.ref for one in closed))
        doubted = self._doubted(record)
        if doubted is None:
            made = self._versions.add(record)
        else:  # it had been heard badly before
            sources = (*doubted.sources, *record.sources)[-SOURCES:]
            made = self._versions.revise(replace(record, id=doubted.id, sources=sources))
        self._close(what, made, line)
        return made

    def _doubted(self, record: Record) -> Record | None:
        """The memory that says the same and waits to be confirmed."""
        waiting = self._versions.of_status("quarantined")
        return next((one for one in waiting if _same_claim(one, record)), None)

    def _close(self, what: Plan, made: Record, line: Line) -> None:
        """End what is no longer true, and take back what never was."""
        day = made.valid_from or line.said.date().isoformat()
        for one in what.ended:
            ended = replace(one.record, status="superseded", valid_to=one.record.valid_to or day)
            self._versions.revise(_followed(ended, made))
        for one in what.wrong:
            self._versions.revise(_followed(replace(one.record, status="retracted"), made))


def _same_claim(one: Record, other: Record) -> bool:
    same = (one.subject, one.claim) == (other.subject, other.claim)
    return same and key(known(one).object) == key(known(other).object)


def _followed(record: Record, by: Record) -> Record:
    return replace(record, superseded_by=(*record.superseded_by, by.ref))


def _begun(record: Record, ended: tuple[Known, ...], line: Line) -> Record:
    """The record with a beginning, no earlier than that of what it ends."""
    begins = [record.valid_from or line.said.date().isoformat()]
    begins += [one.record.valid_from for one in ended if one.record.valid_from]
    since = max(begins)
    if since == record.valid_from:
        return record
    precision = {4: "year", 7: "month", 10: "day"}.get(len(since), "minute")
    return replace(record, valid_from=since, precision=precision)


def _past(record: Record, later: Record, line: Line) -> Record:
    """The record as something that was true until a later one began."""
    until = later.valid_from or later.observed.date().isoformat()
    since = record.valid_from or line.said.date().isoformat()
    return replace(
        record,
        status="superseded",
        valid_from=min(since, until),
        valid_to=until,
        superseded_by=(later.ref,),
    )


def _sounds_like(candidate: Candidate, wrong: str) -> bool:
    """Whether a word was probably misheard for another: "no, it's Maya", but not "it's late"."""
    right = candidate.object
    alike = SequenceMatcher(None, right.lower(), wrong.lower()).ratio()
    return right[:1].isupper() or alike >= MISHEARD


def _times(text: str, lang: str) -> set[str]:
    """What of weekdays, months and numbers is in a text."""
    words, found = CALENDARS[lang if lang in CALENDARS else "en"], key(text)
    tables = {"weekday": words.weekdays, "month": words.months, "number": words.numbers}
    numbered = {"number"} if any(word[0].isdigit() for word in found) else set()
    return numbered | {name for name, table in tables.items() if found & table.keys()}


def _in_place(last: Known, candidate: Candidate) -> Candidate | None:
    """The last memory with another object."""
    record = last.record
    if not (candidate.method == "rule:meant" or _sounds_like(candidate, last.object)):
        return None
    if not _times(candidate.object, candidate.lang) <= _times(last.object, record.lang):
        return None  # "it's Tuesday" is no place
    text = record.text.replace(last.object, candidate.object)
    if text == record.text:
        return None
    shown = candidate.object
    if last.object[:1].isupper():
        shown = f"{shown[:1].upper()}{shown[1:]}"
        text = record.text.replace(last.object, shown)
    subject = next(one.name for one in record.about if one.role == "subject")
    return replace(
        candidate,
        text=text,
        kind=record.kind,
        subject=subject,
        predicate=last.predicate,
        object=shown,
        polarity=last.polarity,
        cardinality=record.claim.cardinality if record.claim else "",
        lang=record.lang,
        valid_from=record.valid_from,
        precision=record.precision,
        instead=last.object,
        due=record.due.at if record.due else "",
        resolved=record.text,
    )
