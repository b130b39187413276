"""P8, P24: a card from the disk, and stopping in the middle of a token.

A language model of random weights in the shape of a 0.5 B one.
"""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from typing import TYPE_CHECKING, Any

from companion.compose import load_llm
from companion.flow import Cancel
from companion.measure.bench.compare import (
    Cost,
    compare,
    cost,
    interval,
    percentile,
    processor_seconds,
)
from companion.measure.bench.rig import shaped
from companion.measure.bench.row import Bench, Figure, Group, Row, of
from companion.values import Prompt

if TYPE_CHECKING:
    from companion.llm.engine import Llama

CARD = 256
"""Tokens of a card that is restored."""
UBATCH = 512
"""Tokens that llama.cpp reads at once by default: what a stop would have to wait for."""
_WORDS = (
    "the lamp on the pier burns all night and the boats come home one after the other while the "
    "keeper writes their names into a book with a red cover that smells of salt and oil "
)


def run(bench: Bench) -> dict[str, Figure]:
    """Measure them all."""
    bench.progress("loading the model")
    settings = shaped(bench)
    folders = settings.companion.model_copy(update={"models": bench.home / "models"})
    llm = load_llm(settings.model_copy(update={"companion": folders}))
    try:
        bench.progress("a card from the disk")
        figures = {"P8": _restored(llm, bench)}
        bench.progress("stopping while it reads")
        return figures | _stopped(llm, bench)
    finally:
        llm.close()


def tokens_of(llm: Llama, count: int, first: int = 0) -> tuple[int, ...]:
    """So many tokens of a text that goes on and on."""
    ids = llm.encode(_WORDS, special=False)
    return tuple(itertools.islice(itertools.cycle(ids), first, first + count))


# ── P8 ───────────────────────────────────────────────────────────────────────────────────────────


def _restored(llm: Llama, bench: Bench) -> Figure:
    """Holding a card that is kept on the disk, against reading it."""
    card = tokens_of(llm, CARD)
    llm.warm(card)  # reads and keeps it, where that was not done before
    held: Any = llm._held  # noqa: SLF001 - a benchmark looks inside

    def restore() -> None:
        held.clear()
        assert held.begin(card) == len(card)  # noqa: S101 - else there is nothing to measure

    def read() -> None:
        held.clear()
        held.read(card, Cancel())

    return of(compare(restore, read, bench.pairs), naive=1.0, more={"tokens": CARD})


# ── P24 ──────────────────────────────────────────────────────────────────────────────────────────


def _stopped(llm: Llama, bench: Bench) -> dict[str, Figure]:
    """From the stop to the model's standing still, at random moments of its reading."""
    tokens = tokens_of(llm, llm.limits.context - UBATCH // 2)
    held: Any = llm._held  # noqa: SLF001 - a benchmark looks inside

    def whole() -> None:
        held.clear()
        held.read(tokens[:UBATCH], Cancel(), UBATCH)

    held.clear()
    whole_batch = min((cost(whole) for _ in range(3)), key=lambda one: one.wall)
    usual, tries = whole_batch.wall, 2 * bench.pairs
    waits = [_after_stop(llm, tokens, usual * n / tries) for n in range(tries)]
    found = [one for one in waits if one.wall > 0]  # not where all was read before the stop
    worst = percentile([one.wall for one in found], 0.95)
    shares = [one.wall / usual for one in found]
    spent = [one.cpu for one in found]
    more = {
        "stops": len(found),
        "ubatch_s": usual,
        "median_ms": 1000 * statistics.median(one.wall for one in found),
        "p95_ms": 1000 * worst,
        "p95_cpu_ms": 1000 * percentile(spent, 0.95),
    }
    cpu = statistics.median(spent) / whole_batch.cpu
    return {
        "P24": Figure(statistics.median(shares), interval(shares), cpu, naive=1.0, more=more),
        "P24ms": Figure(worst * 1000, naive=usual * 1000, why="the slowest in twenty", more=more),
    }


def _after_stop(llm: Llama, tokens: tuple[int, ...], after: float) -> Cost:
    """From the stop until nothing is computed any more; below 0 where that was before."""
    llm.forget()
    cancel, ended = Cancel(), Cost(0.0, 0.0)
    prompt = Prompt(tokens, len(tokens))

    def read() -> None:
        nonlocal ended
        for _ in llm.stream(prompt, cancel):
            pass
        ended = Cost(time.perf_counter(), processor_seconds())

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(after)
    stopped = Cost(time.perf_counter(), processor_seconds())
    cancel.set()
    reader.join()
    return Cost(ended.wall - stopped.wall, ended.cpu - stopped.cpu)


GROUP = Group(
    "model",
    (
        Row("P8", "restoring a card from the disk, of reading it", 0.02),
        Row("P24", "from a stop until the model stands still, of what it reads at once", 0.15),
        Row("P24ms", "the same, the slowest in twenty", 60.0, unit="ms"),
    ),
    run,
)
