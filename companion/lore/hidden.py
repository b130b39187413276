"""Hidden keys in an entry's words: other entries hear them, and nobody is told them.

The words are expanded once, with marks around what is hidden, so that macros which count do so
once in a turn. Knows no macro but this one.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"(?P<hidden>\{\{\s*hidden_key(?:\s*::?|\s+))|(?P<opening>\{\{(?!\{))|(?P<closing>\}\})",
    re.IGNORECASE,
)
_OPEN, _SHUT = "\u27e6\u2756", "\u2756\u27e7"  # what cleaning leaves in and no card has
_MARKED = re.compile(rf"{_OPEN}.*?(?:{_SHUT}|\Z)|{_SHUT}", re.DOTALL)
_GAPS = re.compile(r"\n{3,}")
_REMARK = re.compile(r"\{\{\s*(?://|comment\s*:)[^{}]*\}\}", re.IGNORECASE)


def marked(content: str) -> str:
    """The words with marks in the places of the braces of hidden keys; the same without any.

    A hidden key inside another macro has none: that macro might cut them apart, or turn them
    around. It is left to what expands macros, which tells nothing of it.
    """
    if "hidden_key" not in content.lower():
        return content
    out: list[str] = []
    stack: list[tuple[int, bool]] = []  # where in `out` braces were opened, and for a hidden key
    closed: list[tuple[int, int, bool]] = []  # what has both braces and stands in nothing that has
    done = 0
    for match in _TOKEN.finditer(content):
        out += content[done : match.start()], match[0]
        done = match.end()
        if not match["closing"]:
            stack.append((len(out) - 1, bool(match["hidden"])))
        elif stack:
            at, hides = stack.pop()
            while closed and closed[-1][0] > at:
                closed.pop()
            closed.append((at, len(out) - 1, hides))
    for at, end, hides in closed:
        if hides:
            out[at], out[end] = _OPEN, _SHUT
    return "".join([*out, content[done:]])


def told(words: str) -> str:
    """What is told of marked words."""
    if _OPEN not in words and _SHUT not in words:
        return words.strip()
    return _GAPS.sub("\n\n", _MARKED.sub("", words)).strip()


def heard(words: str) -> str:
    """What other entries hear of marked words; no remark that nobody took out."""
    shown = words.replace(_OPEN, " ").replace(_SHUT, " ")
    return _REMARK.sub("", shown)
