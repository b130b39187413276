"""Search by meaning: what is kept gets its vector in idle time, and the dense index follows.

An embedder other than the one that made the vectors is refused until everything is embedded anew:
vectors of two embedders cannot be compared, and a long conversation takes minutes. Until then
words alone decide. Knows nothing of ranking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from companion.memory.store.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from companion.memory.dense.embed import Embedder
    from companion.memory.dense.index import Index
    from companion.memory.lore import Lore
    from companion.memory.store.journal import Journal
    from companion.memory.store.versions import Versions

AT_ONCE = 2
"""Texts embedded in one step; 50 ms or so on a small machine."""

EMBEDDED = 0.98
"""Share of the work of `reindex` that is embedding; the index takes the rest."""


class Dense:
    """The vectors of one journal and the index over them.

    Args:
        journal: The lines.
        versions: The memories.
        lore: The documents.
        index: The dense index.
        embedder: What makes vectors.
    """

    def __init__(
        self, journal: Journal, versions: Versions, lore: Lore, index: Index, embedder: Embedder
    ) -> None:
        self.index = index
        self.other = ""  # the embedder that made the vectors, where it is not this one
        self._journal = journal
        self._versions = versions
        self._lore = lore
        self._embedder = embedder
        self._vectors = Vectors(journal)
        self._refuse()

    def _refuse(self) -> None:
        self.other = min(self._vectors.makers() - {self._embedder.name}, default="")
        if self.other:
            self.index.notices.append(
                f'The memories were indexed with the embedder "{self.other}" and it is now'
                f' "{self._embedder.name}": words alone are searched until'
                " `companion memories reindex`."
            )

    @property
    def embedder(self) -> Embedder | None:
        """What questions are embedded with; None while it is refused."""
        return None if self.other else self._embedder

    def steps(self) -> Iterator[bool]:
        """Embed what is not yet and hand it to the index, in small steps.

        It may be left at any of them. Each says whether vectors were added.
        """
        if self.other:
            return
        while self._lines() or self._memories() or self._lore.learn(self._embedder, AT_ONCE):
            yield True
        while self.index.step():
            yield False

    def reindex(self, progress: Callable[[float], None]) -> int:
        """Embed everything anew and build the index anew; returns how many vectors that are.

        Stopped in the middle, it goes on in the next idle time.

        Args:
            progress: Told the share that is done, 0 to 1.
        """
        self._vectors.drop()
        self.index.renew()
        self.other = ""
        total, done = self._vectors.due(), 0
        for embedded in self.steps():
            done += AT_ONCE * embedded
            progress(min(done / max(total, 1), EMBEDDED))
        progress(1.0)
        return total

    def _lines(self) -> bool:
        due = self._journal.due(AT_ONCE)
        if due:
            vectors = self._embedder.embed(self._journal.texts(due))
            merged = vectors[: len(due)] + vectors[len(due) :]
            merged /= np.linalg.norm(merged, axis=1, keepdims=True)
            pairs = zip(due, merged, strict=True)
            self._journal.keep_vectors([(x.seq, one) for x, one in pairs], self._embedder.name)
        return bool(due)

    def _memories(self) -> bool:
        due = self._versions.due(AT_ONCE)
        if due:
            pairs = zip(due, self._embedder.embed([one.text for one in due]), strict=True)
            self._versions.keep_vectors([(x.seq, one) for x, one in pairs], self._embedder.name)
        return bool(due)
