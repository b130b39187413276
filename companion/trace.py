"""The figures of one turn: what each stage took, in milliseconds, tokens and processor seconds.

Knows two clocks and no stage; what it lets through it closes, too.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from companion.flow import owned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
U = TypeVar("U")


class Cost(Protocol):
    """What a language model counts during a reply."""

    prompt: int
    new: int
    evaluated: int
    reused: int
    generated: int
    prefill_ms: float


@dataclass(frozen=True, slots=True)
class Span:
    """One stage at work, in seconds after the release of the key; before it they are negative.

    Attributes:
        stage: Its name: "stt", "recall", "prefill", "decode", "synth", "play" and what else
            works.
        number: Which clause of the reply, from 1; 0 where there is but one.
    """

    stage: str
    begin: float
    end: float
    number: int = 0


class Trace:
    """A stopwatch that starts when the key is released. Safe from any thread.

    Args:
        clock: Seconds that only rise.
        processor: Seconds of processor time that this process has used.

    Attributes:
        kind: What began the turn: "spoken", "typed", "command" (the memory answered it),
            "again" or "greeting".
        heard_seconds: How long the owner spoke.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.process_time,
    ) -> None:
        self._clock, self._processor = clock, processor
        self._began, self._used = clock(), processor()
        self._marks: dict[str, float] = {}
        self._spans: list[Span] = []
        self._handed: list[tuple[float, float, int]] = []  # taken when, how long, which clause
        self._cost: Cost | None = None
        self._cpu = 0.0
        self.kind = "spoken"
        self.heard_seconds = 0.0
        self.lines: list[str] = []  # ids of the lines this turn wrote
        self.saw: tuple[str, ...] = ()  # what is wrong with the reply, by code
        self.again: tuple[str, ...] = ()  # what was wrong with one that was asked for again
        self.early: dict[str, Any] = {}  # what the head start was worth (`companion.worth`)
        self.off_record = False  # whether nothing of this turn may be kept, sound included

    # ── called while it happens ──────────────────────────────────────────────────────────────

    def mark(self, name: str) -> None:
        """Note that `name` is over (or has been reached); only the first time counts."""
        self._marks.setdefault(name, self._now)

    @contextlib.contextmanager
    def span(self, stage: str, number: int = 0) -> Iterator[None]:
        """The stage works inside of the `with` block."""
        began = self._clock()
        try:
            yield
        finally:
            self.add(stage, began, self._clock(), number)

    def add(self, stage: str, began: float, ended: float, number: int = 0) -> None:
        """A stage worked between two moments of the clock; also before the release."""
        self._spans.append(Span(stage, began - self._began, ended - self._began, number))

    def spent(self, seconds: float) -> None:
        """Processor seconds that this turn cost before the release."""
        self._cpu += seconds

    def each(self, items: Iterable[T], stage: str, after: str = "") -> Iterator[T]:
        """Pass `items` on: a span for each, from when it is asked for to when it is there.

        Args:
            items: What the stage gives.
            stage: Its name.
            after: A mark before which the first one cannot have begun.
        """
        number, began = 1, self._clock()
        with owned(items) as given:
            for item in given:
                if number == 1 and after in self._marks:
                    began = max(began, self._began + self._marks[after])
                self.add(stage, began, self._clock(), number)
                yield item
                number, began = number + 1, self._clock()

    def until_first(self, items: Iterator[T], stage: str, mark: str) -> Iterator[T]:
        """Pass `items` on: a span of what it took to have the first one, which is marked."""
        with owned(items) as given:
            with self.span(stage):
                first = next(given, None)
            if first is not None:
                self.mark(mark)
                yield first
                yield from given

    def through(
        self,
        stage: str,
        items: Iterable[T],
        work: Callable[[Iterable[T]], Iterator[U]],
        opens: Callable[[U], bool] = lambda _: True,
    ) -> Iterator[U]:
        """Send `items` through `work`: a span for each result, without the waiting for its item.

        Args:
            stage: Its name.
            items: What goes in.
            work: What it becomes.
            opens: Whether a result is the first one of its item.
        """
        number, began = 0, self._clock()

        def fed() -> Iterator[T]:
            nonlocal began
            for item in given:
                began = self._clock()
                yield item

        with owned(items) as given, owned(work(fed())) as made:
            for result in made:
                number += opens(result)
                self.add(stage, began, self._clock(), max(number, 1))
                yield result
                began = self._clock()

    def handed(self, seconds: float, *, opens: bool = True) -> None:
        """The loudspeaker takes sound of so many seconds; `opens` where a clause begins."""
        number = (self._handed[-1][2] if self._handed else 0) + opens
        self._handed.append((self._now, seconds, max(number, 1)))

    def started(self) -> None:
        """The first sound left the loudspeaker."""
        self.mark("first_audio")

    def finish(self, cost: Cost | None) -> None:
        """The turn is over; `cost` is what the model counted."""
        self.mark("total")
        self._cost = cost
        self._cpu += self._processor() - self._used
        self._used = self._processor()

    @property
    def _now(self) -> float:
        """Seconds since the release."""
        return self._clock() - self._began

    # ── asked for afterwards ─────────────────────────────────────────────────────────────────

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
        """Tokens of the prompt, of it new, evaluated, reused, read before the release, and more.

        `generated` are those of the reply.
        """
        names = ("prompt", "new", "evaluated", "reused", "read_ahead", "generated")
        return {name: int(getattr(self._cost, name, 0)) for name in names}

    @property
    def spans(self) -> list[Span]:
        """All stages at work, the earliest first."""
        return sorted([*self._spans, *self._heard()], key=lambda s: (s.begin, s.end))

    def _heard(self) -> Iterator[Span]:
        """When each clause sounded: from the first sound on, one after the other."""
        clear = self._marks.get("first_audio")
        if clear is None:
            return
        over = self._marks.get("total", float("inf"))
        for taken, seconds, number in self._handed:
            begin = min(max(taken, clear), over)
            clear = min(begin + seconds, over)
            if clear > begin:
                yield Span("play", begin, clear, number)

    def record(self, seconds: float) -> dict[str, Any]:
        """Everything that is known of the turn, without a word of it.

        Args:
            seconds: How much of the reply was heard.
        """
        spans = [
            {
                "stage": span.stage,
                "n": span.number,
                "begin": round(1000 * span.begin, 1),
                "end": round(1000 * span.end, 1),
            }
            for span in self.spans
        ]
        return {
            "kind": self.kind,
            "heard_s": round(self.heard_seconds, 2),
            "ms": self.ms,
            "tokens": self.tokens,
            "seconds": round(seconds, 2),
            "cpu_s": round(self._cpu, 3),
            "saw": list(self.saw),
            "asked_again": list(self.again),
            "early": self.early,
            "private": self.off_record,
            "spans": spans,
        }
