"""Text to macros: which braces belong together, whatever they say.

Reads any text in one pass, without recursion. Knows no macro.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

_TOKEN = re.compile(
    r"(?P<escaped>\\\{\\\{|\\\}\\\})"
    r"|(?P<opening>\{\{(?!\{))"  # of three braces the last two
    r"|(?P<closing>\}\})"
    r"|<(?P<name>user|bot|char)>",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"\s*(?:(?P<note>//)|(?P<name>/?[A-Za-z_]+)(?:\s*(?P<colon>::?)|\s+|(?=[+-])|$))"
)


@dataclass(frozen=True, slots=True)
class Macro:
    """What stands between two braces and two braces.

    Attributes:
        parts: Text and macros inside, in order.
        start: Where it begins in the text.
        end: Where it ends in the text.
    """

    parts: tuple[Part, ...]
    start: int
    end: int

    def head(self) -> tuple[str, tuple[Part, ...] | None]:
        """(name in lower case, what follows it); None where there is nothing but the name."""
        first = self.parts[0] if self.parts else ""
        match = _HEAD.match(first) if isinstance(first, str) else None
        if match is None or (len(self.parts) > 1 and match.end() == match.end("name")):
            return "", None
        rest = (first[match.end() :], *self.parts[1:])  # type: ignore[index]
        if match["note"]:
            return "//", rest
        bare = not match["colon"] and rest == ("",)
        return match["name"].lower(), None if bare else rest


Part: TypeAlias = str | Macro


@dataclass(slots=True)
class _Open:
    """Braces that are not closed yet."""

    start: int
    parts: list[Part] = field(default_factory=list)


def parse(text: str) -> tuple[Part, ...]:
    """The text as plain parts and macros; braces that nothing closes are plain."""
    stack = [_Open(0)]
    done = 0
    for match in _TOKEN.finditer(text):
        if match["closing"] and len(stack) == 1:
            continue
        if match.start() > done:
            stack[-1].parts.append(text[done : match.start()])
        done = match.end()
        if match["opening"]:
            stack.append(_Open(match.start()))
        elif match["closing"]:
            closed = stack.pop()
            stack[-1].parts.append(Macro(tuple(closed.parts), closed.start, done))
        elif match["name"]:
            stack[-1].parts.append(Macro((match["name"],), match.start(), done))
        else:
            stack[-1].parts.append(match[0].replace("\\", ""))
    stack[-1].parts.append(text[done:])
    parts = stack[0].parts
    for unclosed in stack[1:]:
        parts += ["{{", *unclosed.parts]
    return tuple(parts)


def split(parts: tuple[Part, ...], separator: re.Pattern[str]) -> list[tuple[Part, ...]]:
    """The parts cut where the separator stands in plain text, never inside a macro."""
    pieces: list[list[Part]] = [[]]
    for part in parts:
        if isinstance(part, Macro):
            pieces[-1].append(part)
            continue
        first, *more = separator.split(part)
        pieces[-1].append(first)
        pieces += [[text] for text in more]
    return [tuple(piece) for piece in pieces]


def blocks(parts: tuple[Part, ...]) -> dict[int, tuple[int, int]]:
    """Where each `{{if}}` has its `{{else}}` and its `{{/if}}`; the same place without else."""
    found: dict[int, tuple[int, int]] = {}
    stack: list[tuple[int, int]] = []
    for place, part in enumerate(parts):
        name, rest = part.head() if isinstance(part, Macro) else ("", None)
        if name == "if" and rest is not None:
            stack.append((place, 0))
        elif name == "else" and rest is None and stack and not stack[-1][1]:
            stack[-1] = (stack[-1][0], place)
        elif name == "/if" and stack:
            start, other = stack.pop()
            found[start] = (other or place, place)
    return found
