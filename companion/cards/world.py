"""A lorebook that stands alone, made fit to be the book of a card.

Read are the form of version 3 (`lorebook_v3`), the worlds of SillyTavern, whose entries are an
object and have names of their own for most fields, and lists of books as websites give them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from companion.cards.flavour import book_in
from companion.cards.formats.tree import Repair, kind
from companion.cards.repair import writable
from companion.cards.repair_book import mend_book
from companion.errors import CardError

if TYPE_CHECKING:
    from companion.cards.formats.tree import Json

_EXTRAS = {
    "position": "position",
    "excludeRecursion": "exclude_recursion",
    "preventRecursion": "prevent_recursion",
    "delayUntilRecursion": "delay_until_recursion",
    "displayIndex": "display_index",
    "probability": "probability",
    "useProbability": "useProbability",
    "depth": "depth",
    "selectiveLogic": "selectiveLogic",
    "group": "group",
    "groupOverride": "group_override",
    "groupWeight": "group_weight",
    "useGroupScoring": "use_group_scoring",
    "scanDepth": "scan_depth",
    "matchWholeWords": "match_whole_words",
    "caseSensitive": "case_sensitive",
    "automationId": "automation_id",
    "role": "role",
    "vectorized": "vectorized",
    "sticky": "sticky",
    "cooldown": "cooldown",
    "delay": "delay",
    "ignoreBudget": "ignore_budget",
    "triggers": "triggers",
}
"""Fields of a world's entry, and where a card keeps them: in the extensions of the entry."""


def lone_book(raw: dict[str, Json], name: str) -> tuple[dict[str, Json], tuple[Repair, ...]]:
    """The book in the tree of a file, as a card would have it.

    Raises:
        CardError: There is no book in it.
    """
    place, found = book_in(raw) or ("", raw)
    repairs: list[Repair] = []
    entries = found.get("entries", found.get("entryList"))
    if not isinstance(entries, (list, dict)):
        raise CardError(
            f"{name}: this is no lorebook: its entries are {kind(entries)}.",
            "A lorebook is a JSON file with entries in it.",
            "FOREIGN_FORMAT",
            f"{place}/entries",
        )
    book = writable(found, place, repairs)
    assert isinstance(book, dict)  # noqa: S101 - a copy of an object
    if "entries" not in book:
        book["entries"] = book.pop("entryList")
        said = "The entries of the lorebook are called entryList; read as entries."
        repairs.append(Repair("ENTRIES_NAME", f"{place}/entryList", said))
    if isinstance(book["entries"], dict):
        book["entries"] = {key: _as_in_a_card(entry) for key, entry in book["entries"].items()}
    return mend_book(book, place, repairs), tuple(repairs)


def _as_in_a_card(entry: Json) -> Json:
    """An entry of a world with its fields where a card has them; null ones were never set."""
    if not isinstance(entry, dict):
        return entry
    extras = {
        _EXTRAS[key]: value for key, value in entry.items() if key in _EXTRAS and value is not None
    }
    made = {key: value for key, value in entry.items() if key not in _EXTRAS}
    before = entry.get("position") == 0
    made["position"] = "before_char" if before else "after_char"
    if "uid" in made:
        made["id"] = made.pop("uid")
    known = made.get("extensions")
    return {**made, "extensions": {**extras, **(known if isinstance(known, dict) else {})}}
