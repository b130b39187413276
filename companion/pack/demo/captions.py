"""Captions for a sound file, as WebVTT: who says what, and when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Cue:
    """One line of the captions.

    Attributes:
        text: What is said.
        begin: Seconds from the start of the sound.
        end: When it is over.
        who: Who says it; "" where nobody does.
    """

    text: str
    begin: float
    end: float
    who: str = ""


def webvtt(cues: Iterable[Cue], title: str) -> str:
    """A whole file of captions (https://www.w3.org/TR/webvtt1/)."""
    parts = [f"WEBVTT - {_plain(title)}"]
    parts += [f"{_time(cue.begin)} --> {_time(cue.end)}\n{_payload(cue)}" for cue in cues]
    return "\n\n".join(parts) + "\n"


def _payload(cue: Cue) -> str:
    text = escape(_plain(cue.text), quote=False)
    return f"<v {escape(_plain(cue.who), quote=False)}>{text}" if cue.who else f"<i>{text}</i>"


def _plain(text: str) -> str:
    """One line: an empty one would end the caption."""
    return " ".join(text.split())


def _time(seconds: float) -> str:
    ms = round(1000 * seconds)
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
