"""A lorebook beside a running conversation: it remembers what its entries did, turn by turn.

Knows the conversation as exchanges, and no engine, file or clock.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from companion.lore.scene import Message
from companion.values import Lore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.lore.engine import Lorebook
    from companion.lore.timed import Timed
    from companion.values import Exchange, Persona, Placed

FEW = 3
FULL = "The lorebook has more to say to this than there is room for ([lore] share)."
MOST_NAMED = 20
"""Entries that are named of those for which there was no room; of further ones, how many."""


class World:
    """What a character's world has to say, turn by turn.

    Args:
        lorebook: The character's own lorebook, made for this conversation.
        before: The world this one takes the place of, because its card was edited.
        beside: A lorebook of the owner, for which there is the room that is left.
    """

    def __init__(
        self, lorebook: Lorebook, before: World | None = None, beside: Lorebook | None = None
    ) -> None:
        self.lorebook = lorebook
        self.beside = beside
        self.seed = lorebook.seed
        self.state: Timed = before.state if before else {}
        self.state_beside: Timed = before.state_beside if before else {}
        self.full: bool = before.full if before else False

    def tell(self, persona: Persona, history: Sequence[Exchange], words: str) -> Lore:
        """What is told in the turn of these words."""
        said, turn = messages(persona, history, words), len(history) + 1
        told = self.lorebook.told(said, turn, self.state)
        self.state = told.state
        if self.beside is None:
            return self._lore(told.entries, told.left_out, told.notices)
        other = self.beside.told(said, turn, self.state_beside, spent=told.tokens)
        self.state_beside = other.state
        # How much room is left differs from turn to turn, so nothing of it can stand in front.
        foreign = (replace(e, uid=f"world {e.uid}", constant=False) for e in other.entries)
        return self._lore(
            tuple(sorted((*told.entries, *foreign), key=lambda entry: entry.order)),
            told.left_out + other.left_out,
            told.notices + other.notices,
        )

    def peek(self, persona: Persona, history: Sequence[Exchange], words: str) -> Lore:
        """What `tell` would tell; afterwards nothing of it was told."""
        before = self.state, self.state_beside, self.full
        beside = self.beside.as_it_was() if self.beside else contextlib.nullcontext()
        try:
            with self.lorebook.as_it_was(), beside:
                return self.tell(persona, history, words)
        finally:
            self.state, self.state_beside, self.full = before

    def _lore(
        self, entries: tuple[Placed, ...], left_out: tuple[str, ...], notices: tuple[str, ...]
    ) -> Lore:
        """What is told; the first time in a conversation that there is no room, that is said."""
        if left_out and not self.full:
            self.full = True
            notices = (*notices, f"{FULL} Left out: {_some(left_out)}.")
        return Lore(entries, _named(left_out), notices)

    def constants(self) -> tuple[Placed, ...]:
        """What is told in every turn, word for word."""
        return self.lorebook.constants()


def messages(persona: Persona, history: Sequence[Exchange], words: str) -> tuple[Message, ...]:
    """A conversation as a lorebook reads it, the greeting first."""
    said = [("assistant", persona.name, persona.greeting)]
    for one in history:
        said += [("user", persona.user, one.user), ("assistant", persona.name, one.reply)]
    said.append(("user", persona.user, words))
    return tuple(Message(*one) for one in said if one[2].strip())


def _some(names: tuple[str, ...]) -> str:
    """The first few of these names, and how many more."""
    shown = ", ".join(name[:40] for name in names[:FEW])
    return f"{shown} and {len(names) - FEW} more" if len(names) > FEW else shown


def _named(left_out: tuple[str, ...]) -> tuple[str, ...]:
    named = tuple(f"lore {name}" for name in left_out[:MOST_NAMED])
    more = len(left_out) - len(named)
    return (*named, f"lore: {more} more") if more else named
