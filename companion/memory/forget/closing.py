"""What ended because of something forgotten goes on, and ends again when that is brought back.

Whatever ended for another reason stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from companion.memory.record import Record
    from companion.memory.store.journal import Journal
    from companion.memory.store.versions import Versions

ENDED = ("superseded", "retracted")
"""How a memory is closed by another one."""
_BY = re.compile(r' superseded-by="([^"]+)"')


def settle(journal: Journal, versions: Versions, moved: Collection[str]) -> None:
    """Open what these memories had closed where they are hidden now; close it where they are back.

    Args:
        journal: Where they are.
        versions: The memories.
        moved: Ids of the memories that were hidden, or are no longer.
    """
    away = {one.id: one for one in versions.hidden()}
    for name in _ended(journal, {*away, *moved}):
        history = versions.history(name)
        closings = [one for one in reversed(history) if one.superseded_by]
        passed = [_closers(versions, away, one) for one in closings]
        if {name}.union(*(names for names, _ in passed)).isdisjoint(moved):
            continue
        standing = (one for one, (_, stands) in zip(closings, passed, strict=True) if stands)
        settled = _settled(history, next(standing, None))
        if settled != history[-1]:
            versions.revise(settled)


def _settled(history: Sequence[Record], closed: Record | None) -> Record:
    """The newest version: closed where something that closed it stands, else open.

    Args:
        history: Its versions, oldest first.
        closed: The newest of those that were closed by what stands.
    """
    now = history[-1]
    if now.status not in (ENDED if now.superseded_by else ("active",)):
        return now
    if closed is not None and now.superseded_by != closed.superseded_by:
        by = closed.superseded_by
        return replace(now, status=closed.status, valid_to=closed.valid_to, superseded_by=by)
    if closed is None and now.superseded_by:
        return opened(now, next((one for one in history[::-1] if not one.superseded_by), None))
    return now


def opened(one: Record, before: Record | None) -> Record:
    """A memory as it was before another one closed it.

    Args:
        one: It.
        before: The version before that.
    """
    until = before.valid_to if before is not None and before.status == "active" else ""
    return replace(one, status="active", valid_to=until, superseded_by=())


def _ended(journal: Journal, names: Collection[str]) -> list[str]:
    """Ids of the memories that were closed at any time, where these have to do with it."""
    rows = journal.database.rows(
        "SELECT id, xml FROM memories WHERE scope = ? AND hidden = 0"
        " AND instr(xml, ' superseded-by=') ORDER BY seq",
        journal.scope,
    )
    every = (
        (name, {_id(ref) for part in _BY.findall(xml) for ref in part.split()})
        for name, xml in rows
    )
    return list(dict.fromkeys(name for name, by in every if not {name, *by}.isdisjoint(names)))


def _closers(
    versions: Versions, away: Mapping[str, Record], closed: Record
) -> tuple[set[str], bool]:
    """What closed a memory, and what closed that where it is hidden; whether any of it stands."""
    passed: set[str] = set()
    stands = False
    waiting = [_id(ref) for ref in closed.superseded_by]
    while waiting:
        name = waiting.pop()
        if name in passed:
            continue
        passed.add(name)
        if name in away:
            waiting += [_id(ref) for ref in away[name].superseded_by]
        else:
            stands = stands or versions.get(name) is not None
    return passed, stands


@dataclass(frozen=True, slots=True)
class Lineage:
    """Who follows whom once some are gone for good.

    Attributes:
        latest: The newest version of each memory, by id.
        gone: The versions that go, as `id#v`.
    """

    latest: Mapping[str, Record]
    gone: Collection[str]

    def kept(self, records: Iterable[Record]) -> list[Record]:
        """These versions, oldest first, as they are without what is gone; see `without`."""
        before: dict[str, Record] = {}
        made = []
        for one in records:
            made.append(self.without(one, before.get(one.id)))
            if not one.superseded_by:
                before[one.id] = one
        return made

    def without(self, one: Record, before: Record | None) -> Record:
        """A version that names nothing that is gone; what is left without a closer is open.

        Args:
            one: It.
            before: The last version before it that nothing had closed.
        """
        kept = replace(
            one,
            supersedes=self._left(one, "supersedes"),
            superseded_by=self._left(one, "superseded_by"),
        )
        lost = one.superseded_by and not kept.superseded_by and one.status in ENDED
        return opened(kept, before) if lost else kept

    def _left(self, one: Record, way: str) -> tuple[str, ...]:
        found = self._heirs(getattr(one, way), way, {one.id})
        return tuple(dict.fromkeys(found))

    def _heirs(self, refs: Iterable[str], way: str, seen: set[str]) -> Iterator[str]:
        """These versions, and what takes the place of those that are gone."""
        for ref in refs:
            if ref not in self.gone:
                yield ref
            elif (name := _id(ref)) not in seen:
                seen.add(name)
                last = self.latest[name]
                yield from (
                    (last.ref,)
                    if last.ref not in self.gone
                    else self._heirs(getattr(last, way), way, seen)
                )


def _id(ref: str) -> str:
    return ref.partition("#")[0]
