"""A lorebook beside a running conversation: it remembers what its entries did, turn by turn.

Knows the conversation as exchanges, and no engine, file or clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from companion.lore.scene import Message
from companion.values import Lore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.lore.engine import Lorebook
    from companion.lore.timed import Timed
    from companion.values import Exchange, Persona, Placed

MOST_NAMED = 20
"""Entries that are named of those for which there was no room; of further ones, how many."""


class World:
    """What a character's world has to say, turn by turn.

    Args:
        lorebook: The lorebook, made for this conversation.
        before: The world this one takes the place of, because its card was edited.
    """

    def __init__(self, lorebook: Lorebook, before: World | None = None) -> None:
        self.lorebook = lorebook
        self.seed = lorebook.seed
        self.state: Timed = before.state if before else {}

    def tell(self, persona: Persona, history: Sequence[Exchange], words: str) -> Lore:
        """What is told in the turn of these words."""
        told = self.lorebook.told(messages(persona, history, words), len(history) + 1, self.state)
        self.state = told.state
        return Lore(told.entries, _named(told.left_out), told.notices)

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


def _named(left_out: tuple[str, ...]) -> tuple[str, ...]:
    named = tuple(f"lore {name}" for name in left_out[:MOST_NAMED])
    more = len(left_out) - len(named)
    return (*named, f"lore: {more} more") if more else named
