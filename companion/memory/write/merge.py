"""What a new finding does to what is known: the same again, the end of it, or beside it. Pure.

Numbers, names, dates and negations that differ are never the same. A thing of which there is one
at a time ends the one before it; a correction takes it back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.memory.write import dates
from companion.memory.write.gate import names_and_numbers
from companion.memory.write.language import functional
from companion.memory.write.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.memory.record import Record
    from companion.memory.store.line import Line
    from companion.memory.write.candidate import Candidate

ALIKE = 0.8
"""Share of common words from which two sentences say the same."""
LATELY = 8
"""Lines back to which a correction without a name reaches."""
JUST_NOW = 4
"""Lines back to which one that says only the right word reaches."""
FREE = frozenset({"event", "note", "promise"})
"""Predicates whose object is a sentence."""
_ARTICLES = frozenset(
    "the a an my some any der die das den dem ein eine einen einem meine mein".split()  # noqa: SIM905
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Known:
    """What is compared of a memory.

    Attributes:
        record: The memory.
        predicate: What it says.
        polarity: "+" or "-".
        object: What of it.
    """

    record: Record
    predicate: str
    polarity: str
    object: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a finding.

    Attributes:
        same: The memory that says it already.
        ended: Memories that it ends.
        wrong: Memories that it takes back.
        over: The memory after which it was no longer true: it is a thing of the past.
    """

    same: Known | None = None
    ended: tuple[Known, ...] = ()
    wrong: tuple[Known, ...] = ()
    over: Known | None = None


def known(record: Record) -> Known:
    """A memory as it is compared."""
    claim = record.claim
    name = next((one.name for one in record.about if one.role == "object"), "")
    return Known(record, claim.predicate if claim else "", claim.polarity if claim else "+", name)


def plan(candidate: Candidate, line: Line, others: Sequence[Record]) -> Plan:
    """What a finding does to the active memories of its subject."""
    about = [known(record) for record in others]
    same = next((one for one in about if _says(one, candidate, line)), None)
    rivals = [one for one in about if one is not same and _rivals(one, candidate)]
    wrong = [one for one in about if one is not same and _is_wrong(one, candidate, line)]
    left = [one for one in rivals if one not in wrong]
    if candidate.correction and not candidate.changed:
        wrong, left = [*wrong, *left], []
    over = next((one for one in left if _came_later(one, candidate, line)), None)
    return Plan(same, () if over else tuple(left), tuple(wrong), over)


def _says(one: Known, candidate: Candidate, line: Line) -> bool:
    if (one.predicate, one.polarity) != (candidate.predicate, candidate.polarity):
        return False
    if candidate.predicate not in FREE:
        return key(one.object) == key(candidate.object)
    due = one.record.due.at if one.record.due else ""
    when = (one.record.valid_from, due) == (candidate.valid_from, candidate.due)
    texts = (one.record.text, candidate.text)
    if candidate.predicate == "promise":  # all reminders for a day have most of their words alike
        texts = (one.object, candidate.object)
    return when and alike(*texts, candidate.lang) and bool(line)


def alike(one: str, other: str, lang: str) -> bool:
    """Whether two sentences say the same."""
    if names_and_numbers(f". {one}") != names_and_numbers(f". {other}"):
        return False
    words, others = key(one), key(other)
    negations = LANGUAGES[lang].negations
    if words & negations != others & negations:
        return False
    return len(words & others) >= ALIKE * len(words | others)


def key(text: str) -> frozenset[str]:
    """The words of an object that count, in lower case."""
    found = [word.lower().replace("\u2019", "'") for word in _WORD.findall(text)]
    return frozenset(word for word in found if word not in _ARTICLES) or frozenset(found)


def _rivals(one: Known, candidate: Candidate) -> bool:
    """Whether both cannot be true at a time."""
    same_object = key(one.object) == key(candidate.object)
    if candidate.predicate == "lived_in" and one.predicate == "lives_in":
        return same_object and one.polarity == "+"
    if one.predicate != candidate.predicate:
        return False
    if one.polarity != candidate.polarity:
        return same_object
    if one.predicate == "has":
        return not same_object and _counted(one.object) == _counted(candidate.object) != ""
    return candidate.polarity == "+" and functional(candidate.predicate) and not same_object


def _counted(text: str) -> str:
    """What is counted in "two cats"; "" where nothing is."""
    words = text.lower().split()
    return words[-1].removesuffix("s") if len(words) > 1 else ""


def _is_wrong(one: Known, candidate: Candidate, line: Line) -> bool:
    """Whether a correction takes a memory back that could be true beside it."""
    if not candidate.correction or one.predicate != candidate.predicate:
        return False
    if candidate.instead and key(candidate.instead) <= key(one.object):
        return True
    single = key(one.object) != key(candidate.object) and one.polarity == candidate.polarity
    return single and one.record.kind == "relationship" and said_lately(one.record, line)


def said_lately(record: Record, line: Line, most: int = LATELY) -> bool:
    """Whether a memory is from the last lines of this conversation."""
    return any(
        source.session == line.session and 0 <= line.n - int(source.turns or 0) <= most
        for source in record.sources
        if source.turns.isdigit()
    )


def _came_later(one: Known, candidate: Candidate, line: Line) -> bool:
    """Whether what is known is newer than the finding: then the finding is of the past."""
    if one.record.observed > line.said:
        return True
    begun, since = one.record.valid_from, candidate.valid_from
    return bool(begun and since) and dates.last_day(since) < dates.first_day(begun)
