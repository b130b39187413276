"""A line: one utterance of one speaker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


MOST_DIGITS = 18
"""Of a number that SQLite can hold."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line before it has a place: who said what, and when. `said` knows its time zone."""

    speaker: str
    who: str
    text: str
    confidence: float
    said: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance of one speaker.

    Attributes:
        seq: Place in the journal; rises with every line of anybody.
        ulid: Id of the line as a memory.
        session: The conversation it belongs to.
        n: Its number there.
        owner: Whose companion it is.
        character: Id of the character's card.
        speaker: "user" or "character".
        who: Name of the speaker.
        text: The words.
        confidence: 0 to 1, of the transcription.
        said: When, in the local time of that place.
    """

    seq: int
    ulid: str
    session: str
    n: int
    owner: str
    character: str
    speaker: str
    who: str
    text: str
    confidence: float
    said: datetime

    @property
    def id(self) -> str:
        """`<session>:<n>`."""
        return f"{self.session}:{self.n}"

    @property
    def worded(self) -> str:
        """The line as it is indexed: speaker and date are worth 7 points of recall at 10."""
        return (
            f"{self.who}: {self.text} ({self.said.day} {_month(self.said.year, self.said.month)})"
        )


def number(digits: str) -> int:
    """The number of a line; 0, which none has, for what is no number."""
    return (
        int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS else 0
    )


@lru_cache
def _month(year: int, month: int) -> str:
    """A month in words: to write it takes longer than all else of a line."""
    return f"{date(year, month, 1):%B %Y}"
