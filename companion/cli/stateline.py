"""The line at the bottom of a conversation: listening with level and words, thinking, speaking.

Events in, one row of text out; knows no terminal.
"""

from __future__ import annotations

import unicodedata
from collections import deque
from typing import TYPE_CHECKING

from companion.events import (
    Answered,
    FirstSound,
    Hearing,
    Idle,
    Listening,
    NothingHeard,
    Ready,
    Speaking,
    Thinking,
    Undone,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from companion.cli.keys import KeyWords
    from companion.events import Event

THINKING = "… thinking"
METER = "▁▂▃▄▅▆▇█"
QUIET_DB, LOUD_DB = -55.0, -12.0
"""Level of the lowest block and of the highest: a quiet room, and a voice close by."""
LEVELS = 12
"""Levels that the meter shows: the last second."""


def meter(levels: Iterable[float]) -> str:
    """Levels in dB below full scale as blocks, one each."""
    last = len(METER) - 1
    steps = ((level - QUIET_DB) / (LOUD_DB - QUIET_DB) * last for level in levels)
    return "".join(METER[min(max(round(step), 0), last)] for step in steps)


def width(text: str) -> int:
    """Columns that a text takes: some letters take two, and some none."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(bool(unicodedata.combining(letter)) for letter in text)


def fitted(text: str, columns: int, *, keep_end: bool = False) -> str:
    """A text in at most so many columns: its beginning, or its end where that is newer."""
    if width(text) <= columns:
        return text
    while text and width(text) >= columns:
        text = text[1:] if keep_end else text[:-1]
    return f"…{text}" if keep_end else f"{text}…"


class StateLine:
    """What stands at the bottom.

    Args:
        keys: What to say about the keys.
    """

    def __init__(self, keys: KeyWords) -> None:
        self._keys = keys
        self._head, self._rest, self._grows = "", keys.idle, False
        self._levels: deque[float] = deque(maxlen=LEVELS)
        self._reply, self._first = "", ""

    def see(self, event: Event) -> None:
        """Take in what happens."""
        match event:
            case Listening():
                self._levels.clear()
                self._reply, self._first = "", ""
                self._put("", self._keys.listening)
            case Hearing(text, level, seconds):
                self._levels.append(level)
                self._hear(text, seconds)
            case Thinking():
                self._reply, self._first = "", ""
                self._put("", THINKING)
            case FirstSound(ms):
                self._first = f"{ms:.0f} ms · "
                self._speak("")
            case Speaking(text):
                self._speak(text)
            case Answered() | NothingHeard() | Idle() | Undone() | Ready():
                self._reply, self._first = "", ""
                self._put("", self._keys.idle)

    def row(self, columns: int) -> str:
        """It in at most so many columns; of what grows, the newest end."""
        rest = fitted(self._rest, max(1, columns - width(self._head)), keep_end=self._grows)
        return f"{self._head}{rest}"

    def _put(self, head: str, rest: str, *, grows: bool = False) -> None:
        self._head, self._rest, self._grows = head, rest, grows

    def _hear(self, text: str, seconds: float) -> None:
        minutes, rest = divmod(int(seconds), 60)
        levels = meter(self._levels)
        head = f"● {levels:<{LEVELS}} {minutes}:{rest:02} "
        hint = self._keys.listening.removeprefix("●").strip()
        self._put(head, text or hint, grows=bool(text))

    def _speak(self, text: str) -> None:
        self._reply += text
        self._put(f"♪ {self._first}", " ".join(self._reply.split()), grows=True)
