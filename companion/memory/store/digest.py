"""A digest beside each line and each memory: it notices a changed bit, and tells which one it was.

SQLite looks at how its pages are built, never at what stands in them: a letter that a bad disk
turned into another one would be told as if it had been said. Four bytes beside a row say whether it
is what was written; and where one bit changed, trying each shows which. Knows nothing of files.
"""

# ruff: noqa: S608  (names of tables and columns are ours; values are always bound)

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

LINE = "ulid, session, n, owner, character, speaker, who, text, confidence, said_at, utc_offset"
MEMORY = (
    "id, v, kind, status, subject, predicate, object, text, observed, valid_from, valid_to, due_at,"
    " importance, confidence"
)
KEPT = (
    ("lines", LINE, "digest"),
    ("memories", MEMORY, "digest"),
    ("memories", "xml", "xml_digest"),
)
"""Table, the columns that never change, and the column of their digest."""
LONGEST = 1 << 13
"""Bytes of a text of which each bit is tried; half a second."""
NEVER = -1
"""No digest."""
_INTEGERS = (1, 2, 3, 4, 6, 8)
_SEPARATOR = "\x1f"


def digest(values: Sequence[object]) -> int:
    """The digest of a row, its numbers as SQLite gives them back."""
    return crc32(_SEPARATOR.join(map(str, values)).encode("utf-8", "surrogateescape"))


def _first(values: Sequence[object]) -> int:
    """The digest of a row that was never looked at; none is right where its text is no text."""
    try:
        return crc32(_SEPARATOR.join(map(str, values)).encode())
    except UnicodeEncodeError:
        return NEVER


def restored(values: tuple[Any, ...], known: object) -> tuple[Any, ...] | None:
    """The values as they were written; None where more than one bit of them has changed.

    Args:
        values: As they are read; bytes that are no UTF-8 are escaped.
        known: Their digest; None where nobody has made one.
    """
    made = digest(values)
    if made == known or known is None:
        return values
    if not isinstance(known, int):
        return None
    if (made ^ known).bit_count() == 1:  # of the digest itself
        return values
    return next((one for one in _near(values) if digest(one) == known), None)


def sound(rows: Sequence[tuple[Any, ...]], width: int, lost: set[int]) -> Iterator[tuple[Any, ...]]:
    """Rows as they were written, without their digests; others are left out and named in `lost`.

    Args:
        rows: Place, `width` values that are watched, others, digest.
        width: How many.
        lost: Takes the places of rows of which nobody can say what they were.
    """
    for row in rows:
        if digest(row[1 : width + 1]) == row[-1]:
            yield row[:-1]
        elif (values := restored(row[1 : width + 1], row[-1])) is not None:
            yield (row[0], *values, *row[width + 1 : -1])
        else:
            lost.add(row[0])


def fill(db: sqlite3.Connection) -> None:
    """Make the digests of all rows that have none."""
    db.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    for table, columns, name in KEPT:
        rows = db.execute(f"SELECT seq, {columns} FROM {table} WHERE {name} IS NULL").fetchall()
        made = ((_first(row[1:]), row[0]) for row in rows)
        db.executemany(f"UPDATE {table} SET {name} = ? WHERE seq = ?", made)
    db.text_factory = str


def _near(values: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """All that differ from these values in one bit."""
    for place, value in enumerate(values):
        for other in _flips(value):
            yield (*values[:place], other, *values[place + 1 :])


def _flips(value: object) -> Iterator[object]:
    if isinstance(value, str):
        yield from _texts(value.encode("utf-8", "surrogateescape"))
    elif isinstance(value, int):
        for size in _INTEGERS:
            if -(1 << 8 * size - 1) <= value < 1 << 8 * size - 1:
                raw = value.to_bytes(size, "big", signed=True)
                yield from (int.from_bytes(one, "big", signed=True) for one in _bits(raw))
    elif isinstance(value, float):
        yield from (struct.unpack("d", one)[0] for one in _bits(struct.pack("d", value)))


def _texts(raw: bytes) -> Iterator[str]:
    for one in _bits(raw) if len(raw) <= LONGEST else ():
        try:
            yield one.decode()
        except UnicodeDecodeError:
            continue


def _bits(raw: bytes) -> Iterator[bytes]:
    """These bytes, each time with another bit flipped."""
    for place in range(len(raw)):
        for bit in range(8):
            yield raw[:place] + bytes((raw[place] ^ 1 << bit,)) + raw[place + 1 :]
