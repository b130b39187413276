"""`{{char}}` and its relatives, expanded in one pass and never looked at again.

What a macro puts in is not searched for macros: an owner called `{{char}}` stays that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MACRO = re.compile(r"\{\{([^{}]*)\}\}|<(user|bot|char)>", re.IGNORECASE)
_NAME = re.compile(r"([A-Za-z_]+)(?:\s*(::|:|\s)(.*))?", re.DOTALL)
_SILENT = {"noop", "trim", "original", "//", "comment", "hidden_key", "banned"}
_ESCAPED_COMMA = re.compile(r"(?<!\\),")


def expand(text: str, char: str, user: str, *, aloud: bool = False) -> str:
    """Expand the macros of a card's text.

    `{{char}}` and `{{user}}` (and `<BOT>`, `<CHAR>`, `<USER>`) are names. `{{random:a,b}}` and
    `{{pick::a::b}}` are their first choice, so that a prompt is the same each time. Comments and
    `{{original}}` are nothing: our own instructions always stand before the card's. What is not
    known stays as it is written, unless the text is to be said aloud.
    """

    def put(match: re.Match[str]) -> str:
        if match[2]:
            return user if match[2].lower() == "user" else char
        value = _value(match[1].strip(), char, user)
        if value is None:
            return "" if aloud else match[0]
        return value

    return _MACRO.sub(put, text)


def _value(body: str, char: str, user: str) -> str | None:
    """What a macro stands for; None if it is not known."""
    word, separator, rest = _split(body)
    names: dict[str, str] = {"char": char, "user": user, "newline": "\n", "space": " "}
    if not separator and word in names:
        return names[word]
    if word in _SILENT:
        return ""
    choose: dict[str, Callable[[str], str]] = {"random": _first, "pick": _first}
    return choose[word](rest) if separator and word in choose else None


def _split(body: str) -> tuple[str, str, str]:
    """(name in lower case, separator, argument) of `name::a`, `name:a`, `name a` or `// a`."""
    if body.startswith("//"):
        return "//", ":", body[2:]
    found = _NAME.fullmatch(body)
    if found is None:
        return "", "", ""
    return found[1].lower(), found[2] or "", found[3] or ""


def _first(choices: str) -> str:
    head, separator, _ = choices.partition("::")
    if not separator:
        head = _ESCAPED_COMMA.split(choices, maxsplit=1)[0]
    return head.replace("\\,", ",").strip()
