"""Takes one element of a memory apart in the order of the schema; what is left over is refused."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from companion.errors import BadData
from companion.memory.record.fields import NAMESPACE
from companion.memory.record.tree import canonical, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.memory.record.tree import Element

TRUE = ("true", "1")
FALSE = ("false", "0")
_DIGITS = re.compile(r"[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,32}\.?[0-9]{0,32}|\.[0-9]{1,32})")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class Reader:
    """One element.

    Args:
        one: The element.
        name: What it should be.
        words: Whether it holds words; otherwise it holds elements.
    """

    def __init__(self, one: Element, name: str, *, words: bool = False) -> None:
        if (one.space, one.name) != (NAMESPACE, name):
            refuse(one.line, f"<{one.name}> where <{name}> of {NAMESPACE} should be")
        if not words and one.text.strip(" \t\r\n"):
            refuse(one.line, f"<{name}> holds stray words")
        if words and one.children:
            refuse(one.line, f"<{name}> holds more than words")
        self.line = one.line
        self.name = name
        self.text = one.text
        self.attributes = dict(one.attributes)
        self._children = one.children[::-1]

    def attribute(self, name: str) -> str:
        """The value of an attribute that has to be there."""
        if name not in self.attributes:
            refuse(self.line, f"<{self.name}> has no {name}")
        return self.attributes.pop(name)

    def maybe(self, name: str) -> str:
        """The value of an attribute; "" when it is not there."""
        if self.attributes.get(name) == "":
            refuse(self.line, f"{name} of <{self.name}> is empty")
        return self.attributes.pop(name, "")

    def count(self, name: str) -> int:
        """A whole number."""
        value = self.attribute(name)
        if not _DIGITS.fullmatch(value):
            refuse(self.line, f"{name} of <{self.name}> is not a number")
        return int(value)

    def unit(self, name: str, default: str = "") -> float:
        """A number with decimals; `default` makes it one that may be missing."""
        value = self.attributes.pop(name, default) if default else self.attribute(name)
        if not _DECIMAL.fullmatch(value):
            refuse(self.line, f"{name} of <{self.name}> is not a number")
        return float(value)

    def moment(self, name: str) -> datetime:
        """A moment with its zone."""
        value = self.attribute(name)
        try:
            if _MOMENT.fullmatch(value):
                return datetime.fromisoformat(value)
        except ValueError as error:
            raise BadData(f"Memory XML, line {self.line}: {error}.") from error
        return refuse(self.line, f"{name} of <{self.name}> is not a moment like 2026-03-02T18:04Z")

    def maybe_moment(self, name: str) -> datetime | None:
        """A moment that may be missing."""
        return self.moment(name) if name in self.attributes else None

    def flag(self, name: str) -> bool:
        """Yes or no."""
        value = self.attribute(name)
        if value not in TRUE + FALSE:
            refuse(self.line, f"{name} of <{self.name}> is neither true nor false")
        return value in TRUE

    def part(self, name: str, *, words: bool = False) -> Reader:
        """The next child, which has to have this name."""
        found = self.maybe_part(name, words=words)
        return found or refuse(self.line, f"<{self.name}> has no <{name}> where it should be")

    def maybe_part(self, name: str, *, words: bool = False) -> Reader | None:
        """The next child if it has this name."""
        one = self._children[-1] if self._children else None
        if one is None or (one.space, one.name) != (NAMESPACE, name):
            return None
        return Reader(self._children.pop(), name, words=words)

    def parts(self, name: str, *, words: bool = False) -> Iterator[Reader]:
        """The next children as long as they have this name."""
        while (one := self.maybe_part(name, words=words)) is not None:
            yield one

    def foreign(self) -> tuple[str, ...]:
        """The children that are left, if all are of other namespaces."""
        found = []
        while self._children and self._children[-1].space not in ("", NAMESPACE):
            found.append(canonical(self._children.pop(), ""))
        return tuple(found)

    def end(self) -> None:
        """Refuse what nobody asked for."""
        if self._children:
            child = self._children[-1]
            refuse(child.line, f"<{child.name}> is not known here")
        if self.attributes:
            refuse(self.line, f"<{self.name}> has an unknown {min(self.attributes)}")
