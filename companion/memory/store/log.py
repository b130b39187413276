"""SQLite's log beside a journal: whether a bit of it changed after it was written, and which.

SQLite reads the log as far as its sums are right, and takes the rest for a write that was never
finished. The sums also tell which single bit would make them right; and where whole writes stand
behind a wrong place, it was not the end. Reads bytes; knows nothing of the journal.
"""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = 32
SUMMED = 24
"""Bytes of the header that its two sums are of; as many stand before each page."""
_MASK = 0xFFFFFFFF
_ORDER = "<" if sys.byteorder == "little" else ">"

Sums = tuple[int, int]


def examined(log: bytes) -> tuple[bytes, str]:
    """The log with single bits put right, and where it is damaged beyond that; "" for nowhere."""
    raw = bytearray(log)
    if len(raw) <= HEADER + SUMMED:
        return log, ""
    if not _put_right(raw, range(SUMMED), SUMMED, (0, 0)):
        return log, "its beginning"
    step = SUMMED + int.from_bytes(raw[8:12], "big")
    before, end = _known(raw, SUMMED), HEADER
    while end + step <= len(raw) and _is_next(raw, end, step, before):
        before, end = _known(raw, end + 16), end + step
    lost = any(_is_commit(raw, at, step) for at in range(end + step, len(raw) - step + 1, step))
    place = f"page {(end - HEADER) // step + 1}, with more behind it" if lost else ""
    return bytes(raw), place


def _is_next(raw: bytearray, at: int, step: int, before: Sums) -> bool:
    """Whether a page continues the one before, if need be with one bit put right."""
    salts = int.from_bytes(raw[16:24], "big")
    if (int.from_bytes(raw[at + 8 : at + 16], "big") ^ salts).bit_count() > 1:
        return False  # of an earlier time
    if not _put_right(raw, _body(at, step), at + 16, before):
        return False
    raw[at + 8 : at + 16] = raw[16:24]
    return True


def _is_commit(raw: bytearray, at: int, step: int) -> bool:
    """Whether the last page of a write that was finished stands here."""
    ends = raw[at + 4 : at + 8] != bytes(4) and raw[at + 8 : at + 16] == raw[16:24]
    body = bytes(raw[one] for one in _body(at, step)) if ends else b""
    return ends and _sums(body, _known(raw, at - step + 16)) == _known(raw, at + 16)


def _body(at: int, step: int) -> list[int]:
    """Where the bytes stand that the sums of a page are of."""
    return [*range(at, at + 8), *range(at + SUMMED, at + step)]


def _put_right(raw: bytearray, places: range | list[int], sums: int, before: Sums) -> bool:
    """See that these bytes have their sums, if need be by flipping one bit of either."""
    body = bytes(raw[one] for one in places)
    made, known = _sums(body, before), _known(raw, sums)
    if made == known:
        return True
    if sum((a ^ b).bit_count() for a, b in zip(made, known, strict=True)) == 1:
        raw[sums : sums + 8] = struct.pack(">II", *made)
        return True
    off = ((known[0] - made[0]) & _MASK, (known[1] - made[1]) & _MASK)
    for byte, bit in _causes(body, off):
        raw[places[byte]] ^= 1 << bit
        return True
    return False


def _causes(body: bytes, off: Sums) -> Iterator[tuple[int, int]]:
    """The single bits whose change moves the sums by so much: byte and bit."""
    words = struct.unpack(f"{_ORDER}{len(body) // 4}I", body)
    first, second = (1, 1), (0, 1)  # what one more in either of the last two numbers adds
    for at in range(len(words) - 2, -1, -2):
        for place, weight in ((at, first), (at + 1, second)):
            for bit in range(32):
                more = ((words[place] ^ 1 << bit) - words[place]) & _MASK
                if (weight[0] * more & _MASK, weight[1] * more & _MASK) == off:
                    byte = bit // 8 if _ORDER == "<" else 3 - bit // 8
                    yield 4 * place + byte, bit % 8
        first, second = _earlier(first), _earlier(second)


def _earlier(weight: Sums) -> Sums:
    one, other = weight
    return (one + other) & _MASK, (one + 2 * other) & _MASK


def _known(raw: bytearray, at: int) -> Sums:
    one, other = struct.unpack(">II", raw[at : at + 8])
    return one, other


def _sums(raw: bytes, before: Sums) -> Sums:
    """The two sums that SQLite writes, over pairs of numbers."""
    one, other = before
    words = iter(struct.unpack(f"{_ORDER}{len(raw) // 4}I", raw))
    for first, second in zip(words, words, strict=True):
        one = (one + first + other) & _MASK
        other = (other + second + one) & _MASK
    return one, other
