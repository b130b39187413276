"""Cards in archives: CHARX, which is a zip with `card.json` in it, also behind a JPEG picture.

Nothing is unpacked to the disk. Number, names, sizes and ratios of what is inside are checked
before a byte of it is unpacked, and no more is unpacked than was checked.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from companion.cards.formats import json
from companion.cards.formats.tree import TEXT_LIMIT, Repair, Tree
from companion.errors import CardError

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"\xff\xd8\xff")
"""How a zip, an empty zip and a JPEG begin."""

CARD = "card.json"
LARGEST = 2 * 1024**3
"""Bytes of an archive; there are some of 400 MB, which are read without being held in memory."""

MOST = 10_000
"""Files in one archive."""

MEMBER_LIMIT = 512 * 1024**2
"""Bytes of one file in it, unpacked."""

RATIO = 200
"""How many times its packed size a file may unpack to."""

_LIST_LIMIT = 2 * 1024**2
"""Bytes of the archive's table of contents, which is read as a whole."""

_BLOCK = 64 * 1024
_END = struct.Struct("<4s4H2IH")
_FAILURES = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error),
    *(ValueError, OSError, struct.error, OverflowError, IndexError),
)
"""What Python's reader raises on archives that lie."""


def read(file: IO[bytes], name: str) -> Tree:
    """Read the card out of an archive.

    Raises:
        CardError: It has no card, is damaged, or is not what an honest program writes.
    """
    with opened(file, name) as archive:
        member, repairs = _card(archive, name)
        data = content(archive, member, name, TEXT_LIMIT)
    tree = json.read(data, f"{name} ({member.filename[:80]})")
    return Tree(tree.raw, tree.notes, (*repairs, *tree.repairs))


def opened(file: IO[bytes], name: str) -> zipfile.ZipFile:
    """The archive, everything in it checked.

    Raises:
        CardError: It is none, is damaged, or is unsafe.
    """
    _check_size(file, name)
    try:
        archive = zipfile.ZipFile(file)
    except _FAILURES as error:
        raise damaged(name, f"its table of contents cannot be read: {str(error)[:200]}") from error
    members = archive.infolist()
    if len(members) > MOST:
        raise _too_large(name, f"it has {len(members):,} files; the limit is {MOST:,}")
    for member in members:
        _check(member, name)
    whole, packed = sum(m.file_size for m in members), file.seek(0, 2)
    if whole > max(MEMBER_LIMIT, packed * RATIO):
        raise _too_large(name, f"all of it would unpack to {whole:,} bytes")
    return archive


def content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limit: int) -> bytes:
    """What is in one file of an archive, at most `limit` bytes.

    Raises:
        CardError: It is larger, or damaged.
    """
    if member.file_size > limit:
        mega = 1024 * 1024
        said = f"{member.filename[:80]} would unpack to {member.file_size / mega:,.1f} MB"
        raise _too_large(name, f"{said}; the limit is {limit / mega:g} MB")
    return b"".join(blocks(archive, member, name))


def blocks(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    """What is in one file of an archive, in pieces.

    Raises:
        CardError: It is damaged.
    """
    try:
        with archive.open(member) as file:
            while block := file.read(_BLOCK):
                yield block
    except _FAILURES as error:
        raise damaged(
            name, f"{member.filename[:80]!r} cannot be unpacked: {str(error)[:200]}"
        ) from error


def is_card(member: zipfile.ZipInfo) -> bool:
    """Whether a file of an archive is a card."""
    path = member.filename.replace("\\", "/")
    return path.split("/")[-1] == CARD and not path.startswith("__MACOSX/")


def damaged(name: str, said: str) -> CardError:
    """The error for an archive that cannot be read."""
    return CardError(f"{name}: {said}.", "Download it again.", "BAD_ZIP")


def _too_large(name: str, said: str) -> CardError:
    return CardError(f"{name}: {said}.", "That is no character card.", "TOO_LARGE")


def _check_size(file: IO[bytes], name: str) -> None:
    """Look at the end of the archive, so that a giant table of contents is never read."""
    size = file.seek(0, 2)
    if size > LARGEST:
        raise _too_large(name, f"it has {size:,} bytes; the limit is {LARGEST:,}")
    file.seek(max(0, size - 65_557))  # the end and the longest comment behind it
    tail = file.read()
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise _no_archive(name, file.read(3))
    if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        raise damaged(name, "it is a zip64, which no card needs")
    count, length = _END.unpack_from(tail, at)[4:6]
    if count > MOST or length > _LIST_LIMIT:
        said = f"its table of contents has {count:,} files in {length:,} bytes"
        raise _too_large(name, f"{said}; the limit is {MOST:,} in {_LIST_LIMIT:,}")


def _no_archive(name: str, start: bytes) -> CardError:
    if start == b"\xff\xd8\xff":
        return CardError(
            f"{name}: this JPEG carries no character data (no archive behind the picture).",
            "Cards inside EXIF data are not read; export it as PNG, JSON or CHARX.",
            "NO_CARD_DATA",
        )
    return damaged(name, "the archive has no end; the file was cut")


def _check(member: zipfile.ZipInfo, name: str) -> None:
    """Refuse a file of an archive that no honest program writes.

    Raises:
        CardError: It points outside, is a link, is encrypted, or unpacks to too much.
    """
    shown = repr(member.orig_filename[:80])
    parts = member.orig_filename.replace("\\", "/").split("/")
    drive = len(parts[0]) > 1 and parts[0][1] == ":"
    link = stat.S_ISLNK(member.external_attr >> 16)
    if ".." in parts or not parts[0] or drive or link or "\0" in member.orig_filename:
        said = "is a link" if link else "points outside the card"
        raise CardError(
            f"{name}: entry {shown} {said}. Nothing was written.",
            "Do not use this file.",
            "UNSAFE_PATH",
        )
    if member.header_offset < 0:
        raise damaged(name, f"entry {shown} would stand before the file begins")
    if member.flag_bits & 1:
        raise CardError(
            f"{name}: entry {shown} is encrypted.", "Export it without a password.", "BAD_ZIP"
        )
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise damaged(name, f"entry {shown} is packed in a way that cards are not")
    most = max(TEXT_LIMIT, member.compress_size * RATIO)  # that much of anything is harmless
    if member.file_size > min(most, MEMBER_LIMIT):
        raise _too_large(name, f"entry {shown} would unpack to {member.file_size:,} bytes")


def _card(archive: zipfile.ZipFile, name: str) -> tuple[zipfile.ZipInfo, list[Repair]]:
    """The card among the files, and what is odd about where it stands."""
    members = [member for member in archive.infolist() if is_card(member)]
    at_root = [member for member in members if member.filename == CARD]
    if not members:
        raise CardError(
            f"{name}: this archive has no {CARD} in it.",
            "Export the character again from where it was made.",
            "NO_CARD_DATA",
        )
    chosen = (at_root or members)[0]
    repairs: list[Repair] = []
    if not at_root:
        said = f"{CARD} is not at the root; {chosen.filename[:80]} was used."
        repairs.append(Repair("CARD_NESTED", "", said))
    if len(members) > 1:
        said = f"{len(members)} cards are inside; {chosen.filename[:80]} was used."
        repairs.append(Repair("SECOND_CARD", "", said))
    return chosen, repairs
