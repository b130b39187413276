"""What an entry did earlier in a conversation: it stays, rests, or has matched before.

Counted in messages. The state is plain data that can be kept as JSON; it is never changed, a new
one is given back. Where messages were taken back, what happened after them did not happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from companion.lore.book import Entry

Record = dict[str, int | str | bool]
"""Of one entry: `digest`, and `stays`, `rests` and `matched` as the messages they count from."""

Timed = dict[str, Record]
"""Id of an entry → its record."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an entry stands now.

    Attributes:
        stays: For how many messages more it is told without a key.
        rests: For how many messages more it is not told.
        matched: Whether it matched earlier in this conversation.
        record: What of its record is still true.
    """

    stays: int
    rests: int
    matched: bool
    record: Record


NOTHING = Standing(0, 0, matched=False, record={})


def standing(entry: Entry, state: Mapping[str, Record], length: int) -> Standing:
    """Where an entry stands in a conversation of `length` messages."""
    record = dict(state.get(entry.uid, {}))
    if not record or record.get("digest") != entry.digest:
        return NOTHING  # nothing happened, or the entry was edited since
    if length <= _number(record, "matched"):
        del record["matched"]
    if "stays" in record:
        _end_of_stay(entry, record, length)
    if "rests" in record and (
        length > _number(record, "rests_to")
        or (length <= _number(record, "rests") and not record.get("protected"))
    ):
        for name in ("rests", "rests_to", "protected"):
            record.pop(name, None)
    return Standing(
        stays=max(0, _number(record, "stays_to") - length + 1) if "stays" in record else 0,
        rests=max(0, _number(record, "rests_to") - length + 1) if "rests" in record else 0,
        matched="matched" in record,
        record=record if len(record) > 1 else {},
    )


def _end_of_stay(entry: Entry, record: Record, length: int) -> None:
    """Drop a stay that is over or was taken back; after one that is over the entry rests."""
    if length <= _number(record, "stays"):
        del record["stays"], record["stays_to"]
    elif length > _number(record, "stays_to"):
        del record["stays"], record["stays_to"]
        if entry.timing.cooldown:
            begins = length - 1
            record |= {"rests": begins, "rests_to": begins + entry.timing.cooldown}
            record["protected"] = True


def told(entry: Entry, now: Standing, length: int) -> Record:
    """The record of an entry that is told at this length; what began earlier is not renewed."""
    record: Record = {"digest": entry.digest, **now.record}
    if entry.timing.sticky and "stays" not in record:
        record |= {"stays": length, "stays_to": length + entry.timing.sticky}
    if entry.timing.cooldown and "rests" not in record:
        record |= {"rests": length, "rests_to": length + entry.timing.cooldown}
    return matched(entry, record, length)


def matched(entry: Entry, record: Record, length: int) -> Record:
    """The record of an entry that matched at this length, whether or not there was room for it."""
    if (entry.asks.keep or entry.asks.once) and "matched" not in record:
        return {"digest": entry.digest, **record, "matched": length}
    return record if len(record) > 1 else {}


def _number(record: Record, name: str) -> int:
    value = record.get(name, -1)
    return value if isinstance(value, int) else -1
