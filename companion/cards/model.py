"""A character: the card as its file has it, and the same card as the prompt and the voice see it.

Pure: no file, no engine. The tree a card came from is kept whole beside the fields we understand,
so that nothing a stranger put into it is ever lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from companion.cards.fields import Fields, VoiceSettings, parse
from companion.cards.flavour import located
from companion.cards.formats.tree import Repair, Tree
from companion.cards.icon import remote
from companion.cards.persona import LONGEST_NAME, Opening, persona
from companion.cards.repair import mend, whole
from companion.cards.text import clean, one_line, slug

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.cards.formats.tree import Json
    from companion.values import Persona

_START = re.compile(r"<START>", re.IGNORECASE)


_ROLES = {"system", "user", "assistant"}
_ST_ENTRY = {"display_index", "selectiveLogic", "exclude_recursion", "useProbability"}
"""Keys that only SillyTavern writes into the entries of a lorebook."""


@dataclass(frozen=True, slots=True)
class DepthPrompt:
    """A note that goes `depth` messages above the newest one, macros not yet expanded."""

    prompt: str
    depth: int
    role: str


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
        repairs: What was wrong in the file and was understood all the same.
        data: The fields by their V2 names, whatever the file calls them, put right.
    """

    id: str
    name: str
    fields: Fields
    voice: VoiceSettings
    raw: dict[str, Json] = field(repr=False)
    path: Path | None = None
    notes: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()
    data: dict[str, Json] = field(default_factory=dict, repr=False)

    def persona(self, user: str = "", opening: Opening | None = None) -> Persona:
        """The card as the prompt sees it: macros expanded, hidden characters gone.

        Args:
            user: The owner's name, as they said it; never expanded itself.
            opening: All there is to say about the conversation, in place of the name alone.
        """
        return persona(self, opening or Opening(user))

    @property
    def book_raw(self) -> dict[str, Json] | None:
        """The lorebook inside the card, entries as a list; None where there is none."""
        book = self.data.get("character_book")
        return book if isinstance(book, dict) else None

    @property
    def sillytavern(self) -> bool:
        """Whether SillyTavern wrote the file: its keys stand at the root or in the lorebook."""
        if ("chat" in self.raw and "create_date" in self.raw) or "talkativeness" in self.raw:
            return True
        return "fav" in self.extensions or any(_ST_ENTRY & set(e) for e in self._entry_extras())

    @property
    def extensions(self) -> dict[str, Json]:
        """What programs other than ours keep in the card, and ours too."""
        found = self.data.get("extensions")
        return found if isinstance(found, dict) else {}

    @property
    def depth_prompt(self) -> DepthPrompt | None:
        """The note that stands a few messages above the newest, where the card has one."""
        note = self.extensions.get("depth_prompt")
        if not isinstance(note, dict):
            return None
        prompt, role, depth = note.get("prompt"), note.get("role"), whole(note.get("depth"))
        if not isinstance(prompt, str) or not prompt.strip():
            return None
        spoken = role if isinstance(role, str) and role in _ROLES else "system"
        return DepthPrompt(prompt, 4 if depth is None else min(max(depth, 0), 1000), spoken)

    def _entry_extras(self) -> Iterator[dict[str, Json]]:
        entries = (self.book_raw or {}).get("entries")
        for entry in entries if isinstance(entries, list) else ():
            extras = entry.get("extensions") if isinstance(entry, dict) else None
            if isinstance(extras, dict):
                yield extras

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
    found = located(tree.raw, file.name)
    data, repairs = mend(tree.raw, found)
    fields, voice, notes = parse(data, found, file.name)
    name = one_line(fields.name, LONGEST_NAME)
    if not name:
        name = one_line(file.stem, LONGEST_NAME) or "Somebody"
        said = f"The card has an empty name; the file's was taken: {name}."
        repairs = (*repairs, Repair("NAME_EMPTY", found.place("name"), said))
    return Card(
        slug(file.stem),
        name,
        fields,
        voice,
        tree.raw,
        file,
        tree.notes + remote(data) + notes,
        tree.repairs + repairs,
        data,
    )


def _built_in() -> Card:
    raw: dict[str, Json] = {
        "name": "Kit",
        "description": (
            "Kit is a friendly companion who lives in {{user}}'s computer. Kit likes rain, old "
            "radios and good questions. Kit listens first and answers briefly."
        ),
        "personality": "calm, curious, kind",
        "first_mes": "Hello {{user}}. I am Kit. How was your day?",
    }
    return replace(from_tree(Tree(raw), Path("companion.yaml")), path=None)


DEFAULT_CARD = _built_in()
"""Who answers when the characters folder is empty."""
