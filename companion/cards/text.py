"""Card text on its way to a prompt: what hides in it goes, what people wrote stays.

Cards are data from strangers. Characters that people cannot see but a model still reads, or that
steer a terminal, do not leave this module. The raw tree of a card is never touched.
"""

from __future__ import annotations

import re
import unicodedata

_KEPT = {"\n", "\t", "\u200c", "\u200d"}
"""The joiners: Persian and emoji are spelled with them."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SPELLING = range(0xE0100, 0xE01F0)
"""Variation selectors: invisible, and enough of them to spell whole messages."""

_BLANK = re.compile(r"[^\S\n]+\n")
_GAPS = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """Text without NUL, control, format and private characters; lone surrogates are shown as �."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = "".join(filter(_visible, _SURROGATE.sub("\ufffd", text)))
    return _GAPS.sub("\n\n", _BLANK.sub("\n", kept)).strip()


def one_line(text: str, longest: int) -> str:
    """Cleaned text as a single line of at most `longest` characters."""
    return " ".join(clean(text).split())[:longest].strip()


def slug(stem: str) -> str:
    """The id of a card from the stem of its file's name: stable, and safe in any path."""
    plain = unicodedata.normalize("NFKC", clean(stem)).casefold()
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    return "-".join(words)[:64].strip("-") or "card"


def _visible(c: str) -> bool:
    if c in _KEPT:
        return True
    return unicodedata.category(c) not in {"Cc", "Cf", "Co"} and ord(c) not in _SPELLING
