"""JSON lorebooks to blocks: each entry under its name, with its keys.

Takes what SillyTavern, character cards of version 2 and 3 and a few others write.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from companion.errors import BadData
from companion.memory.lore.block import Block, Contents, People
from companion.memory.lore.text import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTS = ("entries", "entryList")
_WORDS = ("content", "entry", "text")
_TITLES = ("name", "comment", "displayName", "title")
_KEYS = ("keys", "key", "keywords", "secondary_keys", "keysecondary", "secondkey")
_CHARACTER = re.compile(r"\{\{\s*char\s*\}\}|<BOT>", re.IGNORECASE)
_OWNER = re.compile(r"\{\{\s*user\s*\}\}|<USER>", re.IGNORECASE)
_REMARK = re.compile(r"\{\{\s*(?://|comment:)[^{}]*\}\}")
_DECORATOR = re.compile(r"\A(?:@@.*\n?)+")
DEPTH = 8
"""Objects inside each other in which a lorebook is looked for."""


def read_book(data: bytes, name: str, people: People) -> Contents:
    """A lorebook, or those inside a character card.

    Raises:
        BadData: It is no JSON, or holds no lorebook; the message names the line.
    """
    try:
        whole = json.loads(decoded(data, name))
    except json.JSONDecodeError as error:
        raise BadData(f"{name}, line {error.lineno}: the JSON is broken ({error.msg}).") from error
    except (RecursionError, ValueError) as error:  # a number of 5,000 digits is a ValueError
        raise BadData(f"{name} is nested too deep, or has too long a number.") from error
    books = list(_books(whole, DEPTH))
    if not books:
        raise BadData(
            f"{name} holds no lorebook.", "A lorebook has a list of entries with their content."
        )
    blocks: list[Block] = []
    skipped: list[str] = []
    for title, entries in books:
        for number, entry in enumerate(entries, 1):
            called = _first(entry, _TITLES) or next(iter(_keys(entry)), "") or f"entry {number}"
            words = _words(entry, people)
            if why := _why_not(entry, words):
                skipped.append(f"{called}: {why}")
            else:
                above = (title,) if title and len(books) > 1 else ()
                blocks += [
                    Block(one, (*above, called), 0, _keys(entry)) for one in words.split("\n\n")
                ]
    return Contents(books[0][0] if len(books) == 1 else "", tuple(blocks), tuple(skipped))


def _books(value: object, depth: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Name and entries of each lorebook in a JSON value."""
    if isinstance(value, dict):
        for name in _LISTS:
            if entries := _entries(value.get(name)):
                yield _first(value, ("name",)), entries
                return
        if value.get("type") == "risu" and (entries := _entries(value.get("data"))):
            yield _first(value, ("name",)), entries
            return
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner if depth else ():
        yield from _books(one, depth - 1)


def _entries(value: object) -> list[dict[str, Any]]:
    """The entries in a list, or in an object of numbered ones."""
    listed = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(listed, list):
        return []
    return [one for one in listed if isinstance(one, dict) and any(key in one for key in _WORDS)]


def _first(entry: dict[str, Any], names: tuple[str, ...]) -> str:
    values = (entry.get(name) for name in names)
    return next((one.strip() for one in values if isinstance(one, str) and one.strip()), "")


def _keys(entry: dict[str, Any]) -> tuple[str, ...]:
    """The words that call an entry; no pattern in it is understood as one."""
    found: list[str] = []
    for name in _KEYS:
        value = entry.get(name)
        listed = value.split(",") if isinstance(value, str) else value
        if not isinstance(listed, list):
            continue
        found += [one.strip() for one in listed if isinstance(one, str) and one.strip()]
    return tuple(dict.fromkeys(found))


def _words(entry: dict[str, Any], people: People) -> str:
    """What an entry says, with the names of the two who talk in their places."""
    words = _REMARK.sub("", _DECORATOR.sub("", _first(entry, _WORDS)))
    words = _CHARACTER.sub(lambda _: people.character, words)
    return _OWNER.sub(lambda _: people.owner, words).strip()


def _why_not(entry: dict[str, Any], words: str) -> str:
    if entry.get("enabled") is False or entry.get("disable") is True:
        return "switched off"
    return "" if words else "empty"
