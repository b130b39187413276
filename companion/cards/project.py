"""A card as the specifications want it written: version 3, and what of it version 2 can hold.

What a card lacks gets its default, what was mended stays mended, what we do not know stays as it
is. What version 2 cannot hold is said, never silently gone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from companion.cards.flavour import V1_FIELDS, V3_FIELDS
from companion.cards.formats.tree import Repair, pointer
from companion.cards.repair import whole, writable

if TYPE_CHECKING:
    from companion.cards.formats.tree import Json
    from companion.cards.model import Card

V2_DEFAULTS: dict[str, Json] = {
    **dict.fromkeys(V1_FIELDS, ""),
    "creator_notes": "",
    "system_prompt": "",
    "post_history_instructions": "",
    "tags": [],
    "creator": "",
    "character_version": "",
    "alternate_greetings": [],
    "extensions": {},
}
"""What every card of version 2 or 3 has, and what it is where nothing was said."""

_ENTRY_DEFAULTS: dict[str, Json] = {
    "keys": [],
    "content": "",
    "extensions": {},
    "enabled": True,
    "insertion_order": 100,
}
_AT_ROOT = {"avatar", "chat", "create_date", "fav", "talkativeness", "metadata", "last_mes"}
"""What older programs keep beside the fields of a card, not among them."""

_DECORATORS = re.compile(r"\s*(?:@@@?[^\n]*(?:\n\s*|\Z))+")
_WARNING = (
    "This is the Version 2 copy of a Version 3 character card; parts of it are not in here. "
    "A program that reads Version 3 shows all of it."
)
_ROLES = {"system": 0, "user": 1, "assistant": 2}
_DEPTH_PLACE = 4
"""SillyTavern's number for a place among the messages."""


def as_v3(card: Card) -> dict[str, Json]:
    """The whole tree of a V3 card, spec-complete."""
    data = _completed(card)
    data.setdefault("group_only_greetings", [])
    book = data.get("character_book")
    if isinstance(book, dict):
        data["character_book"] = _book(book, {"use_regex": False})
    return _wrapped(card, "chara_card_v3", "3.0", data)


def as_v2(card: Card, *, beside_v3: bool = False) -> tuple[dict[str, Json], tuple[Repair, ...]]:
    """The whole tree of a V2 card, and what it could not hold.

    Args:
        card: The card.
        beside_v3: It is the copy that goes into a file with a V3 card in it. It comes out the
            same whether it is made of the V3 card or of what that was made of.
    """
    data = _completed(card)
    lost: list[Repair] = []
    for key in V3_FIELDS:
        if data.pop(key, None):
            said = f"{key} is a field of version 3; it is not in the version 2 copy."
            lost.append(Repair("V3_ONLY", pointer("data", key), said))
    book = data.get("character_book")
    if isinstance(book, dict):
        book = _book(book, {"use_regex": False} if beside_v3 else {})
        data["character_book"] = _plain_book(book, lost) if beside_v3 or is_v3(card) else book
    notes = data["creator_notes"]
    if lost and isinstance(notes, str) and not notes.startswith(_WARNING):
        data["creator_notes"] = f"{_WARNING}\n\n{notes}".strip()
    return _wrapped(card, "chara_card_v2", "2.0", data), tuple(lost)


def flat(card: Card) -> dict[str, Json]:
    """The tree of a YAML card for people: the fields alone, where nothing stands beside them."""
    tree = as_v3(card) if is_v3(card) else as_v2(card)[0]
    beside = set(tree) - {"spec", "spec_version", "data"}
    data = tree["data"]
    mirrored = isinstance(data, dict) and all(tree[key] == data.get(key) for key in beside)
    if not mirrored or not isinstance(data, dict) or "data" in data or "spec" in data:
        return tree
    empty = {**V2_DEFAULTS, "group_only_greetings": []}
    return {k: v for k, v in data.items() if k == "name" or k not in empty or v != empty[k]}


