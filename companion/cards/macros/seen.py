"""Which macros a text uses, for those who look at a card before anybody talks with it."""

from __future__ import annotations

from dataclasses import dataclass

from companion.cards.macros.known import CLOCK, KNOWN
from companion.cards.macros.parser import Macro, parse

_BLOCKS = {"if", "else", "/if"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One macro of a text.

    Attributes:
        name: Its name, in lower case; "" where none can be made out.
        written: The macro as it is written.
        start: Where it begins.
        known: Whether we know what it stands for.
        changes: Whether it stands for something else each time.
    """

    name: str
    written: str
    start: int
    known: bool
    changes: bool


def seen(text: str) -> tuple[Seen, ...]:
    """The macros of a text in the order they begin, those inside others too."""
    found = []
    waiting = [part for part in parse(text) if isinstance(part, Macro)]
    while waiting:
        macro = waiting.pop()
        waiting += [part for part in macro.parts if isinstance(part, Macro)]
        name, _ = macro.head()
        known = name in KNOWN or name in _BLOCKS
        written = text[macro.start : macro.end]
        found.append(Seen(name, written, macro.start, known, name in CLOCK))
    return tuple(sorted(found, key=lambda macro: macro.start))
