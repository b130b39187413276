"""What is wrong in the cards of the wild and can be understood all the same.

The file's tree is never touched: this gives back a second tree, the fields by their V2 names with
every value of the kind it should be, and says what it put right and where. What cannot be
understood stays as it is, for `companion.cards.fields` to refuse.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from companion.cards.flavour import V2_FIELDS
from companion.cards.formats.tree import Repair, kind, paired, pointer
from companion.cards.repair_book import mend_book

if TYPE_CHECKING:
    from companion.cards.flavour import Located
    from companion.cards.formats.tree import Json

_TEXTS = (
    *("name", "description", "personality", "scenario", "first_mes", "mes_example"),
    *("creator_notes", "system_prompt", "post_history_instructions"),
    *("creator", "character_version", "nickname"),
)
_LISTS = ("alternate_greetings", "group_only_greetings", "source")
_MILLISECONDS = 1e11
"""A date of more seconds than this is one in milliseconds: the year would be 5138."""
_UNWRITABLE = re.compile(r"[\0\ud800-\udfff]")
_GARBLED = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u02c6-\u2122]")
"""A letter of UTF-8 that was read as Latin-1 or as Windows' form of it."""


def mend(raw: dict[str, Json], found: Located) -> tuple[dict[str, Json], tuple[Repair, ...]]:
    """The fields of a card by their V2 names, and what had to be put right for that.

    Args:
        raw: The whole tree of the file.
        found: Where its fields stand.
    """
    repairs: list[Repair] = [*found.repairs]
    names = found.renamed
    taken = set(names.values())
    data: dict[str, Json] = {}
    for key, value in found.fields.items():
        if key in taken:
            continue  # the older name of the field is the one its program wrote
        place = found.place(key)
        data[names.get(key, _key(key))] = writable(value, place, repairs)
    for key in list(data):
        _mend_field(data, key, found.place(key), repairs)
    _book_at_root(raw, found, data, repairs)
    _mirrors(raw, found, data, repairs)
    return data, tuple(repairs)


def writable(value: Json, place: str, repairs: list[Repair]) -> Json:
    """A copy of a value without what no file can hold: NUL, and halves of characters."""
    if isinstance(value, str):
        if _UNWRITABLE.search(value):
            repairs.append(Repair("UNWRITABLE", place, "NUL or half a character was taken out."))
            return paired(value).replace("\0", "")
        return value
    if isinstance(value, dict):
        return {
            _key(key): writable(item, place + pointer(key), repairs) for key, item in value.items()
        }
    if isinstance(value, list):
        return [writable(item, f"{place}/{n}", repairs) for n, item in enumerate(value)]
    return value


def _key(key: str) -> str:
    """A key as a file can hold it."""
    return paired(key).replace("\0", "")


def _mend_field(data: dict[str, Json], key: str, place: str, repairs: list[Repair]) -> None:
    """Put one field right, where it is one we know."""
    if key in _TEXTS:
        _text(data, key, place, repairs)
    elif key == "tags":
        _tags(data, place, repairs)
    elif key in _LISTS:
        _list(data, key, place, repairs)
    elif key == "extensions":
        _extensions(data, place, repairs)
    elif key in {"creation_date", "modification_date"}:
        _date(data, key, place, repairs)
    elif key == "character_book":
        _book(data, place, repairs)


def _text(data: dict[str, Json], key: str, place: str, repairs: list[Repair]) -> None:
    value = data[key]
    if value is None:
        data[key] = ""
        repairs.append(Repair("TEXT_NULL", place, f"{key} is nothing; read as empty text."))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        data[key] = str(value)
        repairs.append(Repair("TEXT_NUMBER", place, f"{key} is a number; read as text."))
    elif isinstance(value, str) and garbled(value):
        said = f"{key} looks like UTF-8 read as Latin-1; import --mend-letters puts it right."
        repairs.append(Repair("GARBLED", place, said))


def garbled(text: str) -> str:
    """What a text was before it was decoded wrongly; empty where it was not."""
    if not _GARBLED.search(text):
        return ""
    try:
        return b"".join(map(_byte, text)).decode("utf-8")
    except UnicodeError:
        return ""


def _byte(letter: str) -> bytes:
    """The byte that was read as this letter."""
    return letter.encode("latin-1" if ord(letter) < 256 else "cp1252")  # noqa: PLR2004 - a byte


