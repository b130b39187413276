"""From a card to its lorebook at work in a conversation. A part of `compose`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from companion.cards import formats, macros
from companion.cards.formats.tree import too_large
from companion.cards.persona import Opening, scope
from companion.cards.text import clean
from companion.errors import CardError, MissingInput
from companion.lore import Lorebook, Setting, World, parse_book

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from companion.cards import Card
    from companion.config import Settings
    from companion.lore import Book
    from companion.turn import Companion


def world(settings: Settings, card: Card, owner: str, companion: Companion) -> World | None:
    """The world of a card for one conversation; None where it has no lorebook.

    Where the companion has one already, its card was edited: what was told stays told.

    Args:
        settings: The settings of the workspace.
        card: The card.
        owner: Who talks.
        companion: Who counts tokens and knows the time.
    """
    before = companion.world if isinstance(companion.world, World) else None
    now = companion.opened or companion.now()
    opening = Opening(owner, before.seed if before else now.isoformat(), now)
    return opened(settings, card, opening, companion.prompt.count, before)


def opened(
    settings: Settings,
    card: Card,
    opening: Opening,
    count: Callable[[str], int],
    before: World | None = None,
) -> World | None:
    """The world of a card, with the owner's beside it; None where there is neither.

    Args:
        settings: The settings of the workspace.
        card: The card.
        opening: What the conversation opens with: chance depends on its seed.
        count: Tokens of a text.
        before: The world it takes the place of.

    Raises:
        MissingInput: The owner's lorebook is not there.
        CardError: It cannot be read.
    """
    book, _ = parse_book(card.book_raw, sillytavern=card.sillytavern)
    own = lorebook(settings, card, book, opening, count)
    if settings.lore.world:
        owners = read_book(settings.path(settings.lore.world))
        other = replace(opening, seed=f"{opening.seed} world")
        return World(own, before, lorebook(settings, card, owners, other, count))
    return World(own, before) if book.entries else None


def read_book(path: Path) -> Book:
    """A lorebook that stands alone in a file.

    Raises:
        MissingInput: There is no such file.
        CardError: It cannot be read, or holds no lorebook.
    """
    try:
        with path.open("rb") as file:
            data = file.read(formats.LARGEST + 1)
    except FileNotFoundError as error:
        raise MissingInput(f"There is no lorebook at {path}.", "Check [lore] world.") from error
    except OSError as error:
        raise CardError(f"{path.name}: cannot be read ({error.strerror}).") from error
    if len(data) > formats.LARGEST:
        raise too_large(path.name, len(data), formats.LARGEST)
    book, _ = parse_book(formats.read(data, path.name).raw)
    if not book.entries:
        raise CardError(f"{path.name}: this is no lorebook: it has no entries.")
    return book


def lorebook(
    settings: Settings, card: Card, book: Book, opening: Opening, count: Callable[[str], int]
) -> Lorebook:
    """A lorebook, with what it needs to know of a character.

    Args:
        settings: The settings of the workspace.
        card: The character; the book may be another one than its own.
        book: The book.
        opening: What the conversation opens with: chance depends on its seed.
        count: Tokens of a text.
    """
    words = scope(card, opening)
    setting = Setting(
        tokens=int(settings.llm.context * settings.lore.share),
        scan_depth=settings.lore.messages,
        expand=lambda text, turn: clean(macros.fill(text, replace(words, turn=turn))),
        clock=time.monotonic,
        greeting=opening.greeting,
        character=(card.name, card.called, card.id),
        tags=card.fields.tags,
        fields=_fields(card),
        variables=words.variables,
    )
    return Lorebook(book, count, opening.seed, setting)


def _fields(card: Card) -> dict[str, str]:
    """What SillyTavern's entries can look for their keys in, besides what was said."""
    fields, note = card.fields, card.depth_prompt
    return {
        "character_description": fields.description,
        "character_personality": fields.personality,
        "character_depth_prompt": note.prompt if note else "",
        "scenario": fields.scenario,
        "creator_notes": fields.creator_notes,
    }
