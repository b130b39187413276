"""Cards written into archives: `card.json` first, every other file as it was."""

from __future__ import annotations

import stat
import zipfile
from typing import IO, TYPE_CHECKING

from companion.cards.formats import charx

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The same archive comes out the same: no clock in it."""


def written(out: IO[bytes], card: bytes, files: Mapping[str, bytes]) -> None:
    """Write an archive with a card and these files."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_member(charx.CARD), card)
        for path, data in files.items():
            archive.writestr(_member(path, zipfile.ZIP_STORED), data)


def rewritten(source: IO[bytes], out: IO[bytes], card: bytes, name: str) -> None:
    """Write an archive again with another card in it, a picture before it included.

    Raises:
        CardError: Something in the old one is damaged or unsafe.
    """
    with charx.opened(source, name) as archive:
        source.seek(0)
        members = archive.infolist()
        _copy(source, out, min((member.header_offset for member in members), default=0))
        read = _read_from(members)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            made.comment = archive.comment
            made.writestr(_member(charx.CARD), card)
            for member in members:
                if member is not read:
                    _copied(archive, member, made, name)


def _read_from(members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo | None:
    """The card that was read, which the new one replaces."""
    cards = [member for member in members if charx.is_card(member)]
    return next((m for m in cards if m.filename == charx.CARD), cards[0] if cards else None)


def _copied(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, made: zipfile.ZipFile, name: str
) -> None:
    """One file from one archive to the other."""
    copy = zipfile.ZipInfo(member.filename, member.date_time)
    copy.compress_type = member.compress_type
    copy.external_attr = member.external_attr
    copy.comment = member.comment
    copy.file_size = member.file_size
    if member.is_dir():
        made.writestr(copy, b"")
        return
    with made.open(copy, "w") as target:
        for block in charx.blocks(archive, member, name):
            target.write(block)


def _copy(source: IO[bytes], out: IO[bytes], length: int) -> None:
    while length and (block := source.read(min(length, 1 << 20))):
        out.write(block)
        length -= len(block)


def _member(path: str, packed: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(path, _LONG_AGO)
    made.compress_type = packed
    made.external_attr = (stat.S_IFREG | 0o600) << 16
    return made
