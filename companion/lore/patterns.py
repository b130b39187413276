"""Keys that are patterns: JavaScript's regular expressions, translated, and bounded in time.

The patterns come from strangers, and some never end. Each search has a time limit, and so have
all searches of a turn together; what ran over is not tried again in this conversation.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EACH = 0.02
"""Seconds that one search may take."""

TOGETHER = 0.06
"""Seconds that all searches of a turn may take."""

LONGEST = 2_000
"""Characters of a pattern."""

FARTHEST = 8_192
"""Characters of a conversation that are searched for patterns, the newest."""

MOST_REPEATS = 1_000
_KEY = re.compile(r"/((?:\\.|[^/\\])+)/([a-z]*)", re.DOTALL)
_FLAGS = frozenset("dgimsuvy")
_REPEAT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_GROUP = re.compile(r"\(\?(?::|=|!|<=|<!|-?[ims]+(?:-[ims]+)?:|<([A-Za-z_][A-Za-z_0-9]*)>)")
_CODE = re.compile(r"\\u\{([0-9A-Fa-f]{1,6})\}|\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
_NAMED = re.compile(r"\\k<([A-Za-z_][A-Za-z_0-9]*)>")
_PROPERTY = re.compile(r"\\[pP]\{[\w=]+\}")
_CONTROL = re.compile(r"\\c[A-Za-z]")
_SAME = frozenset("DwWsSbBnrtfv123456789")
"""Letters and digits that mean the same in both languages after a backslash."""

_MEANT = {"d": "[0-9]", "0": r"\x00"}
_IN_CLASS = {"[0-9]": "0-9", r"\b": r"\x08"}


class Untranslatable(ValueError):
    """A pattern that is none in JavaScript."""


def parts(key: str) -> tuple[str, str] | None:
    """Pattern and flags of `/pattern/flags`; None where a key is plain text."""
    found = _KEY.fullmatch(key)
    if found is None or not set(found[2]) <= _FLAGS:
        return None
    return found[1], found[2]


def compiled(pattern: str, flags: str = "", *, any_case: bool = False) -> Any:  # noqa: ANN401
    """The pattern, ready to search; None where it is invalid or out of all bounds."""
    import regex

    if len(pattern) > LONGEST:
        return None
    chosen = regex.VERSION0
    for letter, flag in (("i", regex.IGNORECASE), ("m", regex.MULTILINE), ("s", regex.DOTALL)):
        if letter in flags or (letter == "i" and any_case):
            chosen |= flag
    try:
        return regex.compile(translated(pattern, multiline="m" in flags), chosen)
    except (regex.error, Untranslatable, OverflowError, RecursionError):
        return None


def translated(pattern: str, *, multiline: bool = False) -> str:
    """A JavaScript pattern in the language of the `regex` module.

    Words and their borders are those of any script, where JavaScript knows ASCII only.

    Raises:
        Untranslatable: It is no pattern in JavaScript, or repeats beyond reason.
    """
    done: list[str] = []
    at = 0
    while at < len(pattern):
        piece, at = _piece(pattern, at, multiline=multiline)
        done.append(piece)
    return "".join(done)


def _piece(pattern: str, at: int, *, multiline: bool) -> tuple[str, int]:
    """The next piece of a pattern in the other language, and where the one after it begins."""
    char = pattern[at]
    readers = {"\\": _escaped, "[": _class, "(": _opened, "{": _braced, "}": _braced}
    if char in readers:
        return readers[char](pattern, at)
    if char in "*+?":
        return _greed(pattern, char, at + 1)
    return r"\Z" if char == "$" and not multiline else char, at + 1


def _braced(pattern: str, at: int) -> tuple[str, int]:
    """`{2,3}`, or a brace that is one."""
    found = _REPEAT.match(pattern, at)
    if found is None:
        return f"\\{pattern[at]}", at + 1
    if max(int(found[1]), int(found[3] or 0)) > MOST_REPEATS:
        raise Untranslatable(f"repeated more than {MOST_REPEATS} times")
    return _greed(pattern, found[0], found.end())


def _greed(pattern: str, repeat: str, at: int) -> tuple[str, int]:
    """A repetition, lazy or not; what would make it possessive is an error in JavaScript."""
    if pattern[at : at + 1] == "?":
        repeat, at = f"{repeat}?", at + 1
    if pattern[at : at + 1] in {"+", "*"}:
        raise Untranslatable("nothing to repeat")
    return repeat, at


def _opened(pattern: str, at: int) -> tuple[str, int]:
    following = pattern[at + 1 : at + 2]
    if following == "*":
        raise Untranslatable("nothing to repeat")
    if following != "?":
        return "(", at + 1
    found = _GROUP.match(pattern, at)
    if found is None:
        raise Untranslatable("invalid group")
    return f"(?P<{found[1]}>" if found[1] else found[0], found.end()


def _escaped(pattern: str, at: int) -> tuple[str, int]:
    """A backslash and what belongs to it."""
    if code := _CODE.match(pattern, at):
        return _character(int(code[1] or code[2] or code[3], 16)), code.end()
    if whole := _NAMED.match(pattern, at):
        return f"(?P={whole[1]})", whole.end()
    if whole := _PROPERTY.match(pattern, at) or _CONTROL.match(pattern, at):
        return whole[0] if whole[0][1] != "c" else _character(ord(whole[0][2]) % 32), whole.end()
    char = pattern[at + 1 : at + 2]
    if not char:
        raise Untranslatable("ends in a backslash")
    if char in _SAME or not char.isalnum():
        return f"\\{char}", at + 2
    return _MEANT.get(char, char), at + 2


def _character(code: int) -> str:
    if code > sys.maxunicode:
        raise Untranslatable("no such character")
    return re.escape(chr(code))


def _class(pattern: str, at: int) -> tuple[str, int]:
    """`[...]`, with what the other language would read as a set in it made plain."""
    for empty, meaning in (("[^]", r"[\s\S]"), ("[]", "(?!)")):
        if pattern.startswith(empty, at):
            return meaning, at + len(empty)
    done = ["["]
    at += 1
    if pattern[at : at + 1] == "^":
        done.append("^")
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        if pattern[at] == "\\":
            piece, at = _escaped(pattern, at)
            piece = _IN_CLASS.get(piece, piece)
        else:
            piece = f"\\{pattern[at]}" if pattern[at] in "[&|~" else pattern[at]
            at += 1
        done.append(piece)
    if at >= len(pattern):
        raise Untranslatable("unterminated class")
    return "".join([*done, "]"]), at + 1


@dataclass(slots=True)
class Patience:
    """How long patterns may still search in this turn.

    Attributes:
        clock: Seconds that only rise.
        off: Patterns that are not tried any more in this conversation.
        over: Keys that ran over in this turn.
        untried: Keys that were not tried, for want of time.
    """

    clock: Callable[[], float]
    off: set[str]
    left: float = TOGETHER
    over: list[str] = field(default_factory=list)
    untried: dict[str, bool] = field(default_factory=dict)

    def search(self, key: str, pattern: Any, texts: Sequence[str]) -> bool:  # noqa: ANN401
        """Whether a pattern is in one of these texts, the newest first."""
        room = FARTHEST
        for text in texts:
            if room <= 0 or key in self.off:
                return False
            if self._search(key, pattern, text[:room]):
                return True
            room -= len(text)
        return False

    def _search(self, key: str, pattern: Any, text: str) -> bool:  # noqa: ANN401
        limit = min(EACH, self.left)
        if limit <= 0:
            self.untried[key] = True
            return False
        began, least = self.clock(), 0.0
        try:
            return pattern.search(text, timeout=limit) is not None
        except (TimeoutError, MemoryError):
            self.off.add(key)
            self.over.append(key)
            least = limit
            return False
        finally:
            self.left -= max(self.clock() - began, least)
