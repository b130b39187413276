"""What a conversation tells the world while it happens: one small frozen class an event.

A terminal, a web page or a test shows them; nothing here depends on who listens. This module
knows nothing of the rest of the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ready:
    """All engines are loaded; `seconds` since the start."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Listening:
    """The microphone records; the first frame has arrived."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """The key is still held: what has been understood so far.

    Attributes:
        text: The words up to the last pause; "" while there are none yet. Later ones of the same
            press stand in their place, and `Words` in the place of all.
        level_db: Loudness of the last tenth of a second, in dB below full scale.
        seconds: How long the recording is.
    """

    text: str
    level_db: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Thinking:
    """The key was released and the turn has begun."""

    seconds: float


@dataclass(frozen=True, slots=True)
class NothingHeard:
    """A press without speech; no model was called and nothing is remembered."""

    reason: str
    level_db: float


@dataclass(frozen=True, slots=True)
class Idle:
    """What had begun is over, and nothing goes on; a notice says why, if any."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the owner was understood to say."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Remembered:
    """What came back from memory for these words, best last: (id, who, words)."""

    notes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Speaking:
    """A clause of the reply is about to be heard."""

    text: str


@dataclass(frozen=True, slots=True)
class FirstSound:
    """The first sound of a reply left the loudspeaker, so many milliseconds after the release."""

    ms: float


@dataclass(frozen=True, slots=True)
class Answered:
    """The reply is over.

    Attributes:
        text: The words that were heard.
        complete: False where it was cut short.
        record: The turn's figures, as in `Trace.record`.
        audio: Path of the kept sound, or "".
    """

    text: str
    complete: bool
    record: dict[str, Any]
    audio: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the owner should know, in one line; the conversation goes on."""

    text: str


@dataclass(frozen=True, slots=True)
class Undone:
    """The last turn was taken back everywhere; `lines` were forgotten."""

    lines: int


Event = (
    Ready
    | Listening
    | Hearing
    | Thinking
    | NothingHeard
    | Idle
    | Words
    | Remembered
    | Speaking
    | FirstSound
    | Answered
    | Notice
    | Undone
)
