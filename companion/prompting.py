"""The prompts of these settings: who builds them, and what a conversation opens with.

A part of `compose`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from companion.cards.persona import Opening
from companion.prompt import Assembler, Room

if TYPE_CHECKING:
    from datetime import datetime

    from companion.config import Settings
    from companion.prompt.assemble import Chat


class Reader(Protocol):
    """A model, or only its vocabulary."""

    @property
    def chat(self) -> Chat:
        """How it is talked to."""

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Token ids of `text`."""


def assembler(settings: Settings, reader: Reader) -> Assembler:
    """The prompt builder for a model."""
    wording = settings.prompt
    return Assembler(
        reader,
        reader.chat,
        Room(settings.llm.context, settings.llm.reply, settings.memory.tokens),
        exact=wording.lore == "exact",
        versions={"system": wording.system, "volatile": wording.volatile},
    )


def opening(owner: str, opened: datetime) -> Opening:
    """What the macros of a card stand for in a conversation that opens now."""
    return Opening(owner, seed=opened.isoformat(), now=opened)
