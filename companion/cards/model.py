"""A character: the card as its file has it, and the same card as the prompt and the voice see it.

Pure: no file, no engine. The tree a card came from is kept whole beside the fields we understand,
so that nothing a stranger put into it is ever lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from companion.cards import macros
from companion.cards.fields import Fields, VoiceSettings, parse
from companion.cards.text import clean, one_line, slug
from companion.values import Persona

if TYPE_CHECKING:
    from pathlib import Path

    from companion.cards.formats.tree import Json, Tree

SOMEBODY = "friend"
"""What the owner is called who has not said a name."""

LONGEST_NAME = 80
_START = re.compile(r"<START>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Card:
    """One character.

    Attributes:
        id: Slug of the file's stem: stable, however the character is renamed.
        name: What the character is called; one line.
        fields: The texts of the card as they are written, macros and all.
        voice: How the character sounds.
        raw: The tree of the file, whole and unchanged.
        path: Where it came from; None for the built-in one.
        notes: What had to be decided while reading, for people.
    """

    id: str
    name: str
    fields: Fields
    voice: VoiceSettings
    raw: dict[str, Json] = field(repr=False)
    path: Path | None = None
    notes: tuple[str, ...] = ()

    def persona(self, user: str = "") -> Persona:
        """The card as the prompt sees it: macros expanded, hidden characters gone.

        Creator notes, tags and whatever else is meant for people only is not in it.

        Args:
            user: The owner's name, as they said it; never expanded itself.
        """
        owner = one_line(user, LONGEST_NAME) or SOMEBODY

        def text(value: str, *, aloud: bool = False) -> str:
            return clean(macros.expand(value, self.called, owner, aloud=aloud))

        return Persona(
            name=self.called,
            user=owner,
            description=text(self.fields.description),
            personality=text(self.fields.personality),
            scenario=text(self.fields.scenario),
            system=text(self.fields.system_prompt),
            examples=tuple(text(example) for example in self.examples()),
            greeting=text(self.fields.first_mes, aloud=True),
            post_history=text(self.fields.post_history_instructions),
        )

    @property
    def called(self) -> str:
        """The name the character goes by: its nickname, where the card has one."""
        return one_line(self.fields.nickname, LONGEST_NAME) or self.name

    def examples(self) -> tuple[str, ...]:
        """The example dialogues, split where `<START>` stands, macros not yet expanded."""
        blocks = (clean(block) for block in _START.split(self.fields.mes_example))
        return tuple(block for block in blocks if block)


def from_tree(tree: Tree, file: Path) -> Card:
    """Make a card of what a reader found in `file`.

    Raises:
        CardError: A field is missing or of the wrong kind; names it.
    """
    fields, voice, notes = parse(tree.raw, file.name)
    name = one_line(fields.name, LONGEST_NAME)
    if not name:
        name = one_line(file.stem, LONGEST_NAME) or "Somebody"
        notes = (*notes, f"The card has an empty name; the file's was taken: {name}.")
    return Card(slug(file.stem), name, fields, voice, tree.raw, file, tree.notes + notes)


DEFAULT_CARD = Card(
    id="companion",
    name="Kit",
    fields=Fields(
        name="Kit",
        description=(
            "Kit is a friendly companion who lives in {{user}}'s computer. Kit likes rain, old "
            "radios and good questions. Kit listens first and answers briefly."
        ),
        personality="calm, curious, kind",
        first_mes="Hello {{user}}. I am Kit. How was your day?",
    ),
    voice=VoiceSettings(),
    raw={},
)
"""Who answers when the characters folder is empty."""
