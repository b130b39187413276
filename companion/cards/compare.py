"""What is different between two cards, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.cards.formats.tree import pointer
from companion.cards.project import as_v3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.cards.formats.tree import Json
    from companion.cards.model import Card


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not the same.

    Attributes:
        place: JSON pointer among the fields of a V2 card.
        old: What the first card has; None where it has no such field.
        new: What the second one has.
        change: "changed", "added" or "removed".
    """

    place: str
    old: Json
    new: Json
    change: str


def differences(one: Card, other: Card) -> tuple[Difference, ...]:
    """What would have to change in one card to say what the other says.

    Compared as they are understood: two cards that are the same in JSON and in a picture, or in
    version 2 and 3, are the same.
    """
    return tuple(_between("", _fields(one), _fields(other)))


def _fields(card: Card) -> dict[str, Json]:
    """The fields that say something; one that is empty and one that is not there are the same."""
    data = as_v3(card)["data"]
    fields = data if isinstance(data, dict) else {}
    return {key: value for key, value in fields.items() if value not in ("", [], {}, None)}


def _between(place: str, old: Json, new: Json) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            where = place + pointer(key)
            if key not in new:
                yield Difference(where, old[key], None, "removed")
            elif key not in old:
                yield Difference(where, None, new[key], "added")
            else:
                yield from _between(where, old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and _objects(old) and _objects(new):
        for n in range(max(len(old), len(new))):
            where = f"{place}/{n}"
            if n >= len(new):
                yield Difference(where, old[n], None, "removed")
            elif n >= len(old):
                yield Difference(where, None, new[n], "added")
            else:
                yield from _between(where, old[n], new[n])
    elif type(old) is not type(new) or old != new:
        yield Difference(place, old, new, "changed")


def _objects(items: list[Json]) -> bool:
    return all(isinstance(item, dict) for item in items)
