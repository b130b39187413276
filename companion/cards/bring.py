"""A stranger's card file into the characters folder: checked first, then copied byte for byte.

Nothing is mended in the copy: what is wrong in it is understood anew each time it is read, and
reaches the file only when its owner changes something.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from companion.cards import formats
from companion.cards.folder import card_files, reading, tree_in
from companion.cards.formats import charx, png
from companion.cards.model import from_tree
from companion.cards.text import slug
from companion.cards.write import make_folder, replacing
from companion.errors import CannotCreate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from companion.cards.model import Card

_BLOCK = 1 << 20


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
    with _opened(file) as opened:
        with reading(file):
            card = from_tree(tree_in(opened, file.name), file)
        wanted = slug(name or file.stem)
        others = [path for path in card_files(folder) if slug(path.stem) == wanted]
        target = folder / f"{wanted}{_suffix(opened, file)}"
        if others == [target] and _same(opened, target):
            return replace(card, id=wanted, path=target)
        if others and not replaces:
            raise CannotCreate(
                f"There is a character '{wanted}' already: {others[0]}. Nothing was imported.",
                f"Give the new one another id, --id {wanted}-2, or take the place with --replace.",
            )
        _copy(opened, target)
    for other in others:
        if other != target:
            other.unlink(missing_ok=True)
    return replace(card, id=wanted, path=target)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """A card file, opened once: what is checked is what is copied, from a pipe too."""
    with contextlib.ExitStack() as stack:
        with reading(file):
            opened: IO[bytes] = stack.enter_context(file.open("rb"))
            if not opened.seekable():
                held = stack.enter_context(tempfile.SpooledTemporaryFile(formats.LARGEST))
                _hold(opened, held)
                opened = held
        yield opened


def _hold(pipe: IO[bytes], held: IO[bytes]) -> None:
    """Hold what comes out of a pipe, and no more of it than a card may have."""
    left = charx.LARGEST + 1
    while left > 0 and (block := pipe.read(min(left, _BLOCK))):
        left -= held.write(block)
        start = held.tell() == len(block)
        if start and not block.startswith(charx.STARTS):
            left = min(left, formats.LARGEST + 1 - len(block))
    held.seek(0)


def _copy(opened: IO[bytes], target: Path) -> None:
    make_folder(target.parent)
    opened.seek(0)
    with replacing(target) as copy:
        shutil.copyfileobj(opened, copy, _BLOCK)


def _suffix(opened: IO[bytes], file: Path) -> str:
    """What a card file should be called by what is in it."""
    opened.seek(0)
    start = opened.read(8)
    if start.startswith(png.SIGNATURE):
        return ".png"
    if start.startswith(charx.STARTS):
        return ".charx"
    suffix = file.suffix.lower()
    return suffix if suffix in {".yaml", ".yml"} else ".json"


def suffix_of(file: Path) -> str:
    """What a card file should be called by what is in it.

    Raises:
        Forbidden: It may not be read.
    """
    with reading(file), file.open("rb") as opened:
        return _suffix(opened, file)


def _same(opened: IO[bytes], other: Path) -> bool:
    """Whether two files say the same, looked at without holding a large one in memory."""
    size = opened.seek(0, 2)
    if size != other.stat().st_size or size > formats.LARGEST:
        return False
    opened.seek(0)
    return opened.read() == other.read_bytes()
