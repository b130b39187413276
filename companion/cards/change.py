"""One field of a card changed: the file's own tree is patched, everything else stays as it was.

A field is named as it stands in a V2 card (`description`, `extensions.companion.voice.speed`,
`character_book.entries.0.content`), whatever the file calls it. A copy of it at the root, which
many programs write, is changed with it where there is one, and never made. What stands only at
the root and is read from there, a lorebook, is changed there.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from companion.cards.flavour import located
from companion.cards.formats.tree import Tree, bounded, kind, pointer
from companion.cards.model import from_tree
from companion.cards.project import V2_DEFAULTS
from companion.cards.repair import garbled
from companion.errors import CardError

if TYPE_CHECKING:
    from companion.cards.flavour import Located
    from companion.cards.formats.tree import Json
    from companion.cards.model import Card

_LISTS = {
    *("alternate_greetings", "group_only_greetings", "source", "tags"),
    *("entries", "keys", "secondary_keys"),
}
"""Fields that are lists: the first item makes the list where there is none."""

_SHOWN = 20
"""Names of an object that are told to people."""

_LONGEST = 19
"""Digits of a number in a name are fewer."""


def changed(card: Card, field: str | tuple[str, ...], value: Json, now: int = 0) -> Card:
    """The card with one field set; `None` takes it out, or empties what cards must have.

    Args:
        card: The card as it is.
        field: The field's V2 name, with dots into what stands inside it; or its parts, where a
            name has a dot in it.
        value: What it shall be.
        now: Seconds since 1970, for a card that keeps the date of its last change.

    Raises:
        CardError: There is no such place, or the value is of the wrong kind for the field.
    """
    file = card.path or Path(f"{card.id}.yaml")
    raw = deepcopy(card.raw)
    found = located(raw, file.name)
    older = {new: old for old, new in found.renamed.items()}
    first, *rest = field.split(".") if isinstance(field, str) else field
    parts = [older.get(first, first), *rest]
    lone = _is_lone_book(raw, found, first)
    if value is None and found.wrapped and not rest:
        value = _empty(found, first)
    _put(raw if lone else found.fields, parts, value, f"{file.name}: {'.'.join((first, *rest))}")
    mirrored = found.wrapped and first in raw and first not in {"data", "spec", "spec_version"}
    if mirrored and not lone:
        _mirror(raw, found.fields, first)
    if now and "modification_date" in found.fields:
        found.fields["modification_date"] = now
    made = from_tree(Tree(bounded(raw, file.name), card.notes), file)
    return replace(made, id=card.id, path=card.path, notes=card.notes)


def with_letters(card: Card) -> Card:
    """The card with texts put right that are UTF-8 read as Latin-1."""
    for name, value in card.fields.model_dump().items():
        meant = garbled(value) if isinstance(value, str) else ""
        if meant:
            card = changed(card, name, meant)
    return card


def _empty(found: Located, name: str) -> Json:
    """What a field is that says nothing; None where it need not be there, or must say something."""
    if name == "group_only_greetings" and found.flavour == "v3":
        return []
    return deepcopy(V2_DEFAULTS.get(name)) if name != "name" else None


def _is_lone_book(raw: dict[str, Json], found: Located, name: str) -> bool:
    """Whether a field is a lorebook that stands beside `data`, and is read from there."""
    beside = found.wrapped and name == "character_book" and found.fields.get(name) is None
    return beside and isinstance(raw.get(name), dict)


def _mirror(raw: dict[str, Json], fields: dict[str, Json], name: str) -> None:
    """Let the copy at the root say what the field says."""
    if name in fields:
        raw[name] = fields[name]
    else:
        del raw[name]


def _put(holder: Json, parts: list[str], value: Json, said: str) -> None:
    """Set a value inside lists and objects; objects on the way are made where they are missing."""
    *above, last = parts
    if not all(parts):
        raise _nowhere(said, parts, "a field's name has no empty part")
    for n, part in enumerate(above):
        if n:
            _check_index(holder, said, parts[: n + 1])
        holder = _step(holder, part, said, parts[: n + 2])
    if isinstance(holder, dict):
        if above and (value is None or last != _next(holder, above[-1])):
            _check_index(holder, said, parts)
        if value is None:
            holder.pop(last, None)
        else:
            holder[last] = value
    elif isinstance(holder, list):
        _put_item(holder, last, value, said, parts)
    else:
        cure = f"Set all of it: {'.'.join(above)}=..."
        raise _nowhere(said, parts, f"it would stand inside {kind(holder)}", cure)


def _step(holder: Json, part: str, said: str, parts: list[str]) -> Json:
    """What a part of the path names; `parts` ends with the one after it."""
    *_, following = parts
    if isinstance(holder, dict):
        there = holder.get(part)
        if there is None or (part == "extensions" and there == []):
            holder[part] = [] if part in _LISTS and following == "0" else {}
        return holder[part]
    if isinstance(holder, list) and part.isdecimal() and int(part) < len(holder):
        return holder[int(part)]
    above = ".".join(parts[:-2])
    cure = ""
    if isinstance(holder, list) and following in {"keys", "content"}:
        cure = f"One more: {above}.{len(holder)}='{{keys: [word], content: text}}'"
    raise _nowhere(said, parts[:-1], f"{part} is not in {kind(holder)}", cure)


def _check_index(holder: Json, said: str, parts: list[str]) -> None:
    """A number names something that is there: in an object it would not be an item of a list.

    Raises:
        CardError: It names nothing.
    """
    *above, part = parts
    if not isinstance(holder, dict) or not part.isdecimal() or part in holder:
        return
    field = ".".join(above)
    cure = f"Set all of it: {field}='[...]'"
    if holder:
        cure = f"There are: {', '.join([*holder][:_SHOWN])}. Write {field}.{next(iter(holder))}"
    if new := _next(holder, above[-1]):
        cure = f"{cure}; a new one is {field}.{new}='{{...}}'" if holder else f"Write {field}.{new}"
    raise _nowhere(said, parts, f"{part} is not in {field}", cure)


def _next(holder: dict[str, Json], name: str) -> str:
    """What a new item is called in an object of items with numbers; "" in any other.

    An empty one is of items only where its name says so: programs keep a lorebook's like that.
    """
    numbers = [int(key) for key in holder if key.isdecimal() and len(key) < _LONGEST]
    if len(numbers) < len(holder) or not (holder or name == "entries"):
        return ""
    return str(max(numbers, default=-1) + 1)


def _put_item(holder: list[Json], part: str, value: Json, said: str, parts: list[str]) -> None:
    """Set, add or take out an item of a list; one past the end adds."""
    index = int(part) if part.isdecimal() else len(holder) + 1
    if value is None and index < len(holder):
        del holder[index]
    elif value is not None and index < len(holder):
        holder[index] = value
    elif value is not None and index == len(holder):
        holder.append(value)
    else:
        raise _nowhere(said, parts, f"the list has {len(holder)} items, counted from 0")


def _nowhere(said: str, parts: list[str], why: str, cure: str = "") -> CardError:
    hint = f"Nothing was changed. {cure}".strip()
    return CardError(f"{said} cannot be set: {why}.", hint, place=pointer(*parts))
