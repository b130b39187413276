"""What a memory is made of: clean words, ids that sort by time, and one memory as XML.

The XML (`urn:companion:memory:1`) is the form in which a memory is shown, exported and imported.
Pure: no database, engine or clock.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80
_NONCHARACTERS = range(0xFDD0, 0xFDF0)
_LAST_TWO = 0xFFFE  # the last two of every plane are none either
ULID_LENGTH = 26


def clean(text: str) -> str:
    """Make any text one that can be stored, written as XML and read back unchanged.

    Control characters other than tab and newline, surrogates and noncharacters go, line ends
    become newlines, white space around goes, and the rest is put in composed form (NFC).
    """
    ends = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in ends if c in "\t\n" or not _forbidden(c))
    return unicodedata.normalize("NFC", kept).strip()


def _forbidden(character: str) -> bool:
    code = ord(character)
    return (
        unicodedata.category(character) in ("Cc", "Cs")
        or code in _NONCHARACTERS
        or code & _LAST_TWO == _LAST_TWO
    )


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
