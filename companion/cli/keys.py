"""Which keys a conversation has, and how they are explained to the person who presses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from companion.key.codes import Key
    from companion.key.held import Held

TALK = {" ": "space", "\r": "enter", "\n": "enter"}
"""Keys of the terminal that begin and end a recording, while nothing is being typed."""


@dataclass(frozen=True, slots=True)
class KeyWords:
    """What the screen says about the keys.

    Attributes:
        idle: How to begin.
        listening: How to end.
        help: The same at length.
    """

    idle: str
    listening: str
    help: str


HOLD = KeyWords(
    "Hold Space and speak · type to write · /help",
    "● listening … let go when you are done",
    "Hold Space or Enter while you speak, and let go when you are done.",
)
PRESS_TWICE = KeyWords(
    "Press Space, speak, press it again · type to write · /help",
    "● listening … press Space when you are done",
    "Space or Enter begins a recording, and ends it when you press it again: this terminal\n"
    "does not tell when a key is released, or [key] mode in config.toml asks for it.",
)


def talk_key(key: Key, held: Held, *, hold: bool) -> None:
    """Let a talk key of the terminal begin or end a recording."""
    name = TALK.get(key.text, "")
    if not hold:
        held.tap()
    elif key.phase == "press":
        held.press(name)
    elif key.phase == "release":
        held.release(name)
