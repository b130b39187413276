"""Lines that were said elsewhere and taken in: they go with what they left, as lines here do."""

# ruff: noqa: S608  (values are always bound)

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from companion.memory.forget.doomed import places
from companion.memory.record import FROM_LINE, parse

if TYPE_CHECKING:
    from collections.abc import Collection

    from companion.memory.record import Record
    from companion.memory.store.journal import Journal

_LINES = (
    "SELECT xml FROM memories WHERE scope = ? AND latest = 1 AND lang = 'und' AND instr(xml, ?)"
)
_GIVEN = "(SELECT value FROM json_each(?))"
_LINEAGE = f'<lineage created-by="{FROM_LINE}"'


def joined(journal: Journal, names: Collection[str]) -> set[str]:
    """Ids of the lines from elsewhere that these memories are or rest on, and of the replies.

    Args:
        journal: Where they are.
        names: Ids of memories, hidden or not.
    """
    rows = journal.database.rows(
        f"SELECT source FROM memory_sources WHERE scope = ? AND memory IN {_GIVEN}",
        journal.scope,
        json.dumps(list(names)),
    )
    lines = _lines(journal, {*names, *(source for (source,) in rows)})
    asked = {place for one in lines if one.subject == "user" for place in places(one)}
    after = {(session, n + 1) for session, n in asked}
    replies = (one for one in _lines(journal) if one.subject != "user") if after else ()
    return {one.id for one in lines} | {
        one.id for one in replies if not after.isdisjoint(places(one))
    }


def _lines(journal: Journal, names: Collection[str] | None = None) -> list[Record]:
    """Lines from elsewhere: all, or those among these."""
    among = "" if names is None else f" AND id IN {_GIVEN}"
    values = () if names is None else (json.dumps(list(names)),)
    rows = journal.database.rows(f"{_LINES}{among}", journal.scope, _LINEAGE, *values)
    return [parse(xml) for (xml,) in rows]
