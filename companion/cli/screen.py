"""How a conversation looks in a terminal: events in, lines out.

Text of cards, models and memories is shown as it is, but never as terminal control.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING, Any, TextIO

from companion.cli.keys import PRESS_TWICE
from companion.cli.stateline import StateLine, fitted
from companion.events import (
    Answered,
    NothingHeard,
    Notice,
    Ready,
    Remembered,
    Undone,
    Words,
)
from companion.measure.chart import Paper, drawn
from companion.measure.waterfall import LANES, waterfall

if TYPE_CHECKING:
    from collections.abc import Iterable

    from companion.cli.keys import KeyWords
    from companion.events import Event

ASKED = ("spoken", "typed", "command")
"""What a person waits for an answer to; nobody waits for a greeting."""
WHAT = {
    "you": "recording",
    "ears": "hearing",
    "memory": "memory",
    "model": "model",
    "voice": "voice",
    "sound": "loudspeaker",
}
"""What each of them does, in the line after a reply."""
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
        lines.append(f"   first sound after {first:.0f} ms{_made_of(event.record)}{kept}")
    return lines


def _made_of(record: dict[str, Any]) -> str:
    """What the time until the first sound went into, by who worked."""
    if record.get("kind") not in ASKED:
        return ""
    steps = waterfall(record).steps
    parts = {
        WHAT[lane]: sum(step.length for step in steps if step.stage in stages)
        for lane, stages in LANES.items()
    }
    wait = sum(step.length for step in steps if step.stage == "wait")
    parts = {"other work": wait, **parts, "recording": parts["recording"] - wait}
    told = [f"{name} {ms:.0f}" for name, ms in parts.items() if ms >= 1]
    return f" = {' + '.join(told)}" if told else ""


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
        self._state = StateLine(keys)
        self._typed = ""
        self._record: dict[str, Any] = {}

    def tell(self, event: Event) -> None:
        """Show an event; may be called from any thread."""
        with self._lock:
            if self._as_json:
                fields = {"event": type(event).__name__, **dataclasses.asdict(event)}
                self._write(json.dumps({"schema": 1, **fields}, ensure_ascii=False) + "\n")
                return
            self._state.see(event)
            if isinstance(event, Answered) and event.record.get("kind") in ASKED:
                self._record = event.record
            self._tell(plain(line) for line in story(event, self._owner, self._name))

    def explain(self, keys: KeyWords) -> None:
        """From here on these are the keys."""
        with self._lock:
            self._state = StateLine(keys)

    def picture(self) -> None:
        """Show the last turn as a waterfall."""
        colours = self._live and not os.environ.get("NO_COLOR")
        paper = Paper(shutil.get_terminal_size().columns, colours)
        lines = drawn(waterfall(self._record), paper) if self._record else ["(no turn yet)"]
        with self._lock:
            self._tell(["", *lines, ""])

    def typing(self, text: str) -> None:
        """Show the line that is being typed."""
        with self._lock:
            self._typed = text
            self._tell([])

    def end(self) -> None:
        """Leave a clean line for the shell."""
        with self._lock:
            self._write(self._cleared)

    def _tell(self, lines: Iterable[str]) -> None:
        """Lines of the story, and the state below them: in one piece, so that nothing flickers."""
        told = "".join(f"{line}\n" for line in lines)
        self._write(f"{self._cleared}{told}{self._bottom}")

    @property
    def _cleared(self) -> str:
        return "\r\x1b[K" if self._live and not self._as_json else ""

    @property
    def _bottom(self) -> str:
        """What is being typed, or the state, in one row of the terminal."""
        if not self._live or self._as_json:
            return ""
        columns = shutil.get_terminal_size((100, 24)).columns - 1
        if self._typed:
            return fitted(plain(f"> {self._typed}"), columns, keep_end=True)
        return plain(self._state.row(columns))

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
