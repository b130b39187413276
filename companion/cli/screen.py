"""How a conversation looks in a terminal: events in, lines out.

Text of cards, models and memories is shown as it is, but never as terminal control.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import threading
from typing import TYPE_CHECKING, TextIO

from companion.cli.keys import PRESS_TWICE
from companion.events import (
    Answered,
    Listening,
    NothingHeard,
    Notice,
    Ready,
    Remembered,
    Speaking,
    Thinking,
    Undone,
    Words,
)

if TYPE_CHECKING:
    from companion.cli.keys import KeyWords
    from companion.events import Event

THINKING = "… thinking"
DOUBTFUL = 0.5
"""Words understood with less confidence than this are marked."""


def plain(text: str) -> str:
    """Text without characters that a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def story(event: Event, owner: str, name: str) -> list[str]:
    """The lines that tell an event to a person; none for passing states."""
    lines: list[str] = []
    match event:
        case Words(text, confidence):
            doubt = f"   (not sure: {confidence:.0%})" if confidence < DOUBTFUL else ""
            lines = [f"{owner}: {text}{doubt}"]
        case Remembered(notes):
            lines = [f"   ↳ remembers: {who}: “{words}”" for _, who, words in notes]
        case Answered():
            lines = _answered(event, name)
        case NothingHeard(reason, level):
            at = f", level {level:.0f} dB" if level else ""
            lines = [f"(I heard no speech: {reason}{at})"]
        case Notice(text):
            lines = [f"! {text}"]
        case Undone(count):
            lines = [f"(taken back; {count} lines forgotten)"]
        case Ready(seconds):
            lines = [f"(ready after {seconds:.1f} s)"]
    return lines


def _answered(event: Answered, name: str) -> list[str]:
    lines = [f"{name}: {event.text}" + ("" if event.complete else " —")]
    first = event.record["ms"]["first_audio"]
    if first is not None:
        kept = f" · {event.audio}" if event.audio else ""
        lines.append(f"   first sound after {first:.0f} ms{kept}")
    return lines


def status(event: Event, keys: KeyWords = PRESS_TWICE) -> str | None:
    """The state to show at the bottom after an event; None leaves it as it is."""
    match event:
        case Listening():
            return keys.listening
        case Thinking():
            return THINKING
        case Speaking(text):
            return f"♪ {text.strip()}"
        case Answered() | NothingHeard() | Undone() | Ready():
            return keys.idle
    return None


class Screen:
    """Shows a conversation: a growing story, a state line and the line being typed.

    Args:
        owner: The owner's name.
        name: The character's name.
        live: Whether a person watches a terminal; else only the story is written.
        as_json: Write each event as one JSON line instead.
        keys: What to say about the keys.
    """

    def __init__(
        self,
        owner: str,
        name: str,
        *,
        live: bool,
        as_json: bool = False,
        keys: KeyWords = PRESS_TWICE,
        out: TextIO | None = None,
    ) -> None:
        self._owner, self._name = owner, name
        self._live, self._as_json = live, as_json
        self._out = out or sys.stdout
        self._lock = threading.Lock()
        self._keys = keys
        self._status = keys.idle
        self._typed = ""

    def tell(self, event: Event) -> None:
        """Show an event; may be called from any thread."""
        with self._lock:
            if self._as_json:
                fields = {"event": type(event).__name__, **dataclasses.asdict(event)}
                self._write(json.dumps({"schema": 1, **fields}, ensure_ascii=False) + "\n")
                return
            self._status = status(event, self._keys) or self._status
            self._clear()
            for line in story(event, self._owner, self._name):
                self._write(plain(line) + "\n")
            self._draw()

    def typing(self, text: str) -> None:
        """Show the line that is being typed."""
        with self._lock:
            self._typed = text
            self._clear()
            self._draw()

    def end(self) -> None:
        """Leave a clean line for the shell."""
        with self._lock:
            self._clear()
            self._out.flush()

    def _clear(self) -> None:
        if self._live and not self._as_json:
            self._write("\r\x1b[K")

    def _draw(self) -> None:
        if self._live and not self._as_json:
            line = f"> {self._typed}" if self._typed else self._status
            self._write(plain(line)[:100])
        self._out.flush()

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