def is_v3(card: Card) -> bool:
    """Whether the card is of version 3, or has fields that only version 3 knows."""
    return card.raw.get("spec") == "chara_card_v3" or any(card.data.get(key) for key in V3_FIELDS)


def _completed(card: Card) -> dict[str, Json]:
    """The fields with every one that a V2 card must have."""
    data: dict[str, Json] = {
        key: value
        for key, value in card.data.items()
        if isinstance(card.raw.get("data"), dict) or key not in _AT_ROOT
    }
    data |= _fresh(V2_DEFAULTS, data)
    if not card.fields.name.strip():
        data["name"] = card.name
    return data


def _fresh(defaults: dict[str, Json], there: dict[str, Json]) -> dict[str, Json]:
    """The defaults of what is not there, in copies of their own."""
    missing = {key: value for key, value in defaults.items() if key not in there}
    return {k: v.copy() if isinstance(v, (list, dict)) else v for k, v in missing.items()}


def _wrapped(card: Card, spec: str, version: str, data: dict[str, Json]) -> dict[str, Json]:
    """The envelope around the fields; what stood beside them still does."""
    if isinstance(card.raw.get("data"), dict):
        beside = {key: value for key, value in card.raw.items() if key != "data"}
    else:
        beside = {key: card.raw[key] for key in card.raw if key in _AT_ROOT}
    cleaned = writable(beside, "", [])
    cleaned = cleaned if isinstance(cleaned, dict) else {}
    if "character_book" in cleaned and "character_book" in data:
        del cleaned["character_book"]  # it stands in its place now
    envelope: dict[str, Json] = {"spec": spec, "spec_version": version, "data": data}
    return envelope | {key: v for key, v in cleaned.items() if key not in envelope}


def _book(book: dict[str, Json], more: dict[str, Json]) -> dict[str, Json]:
    """A lorebook with every field that its entries must have."""
    entries = book.get("entries")
    defaults = _ENTRY_DEFAULTS | more
    found = entries if isinstance(entries, list) else []
    made: list[Json] = [e | _fresh(defaults, e) for e in found if isinstance(e, dict)]
    return {"extensions": {}, **book, "entries": made}


def _plain_book(book: dict[str, Json], lost: list[Repair]) -> dict[str, Json]:
    """A lorebook without the decorators of version 3."""
    entries = book["entries"]
    made: list[Json] = []
    for n, entry in enumerate(entries if isinstance(entries, list) else ()):
        place = pointer("data", "character_book", "entries", n)
        made.append(_plain_entry(entry, place, lost) if isinstance(entry, dict) else entry)
    return {**book, "entries": made}


def _plain_entry(entry: dict[str, Json], place: str, lost: list[Repair]) -> dict[str, Json]:
    """An entry without decorators; those that have another form in version 2 take it."""
    content = entry.get("content")
    head = _DECORATORS.match(content) if isinstance(content, str) else None
    if head is None or not isinstance(content, str):
        return entry
    plain = dict(entry)
    words = [line.strip().lstrip("@") for line in head[0].splitlines() if line.strip()]
    extensions = entry.get("extensions")
    kept = dict(extensions) if isinstance(extensions, dict) else {}
    for word in words:
        name, _, value = word.partition(" ")
        if not _translated(name, value.strip(), plain, kept):
            said = f"The decorator @@{name[:40]} has no form in version 2; it was left out."
            lost.append(Repair("DECORATOR", f"{place}/content", said))
    return {**plain, "content": content[head.end() :], "extensions": kept}


def _translated(name: str, value: str, entry: dict[str, Json], extras: dict[str, Json]) -> bool:
    """Say a decorator in version 2's words, if it has any for it."""
    number = whole(value) if value.isdecimal() else None
    if name in {"depth", "scan_depth"} and number is not None:
        extras.setdefault(name, number)
        if name == "depth":
            extras.setdefault("position", _DEPTH_PLACE)
    elif name == "role" and value in _ROLES:
        extras.setdefault("role", _ROLES[value])
    elif name == "position" and value in {"before_desc", "after_desc"}:
        entry["position"] = value.replace("desc", "char")
    else:
        return False
    return True
