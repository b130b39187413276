"""What every reader hands back, and the limits every reader keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from companion.errors import CardError

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
"""Plain data, as JSON knows it."""

DEEPEST = 64
"""How far lists and objects may stand inside each other."""

MOST = 200_000
"""How many values a card may hold, counted as often as they are referred to."""

TEXT_LIMIT = 8 * 1024 * 1024
"""Bytes of JSON in one card."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was wrong in a card and was understood all the same.

    Attributes:
        code: What it was, in one word for programs: `ALT_GREETINGS_STRING`.
        place: JSON pointer into the file's tree: `/data/alternate_greetings`; empty for the file.
        said: The same for people, as one sentence.
    """

    code: str
    place: str
    said: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A card as it stands in its file.

    Attributes:
        raw: The whole of it; nothing dropped, nothing mended.
        notes: What a reader had to decide, one sentence each, for people.
        repairs: What it had to put right to read it at all.
    """

    raw: dict[str, Json]
    notes: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()


def paired(text: str) -> str:
    """Text with halves of characters joined where both are there, else shown as �."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901) that can be printed, whatever the keys are."""
    path = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return path if path.isascii() else paired(path)


def kind(value: object) -> str:
    """What a value is called in an error message."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"{value}".lower()
    names = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def bounded(value: Json, name: str) -> dict[str, Json]:
    """Check that a parsed value is an object within the limits.

    Raises:
        CardError: It is no object, too deep, or too large.
    """
    if not isinstance(value, dict):
        raise CardError(
            f"{name}: a card is an object with fields, found {kind(value)}.",
            "Export the character again from where it was made.",
            "FOREIGN_FORMAT",
        )
    left = MOST
    level: list[Json] = [value]
    for _ in range(DEEPEST):
        left -= len(level)
        if left < 0:
            raise too_many(name)
        level = [child for item in level for child in _children(item)]
        if not level:
            return value
    raise too_deep(name)


def _children(item: Json) -> list[Json]:
    if isinstance(item, dict):
        return list(item.values())
    return item if isinstance(item, list) else []


def too_large(name: str, size: int, limit: int) -> CardError:
    """The error for data over a limit."""
    mega = 1024 * 1024
    return CardError(
        f"{name}: {size / mega:,.1f} MB of card text; the limit is {limit / mega:g} MB.",
        "Take out what is not needed.",
        "TOO_LARGE",
    )


def too_many(name: str) -> CardError:
    """The error for more values than a card has."""
    return CardError(
        f"{name}: more than {MOST:,} values; that is no character card.",
        "Take out what is not needed.",
        "TOO_LARGE",
    )


def too_deep(name: str) -> CardError:
    """The error for lists and objects that stand too far inside each other."""
    return CardError(
        f"{name}: lists and objects stand more than {DEEPEST} deep.",
        "Export the character again from where it was made.",
        "TOO_DEEP",
    )