def _list(data: dict[str, Json], key: str, place: str, repairs: list[Repair]) -> None:
    value = data[key]
    code = "ALT_GREETINGS" if key == "alternate_greetings" else key.upper()
    if value is None:
        data[key] = []
        repairs.append(Repair(f"{code}_NULL", place, f"{key} is nothing; read as an empty list."))
    elif isinstance(value, str):
        data[key] = [value] if value.strip() else []
        repairs.append(Repair(f"{code}_STRING", place, f"{key} is one text; read as a list."))
    elif isinstance(value, list):
        data[key] = _items(value, key, place, repairs)


def _items(value: list[Json], key: str, place: str, repairs: list[Repair]) -> list[Json]:
    """The texts of a list; nothing is left out and numbers become text."""
    kept: list[Json] = []
    for n, item in enumerate(value):
        if item is None or (isinstance(item, (int, float)) and not isinstance(item, bool)):
            said = f"Item {n + 1} of {key} is {kind(item)}; "
            said += "left out." if item is None else "read as text."
            repairs.append(Repair("ITEM_NOT_TEXT", f"{place}/{n}", said))
            if item is not None:
                kept.append(str(item))
        else:
            kept.append(item)
    return kept


def _tags(data: dict[str, Json], place: str, repairs: list[Repair]) -> None:
    value = data["tags"]
    if isinstance(value, str):
        data["tags"] = [word.strip() for word in value.split(",") if word.strip()]
        repairs.append(Repair("TAGS_STRING", place, "tags is one text; split at its commas."))
    else:
        _list(data, "tags", place, repairs)


def _extensions(data: dict[str, Json], place: str, repairs: list[Repair]) -> None:
    value = data["extensions"]
    if not isinstance(value, dict):
        if value is None or value == []:
            data["extensions"] = {}
            said = "extensions is no object; read as an empty one."
            repairs.append(Repair("EXTENSIONS_EMPTY", place, said))
        return
    depth = value.get("depth_prompt")
    if isinstance(depth, dict) and "depth" in depth and whole(depth["depth"]) is None:
        said = "The depth of depth_prompt is no number; read as 4."
        repairs.append(Repair("DEPTH_PROMPT_DEPTH", f"{place}/depth_prompt/depth", said))
        value["depth_prompt"] = {**depth, "depth": 4}


def whole(value: Json) -> int | None:
    """A whole number, also one written as text or with a point; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return int(number) if math.isfinite(number) else None


def _date(data: dict[str, Json], key: str, place: str, repairs: list[Repair]) -> None:
    value = data[key]
    number = whole(value)
    if number is None or not 0 <= number <= _MILLISECONDS * 1000:
        data[key] = 0  # V3: withheld
        repairs.append(Repair("DATE_UNUSABLE", place, f"{key} is no date; read as withheld."))
    elif number > _MILLISECONDS:
        data[key] = number // 1000
        repairs.append(Repair("DATE_MILLISECONDS", place, f"{key} is in milliseconds."))
    elif not isinstance(value, (int, float)):
        data[key] = number
        repairs.append(Repair("DATE_TEXT", place, f"{key} is text; read as a number."))


def _book(data: dict[str, Json], place: str, repairs: list[Repair]) -> None:
    """Put the lorebook right; one that is nothing goes."""
    book = data["character_book"]
    if book is None:
        del data["character_book"]
        repairs.append(Repair("BOOK_NULL", place, "character_book is nothing; there is no book."))
    elif not isinstance(book, dict):
        said = f"character_book is {kind(book)}, not an object; it was left alone."
        repairs.append(Repair("BOOK_UNUSABLE", place, said))
    else:
        data["character_book"] = mend_book(book, place, repairs)


def _book_at_root(
    raw: dict[str, Json], found: Located, data: dict[str, Json], repairs: list[Repair]
) -> None:
    """Take the lorebook beside `data` where there is none in it."""
    book = raw.get("character_book")
    if not found.wrapped or not isinstance(book, dict) or "character_book" in data:
        return
    place = "/character_book"
    data["character_book"] = writable(book, place, repairs)
    repairs.append(Repair("BOOK_AT_ROOT", place, "The lorebook stands beside data; it was used."))
    _book(data, place, repairs)


def _mirrors(
    raw: dict[str, Json], found: Located, data: dict[str, Json], repairs: list[Repair]
) -> None:
    """Say where copies at the root, which many programs write, are not what `data` says."""
    if not found.wrapped:
        return
    for key in V2_FIELDS:
        value = raw.get(key)
        if isinstance(value, str) and value != data.get(key, ""):
            said = f"{key} at the root is not what data says; data was used."
            repairs.append(Repair("MIRROR_DIFFERS", pointer(key), said))
