"""What a card was before: each version beside the cards, as the bytes it had.

`characters/.history/<id>/<n>.<suffix>`: a version is kept before the card is overwritten, within
a quota. A draft that could not become a card is kept there too. Knows no clock: when a version
was kept is what its file says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.cards import formats
from companion.cards.text import slug
from companion.cards.write import make_folder, replacing
from companion.errors import Forbidden, MissingInput

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ".history"
MOST = 50
"""Versions of one card that are kept at most."""

LARGEST = 64 * 1024 * 1024
"""Bytes that the versions of one card may have together; the newest is kept in any case."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a card.

    Attributes:
        number: Counts up from 1 and is never used twice while later ones are kept.
        path: Its file.
        size: Its bytes.
        kept: When it was kept, in seconds since 1970.
    """

    number: int
    path: Path
    size: int
    kept: float


def versions(card: Path) -> tuple[Version, ...]:
    """The versions of a card, oldest first."""
    folder = _folder(card)
    found = [_version(path) for path in folder.iterdir()] if folder.is_dir() else []
    return tuple(sorted((v for v in found if v), key=lambda version: version.number))


def keep(card: Path) -> Version | None:
    """Keep what a card is now, before it is overwritten; None where it is kept already or new.

    Raises:
        CannotCreate: The version cannot be written; the card must then not be overwritten.
    """
    if not card.is_file():
        return None
    data = _read(card)
    before = versions(card)
    if before and before[-1].path.suffix == card.suffix and _read(before[-1].path) == data:
        return None
    number = before[-1].number + 1 if before else 1
    path = _folder(card) / f"{number}{card.suffix.lower()}"
    put(path, data)
    _prune(versions(card))
    return _version(path)


def bring_back(card: Path, number: int) -> Path:
    """Make a version the card again; what the card was is kept first. Gives the card's path.

    Raises:
        MissingInput: There is no such version.
        CannotCreate: The card cannot be written.
    """
    chosen = next((v for v in versions(card) if v.number == number), None)
    if chosen is None:
        there = ", ".join(str(version.number) for version in versions(card))
        raise MissingInput(
            f"{slug(card.stem)} has no version {number}.",
            f"There are: {there}." if there else "None was kept: it was never changed here.",
        )
    data = _read(chosen.path)  # before keeping, which may prune it
    keep(card)
    target = card.with_suffix(chosen.path.suffix)
    put(target, data)
    if target != card:
        card.unlink(missing_ok=True)
    return target


def forgotten(folder: Path, name: str) -> Path | None:
    """Where a card was that is no longer in `folder` but has versions; None where it never was."""
    last = versions(folder / f"{slug(name)}.yaml")
    return folder / f"{slug(name)}{last[-1].path.suffix}" if last else None


def draft_of(card: Path) -> Path:
    """Where what is being typed stands while a card is edited."""
    return _folder(card) / "draft.yaml"


def put(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, for the owner only.

    Raises:
        CannotCreate: It cannot be written.
    """
    path = path.resolve()  # a link stays a link
    make_folder(path.parent)
    with replacing(path) as file:
        file.write(data)


def _folder(card: Path) -> Path:
    return card.parent / FOLDER / slug(card.stem)


def _version(path: Path) -> Version | None:
    if not path.stem.isdecimal() or path.suffix not in formats.SUFFIXES:
        return None
    about = path.stat()
    return Version(int(path.stem), path, about.st_size, about.st_mtime)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Forbidden(f"{path} cannot be read: {error.strerror}.") from error


def _prune(kept: tuple[Version, ...]) -> None:
    """The oldest go until number and size are within the quota."""
    size = sum(version.size for version in kept)
    for n, version in enumerate(kept[:-1]):
        if len(kept) - n <= MOST and size <= LARGEST:
            return
        version.path.unlink(missing_ok=True)
        size -= version.size
