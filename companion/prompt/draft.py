"""What is to be in a prompt, and ever less of it.

Dropped when the context is full, in this order:
  1. the oldest turns of the history, until half of its room is free again
  2. example dialogues, the last first
  3. entries of the lorebook that the words called for, the first first
  4. recalled notes, the least fitting first
  5. the scenario, the entries that always stand, notes of the card, its last instructions
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from companion.prompt import wording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from companion.values import Exchange, Note, Persona, Placed


@dataclass(frozen=True, slots=True)
class Now:
    """What changes with each turn.

    Attributes:
        words: The words just heard.
        notes: What they recall, the best last.
        time: The time.
        lore: What the lorebook tells; what is constant in it must be the same in each turn.
        dropped: Names of what there was no room for before.
        hint: What to mind in this turn: for a reply that is asked for again.
    """

    words: str
    notes: tuple[Note, ...]
    time: datetime
    lore: tuple[Placed, ...] = ()
    dropped: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be in the prompt, and what was left out of it so far."""

    persona: Persona
    turns: tuple[Exchange, ...]
    now: Now
    lore: tuple[Placed, ...] = ()  # stands with the card
    aside: wording.Aside = field(default_factory=wording.Aside)
    dropped: tuple[str, ...] = ()

    def without(self, *names: str, **parts: object) -> Draft:
        """The same with other parts, and what is missing for it named."""
        return replace(self, dropped=(*self.dropped, *names), **parts)  # type: ignore[arg-type]


def reductions(draft: Draft) -> Iterator[Draft]:
    """Ever smaller drafts, in the order in which things are dropped."""
    yield draft
    for less in (_turns, _examples, _called_for, _notes, _scenario, _rest):
        for smaller in less(draft):
            draft = smaller
            yield draft


def _turns(draft: Draft) -> Iterator[Draft]:
    """Half of the turns at a time: what is behind a dropped turn is read anew by the model."""
    while draft.turns:
        half = (len(draft.turns) + 1) // 2
        draft = draft.without(f"{half} turns", turns=draft.turns[half:])
        yield draft


def _examples(draft: Draft) -> Iterator[Draft]:
    while shown := draft.persona.examples:
        persona = replace(draft.persona, examples=shown[:-1])
        draft = draft.without(f"example {len(shown)}", persona=persona)
        yield draft
    if draft.aside.examples:
        yield draft.without("example of the turn", aside=replace(draft.aside, examples=()))


def _called_for(draft: Draft) -> Iterator[Draft]:
    while lore := draft.aside.lore:
        half = (len(lore) + 1) // 2
        aside = replace(draft.aside, lore=lore[half:])
        draft = draft.without(*_named(lore[:half]), aside=aside)
        yield draft


def _notes(draft: Draft) -> Iterator[Draft]:
    while notes := draft.now.notes:
        draft = draft.without(f"note {notes[0].id}", now=replace(draft.now, notes=notes[1:]))
        yield draft


def _scenario(draft: Draft) -> Iterator[Draft]:
    if draft.persona.scenario:
        yield draft.without("scenario", persona=replace(draft.persona, scenario=""))


def _rest(draft: Draft) -> Iterator[Draft]:
    while lore := draft.lore:
        half = (len(lore) + 1) // 2
        draft = draft.without(*_named(lore[:half]), lore=lore[half:])
        yield draft
    if draft.aside.notes:
        draft = draft.without("depth notes", aside=replace(draft.aside, notes=()))
        yield draft
    if draft.aside.post_history:
        yield draft.without("post history", aside=wording.Aside())


def _named(lore: tuple[Placed, ...]) -> tuple[str, ...]:
    return tuple(f"lore {entry.uid}".strip() for entry in lore)
