"""What of a rendered text came from where: values go in between marks, and come out by name.

The marks are private characters that no cleaned text holds; they leave with the names.
"""

from __future__ import annotations

import re

Parts = tuple[tuple[str, str], ...]
"""(name, text) in order; the texts joined are the whole."""

_OPEN, _NAMED, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARKED = re.compile(f"{_OPEN}([^{_NAMED}]*){_NAMED}(.*?){_CLOSE}", re.DOTALL)
_MARKS = str.maketrans("", "", _OPEN + _NAMED + _CLOSE)


def mark(name: str, text: str) -> str:
    """A value on its way into a template; nothing stays nothing."""
    text = text.translate(_MARKS)
    return f"{_OPEN}{name}{_NAMED}{text}{_CLOSE}" if text else ""


def parts(rendered: str, own: str = "") -> Parts:
    """The parts of a rendered text.

    What the template itself says on the line of a value belongs to that value; other lines of
    it belong to the value before, or are a part called `own`, where that is given.
    """
    found: list[tuple[str, str]] = []
    label, done = "", 0
    for match in _MARKED.finditer(rendered):
        label += _between(rendered[done : match.start()], own, found)
        found.append((match[1], label + match[2]))
        label, done = "", match.end()
    rest = rendered[done:]
    if rest and found:
        found[-1] = (found[-1][0], found[-1][1] + rest)
    return tuple(found) if found else ((own, rest),)


def _between(text: str, own: str, found: list[tuple[str, str]]) -> str:
    """Give whole lines to where they belong; returns what stands on the next value's line."""
    lines, newline, label = text.rpartition("\n")
    lines += newline
    if own and lines.strip():
        found.append((own, lines))
    elif found:
        found[-1] = (found[-1][0], found[-1][1] + lines)
    else:
        return text
    return label


def whole(some: Parts) -> str:
    """The text that the parts are."""
    return "".join(text for _, text in some)


def stripped(some: Parts) -> Parts:
    """The parts without white space around the whole."""
    left = [*some]
    while left and not left[0][1].strip():
        left.pop(0)
    while left and not left[-1][1].strip():
        left.pop()
    if left:
        left[0] = (left[0][0], left[0][1].lstrip())
        left[-1] = (left[-1][0], left[-1][1].rstrip())
    return tuple(left)
