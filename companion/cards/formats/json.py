"""JSON cards: V1, V2 and V3 alike, as plain trees."""

from __future__ import annotations

import json
import math

from companion.cards.formats.tree import TEXT_LIMIT, Json, Tree, bounded, too_deep, too_large
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
            "NOT_JSON",
        ) from error


def _parse(text: str, name: str) -> Json:
    def refuse(word: str) -> Json:
        raise _no_number(name, word)

    def number(word: str) -> Json:
        value = float(word)
        return value if math.isfinite(value) else refuse(word)

    try:
        value: Json = json.loads(text, parse_constant=refuse, parse_float=number)
    except json.JSONDecodeError as error:
        raise CardError(
            f"{name}: not valid JSON at line {error.lineno}, column {error.colno} ({error.msg}).",
            "Mend that place, or export the card again.",
            "NOT_JSON",
        ) from error
    except ValueError as error:  # a number of more digits than Python converts
        raise _no_number(name, "a number of thousands of digits") from error
    except RecursionError as error:
        raise too_deep(name) from error
    return value


def _no_number(name: str, word: str) -> CardError:
    return CardError(
        f"{name}: {word[:40]} is not a number that JSON knows.",
        "Mend that number, or export the card again.",
        "NOT_JSON",
    )
