"""Values of a lorebook as they are found in the wild, read as what they were meant to be.

Numbers arrive as text, lists as one text with commas, and anything may be null. What cannot be
read is the default, never an error and never 0.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Tree = dict[str, object]
"""An object of JSON."""

LARGEST = 1_000_000.0
"""Numbers are brought to within this, below zero too."""


def number(value: object, default: float) -> float:
    """A number, also one that was written as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return default
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return default
    return default if math.isnan(found) else max(-LARGEST, min(found, LARGEST))


def count(value: object) -> int | None:
    """A whole number of zero or more; None where there is none."""
    found = number(value, -1)
    return int(found) if found >= 0 else None


def flag(value: object) -> bool | None:
    """Yes or no, also as a number or text; None where it is neither."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower())
    return bool(value) if isinstance(value, (int, float)) else None


def text(value: object) -> str:
    """A text; a number is its digits, anything else is empty."""
    if isinstance(value, str):
        return value
    return f"{value}" if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def texts(value: object) -> tuple[str, ...]:
    """Texts, trimmed, empty ones gone; one text with commas is several.

    A pattern with a comma in it stays whole.
    """
    if isinstance(value, str):
        whole = value.strip()
        value = [whole] if whole.startswith("/") else whole.split(",")
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(one for one in (text(item).strip() for item in value) if one))


def tree(value: object) -> Tree:
    """An object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def first(entry: Mapping[str, object], *names: str) -> object:
    """The value of the first of these names that is there and not null."""
    for name in names:
        if (value := entry.get(name)) is not None:
            return value
    return None


def option(entry: Mapping[str, object], *names: str) -> object:
    """The value of an option: in the extensions, or beside the content in either spelling."""
    inside = first(tree(entry.get("extensions")), *names)
    return first(entry, *_spellings(names)) if inside is None else inside


@functools.cache
def _spellings(names: tuple[str, ...]) -> tuple[str, ...]:
    """These names, and the same in camel case."""
    return (*names, *(_camel(name) for name in names))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
