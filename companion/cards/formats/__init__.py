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
    raise CardError(
        f"{name}: not a character card.",
        f"Cards are {', '.join(s[1:].upper() for s in SUFFIXES if s != '.yml')} files.",
        "FOREIGN_FORMAT",
    )
