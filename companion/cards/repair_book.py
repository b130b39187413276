"""What is wrong in the lorebooks of the wild and can be understood all the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from companion.cards.formats.tree import Repair, kind, pointer

if TYPE_CHECKING:
    from companion.cards.formats.tree import Json

_RENAMED = {
    "key": "keys",
    "keywords": "keys",
    "keysecondary": "secondary_keys",
    "secondkey": "secondary_keys",
    "order": "insertion_order",
    "insertorder": "insertion_order",
    "entry": "content",
    "text": "content",
    "displayName": "name",
    "alwaysActive": "constant",
}
"""What SillyTavern, Agnai, NovelAI, Risu and websites call the fields of an entry; the first name
that is there is taken."""

_NUMBERS = ("insertion_order", "priority")
_EXTRA_NUMBERS = (
    *("depth", "probability", "scan_depth", "sticky", "cooldown", "delay", "position", "role"),
    *("group_weight", "selectiveLogic", "display_index"),
)
_IN_CHAT = 4
"""SillyTavern's number for a place among the messages."""


def mend_book(book: dict[str, Json], place: str, repairs: list[Repair]) -> dict[str, Json]:
    """A lorebook with its entries as a list of objects, each value of the kind it should be."""
    mended = dict(book)
    _extensions(mended, place, repairs)
    for key in ("scan_depth", "token_budget"):
        _number(mended, key, place, repairs)
    entries, keys = _entries(mended.get("entries"), place, repairs)
    kept: list[Json] = []
    for called, entry in zip(keys, entries, strict=True):
        where = f"{place}/entries{pointer(called)}"
        if isinstance(entry, dict):
            kept.append(_entry(entry, where, repairs))
        else:
            said = f"An entry of the lorebook is {kind(entry)}; it was left out."
            repairs.append(Repair("ENTRY_UNUSABLE", where, said))
    mended["entries"] = kept
    return mended


def _entries(found: Json, place: str, repairs: list[Repair]) -> tuple[list[Json], list[str | int]]:
    """The entries in order, and what each is called in the file."""
    if isinstance(found, list):
        return found, list(range(len(found)))
    if isinstance(found, dict):
        said = "The entries of the lorebook are an object; read as a list, in their own order."
        repairs.append(Repair("ENTRIES_MAP", f"{place}/entries", said))
        named = sorted(found.items(), key=lambda item: _rank(item[1]))
        return [value for _, value in named], [key for key, _ in named]
    said = f"The entries of the lorebook are {kind(found)}; read as none."
    repairs.append(Repair("ENTRIES_NULL", f"{place}/entries", said))
    return [], []


def _rank(entry: Json) -> float:
    """Where an entry of a map belongs: by what it says of itself, else where it stands."""
    if isinstance(entry, dict):
        for key in ("displayIndex", "display_index", "uid", "id"):
            value = entry.get(key)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return value
    return math.inf


def _entry(entry: dict[str, Json], place: str, repairs: list[Repair]) -> dict[str, Json]:
    """One entry, put right."""
    mended = _today(entry, place, repairs)
    _extensions(mended, place, repairs)
    for key in ("keys", "secondary_keys"):
        _keys(mended, key, place, repairs)
    for key in _NUMBERS:
        _number(mended, key, place, repairs)
    extensions = mended.get("extensions")
    if isinstance(extensions, dict):
        extensions = dict(extensions)
        for key in _EXTRA_NUMBERS:
            _number(extensions, key, f"{place}/extensions", repairs)
        mended["extensions"] = extensions
    _position(mended, place, repairs)
    if mended.get("content", "") is None:
        mended["content"] = ""
        repairs.append(Repair("ENTRY_CONTENT_NULL", f"{place}/content", "An entry says nothing."))
    return mended


def _today(entry: dict[str, Json], place: str, repairs: list[Repair]) -> dict[str, Json]:
    """An entry with the names cards use."""
    found = {
        new: old for old, new in reversed(_RENAMED.items()) if old in entry and new not in entry
    }
    names = {old: new for new, old in found.items()}
    for old, new in names.items():
        said = f"An entry calls its {new} {old}; read as {new}."
        repairs.append(Repair("ENTRY_NAME", place + pointer(old), said))
    mended = {names.get(key, key): value for key, value in entry.items()}
    if isinstance(mended.get("disable"), bool) and "enabled" not in mended:
        mended["enabled"] = not mended.pop("disable")
        said = "An entry says disable; read as the opposite of enabled."
        repairs.append(Repair("ENTRY_NAME", f"{place}/disable", said))
    return mended


def _extensions(holder: dict[str, Json], place: str, repairs: list[Repair]) -> None:
    if "extensions" in holder and not isinstance(holder["extensions"], dict):
        said = f"extensions is {kind(holder['extensions'])}; read as an empty object."
        repairs.append(Repair("EXTENSIONS_EMPTY", f"{place}/extensions", said))
        holder["extensions"] = {}


def _keys(entry: dict[str, Json], key: str, place: str, repairs: list[Repair]) -> None:
    """Keys as a list of texts."""
    if key not in entry:
        return
    value, where = entry[key], f"{place}/{key}"
    if isinstance(value, str):
        entry[key] = [word.strip() for word in value.split(",") if word.strip()]
        said = f"{key} is one text; split at its commas."
        repairs.append(Repair("ENTRY_KEYS_STRING", where, said))
    elif not isinstance(value, list):
        entry[key] = []
        repairs.append(Repair("ENTRY_KEYS_EMPTY", where, f"{key} is {kind(value)}; read as none."))
    elif not all(isinstance(word, str) for word in value):
        entry[key] = [
            str(word) for word in value if isinstance(word, (str, int, float)) and word is not True
        ]
        repairs.append(Repair("ENTRY_KEYS_TEXT", where, f"{key} has more than texts in it."))


def _number(holder: dict[str, Json], key: str, place: str, repairs: list[Repair]) -> None:
    """A number that is written as text; what is no number at all goes, and the default holds."""
    value = holder.get(key)
    if key not in holder or value is None or isinstance(value, (int, float)):
        return
    where = f"{place}/{key}"
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        holder[key] = int(number) if number == int(number) else number
        repairs.append(Repair("NUMBER_TEXT", where, f"{key} is text; read as a number."))
    elif key != "position":
        holder[key] = None
        repairs.append(Repair("NUMBER_UNUSABLE", where, f"{key} is no number; the usual holds."))


def _position(entry: dict[str, Json], place: str, repairs: list[Repair]) -> None:
    """A position that is empty, a number or SillyTavern's word."""
    value = entry.get("position")
    if "position" not in entry or value in ("before_char", "after_char"):
        return
    where = f"{place}/position"
    number = _IN_CHAT if value == "in_chat" else value
    word = str(value)[: len("before_char")].removesuffix("_")
    if word in {"before_char", "after_char"}:
        entry["position"] = word
        repairs.append(Repair("POSITION_NAME", where, f"position is {value!r}; read as {word}."))
    elif isinstance(number, int) and not isinstance(number, bool):
        extensions = entry.get("extensions")
        extensions = extensions if isinstance(extensions, dict) else {}
        entry["extensions"] = {"position": number} | extensions
        entry["position"] = "after_char" if number else "before_char"
        said = f"position is {value!r}; read as SillyTavern's."
        repairs.append(Repair("POSITION_NUMBER", where, said))
    else:
        del entry["position"]
        said = f"position is {kind(value)}; the usual holds."
        repairs.append(Repair("POSITION_UNKNOWN", where, said))
