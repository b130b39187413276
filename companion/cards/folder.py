"""Cards on disk: one by path, one by id, or all of a folder."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from companion.cards import formats
from companion.cards.formats import charx
from companion.cards.formats.tree import too_large
from companion.cards.model import DEFAULT_CARD, Card, from_tree
from companion.cards.text import slug
from companion.errors import CardError, Forbidden, MissingInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.cards.formats.tree import Tree
    from companion.errors import CompanionError

_START = 8
"""Bytes by which an archive is told from what is read as a whole."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A card file that cannot be read, listed with the reason."""

    id: str
    path: Path
    error: CompanionError


def load_card(path: Path) -> Card:
    """Read one card file.

    Raises:
        CardError: The file is no card, is damaged, or a field of it is wrong.
        MissingInput: There is no such file.
        Forbidden: It may not be read.
    """
    return from_tree(tree_of(path), path)


def tree_of(path: Path) -> Tree:
    """The tree in a file, whether it is a card's or not.

    Raises:
        CardError: The file is of no form that we read, or is damaged.
        MissingInput: There is no such file.
        Forbidden: It may not be read.
    """
    with reading(path), path.open("rb") as file:
        return tree_in(file, path.name)


def tree_in(file: IO[bytes], name: str) -> Tree:
    """The tree in a file that is open at its beginning.

    Raises:
        CardError: It is of no form that we read, or is damaged.
    """
    data = file.read(_START)
    if data.startswith(charx.STARTS) and file.seekable():
        file.seek(0)
        return charx.read(file, name)  # however large it is
    data += file.read(formats.LARGEST + 1 - len(data))
    if len(data) > formats.LARGEST:
        size = file.seek(0, 2) if file.seekable() else 0
        raise too_large(name, max(len(data), size), formats.LARGEST)
    return formats.read(data, name)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say what a card file that cannot be read means."""
    try:
        yield
    except FileNotFoundError as error:
        raise MissingInput(f"There is no card at {path}.", "Check the path.") from error
    except PermissionError as error:
        raise Forbidden(f"{path} may not be read.", f"Try: chmod u+r '{path}'") from error
    except OSError as error:
        raise CardError(
            f"{path.name}: cannot be read ({error.strerror or error}).",
            "Look whether it is a file and the disk is well.",
            "UNREADABLE",
        ) from error


def find_card(folder: Path, id_or_path: str) -> Card:
    """The character an owner means: an id in `folder`, or a path to a card anywhere.

    An empty folder has the built-in character, whoever is asked for.

    Raises:
        MissingInput: Nobody of that name is there; says who is.
        CardError: It is there and cannot be read, or two files share the id.
    """
    path = card_path(folder, id_or_path)
    return load_card(path) if path is not None else DEFAULT_CARD


def card_path(folder: Path, id_or_path: str) -> Path | None:
    """The file of the character an owner means; None for the built-in one.

    Raises:
        MissingInput: Nobody of that name is there; says who is.
        CardError: Two files share the id.
    """
    if _is_path(id_or_path):
        return Path(id_or_path).expanduser()
    files = card_files(folder)
    if not files:
        return None
    wanted = slug(Path(id_or_path).stem if _has_suffix(id_or_path) else id_or_path)
    matches = [path for path in files if slug(path.stem) == wanted]
    if len(matches) > 1:
        named = ", ".join(path.name for path in matches)
        raise CardError(
            f"Two cards in {folder} are called '{wanted}': {named}.",
            "Rename one of them, or name the file by its path.",
            "AMBIGUOUS",
        )
    if not matches:
        found = ", ".join(sorted({slug(path.stem) for path in files}))
        raise MissingInput(
            f"There is no character '{id_or_path}' in {folder}. Characters found: {found}.",
            "Name one of these, or the path of a card.",
        )
    return matches[0]


def list_cards(folder: Path) -> tuple[Card | Broken, ...]:
    """Everybody in `folder` by id, those that cannot be read included; Kit if it is empty."""
    files = card_files(folder)
    if not files:
        return (DEFAULT_CARD,)
    return tuple(_listed(path) for path in files)


def card_files(folder: Path) -> list[Path]:
    """The files in `folder` that look like cards, ordered by id.

    Raises:
        Forbidden: The folder may not be read.
        CardError: It cannot be read for another reason.
    """
    try:
        there = list(folder.iterdir()) if folder.is_dir() else []
        found = [p for p in there if p.suffix.lower() in formats.SUFFIXES and p.is_file()]
    except PermissionError as error:
        raise Forbidden(f"{folder} may not be read.", f"Try: chmod u+rx '{folder}'") from error
    except OSError as error:
        raise CardError(
            f"The characters in {folder} cannot be listed ({error.strerror}).",
            "Check [companion] characters, and look whether the disk is well.",
            "UNREADABLE",
        ) from error
    return sorted((p for p in found if not p.name.startswith(".")), key=lambda p: slug(p.stem))


def _listed(path: Path) -> Card | Broken:
    try:
        return load_card(path)
    except (CardError, Forbidden, MissingInput) as error:
        return Broken(slug(path.stem), path, error)


def _has_suffix(text: str) -> bool:
    return Path(text).suffix.lower() in {*formats.SUFFIXES, ".jpeg", ".jpg"}


def _is_path(text: str) -> bool:
    """Whether a CHARACTER argument is a path: it has a folder in it, or is a card right here."""
    return "/" in text or "\\" in text or (_has_suffix(text) and _is_file(text))


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # too long for a name, or in a folder that may not be looked into
        return False
