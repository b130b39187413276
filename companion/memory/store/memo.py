"""How a memory stands in its table, and what is read of it to be searched."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from companion.memory.record import serialise
from companion.memory.store.digest import MEMORY, digest

if TYPE_CHECKING:
    from companion.memory.record import Record

NAMED = "memory:"
"""Before the id of a memory, where lines are named too."""
LIVE = ("active", "superseded", "expired")
"""What can be found: neither taken back nor in doubt. See `formats.FINDABLE`."""


@dataclass(frozen=True, slots=True)
class Memo:
    """The newest version of a memory: its words, and what they are weighed by.

    What is not explained here is as in `Record`.

    Attributes:
        seq: Place in the journal; rises with every version of any memory.
        due_at: When an open promise is due, without a Z; "" for none.
    """

    seq: int
    id: str
    v: int
    kind: str
    status: str
    subject: str
    predicate: str
    object: str
    text: str
    observed: datetime
    valid_from: str
    valid_to: str
    due_at: str
    importance: float
    confidence: float
    recalls: int
    last: datetime | None
    pinned: bool

    @property
    def name(self) -> str:
        """What the dense index and notes call it."""
        return f"{NAMED}{self.id}"


_FIELDS = tuple(one.name for one in fields(Memo))
WATCHED = MEMORY.count(",") + 1
COLUMNS = f"seq, {MEMORY}, coalesce(recalls, 0), last, coalesce(pinned, 0)"
"""What a memo is made of, of a memory with its use, as SQL."""


def memo(row: tuple[Any, ...]) -> Memo:
    """A memo of a row of `COLUMNS`."""
    values = dict(zip(_FIELDS, row, strict=True))
    values["observed"] = moment(values["observed"])
    values["due_at"] = values["due_at"] or ""
    values["last"] = None if values["last"] is None else moment(values["last"])
    return Memo(**values | {"pinned": bool(values["pinned"])})


def row_of(record: Record) -> dict[str, object]:
    """The columns of a new version; how often it is used is counted elsewhere."""
    bare = replace(record, recalls=0, last=None, pinned=False)
    promised = record.due is not None and record.due.state == "open"
    row: dict[str, object] = {
        "id": record.id,
        "v": record.v,
        "kind": record.kind,
        "status": record.status,
        "subject": record.subject,
        "predicate": record.claim.predicate if record.claim else "",
        "object": record.object,
        "text": record.text,
        "lang": record.lang,
        "xml": serialise(bare),
        "observed": seconds(record.observed),
        "valid_from": record.valid_from,
        "valid_to": record.valid_to,
        "due_at": record.due.at.removesuffix("Z") if record.due and promised else None,
        "importance": float(record.importance),
        "confidence": float(record.confidence),
        "due": int(record.status in LIVE),
    }
    watched = [row[name] for name in MEMORY.split(", ")]
    return row | {"digest": digest(watched), "xml_digest": digest([row["xml"]])}


def moment(seconds: int) -> datetime:
    """A moment from how it is stored."""
    return datetime.fromtimestamp(seconds, UTC)


def seconds(when: datetime) -> int:
    """How a moment is stored."""
    return int(when.timestamp() // 1)
