"""The half of a search that knows meaning: a question's vector, and what is how close to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from companion.memory.read.rank import Spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from companion.memory.dense.embed import Embedder
    from companion.memory.lore.find import Hits
    from companion.memory.store.journal import Journal, Vector
    from companion.memory.store.line import Line

LEAST_DEVIATION = 0.02
"""Of cosines: among three lines, small differences mean nothing."""
SAMPLE = 512
"""Vectors whose cosines say what is ordinary for a question."""


class Nearest(Protocol):
    """A dense index: which lines have vectors close to this one."""

    def nearest(self, vector: Vector, count: int) -> list[str]:
        """Ids of the closest lines, closest first; empty while there is no index."""


class Meaning:
    """The vectors of one journal.

    Args:
        journal: Where they are.
        index: The dense index over them.
        embedder: What made them; without one, nothing means anything.
    """

    def __init__(self, journal: Journal, index: Nearest | None, embedder: Embedder | None) -> None:
        self._journal = journal
        self._index = index
        self._embedder = embedder
        self._sample: Vector | None = None
        self.name = embedder.name if embedder is not None else ""

    def learned(self) -> None:
        """Vectors were added: what is ordinary is to be looked at anew."""
        self._sample = None

    def prepare(self) -> None:
        """Look at what is ordinary, so that the next question need not."""
        if self._sample is None and self._embedder is not None:
            self._sample = self._journal.sample(self.name, SAMPLE)

    def of(self, text: str) -> Vector | None:
        """The vector of a question; None without an embedder."""
        return None if self._embedder is None else self._embedder.embed([text], question=True)[0]

    def nearest(self, vector: Vector | None, count: int) -> list[str]:
        """Names of what is closest to a vector; empty without an index."""
        if vector is None or self._index is None:
            return []
        return self._index.nearest(vector, count)

    def vectors(self, seqs: Sequence[int]) -> dict[int, Vector]:
        """The journal's own vectors of these lines, by place: the index only proposes."""
        return {} if self._embedder is None else self._journal.vectors(self.name, seqs)

    def lines(self, ids: Sequence[str]) -> list[tuple[Line, Vector | None]]:
        """The lines with these ids, each with its vector."""
        return self._journal.embedded(ids, self.name)

    def ordinary(self, vector: Vector | None, lore: Hits) -> Spread:
        """The spread of cosines over the conversation, from a sample of it, and documents."""
        if vector is None:
            return Spread(0.0, 1.0)
        self.prepare()
        assert self._sample is not None  # noqa: S101 - it was just looked at
        if not len(self._sample) and not lore.cosines:
            return Spread(0.0, 1.0)
        cosines = self._sample @ vector if len(self._sample) else np.zeros(0, np.float32)
        if lore.cosines:
            told = np.fromiter(lore.cosines.values(), np.float32)
            cosines = np.concatenate([cosines, told])
        return Spread(float(np.mean(cosines)), max(float(np.std(cosines)), LEAST_DEVIATION))


def cosines(vector: Vector | None, others: Mapping[int, Vector]) -> dict[int, float]:
    """How close a vector is to others of length 1, by their keys; without it nothing is."""
    if vector is None or not others:
        return {}
    return dict(zip(others, (np.stack(list(others.values())) @ vector).tolist(), strict=True))
