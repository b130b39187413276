"""What is to be deleted for good, written down until it is: no crash lets it live.

Deleting from a large memory takes longer than an answer may. So the wish is kept first, as ids in
`purge.json`, and carried out when nobody waits: in idle time, at the end, or at the next start.
"""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING

from companion.errors import CompanionError
from companion.memory.forget.purge import purge
from companion.memory.store.database import guarded
from companion.memory.store.folder import write_whole
from companion.memory.store.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from companion.memory.dense.index import Index
    from companion.memory.forget.purge import Places

AT_ONCE = 16 << 20
"""Bytes of all files up to which deleting is quick enough to wait for; a fifth of a second."""


class Condemned:
    """The ids of what is to be deleted, by the scope it is in; all of it is hidden already.

    Args:
        journal: Where it is.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._path = journal.path.with_name("purge.json")
        self._busy = threading.Lock()  # who closes the memory meanwhile waits

    def add(self, ids: Iterable[str]) -> None:
        """Write ids down; they are on the disk when this returns.

        Raises:
            StoreError: They cannot be written.
        """
        known = self._known()
        scope = self._journal.scope
        self._keep(known | {scope: sorted({*known.get(scope, ()), *ids})})

    def deleted(self, index: Index | None, places: Places, at: datetime) -> list[str]:
        """Delete all of it, of anybody; what is to be said about that, once for each scope.

        Args:
            index: The dense index over the journal.
            places: Where words can be.
            at: When this is.
        """
        told = []
        with self._busy:
            known = self._known()
            try:
                for scope, ids in sorted(known.items()):
                    with guarded(self._path), self._of(scope) as journal:
                        over = index if journal is self._journal else None
                        receipt = purge(journal, over, places, ids, at)
                    del known[scope]
                    self._keep(known)
                    told += [" ".join(receipt.told())] if receipt.ids else []
            except CompanionError as error:
                told.append(f"What you forgot is not deleted yet. {error}")
        return told

    @contextlib.contextmanager
    def _of(self, scope: int) -> Iterator[Journal]:
        """The journal of a scope: this one, or another one of the same file."""
        find = "SELECT owner, character FROM scopes WHERE id = ? AND id <> ?"
        rows = self._journal.database.rows(find, scope, self._journal.scope)
        for owner, character in rows:
            with contextlib.closing(Journal(self._journal.path, owner, character)) as other:
                yield other
            return
        yield self._journal

    def _known(self) -> dict[int, list[str]]:
        try:
            known = json.loads(self._path.read_text("utf-8"))
            return {int(scope): list(map(str, ids)) for scope, ids in known.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _keep(self, known: dict[int, list[str]]) -> None:
        with guarded(self._path):
            if known:
                write_whole(self._path, json.dumps(known))
            else:
                self._path.unlink(missing_ok=True)
