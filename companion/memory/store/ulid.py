"""Ids that sort by time: 26 letters and digits (https://github.com/ulid/spec)."""

from __future__ import annotations

import secrets
import threading

LENGTH = 26
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80


class Ulids:
    """Makes ULIDs: 48 bits of milliseconds and 80 random bits as 26 characters.

    Each is greater than the one before, even when the clock stands still or goes back.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def new(self, milliseconds: int) -> str:
        """An id for this moment, counted from 1970 in UTC."""
        fresh = (milliseconds << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
        with self._lock:
            same = milliseconds <= self._last >> _RANDOM_BITS
            self._last = self._last + 1 if same else fresh
            value = self._last
        return "".join(_DIGITS[value >> shift & 31] for shift in range(125, -1, -5))
