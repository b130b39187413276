"""The dense index: a Chroma collection of the journal's vectors. Disposable.

Chroma 1.5 can lose a collection to one badly timed kill. So nothing is only here: the collection
is looked at first, compared with the journal, and built anew from the journal's vectors when the
two do not agree. It is given vectors with every call, or it would download a model; no words; and
no `where` filter, which makes a query at 20,000 lines 35 times as slow. It may be on a server
that goes away and comes back.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.memory.dense.chroma import clean_memory, errors
from companion.memory.store.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from companion.memory.dense.chroma import Place, Seen
    from companion.memory.store.journal import Journal, Vector

BATCH = 64
"""Vectors handed over in one step; 50 ms or so."""
CLOSE_ENOUGH = 1e-4
AGREES, NOT_MADE = "agrees", "is not made yet"
ANEW, AWAY = "will be built anew", "is on a server that does not answer"
"""What it is found to be."""


def collection_name(owner: str, character: str, embedder: str, dim: int) -> str:
    """`lines-<owner>-<character>-<embedder>-<dim>` in letters that Chroma takes."""
    return f"{_prefix(owner, character)}{_slug(embedder)}-{dim}"


def _prefix(owner: str, character: str) -> str:
    return f"lines-{_slug(owner)}-{_slug(character)}-"


def _slug(name: str) -> str:
    """Letters, digits and `_` only; different names never become the same."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name)[:40]
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return plain if plain == name else f"{plain}_{digest}"


class Index:
    """The dense index of one journal. Nothing is opened until `step` is called.

    Args:
        place: Where Chroma is.
        journal: The truth.
        embedder: Name of what makes the vectors.
        dim: Numbers in a vector.
        clock: Seconds that only rise.
    """

    def __init__(
        self,
        place: Place,
        journal: Journal,
        embedder: str,
        dim: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.place = place
        self.name = collection_name(journal.owner, journal.character, embedder, dim) + place.suffix
        self.notices: list[str] = []
        self._prefix = _prefix(journal.owner, journal.character)
        self._vectors = Vectors(journal)
        self._embedder = embedder
        self._clock = clock
        self._client: Any = None
        self._collection: Any = None
        self._failures = 0
        self._failed = 0.0

    def close(self) -> None:
        """Give Chroma back; safe to repeat."""
        self.place.close()
        self._leave()

    @property
    def open(self) -> bool:
        """Whether it can be asked."""
        return self._collection is not None

    @property
    def elsewhere(self) -> bool:
        """Whether it is on a server, whose files are not ours."""
        return bool(self.place.suffix)

    # ── opening ──────────────────────────────────────────────────────────────────────────────

    def step(self) -> bool:
        """Do one small step towards an index that agrees with the journal; False: no more to do."""
        if find_spec("chromadb") is None or self._failures >= self.place.tries:
            return False
        if self._failures and self._clock() - self._failed < self.place.pause:
            return False
        with self._watched(), clean_memory():
            return self._open_step() if self._collection is None else self._fill_step()
        return True

    def _open_step(self) -> bool:
        seen = self.place.look(self.name, self._vectors.size())
        if seen is None:
            return True
        if not seen:
            self.place.clear()
        self._enter()
        if not seen or not self._agrees(seen):
            self._restart()
        if self._failures and self.place.pause:
            self.notices.append("The search index answers again.")
        self._failures = 0 if self.place.pause else self._failures
        return True

    def examined(self) -> str | None:
        """Look at it and say what it is, in words; None: not known yet, ask again."""
        if find_spec("chromadb") is None:
            return NOT_MADE
        self._leave()
        try:
            seen = self.place.look(self.name, self._vectors.size())
        except errors():
            return AWAY
        if seen is None:
            return None
        if (not seen or seen["count"] < 0) and not self._vectors.held(self._embedder):
            return NOT_MADE
        return AGREES if seen and self._agrees(seen) else ANEW

    def _agrees(self, seen: Seen) -> bool:
        """Whether what was seen is what the journal says."""
        names = set(seen.get("ids", ()))
        if seen["count"] != len(names) or not (
            self._vectors.held(self._embedder) <= names <= self._vectors.known()
        ):
            return False
        held = self._vectors.named(self._embedder, sorted(seen["vectors"]))
        return all(
            _same(np.frombuffer(bytes.fromhex(vector), "<f4"), held[name])
            for name, vector in seen["vectors"].items()
            if name in held  # the others wait for a newer one
        )

    def _enter(self) -> None:
        """Open Chroma, and our collection in it; drop those of other embedders."""
        self._client = self.place.client()
        for one in self._client.list_collections():
            ours = one.name.startswith(self._prefix) and one.name.endswith(self.place.suffix)
            if ours and one.name != self.name:
                self._client.delete_collection(one.name)
        self._collection = self._made()
        self.place.hide()

    def _restart(self) -> None:
        """Empty our collection; the journal fills it again."""
        expected = len(self._vectors.held(self._embedder))
        self._client.delete_collection(self.name)
        self._collection = self._made()
        self._vectors.unmark()
        if expected:
            self.notices.append(f"The search index is built anew from {expected} memories.")

    def _made(self) -> Any:  # noqa: ANN401 - untyped library
        return self._client.get_or_create_collection(
            self.name,
            configuration={"hnsw": {"space": "cosine"}},
            embedding_function=None,
        )

    def _leave(self) -> None:
        self._collection = None
        if self._client is not None:
            self.place.leave(self._client)
            self._client = None

    # ── use ──────────────────────────────────────────────────────────────────────────────────

    def _fill_step(self) -> bool:
        if stale := self._vectors.stale(BATCH):
            self._collection.delete(ids=[row.name for row in stale])
            self._vectors.mark(stale, indexed=False)
            return True
        waiting = self._vectors.waiting(self._embedder, BATCH)
        if waiting:
            self._collection.upsert(
                ids=[row.name for row in waiting],
                embeddings=np.stack([row.vector for row in waiting]),
            )
            self._vectors.mark(waiting, indexed=True)
            self.place.hide()
        return bool(waiting)

    def renew(self) -> bool:
        """Throw it away whole: Chroma leaves the vectors of what it deletes in its files.

        False: it is on a server that does not answer, and is deleted there when it does.
        """
        if self._client is not None or self.elsewhere:
            with self._watched(), clean_memory():
                if self._client is None:
                    self._enter()
                self._client.delete_collection(self.name)
        reached = self._client is not None or not self.elsewhere
        self.close()
        self.place.clear()
        self._vectors.unmark()
        return reached

    def remove(self, names: Sequence[str]) -> None:
        """Drop these; unknown ones are no matter."""
        if self._collection is not None and names:
            with self._watched(), clean_memory():
                self._collection.delete(ids=list(names))

    def nearest(self, vector: Vector, count: int) -> list[str]:
        """Names of what is closest, closest first; empty while it is not open."""
        found: list[str] = []
        if self._collection is not None:
            with self._watched():
                answer = self._collection.query(
                    query_embeddings=vector[None], n_results=count, include=[]
                )
                found = list(answer["ids"][0])
        return found

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """Give the index up when Chroma fails; a later `step` opens it again."""
        try:
            yield
        except errors() as error:
            self._leave()
            if not (self._failures and self.place.pause):
                self.notices.append(f"The search index failed ({error}); words alone are searched.")
            self._failures += 1
            self._failed = self._clock()


def _same(one: Vector, other: Vector) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, atol=CLOSE_ENOUGH))
