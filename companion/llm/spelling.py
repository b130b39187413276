"""How texts were split into tokens before: the same words can be split in several ways.

A reply keeps the tokens it was written with, also where only its beginning was heard; otherwise the
model would have to read its own words again. Bounded: what was not needed for long is dropped.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 512
"""Texts whose tokens are remembered: more than a context holds."""


@dataclass(slots=True)
class Writing:
    """A reply as it is written: its tokens, and after which of them how much text was complete."""

    ids: list[int] = field(default_factory=list)
    text: str = ""
    ends: dict[int, int] = field(default_factory=dict)

    def add(self, piece: str, *, complete: bool) -> None:
        """The text of the last token; `complete` where no character is left half written."""
        self.text += piece
        if complete:
            self.ends[len(self.text)] = len(self.ids)

    def split(self, text: str) -> tuple[list[int], str]:
        """Tokens of this reply for a beginning of it, and what is left of the text."""
        most = max((end for end in self.ends if end <= len(text)), default=0)
        return self.ids[: self.ends.get(most, 0)], text[most:]


class Spellings:
    """Remembers how texts were split.

    Args:
        split: Splits a text that is not known.
    """

    def __init__(self, split: Callable[[str], list[int]], most: int = MOST) -> None:
        self._split = split
        self._most = most
        self._known: OrderedDict[str, list[int]] = OrderedDict()
        self._last = Writing()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, text: str) -> list[int]:
        """The tokens of a text."""
        if text in self._known:
            self._known.move_to_end(text)
            return list(self._known[text])
        ids: list[int] = []
        rest = text
        if text.strip() and self._last.text.startswith(text):
            ids, rest = self._last.split(text)
        ids = ids + self._split(rest) if rest else ids
        self._keep(text, ids)
        return list(ids)

    def wrote(self, writing: Writing, text: str) -> None:
        """A reply was written; `text` is what of it was let through."""
        self._last = writing
        ids, rest = writing.split(text)
        if not rest:
            self._keep(text, ids)

    def clear(self) -> None:
        """Know nothing."""
        self._known.clear()
        self._last = Writing()

    def _keep(self, text: str, ids: list[int]) -> None:
        self._known[text] = ids
        self._known.move_to_end(text)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
