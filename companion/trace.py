"""The figures of one turn: what each stage took, in milliseconds and tokens.

Knows the clock and nothing else.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Cost(Protocol):
    """What a language model counts during a reply."""

    prompt: int
    new: int
    evaluated: int
    reused: int
    generated: int
    prefill_ms: float


class Trace:
    """A stopwatch that starts when the key is released.

    Args:
        clock: Seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._marks: dict[str, float] = {}
        self._cost: Cost | None = None
        self.lines: list[str] = []  # ids of the lines this turn wrote
        self.saw: tuple[str, ...] = ()  # what is wrong with the reply, by code
        self.again: tuple[str, ...] = ()  # what was wrong with one that was asked for again
        self.off_record = False  # whether nothing of this turn may be kept, sound included

    def mark(self, name: str) -> None:
        """Note that `name` is over (or has been reached); only the first time counts."""
        self._marks.setdefault(name, self._clock() - self._began)

    def first_of(self, items: Iterable[str], name: str) -> Iterator[str]:
        """Pass `items` on, and mark `name` at the first."""
        for item in items:
            self.mark(name)
            yield item

    def started(self) -> None:
        """The first sound left the loudspeaker."""
        self.mark("first_audio")

    def finish(self, cost: Cost | None) -> None:
        """The turn is over; `cost` is what the model counted."""
        self.mark("total")
        self._cost = cost

    @property
    def ms(self) -> dict[str, float | None]:
        """Milliseconds by name; None where it did not happen.

        `stt` and `recall` are lengths, `prefill` is the model's reading time, the others count
        from the release of the key.
        """
        at = {name: 1000 * seconds for name, seconds in self._marks.items()}
        stt, recall = at.get("stt"), at.get("recall")
        figures = {
            "stt": stt,
            "recall": recall - (stt or 0) if recall is not None else None,
            "prefill": self._cost.prefill_ms if self._cost else None,
            "first_token": at.get("first_token"),
            "first_audio": at.get("first_audio"),
            "total": at.get("total"),
        }
        return {name: None if ms is None else round(ms, 1) for name, ms in figures.items()}

    @property
    def tokens(self) -> dict[str, int]:
        """Tokens of the prompt, of it new, evaluated and reused, and of the reply."""
        names = ("prompt", "new", "evaluated", "reused", "generated")
        return {name: int(getattr(self._cost, name, 0)) for name in names}
