"""The clean words a memory is made of: what can be stored, written as XML and read back."""

from __future__ import annotations

import unicodedata

_NONCHARACTERS = range(0xFDD0, 0xFDF0)
_LAST_TWO = 0xFFFE  # the last two of every plane are none either


def clean(text: str) -> str:
    """Make any text one that can be stored, written as XML and read back unchanged.

    Control characters other than tab and newline, surrogates and noncharacters go, line ends
    become newlines, white space around goes, and the rest is put in composed form (NFC).
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    ends = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in ends if c in "\t\n" or not _forbidden(c))
    return unicodedata.normalize("NFC", kept).strip()


def _forbidden(character: str) -> bool:
    code = ord(character)
    return (
        unicodedata.category(character) in ("Cc", "Cs")
        or code in _NONCHARACTERS
        or code & _LAST_TWO == _LAST_TWO
    )


def shortened(text: str, most: int, ending: str = "") -> str:
    """At most `most` characters of a text, cut at a word where there is one; never empty."""
    if len(text) <= most:
        return text
    head = text[: most - len(ending)]
    return (head.rpartition(" ")[0].rstrip() or head.rstrip()) + ending


def pieces(text: str, most: int) -> list[str]:
    """All of a text in pieces of at most `most` characters, cut at a word where there is one."""
    found = []
    while len(text) > most:
        found.append(shortened(text, most))
        text = text[len(found[-1]) :].lstrip()
    return [*found, text] if text else found
