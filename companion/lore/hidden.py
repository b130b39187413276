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
_MARKED = re.compile(rf"{_OPEN}.*?(?:{_SHUT}|\Z)", re.DOTALL)
_GAPS = re.compile(r"\n{3,}")
_REMARK = re.compile(r"\{\{\s*(?://|comment\s*:)[^{}]*\}\}", re.IGNORECASE)


def marked(content: str) -> str:
    """The words with marks in the places of the braces of hidden keys; the same without any."""
    if "hidden_key" not in content.lower():
        return content
    out: list[str] = []
    stack: list[tuple[int, str]] = []  # where in `out` braces were opened, and what closes them
    done = 0
    for match in _TOKEN.finditer(content):
        out.append(content[done : match.start()])
        done = match.end()
        if match["closing"]:
            at, closing = stack.pop() if stack else (-1, "}}")
            if closing == _SHUT:
                out[at] = _OPEN
            out.append(closing)
        else:
            stack.append((len(out), _SHUT if match["hidden"] else "}}"))
            out.append(match[0])
    return "".join([*out, content[done:]])


def told(words: str) -> str:
    """What is told of marked words."""
    if _OPEN not in words:
        return words.strip()
    return _GAPS.sub("\n\n", _MARKED.sub("", words)).strip()


def heard(words: str) -> str:
    """What other entries hear of marked words; no remark that nobody took out."""
    shown = words.replace(_OPEN, " ").replace(_SHUT, " ")
    return _REMARK.sub("", shown)
