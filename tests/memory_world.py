"""What the tests of the memory share: a clock, a small real embedder, and how to tell things."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from companion.memory import Memory
from companion.memory.read.words import terms
from companion.values import Heard, Said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DAY = timedelta(days=1)


@dataclass
class Clock:
    """Stands still until it is moved."""

    time: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 18, 4, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.time

    def pass_time(self, **parts: float) -> None:
        self.time += timedelta(**parts)


class Words:
    """Texts with common words have close vectors: enough to test an index with."""

    def __init__(self, name: str = "words", dim: int = 48) -> None:
        self.name = name
        self.dim = dim

    def embed(self, texts: Sequence[str], *, question: bool = False) -> np.ndarray:  # noqa: ARG002
        made = np.array([self._one(text) for text in texts], np.float32).reshape(-1, self.dim)
        return made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)

    def _one(self, text: str) -> np.ndarray:
        total = np.full(self.dim, 0.01)
        for word in terms(text):
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
            total += np.random.default_rng(seed).standard_normal(self.dim)
        return total


def settle(memory: Memory) -> None:
    """Do all the work that can wait."""
    for _ in memory.idle():
        pass


def tell(memory: Memory, *lines: str) -> list[str]:
    """The owner says these lines, and the character says "Mhm." to each."""
    ids = []
    for line in lines:
        ids.append(memory.hear(Heard(line)))
        memory.say(Said("Mhm."))
    return ids


def told(folder: Path, *lines: str, **more: object) -> None:
    """A conversation that was had earlier."""
    memory = Memory(folder, "Sam", "mira", **more)  # type: ignore[arg-type]
    tell(memory, *lines)
    settle(memory)
    memory.close()


def texts(notes: Sequence[object]) -> list[str]:
    return [note.text for note in notes]  # type: ignore[attr-defined]
