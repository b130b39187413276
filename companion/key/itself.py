"""Whether what was heard is what was just said: a character that listens to itself.

Knows no sound, only words.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from companion.events import Answered, Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.events import Event

MOST = 2
"""Turns in a row after which it is no coincidence."""

SHARE = 0.7
"""Of the words of a turn, in their order, that make it one of those."""

FEWEST = 2
"""Words. "Yes." after a reply that ends with "yes" says nothing."""

STOPPED = (
    "I answered my own voice twice, so I have stopped listening by myself: turn the loudspeaker "
    "down or wear headphones, then type /free. The key works as always."
)


class Breaker:
    """Ends hands-free talking when the microphone hears the loudspeaker.

    Args:
        trip: Called when it does.
    """

    def __init__(self, trip: Callable[[], None]) -> None:
        self._trip = trip
        self._said = ""
        self._turns = 0

    def see(self, event: Event) -> None:
        """Take in what happens."""
        match event:
            case Answered(text):
                self._said = text
            case Words(text):
                self._turns = self._turns + 1 if repeats(text, self._said) else 0
                if self._turns >= MOST:
                    self._turns = 0
                    self._trip()


def repeats(heard: str, said: str) -> bool:
    """Whether most words of `heard` are words of `said`, in their order."""
    mine, theirs = _words(heard), _words(said)
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return len(mine) >= FEWEST and same >= SHARE * len(mine)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
