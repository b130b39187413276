"""Card files to trees of plain data, by what the bytes are, never by what the file is called.

A reader gets bytes and the file's name (for its errors) and gives back the tree exactly as it
stands in the file. What the fields mean is `companion.cards.model`'s business.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from companion.cards.formats import charx, json, png, yaml
from companion.errors import CardError

if TYPE_CHECKING:
    from companion.cards.formats.tree import Tree

SUFFIXES = (".yaml", ".yml", ".json", ".png", ".charx")
"""What card files are called. Other files in the characters folder are left alone."""

LARGEST = 64 * 1024 * 1024
"""Bytes a card file may have; nothing larger is read."""


_OTHERS = {b"RIFF": "WEBP picture", b"GIF8": "GIF picture", b"BM": "BMP picture", b"%PDF": "PDF"}
"""Files that people take for cards, by how they begin."""


def read(data: bytes, name: str) -> Tree:
    """Read one card file.

    Args:
        data: The whole file.
        name: The file's name, for errors, and to tell YAML from JSON.

    Raises:
        CardError: It is no card, it is damaged, or it is too large; names place and cure.
    """
    if data.startswith(png.SIGNATURE):
        return png.read(data, name)
    if data.startswith(charx.STARTS):
        return charx.read(io.BytesIO(data), name)
    if name.lower().endswith((".yaml", ".yml")):
        return yaml.read(data, name)
    if name.lower().endswith(".json") or data.lstrip()[:1] == b"{":
        return json.read(data, name)
    other = next((f"a {word} is " for start, word in _OTHERS.items() if data.startswith(start)), "")
    raise CardError(
        f"{name}: {other}not a character card.",
        f"Cards are {', '.join(s[1:].upper() for s in SUFFIXES if s != '.yml')} files.",
        "FOREIGN_FORMAT",
    )
