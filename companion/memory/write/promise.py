"""Promises: open until they are done, missed or cancelled. Pure.

A reminder that the character was asked for is done once it has been spoken. A promise of the
owner is done when they say so; both are missed when nobody did anything for long enough.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from companion.errors import UsageError
from companion.memory.write import dates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from companion.memory.record import Record

ENDS = ("done", "missed", "cancelled")
GRACE = {"character": timedelta(days=2), "user": timedelta(days=7)}
"""How long after its day a promise is missed: a reminder nobody heard, a promise of the owner."""

_CANCEL = re.compile(
    r"\b(?:(?:don't|do not|no need to|you don't (?:have|need) to|never mind about)"
    r" remind(?:ing)? me"
    r"|cancel (?:the|that|my) reminder|forget (?:the|that|my) reminder"
    r"|(?:brauchst|musst) mich nicht (?:mehr )?(?:zu )?erinnern|streich die erinnerung)\b",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:i(?:'ve| have)?|we(?:'ve| have)?) (?:(?:already|just|finally) )?(?P<what>[\w ,']+)"
    r"|\bich (?:habe|hab|bin) (?:schon |gerade )?(?P<was>[\w ,']+)",
    re.IGNORECASE,
)
_PAST = {
    "bought": "buy", "took": "take", "went": "go", "made": "make", "sent": "send", "paid": "pay",
    "wrote": "write", "met": "meet", "gave": "give", "brought": "bring", "got": "get",
    "told": "tell", "fed": "feed", "rang": "ring", "did": "do", "found": "find", "saw": "see",
}  # fmt: skip
_LITTLE = frozenset(
    "the a an my to and of for it on at in sam den die das dem der zu mit am".split()  # noqa: SIM905
)


def ended(record: Record, state: str) -> Record:
    """The promise as its next version, done, missed or cancelled.

    Raises:
        UsageError: It is no open promise.
    """
    if record.due is None or record.due.state != "open" or state not in ENDS:
        raise UsageError(f"The memory {record.id} is no open promise that could be {state}.")
    return replace(record, status="expired", due=replace(record.due, state=state))


def is_missed(record: Record, now: datetime) -> bool:
    """Whether an open promise has waited for too long."""
    if record.due is None or record.due.state != "open":
        return False
    last = dates.last_day(record.due.at)
    return now.date() > last + GRACE[record.due.by]


def cancelled(text: str, promises: Sequence[Record]) -> Record | None:
    """The open promise that these words take back: the one they name, else the newest."""
    if not _CANCEL.search(text.replace("\u2019", "'")):
        return None
    reminders = [one for one in promises if one.due is not None and one.due.by == "character"]
    named = [one for one in reminders if len(_telling(one.text) & _telling(text)) > 1]
    return max(named or reminders, key=lambda one: one.observed, default=None)


def fulfilled(text: str, promises: Sequence[Record]) -> Record | None:
    """The open promise of which these words say that it is done."""
    told = text.replace("\u2019", "'")
    if told.rstrip().endswith("?"):
        return None
    for match in _DONE.finditer(told):
        did = _telling(match["what"] or match["was"] or "")
        for one in promises:
            name = next((entity.name for entity in one.about if entity.role == "object"), "")
            wanted = _telling(name)
            if len(wanted) > 1 and wanted <= did and _is_past(match[0]):
                return one
    return None


def _is_past(words: str) -> bool:
    found = words.lower().split()
    return any(word in _PAST or word.endswith(("ed", "t")) for word in found[1:])


def _telling(text: str) -> set[str]:
    """The words of a text that tell something, in one form."""
    found = re.findall(r"[^\W_]+", text.lower().replace("'s", ""))
    return {_stem(word) for word in found if word not in _LITTLE}


def _stem(word: str) -> str:
    plain = _PAST.get(word, word)
    for ending in ("ed", "ing", "en", "es", "s", "e"):
        if plain.endswith(ending) and len(plain) - len(ending) > 2:  # noqa: PLR2004
            return plain.removesuffix(ending)
    return plain
