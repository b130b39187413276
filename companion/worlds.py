"""From a card to its lorebook at work in a conversation. A part of `compose`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from companion.cards import macros
from companion.cards.persona import Opening, scope
from companion.cards.text import clean
from companion.lore import Lorebook, Setting, World, parse_book

if TYPE_CHECKING:
    from collections.abc import Callable

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
    book, _ = parse_book(card.book_raw, sillytavern=card.sillytavern)
    if not book.entries:
        return None
    opening = Opening(owner, before.seed if before else now.isoformat(), now)
    return World(lorebook(settings, card, book, opening, companion.prompt.count), before)


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
    )
    return Lorebook(book, count, opening.seed, setting)
