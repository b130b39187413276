"""Chance that repeats itself: the same conversation, turn and entry give the same number."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


def roll(*of: object) -> float:
    """A number from 0 to below 1, made of what it is rolled for."""
    digest = hashlib.blake2b(repr(of).encode("utf-8", "replace"), digest_size=7).digest()
    return int.from_bytes(digest, "big") / 2**56


def pick(items: Sequence[T], weights: Sequence[float], rolled: float) -> T:
    """The item that a roll falls on, by weight; the first where nobody has any."""
    left = rolled * sum(weights)
    for item, weight in zip(items, weights, strict=True):
        left -= weight
        if left < 0:
            return item
    return items[0]
