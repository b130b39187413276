"""Findings as records: who, what, since when, and the words they rest on. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from companion.memory.record import (
    NAME_CHARACTERS,
    QUOTE_CHARACTERS,
    TEXT_CHARACTERS,
    Claim,
    Covered,
    Due,
    Entity,
    Quote,
    Record,
    Source,
    clean,
    shortened,
)
from companion.memory.write.language import IMPORTANCE, REMEMBERED
from companion.memory.write.languages import language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.memory.store.line import Line
    from companion.memory.store.ulid import Ulids
    from companion.memory.write.candidate import Candidate

CREATED_BY = "rules/1"
"""Who made a memory, in its lineage."""


def subject_id(name: str, owner: str) -> str:
    """Id of whom a memory is about."""
    return "user" if name == owner else f"person:{slug(name)}"


def slug(name: str) -> str:
    """A name as a part of an id: lower case, dashes between words."""
    return "-".join(re.findall(r"[^\W_]+", name.lower().replace("'", ""))) or "unnamed"


def record_of(candidate: Candidate, line: Line, identity: tuple[str, str], status: str) -> Record:
    """A finding as the first version of a memory.

    Args:
        candidate: What was found.
        line: Where.
        identity: The id of the memory, and its scope.
        status: "active" or "quarantined".
    """
    name, scope = identity
    importance = IMPORTANCE[candidate.kind] + (REMEMBERED if candidate.asked else 0)
    return Record(
        id=name,
        kind=candidate.kind,
        status=status,
        text=shortened(clean(candidate.text), TEXT_CHARACTERS, "…"),
        lang=candidate.lang,
        about=_entities(candidate, line),
        claim=Claim(candidate.predicate, candidate.polarity, cardinality=candidate.cardinality),
        sources=(source_of(candidate, line),),
        observed=line.said,
        valid_from=candidate.valid_from,
        precision=candidate.precision,
        due=_due(candidate),
        importance=min(1.0, importance),
        confidence=candidate.confidence * line.confidence,
        created_by=CREATED_BY if candidate.method.startswith("rule") else "model/1",
        scope=scope,
    )


def _due(candidate: Candidate) -> Due | None:
    if candidate.kind != "promise" or not candidate.due:
        return None
    return Due(candidate.due, by="user" if candidate.by_owner else "character")


def source_of(candidate: Candidate, line: Line) -> Source:
    """The words a finding rests on."""
    quote = Quote(line.n, shortened(clean(candidate.quote), QUOTE_CHARACTERS))
    return Source("user", line.session, str(line.n), candidate.method, line.confidence, (quote,))


def _entities(candidate: Candidate, line: Line) -> tuple[Entity, ...]:
    who = _name(candidate.subject)
    subject = Entity("subject", who, subject_id(candidate.subject, line.owner))
    what = _name(candidate.object)
    if not what:
        return (subject,)
    person = candidate.kind == "relationship"
    return (
        subject,
        Entity("object", what, f"person:{slug(what)}" if person else "",
               candidate.predicate if person else ""),
    )  # fmt: skip


def _name(text: str) -> str:
    return shortened(" ".join(clean(text).split()), NAME_CHARACTERS)


def summary_record(lines: Sequence[Line], text: str, scope: str, ulids: Ulids) -> Record:
    """A summary of one conversation; the words it rests on are the lines it covers."""
    first, last = lines[0], lines[-1]
    turns = f"{first.n}-{last.n}" if first.n != last.n else str(first.n)
    return Record(
        id=ulids.new(int(last.said.timestamp() * 1000)),
        kind="summary",
        text=shortened(clean(text), TEXT_CHARACTERS, "…"),
        lang=language_of(text),
        about=(Entity("subject", _name(first.owner), "user"),),
        sources=(Source("user", first.session, turns, "summary"),),
        observed=last.said,
        covers=(Covered(first.session, turns),),
        importance=IMPORTANCE["summary"],
        created_by="summary/1",
        scope=scope,
    )
