"""Keys of a lorebook, looked for in what was said.

Thousands of plain keys are looked for in one sweep of `in`, and only those that are there are
looked at closely: borders of words, case, patterns. Knows no entry and no conversation.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from companion.lore import patterns
from companion.lore.misheard import Misheard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.lore.patterns import Patience

BREAK = "\n\x01"
"""Stands between messages, so that no key reaches from one into the next."""

_STRAIGHT = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})  # noqa: RUF001
_PLAIN = {**_STRAIGHT, 0x00AD: None}
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul: particles follow a name without a space
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x9FFF),  # Han, Hiragana, Katakana
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
"""Scripts in which words are not set apart, so that a border cannot be asked for."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the keys of an entry are meant.

    Attributes:
        cased: Whether case counts.
        alone: Whether a single word must stand alone.
        patterns: "slashes" or "bare"; see `companion.lore.book.Entry`.
    """

    cased: bool = False
    alone: bool = True
    patterns: str = "slashes"


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        text: As people wrote it.
        plain: What is looked for, case folded where case does not count; "" of a pattern.
        cased: Whether case counts.
        alone: Whether it must stand alone.
        pattern: A compiled pattern; None of plain text.
        why_not: Why it can never be found; "" where it can.
    """

    text: str
    plain: str = ""
    cased: bool = False
    alone: bool = False
    pattern: Any = None
    why_not: str = ""


@dataclass(slots=True)
class Hay:
    """A text in which keys are looked for.

    Attributes:
        text: All of it, the newest first.
        folded: The same without case.
        pieces: Where patterns are looked for, one by one.
    """

    text: str
    pieces: tuple[str, ...]
    folded: str = ""

    def __post_init__(self) -> None:
        self.folded = self.text.casefold()


def even(text: str) -> str:
    """Text in one spelling: composed characters, straight quotes, no soft hyphens."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text).translate(_PLAIN)


def hay(texts: Sequence[str], *, whole: bool = False) -> Hay:
    """A hay of several texts, the newest first, already `even`.

    Args:
        texts: The texts.
        whole: Whether patterns see all of it in one, as SillyTavern's do; else each begins and
            ends with its message.
    """
    text = "\x01" + BREAK.join(texts)
    return Hay(text, (text,) if whole else tuple(texts))


def key(text: str, manner: Manner) -> Key:
    """A key, ready to be looked for."""
    text = text.strip()
    if not text:
        return Key(text, why_not="empty")
    if found := patterns.parts(text):
        if (ready := _pattern(*found)) is not None:
            return Key(text, pattern=ready)
        if manner.patterns == "bare":
            return Key(text, why_not="not a valid pattern")
    elif manner.patterns == "bare":
        ready = _pattern(text, any_case=not manner.cased)
        return Key(text, pattern=ready, why_not="" if ready else "not a valid pattern")
    plain = even(text)
    if not manner.cased:
        plain = plain.casefold()
    return Key(text, plain, cased=manner.cased, alone=manner.alone and _can_stand_alone(plain))


def _pattern(text: str, flags: str = "", *, any_case: bool = False) -> Any:  # noqa: ANN401
    """A pattern in the spelling of what it is looked for in; as it stands where that is none.

    Soft hyphens stay: with nothing in its place, one after a | would be found in everything.
    """
    spelled = unicodedata.normalize("NFC", text).translate(_STRAIGHT)
    ready = patterns.compiled(spelled, flags, any_case=any_case)
    return ready or patterns.compiled(text, flags, any_case=any_case)


def _can_stand_alone(plain: str) -> bool:
    """Whether borders can be asked for: one word, of a script that sets words apart."""
    if plain.isascii():
        return " " not in plain and "\t" not in plain
    return not any(c.isspace() or _unspaced(ord(c)) for c in plain)


def _unspaced(code: int) -> bool:
    return any(low <= code <= high for low, high in _UNSPACED)


def _letter(text: str, at: int) -> bool:
    """Whether the character at `at` continues a word."""
    if not 0 <= at < len(text):
        return False
    char = text[at]
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"


def alone_in(word: str, text: str) -> bool:
    """Whether `word` is in `text` with a border of a word at both sides."""
    at = text.find(word)
    while at >= 0:
        if not _letter(text, at - 1) and not _letter(text, at + len(word)):
            return True
        at = text.find(word, at + 1)
    return False


def said(one: Key, where: Hay, patience: Patience) -> bool:
    """Whether a key is in a text."""
    if one.pattern is not None:
        return patience.search(one.text, one.pattern, where.pieces)
    text = where.text if one.cased else where.folded
    if not one.plain or one.plain not in text:
        return False
    return not one.alone or alone_in(one.plain, text)


def any_said(some: Sequence[Key], where: Hay, patience: Patience) -> bool:
    """Whether one of these is in a text."""
    return any(said(one, where, patience) for one in some)


@dataclass(slots=True)
class Sweep:
    """Many plain keys, looked for together.

    Attributes:
        cased: Whether case counts.
        owners: Whose each key is, by position.
    """

    cased: bool
    words: list[str] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    misheard: Misheard = field(default_factory=Misheard)

    def add(self, one: Key, owner: int, *, fuzzy: bool) -> None:
        """Look for this key too."""
        if fuzzy and one.alone and one.text[:1].isupper():
            self.misheard.add(one.plain, len(self.words))
        self.words.append(one.plain)
        self.keys.append(one)
        self.owners.append(owner)

    def found(self, where: Hay) -> dict[int, list[tuple[str, str]]]:
        """Owner → its keys that are in a text, each with the word it was misheard as or ""."""
        text = where.text if self.cased else where.folded
        hits: dict[int, list[tuple[str, str]]] = {}
        for at in [n for n, word in enumerate(self.words) if word in text]:
            one = self.keys[at]
            if not one.alone or alone_in(one.plain, text):
                hits.setdefault(self.owners[at], []).append((one.text, ""))
        for at, word in self.misheard.found(text):
            hits.setdefault(self.owners[at], []).append((self.keys[at].text, word))
        return hits
