"""Text to vectors.

`MiniLM` runs all-MiniLM-L6-v2 without torch, `SentenceTransformers` any other model with it.
Knows nothing of stores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt


class Embedder(Protocol):
    """Makes vectors of length 1 that are close for texts of close meaning."""

    @property
    def name(self) -> str:
        """What made the vectors; vectors of different names are never compared."""

    @property
    def dim(self) -> int:
        """Numbers in a vector."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of these texts, shape (texts, dim)."""
