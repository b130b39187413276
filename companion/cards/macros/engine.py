"""Macros to text: what is inside first, from left to right, within bounds.

What a macro puts in is not searched for macros: an owner called `{{char}}` stays that. However a
text is made, expanding it takes at most `STEPS` macros, `DEEPEST` levels and `LONGEST` characters
put in; what is beyond is left out, or stays as it is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.cards.macros.known import KNOWN, Scope
from companion.cards.macros.parser import Macro, blocks, parse, split

if TYPE_CHECKING:
    from companion.cards.macros.parser import Part

DEEPEST = 20
LONGEST = 65_536
STEPS = 10_000

_COLONS = re.compile("::")
_COMMA = re.compile(r"(?<!\\),")
_FALSE = {"", "0", "false", "off", "no"}


def expand(text: str, char: str, user: str, *, aloud: bool = False) -> str:
    """Expand the macros of a text that needs no more than the two names."""
    return fill(text, Scope(char, user, aloud=aloud))


def fill(text: str, scope: Scope) -> str:
    """Expand the macros of a card's text.

    What is not known stays as it is written, what is inside it expanded, unless the text is to
    be said aloud.
    """
    if "{{" not in text and "<" not in text and "\\" not in text:
        return text
    return _Text(text, scope, _Left()).whole()


@dataclass(slots=True)
class _Left:
    """What may still be done."""

    steps: int = STEPS
    characters: int = LONGEST
    original: bool = True
    depth: int = 0


@dataclass(frozen=True, slots=True)
class _Text:
    """One text that is being expanded.

    Attributes:
        source: The text.
        scope: What its macros stand for.
        left: What may still be done, shared with the texts this one is put into.
        inside: Names of the fields that this one stands in: none of them is put in again.
    """

    source: str
    scope: Scope
    left: _Left
    inside: frozenset[str] = frozenset()

    def whole(self) -> str:
        return self.text(parse(self.source))

    def text(self, parts: tuple[Part, ...]) -> str:
        return self._between(parts, blocks(parts), 0, len(parts))

    def _between(
        self, parts: tuple[Part, ...], ifs: dict[int, tuple[int, int]], at: int, end: int
    ) -> str:
        """The parts from `at` to `end`."""
        out: list[str] = []
        trimming = False
        while at < end:
            part = parts[at]
            if at in ifs and isinstance(part, Macro):
                other, last = ifs[at]
                true = self._is_true(part)
                first, stop = (at + 1, other) if true else (other + 1, last)
                piece = self._deeper(parts, ifs, first, stop)
                at = last
            elif isinstance(part, Macro) and part.head()[0] == "trim":
                piece, trimming = "", True
                _trim(out)
            else:
                piece = part if isinstance(part, str) else self._macro(part)
            piece = piece.lstrip("\r\n") if trimming else piece
            trimming = trimming and not piece
            out.append(piece)
            at += 1
        return "".join(out)

    def _deeper(
        self, parts: tuple[Part, ...], ifs: dict[int, tuple[int, int]], at: int, end: int
    ) -> str:
        """One branch of a condition; "" where conditions stand too deep in each other."""
        if self.left.depth >= DEEPEST:
            return ""
        self.left.depth += 1
        text = self._between(parts, ifs, at, end)
        self.left.depth -= 1
        return text

    def _is_true(self, condition: Macro) -> bool:
        """Whether a condition holds: some text, or the name of a macro that stands for some."""
        words = self.text(condition.head()[1] or ()).strip()
        inverted = words.startswith("!")
        name = words.removeprefix("!").strip()
        if name.lower() in KNOWN:
            name = self._macro(Macro((name,), condition.start, condition.end))
        return (name.strip().lower() not in _FALSE) != inverted

    def _macro(self, macro: Macro) -> str:
        left = self.left
        if left.depth >= DEEPEST:
            return self._spend(self.source[macro.start : macro.end])
        if left.steps <= 0:
            return ""
        left.steps -= 1
        left.depth += 1
        value = self._value(macro)
        left.depth -= 1
        return self._spend(value)

    def _value(self, macro: Macro) -> str:
        name, rest = macro.head()
        value = KNOWN[name](Call(name, rest, macro, self)) if name in KNOWN else None
        if value is not None:
            return value
        inside = self.text(macro.parts)
        return "" if self.scope.aloud else f"{{{{{inside}}}}}"

    def _spend(self, text: str) -> str:
        self.left.characters -= len(text)
        return text if self.left.characters >= 0 else ""


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a known macro, for the function that knows it.

    Attributes:
        name: Its name, in lower case.
        rest: What follows the name; None for nothing.
        macro: Where it stands.
        home: The text it stands in.
    """

    name: str
    rest: tuple[Part, ...] | None
    macro: Macro
    home: _Text

    @property
    def scope(self) -> Scope:
        """What macros stand for here."""
        return self.home.scope

    @property
    def written(self) -> str:
        """The macro as it is written."""
        return self.home.source[self.macro.start : self.macro.end]

    @property
    def start(self) -> int:
        """Where it stands in its text."""
        return self.macro.start

    def bare(self) -> bool:
        """Whether nothing follows the name."""
        return self.rest is None

    def whole(self) -> str:
        """All that follows the name."""
        return self.home.text(self.rest or ())

    def values(self) -> list[str]:
        """What stands between `::` and `::`, without the white space around it."""
        return [self.home.text(part).strip() for part in split(self.rest or (), _COLONS)]

    def choices(self) -> list[str]:
        """The choices of a list: between `::` where there is one, else between commas."""
        parts = split(self.rest or (), _COLONS)
        if len(parts) == 1:
            parts = [tuple(map(_unescaped, p)) for p in split(self.rest or (), _COMMA)]
        return [self.home.text(part).strip() for part in parts]

    def field(self, name: str) -> str:
        """The text of a field of the card, its macros expanded; "" inside itself."""
        source, inside = self.scope.fields.get(name, ""), self.home.inside
        if name in inside:
            return ""
        return _Text(source, self.scope, self.home.left, inside | {name}).whole()

    def original(self) -> str:
        """What this text replaces, the first time."""
        first, self.home.left.original = self.home.left.original, False
        return self.scope.original if first else ""


def _unescaped(part: Part) -> Part:
    return part.replace("\\,", ",") if isinstance(part, str) else part


def _trim(out: list[str]) -> None:
    """Take the newlines off the end."""
    while out:
        out[-1] = out[-1].rstrip("\r\n")
        if out[-1]:
            return
        out.pop()
