"""Spoken commands carried out: what the memory itself answers, without a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from companion.memory.commands import Command, Kind, command
from companion.memory.phrases import phrase
from companion.values import Answer

if TYPE_CHECKING:
    from companion.values import Heard


class Memories(Protocol):
    """What commands are about."""

    private: bool


def obey(memory: Memories, heard: Heard) -> Answer | None:
    """Carry out the command that the words are; None where they are talk."""
    wish = command(heard.text)
    if wish is None:
        return None
    match wish.kind:
        case Kind.PRIVATE | Kind.OPEN:
            return _privacy(memory, wish)
    return None


def _privacy(memory: Memories, wish: Command) -> Answer | None:
    was, memory.private = memory.private, wish.kind is Kind.PRIVATE
    if wish.text:  # "this is private: …" goes on to the character, and leaves no trace
        return None
    name = wish.kind.name.lower()
    return Answer(phrase(wish.lang, f"already {name}" if was == memory.private else name))
