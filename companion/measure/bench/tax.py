"""P3: what our own code adds to a turn, with engines that cost nothing."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from companion.measure.bench.compare import percentile
from companion.measure.bench.row import Bench, Figure, Group, Row
from companion.measure.shapes import REPLY
from companion.session import Session
from companion.testing import Loudspeaker, recording, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from companion.flow import Cancel
    from companion.values import Recording, Said, Speech

TURNS = 200
WARM_UPS = 10
HISTORY = 6
"""Turns a conversation is long, when the next one begins."""


class _Microphone:
    """Has always heard the same."""

    def press(self, *, keep_pre_roll: bool = True) -> None:
        """Nothing is recorded."""

    def let_go(self) -> None:
        """Nothing was recorded."""

    def release(self) -> Recording:
        """A second of silence."""
        return recording()


class _Stopwatch:
    """A loudspeaker that notes when the first sound comes."""

    def __init__(self) -> None:
        self.inner = Loudspeaker()
        self.first = 0.0

    def play(
        self,
        speech: Iterable[Speech],
        cancel: Cancel,
        started: Callable[[], None] | None = None,
    ) -> Said:
        """Take a reply."""

        def note() -> None:
            self.first = time.perf_counter()
            if started:
                started()

        return self.inner.play(speech, cancel, note)


def milliseconds(turns: int = TURNS) -> list[float]:
    """From the release to the first sound, turn by turn."""
    watch, count = _Stopwatch(), turns + WARM_UPS
    companion, _ = scripted([REPLY] * count, ["What did you do?"] * count, speaker=watch)
    session = Session(companion, None, microphone=_Microphone())
    session.start(greeting=False)
    found = []
    for _ in range(count):
        del companion.history[:-HISTORY]
        session.press()
        session.wait()
        released = time.perf_counter()
        session.release()
        session.wait()
        found.append(1000 * (watch.first - released))
    session.close()
    return found[WARM_UPS:]


def run(bench: Bench) -> dict[str, Figure]:
    """Many turns with engines that cost nothing."""
    bench.progress("turns without engines")
    found = milliseconds(bench.some(TURNS))
    more = {"turns": len(found), "p50_ms": statistics.median(found)}
    why = "p95 from the release to the first sound; prompt, clauses, threads and events are ours"
    return {"P3": Figure(percentile(found, 0.95), why=why, more=more)}


GROUP = Group("tax", (Row("P3", "what our own code adds to the first sound", 5.0, "ms"),), run)
