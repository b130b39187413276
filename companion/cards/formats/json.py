"""JSON cards: V1, V2 and V3 alike, as plain trees."""

from __future__ import annotations

import json
import math
import re

from companion.cards.formats.tree import (
    MOST,
    TEXT_LIMIT,
    Json,
    Repair,
    Tree,
    bounded,
    too_deep,
    too_large,
    too_many,
)
from companion.errors import CardError

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def read(data: bytes, name: str) -> Tree:
    """Read a JSON card; UTF-8, and UTF-16 as some editors save it.

    Raises:
        CardError: Not JSON, too large or too deep, with line and column.
    """
    if len(data) > TEXT_LIMIT:
        raise too_large(name, len(data), TEXT_LIMIT)
    twice: list[str] = []
    raw = bounded(_parse(_decode(data, name), name, twice), name)
    said = "{!r} stands twice in one object; the last one was used."
    repairs = (Repair("DUPLICATE_KEY", "", said.format(key[:80])) for key in twice[:20])
    return Tree(raw, repairs=tuple(repairs))


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


def _parse(text: str, name: str, twice: list[str]) -> Json:
    def refuse(word: str) -> Json:
        raise _no_number(name, word)

    def number(word: str) -> Json:
        value = float(word)
        return value if math.isfinite(value) else refuse(word)

    if _values(text) > MOST:
        raise too_many(name)

    def members(pairs: list[tuple[str, Json]]) -> Json:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            twice.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return made

    try:
        value: Json = json.loads(
            text, parse_constant=refuse, parse_float=number, object_pairs_hook=members
        )
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


def _values(text: str) -> int:
    """At most how many values a text holds: small objects take fifty times their letters."""
    if sum(map(text.count, ",[{")) <= MOST:
        return 0
    bare = _STRING.sub("", text)
    return sum(map(bare.count, ",[{"))


def _no_number(name: str, word: str) -> CardError:
    return CardError(
        f"{name}: {word[:40]} is not a number that JSON knows.",
        "Mend that number, or export the card again.",
        "NOT_JSON",
    )


def text(tree: dict[str, Json], *, indent: int | None = None) -> bytes:
    """A tree as JSON in UTF-8, keys in their order; for people with `indent`."""
    separators = (",", ": ") if indent else (",", ":")
    return json.dumps(tree, ensure_ascii=False, indent=indent, separators=separators).encode()
