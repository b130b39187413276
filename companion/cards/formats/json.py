"""JSON cards: V1, V2 and V3 alike, as plain trees."""

from __future__ import annotations

import json

from companion.cards.formats.tree import TEXT_LIMIT, Json, Tree, bounded, too_large
from companion.errors import CardError


def read(data: bytes, name: str) -> Tree:
    """Read a JSON card; UTF-8, and UTF-16 as some editors save it.

    Raises:
        CardError: Not JSON, too large or too deep, with line and column.
    """
    if len(data) > TEXT_LIMIT:
        raise too_large(name, len(data), TEXT_LIMIT)
    return Tree(bounded(_parse(_decode(data, name), name), name))


def _decode(data: bytes, name: str) -> str:
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise CardError(
            f"{name}: byte {error.start:,} is not {encoding.removesuffix('-sig').upper()}.",
            "Save the file as UTF-8.",
        ) from error


def _parse(text: str, name: str) -> Json:
    def refuse(word: str) -> Json:
        raise CardError(f"{name}: {word} is not a number that JSON knows.")

    try:
        value: Json = json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise CardError(
            f"{name}: not valid JSON at line {error.lineno}, column {error.colno} ({error.msg}).",
            "Mend that place, or export the card again.",
        ) from error
    except ValueError as error:  # a number of more digits than Python converts
        raise CardError(f"{name}: a number in it is too long to be one.") from error
    except RecursionError as error:
        raise CardError(f"{name}: lists and objects stand too deep inside each other.") from error
    return value
