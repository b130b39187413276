"""P9, P10: the model while the voice works, and a whole turn while a foreign program works."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING

from companion.flow import Cancel
from companion.measure.bench.compare import Cost, in_turn, percentile, processor_seconds, ratio
from companion.measure.bench.rig import Rig, Sink, shaped, utterance
from companion.measure.bench.row import Bench, Figure, Group, Row, of
from companion.measure.shapes import REPLY
from companion.values import Clause, Prompt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.llm.engine import Llama
    from companion.stages import Voice

BUSY = "while True: pass"


def run(bench: Bench) -> dict[str, Figure]:
    """Both, on the engines of a rig."""
    rig = Rig(shaped(bench), utterance(1.5), Sink())
    try:
        return _contention(bench, rig) | _hostile(bench, rig)
    finally:
        rig.close()


# ── the voice beside the model ───────────────────────────────────────────────────────────────


def _contention(bench: Bench, rig: Rig) -> dict[str, Figure]:
    """Seconds a token while the voice renders, against alone."""
    voice = rig.parts.companion.voice
    steps: list[float] = []
    prompt = _prompt(rig.parts.llm)

    def beside() -> Cost:
        with _Speaking(voice):
            return _decode(rig.parts.llm, prompt, steps)

    bench.progress("decoding while the voice works")
    pairs = in_turn(beside, lambda: _decode(rig.parts.llm, prompt), bench.pairs)
    found = ratio(pairs)
    tail = percentile(steps, 0.99) / statistics.median(steps)
    why = "seconds for a token; the voice renders without a pause beside it"
    return {
        "P9": of(found, why=why, more={"tokens_a_second_alone": 1 / found.second}),
        "P9t": Figure(tail, more={"tokens": len(steps)}),
    }


def _prompt(llm: Llama) -> Prompt:
    before, after = llm.chat.frame(["user"])
    tokens = [
        *llm.encode(before, special=True),
        *llm.encode("Hello.", special=False),
        *llm.encode(after, special=True),
    ]
    return Prompt(tuple(tokens), new=len(tokens))


def _decode(llm: Llama, prompt: Prompt, steps: list[float] | None = None) -> Cost:
    """Seconds of a token, without the first one."""
    written = llm.stream(prompt, Cancel())
    next(written)
    spent, began = processor_seconds(), time.perf_counter()
    moments = [began, *(time.perf_counter() for _ in written)]
    count = len(moments) - 1
    if steps is not None:
        steps += [b - a for a, b in pairwise(moments)]
    return Cost((moments[-1] - began) / count, (processor_seconds() - spent) / count)


class _Speaking:
    """A voice that renders in a thread of its own for as long as the `with` block lasts."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._stop = Cancel()
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._run, name="speaking", daemon=True)

    def _clauses(self) -> Iterator[Clause]:
        while not self._stop:
            self._began.set()
            yield Clause(REPLY, REPLY)

    def _run(self) -> None:
        for _ in self._voice.say(self._clauses(), self._stop):
            pass

    def __enter__(self) -> None:
        self._thread.start()
        self._began.wait()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


# ── a foreign program ────────────────────────────────────────────────────────────────────────


def _hostile(bench: Bench, rig: Rig) -> dict[str, Figure]:
    """A whole turn while a foreign program keeps one core busy, against without it."""

    def beside() -> Cost:
        with subprocess.Popen([sys.executable, "-c", BUSY]) as foreign:
            try:
                return _turn(rig)
            finally:
                foreign.kill()

    bench.progress("turns beside a foreign program")
    found = ratio(in_turn(beside, lambda: _turn(rig), bench.pairs))
    return {"P10": of(found, why="one foreign process that never pauses")}


def _turn(rig: Rig) -> Cost:
    found = rig.turn()
    return Cost(found.whole, found.cpu)


GROUP = Group(
    "load",
    (
        Row("P9", "a token while the voice renders, of one alone", 2.2),
        Row("P9t", "the slowest token in a hundred beside the voice, of the median", 3.0),
        Row("P10", "a whole turn beside a busy foreign program, of one alone", 2.3),
    ),
    run,
)
