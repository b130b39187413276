"""When a reply ends although the model would go on: stop texts, and going round in circles.

Pure: text and numbers in, text and a verdict out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_CIRCLE = 24
"""Tokens of the longest phrase whose repetition is noticed."""
ROUNDS = 3
FEWEST_TOKENS = 12
"""Repetitions shorter than this in all are left alone: "no, no, no" is speech."""


class StopAt:
    """Lets a stream of text through up to the first stop text.

    Text that could be the beginning of a stop text is held back until it is clear. A stop text
    at the very beginning counts too, without its line break: some models open with a name.

    Args:
        stops: Texts that end the reply; they are not part of it.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(s for s in stops if s)
        self._held = ""
        self._out: list[str] = []
        self.reached = False

    @property
    def whole(self) -> str:
        """All text let through so far."""
        return "".join(self._out)

    def feed(self, piece: str) -> str:
        """Add text; returns what is certain to belong to the reply."""
        if self.reached:
            return ""
        text = self._held + piece
        found = [at for s in self._stops if (at := text.find(s)) >= 0]
        if found:
            self.reached = True
            self._held = ""
            return self._let(text[: min(found)])
        keep = max((_overlap(text, s) for s in self._stops), default=0)
        self._held = text[len(text) - keep :]
        return self._let(text[: len(text) - keep])

    def end(self, piece: str = "") -> str:
        """The stream is over; returns what was held back."""
        ready = self.feed(piece)
        rest, self._held = self._held, ""
        return ready + self._let("" if self.reached else rest)

    def _let(self, text: str) -> str:
        self._out.append(text)
        return text


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that is a beginning of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)


def goes_in_circles(ids: Sequence[int]) -> bool:
    """Whether the newest tokens repeat one phrase `ROUNDS` times."""
    for length in range(1, LONGEST_CIRCLE + 1):
        rounds = max(ROUNDS, -(-FEWEST_TOKENS // length))
        tail = ids[-length * rounds :]
        if len(tail) == length * rounds and list(tail) == list(tail[:length]) * rounds:
            return True
    return False
