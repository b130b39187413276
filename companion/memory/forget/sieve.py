"""Which of many short strings stand in a long one, in one pass, however many there are.

The first bytes at every place are hashed at once, and the few places whose hash is that of a string
are looked at. Knows nothing of files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEAD = 6
"""Bytes at the beginning of a string that are hashed; a shorter one is looked for by itself."""
PIECE = 1 << 18
"""Bytes that are hashed together: they and what is made of them stay in the processor's cache."""
_BITS = 20
_WORD = 4
_SALTS = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B))


class Sieve:
    """Finds which of some strings stand in a text.

    Args:
        wanted: The strings; empty ones are nowhere.
    """

    def __init__(self, wanted: Iterable[bytes]) -> None:
        every = {one for one in wanted if one}
        self.longest = max(map(len, every), default=0)
        self._short = [one for one in every if len(one) < HEAD]
        self._long: dict[bytes, list[bytes]] = {}
        for one in every:
            if len(one) >= HEAD:
                self._long.setdefault(one[:HEAD], []).append(one)
        self._likely = np.zeros(1 << _BITS, bool)
        for head in self._long:
            self._likely[_hashes(head, 0, 1)] = True

    def found(self, text: bytes) -> set[bytes]:
        """Those that stand in `text`."""
        found = {one for one in self._short if one in text}
        for place in self._places(text) if self._long else ():
            for one in self._long.get(text[place : place + HEAD], ()):
                if text.startswith(one, place):
                    found.add(one)
        return found

    def _places(self, text: bytes) -> Iterator[int]:
        """Where one may begin."""
        for piece in range(0, len(text), PIECE):
            for start in range(piece, piece + _WORD):  # every fourth place, from each of the four
                count = min(PIECE, len(text) - HEAD + _WORD - start) // _WORD
                if count > 0:
                    (hits,) = np.nonzero(self._likely[_hashes(text, start, count)])
                    yield from (hits * _WORD + start).tolist()


def _hashes(text: bytes, start: int, count: int) -> np.ndarray:
    """Of the first bytes at `count` places from `start` on, four apart."""
    first, last = (
        np.frombuffer(text, "<u4", count, start + offset) for offset in (0, HEAD - _WORD)
    )
    mixed: np.ndarray = first * _SALTS[0] + last * _SALTS[1]
    return mixed >> np.uint32(32 - _BITS)
