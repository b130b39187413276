"""A card as a text that people type into, and what they typed as the card again.

A YAML card is its own text, typed into letter by letter. Every other card is shown as YAML, and
only the fields that were typed differently are changed in its file. Knows no editor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.cards import formats, history
from companion.cards.change import changed
from companion.cards.folder import load_card
from companion.cards.formats import yaml, yaml_write
from companion.cards.formats.yaml_place import place_of
from companion.cards.model import from_tree
from companion.cards.text import slug
from companion.errors import CannotCreate, CardError, Forbidden, MissingInput

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from companion.cards.formats.tree import Json
    from companion.cards.model import Card

FIRST = (
    *("name", "nickname", "description", "personality", "scenario", "first_mes", "mes_example"),
    *("system_prompt", "post_history_instructions", "alternate_greetings", "creator_notes"),
)
"""What stands at the top of a sheet: what people come for."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is shown of one card file.

    Attributes:
        path: The card.
        base: Its bytes when it was opened.
        text: What is typed into.
        card: The card, where `text` is not the file itself.
    """

    path: Path
    base: bytes
    text: bytes
    card: Card | None = None

    @property
    def suffix(self) -> str:
        """What the text is: YAML, or the JSON of a card that cannot be read."""
        return ".json" if self.card is None and self.path.suffix.lower() == ".json" else ".yaml"

    def save(self, typed: bytes, write: Callable[[Card, Path], None], now: int) -> Card:
        """Make the card what was typed; its last version is kept.

        Args:
            typed: The text, as it was left.
            write: Writes a card into its file.
            now: Seconds since 1970, for cards that keep the date of their last change.

        Raises:
            CardError: It cannot be a card; says where. Nothing was changed.
            CannotCreate: The card was changed by something else meanwhile, or the disk says no.
        """
        try:
            card = self._card(typed, now)
        except CardError as error:
            raise self._with_line(error, typed) from error
        if _bytes(self.path) != self.base:
            raise CannotCreate(
                f"{self.path} was changed by something else while you were typing.",
                "Nothing was overwritten.",
            )
        history.keep(self.path)
        if self.card is None:
            history.put(self.path, typed)
        else:
            write(card, self.path.resolve())  # a link stays a link
        return card

    def _with_line(self, error: CardError, typed: bytes) -> CardError:
        """The error, and in which line the field stands that is wrong."""
        what = Exception.__str__(error)
        pointer = error.place if self.card is None else error.place.removeprefix("/data")
        found = place_of(typed, pointer) if self.suffix == ".yaml" and pointer else None
        if found is None or " line " in what:
            return error
        where = f"{what} It stands at line {found[0]}, column {found[1]}."
        return CardError(where, error.hint, error.reason, error.place)

    def _card(self, typed: bytes, now: int) -> Card:
        """The card that was typed."""
        if self.card is None:
            return from_tree(formats.read(typed, self.path.name), self.path)
        before = yaml.read(self.text, self.path.name).raw
        after = yaml.read(typed, self.path.name).raw
        card = self.card
        for field in dict.fromkeys((*after, *before)):
            if field not in before or field not in after or before[field] != after[field]:
                card = changed(card, (field,), after.get(field), now)
        return card


def sheet_of(path: Path) -> Sheet:
    """Open a card for typing; also one whose text cannot be read as a card.

    Raises:
        CardError: It cannot be read and is no text either.
        MissingInput: It is gone.
        Forbidden: The disk says no.
    """
    base = _bytes(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        return Sheet(path, base, base)
    try:
        card = load_card(path)
    except CardError:
        if path.suffix.lower() != ".json":
            raise
        return Sheet(path, base, base)
    return Sheet(path, base, _shown(card), card)


def _shown(card: Card) -> bytes:
    """The card's fields as YAML; what is too much for people to read through is left out."""
    data: dict[str, Json] = {name: card.data[name] for name in FIRST if name in card.data}
    data |= {name: value for name, value in card.data.items() if name not in data}
    text = yaml_write.text(data)
    while len(text.encode()) > yaml.LIMIT // 2 and data:
        longest = max(data, key=lambda name: len(yaml_write.field(name, data[name], 0)))
        del data[longest]
        text = f"# {longest} is too long to be typed; it stays as it is.\n{yaml_write.text(data)}"
    return text.encode()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        back = f"companion characters restore {slug(path.stem)}"
        raise MissingInput(f"{path} is gone.", f"Bring it back: {back}") from error
    except OSError as error:
        raise Forbidden(f"{path} cannot be read: {error.strerror}.") from error
