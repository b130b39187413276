"""A stranger's card file into the characters folder: checked first, then copied byte for byte.

Nothing is mended in the copy: what is wrong in it is understood anew each time it is read, and
reaches the file only when its owner changes something.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from companion.cards import formats
from companion.cards.folder import card_files, load_card
from companion.cards.formats import charx, png
from companion.cards.text import slug
from companion.cards.write import make_folder, replacing
from companion.errors import CannotCreate

if TYPE_CHECKING:
    from pathlib import Path

    from companion.cards.model import Card


def bring_in(file: Path, folder: Path, name: str = "", *, replaces: bool = False) -> Card:
    """Copy a card into the folder of characters; the card as it is there.

    Args:
        file: A card of any form we read.
        folder: The characters.
        name: What its id shall be; the file's own name without one, never the character's.
        replaces: Whether it may take the place of the one that has this id.

    Raises:
        CardError: It is no card, or cannot be used; nothing was copied.
        MissingInput: There is no such file.
        CannotCreate: Somebody else has this id, or the folder cannot be written.
    """
    card = load_card(file)
    wanted = slug(name or file.stem)
    others = [path for path in card_files(folder) if slug(path.stem) == wanted]
    target = folder / f"{wanted}{_suffix(file)}"
    if others == [target] and _same(file, target):
        return replace(card, id=wanted, path=target)
    if others and not replaces:
        raise CannotCreate(
            f"There is a character '{wanted}' already: {others[0]}. Nothing was imported.",
            f"Give the new one another id, --id {wanted}-2, or take the place with --replace.",
        )
    _copy(file, target)
    for other in others:
        if other != target:
            other.unlink(missing_ok=True)
    return replace(card, id=wanted, path=target)


def _copy(file: Path, target: Path) -> None:
    make_folder(target.parent)
    with file.open("rb") as source, replacing(target) as copy:
        shutil.copyfileobj(source, copy, 1 << 20)


def _suffix(file: Path) -> str:
    """What a card file should be called by what is in it."""
    with file.open("rb") as opened:
        start = opened.read(8)
    if start.startswith(png.SIGNATURE):
        return ".png"
    if start.startswith(charx.STARTS):
        return ".charx"
    suffix = file.suffix.lower()
    return suffix if suffix in {".yaml", ".yml"} else ".json"


def _same(one: Path, other: Path) -> bool:
    """Whether two files say the same, looked at without holding either in memory."""
    if one.stat().st_size != other.stat().st_size or one.stat().st_size > formats.LARGEST:
        return False
    return one.read_bytes() == other.read_bytes()
