"""A card as the prompt sees it: macros expanded once, hidden characters gone.

Creator notes, tags and whatever else is meant for people only is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from companion.cards import macros
from companion.cards.text import clean, one_line
from companion.errors import MissingInput
from companion.values import Persona, Placed

if TYPE_CHECKING:
    from datetime import datetime

    from companion.cards.model import Card

SOMEBODY = "friend"
"""What the owner is called who has not said a name."""

LONGEST_NAME = 80
_HERE = "\ue000"
"""Stands where `{{original}}` was; no cleaned text holds it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a conversation opens with, besides the card.

    Attributes:
        user: The owner's name, as they said it; never expanded itself.
        seed: What chances are drawn from; "" always takes the first choice.
        now: The time; None leaves the macros of time as they are written.
        greeting: Which greeting: 0 for the first, then the alternate ones.
    """

    user: str = ""
    seed: str = ""
    now: datetime | None = None
    greeting: int = 0


def scope(card: Card, opening: Opening) -> macros.Scope:
    """What macros stand for in the texts of a card and its lorebook."""
    fields = card.fields
    texts = {
        "description": fields.description,
        "personality": fields.personality,
        "scenario": fields.scenario,
        "charversion": fields.character_version,
        "mesexamplesraw": fields.mes_example,
        "charfirstmessage": fields.first_mes,
    }
    others = enumerate(fields.alternate_greetings, 1)
    return macros.Scope(
        char=card.called,
        user=one_line(opening.user, LONGEST_NAME) or SOMEBODY,
        fields=texts | {f"charfirstmessage{n}": text for n, text in others},
        seed=opening.seed,
        now=opening.now,
    )


def persona(card: Card, opening: Opening) -> Persona:
    """The texts of a card for one conversation.

    Raises:
        MissingInput: The card has no such greeting.
    """
    words = scope(card, opening)

    def text(value: str) -> str:
        return clean(macros.fill(value, words))

    fields = card.fields
    instructions = macros.fill(fields.system_prompt, replace(words, original=_HERE))
    before, original, after = instructions.partition(_HERE)
    return Persona(
        name=words.char,
        user=words.user,
        description=text(fields.description),
        personality=text(fields.personality),
        scenario=text(fields.scenario),
        lead=clean(before) if original else "",
        system=clean(after if original else before),
        examples=tuple(text(example) for example in card.examples()),
        greeting=clean(macros.fill(_greeting(card, opening.greeting), replace(words, aloud=True))),
        post_history=text(fields.post_history_instructions),
        aside=_aside(card, words),
    )


def _greeting(card: Card, number: int) -> str:
    greetings = (card.fields.first_mes, *card.fields.alternate_greetings)
    if not 0 <= number < len(greetings):
        raise MissingInput(
            f"{card.id} has no greeting {number}.", f"It has {len(greetings)}, counted from 0."
        )
    return greetings[number]


def _aside(card: Card, words: macros.Scope) -> tuple[Placed, ...]:
    """The note of the card that stands a few messages above the newest."""
    note = card.depth_prompt
    said = clean(macros.fill(note.prompt, words)) if note else ""
    if note is None or not said:
        return ()
    return (Placed(said, "at_depth", note.depth, note.role, name="depth note"),)
