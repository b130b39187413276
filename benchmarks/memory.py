"""What a recall costs beside its bare parts, at several sizes of memory.

    python benchmarks/memory.py [--lines 1000 20000 100000] [--questions 60] [--every 10]

Made-up talk with words as frequent as in real talk (Zipf), told to a journal in one transaction;
the vectors are made up too, apart from the questions'. One line in ten has left a memory of its
first words. Nothing is random between two runs.

bare: the question embedded, one query of Chroma as its manual writes it, one plain query of FTS5
(all words joined by OR). whole: `Memory.recall`. All questions in a row are asked one way and the
other in turn, as in `companion bench recall` (P16); so many that no text is remembered from before.
Where other programs disturb, each question at its quickest tells what is really needed.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from companion.measure.bench.compare import compare, percentile
from companion.measure.bench.recall import FOUND, SEED, START, lines_of_talk
from companion.measure.bench.recall import fill as tell
from companion.memory import Memory
from companion.memory.dense.embed import MiniLM
from companion.memory.read.words import terms
from companion.memory.record import Entity, Quote, Record, Source
from companion.memory.store.database import quoted
from companion.memory.store.ulid import Ulids
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.measure.bench.compare import Ratio

T = TypeVar("T")


def learn(memory: Memory, lines: list[str], vectors: Any, every: int) -> None:  # noqa: ANN401
    """Keep a memory of every so many of the owner's lines: its first words, and its vector."""
    versions: Any = memory._versions  # noqa: SLF001
    journal: Any = memory._journal  # noqa: SLF001
    ulids = Ulids()
    with journal.database.writing():
        for n in range(0, len(lines), every) if every else ():
            line = journal.lines([n + 1])[0]
            words = " ".join(line.text.split()[:6])
            quotes = (Quote(line.n, words),)
            source = Source("user", line.session, str(line.n), "rule", 1.0, quotes)
            record = Record(
                id=ulids.new(int(line.said.timestamp() * 1000)),
                kind="fact",
                text=words,
                about=(Entity("subject", "Sam", "user"),),
                sources=(source,),
                observed=line.said,
                created_by="rule/1",
                scope=versions.scope,
            )
            versions.add(record)
    made = zip(range(1, len(lines) + 1), vectors[::every] if every else (), strict=False)
    versions.keep_vectors(made, MiniLM.name)


def fill(memory: Memory, lines: list[str], dim: int, every: int = 0) -> None:
    """Tell all lines, and give each a made-up vector; the vectors gather around centres."""
    tell(memory, lines, None)
    random = np.random.default_rng(SEED)
    centres = random.standard_normal((200, dim))
    vectors = centres[random.integers(0, 200, len(lines))] + random.standard_normal(
        (len(lines), dim)
    )
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    journal: Any = memory._journal  # noqa: SLF001 - a benchmark looks inside
    journal.keep_vectors(enumerate(vectors, 1), MiniLM.name)
    learn(memory, lines, vectors, every)
    index: Any = memory._index  # noqa: SLF001
    while index.step():
        pass


class Clock:
    """Milliseconds of calls, by name."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = {}

    def time(self, name: str, work: Callable[[], T]) -> T:
        """What a call returns; how long it takes is noted."""
        begun = time.perf_counter()
        done = work()
        self.taken.setdefault(name, []).append(1000 * (time.perf_counter() - begun))
        return done

    def middle(self, name: str) -> float:
        """The median of all calls of this name."""
        return statistics.median(self.taken[name])


def measure(memory: Memory, embedder: MiniLM, questions: list[str]) -> tuple[Clock, Ratio]:
    """All questions in a row, by the bare parts and by the whole in turn."""
    journal: Any = memory._journal  # noqa: SLF001
    index: Any = memory._index  # noqa: SLF001
    chroma = index._collection  # noqa: SLF001
    sql = (
        f"SELECT rowid, bm25({journal._fts}, 2.0, 1.0) AS s FROM {journal._fts}"  # noqa: SLF001
        f" WHERE {journal._fts} MATCH ? ORDER BY s LIMIT {FOUND}"  # noqa: SLF001
    )
    clock = Clock()  # it counts the warm-ups too

    def bare() -> None:
        for text in questions:
            match = " OR ".join(map(quoted, terms(text)))
            vector = clock.time("embed", partial(embedder.embed, [text], question=True))
            clock.time("chroma", partial(chroma.query, vector, n_results=FOUND))
            clock.time("fts", partial(journal.database.rows, sql, match))

    def whole() -> None:
        for text in questions:
            clock.time("whole", partial(memory.recall, Heard(text), skip=0))

    return clock, compare(whole, bare)


def quickest(taken: list[float], count: int) -> float:
    """Milliseconds of `count` calls that were repeated in this order, each at its quickest."""
    return sum(min(taken[n::count]) for n in range(count))


def report(count: int, clock: Clock, found: Ratio, asked: int) -> dict[str, float]:
    """Print one size; its medians."""
    whole = clock.taken["whole"]
    least = {name: quickest(taken, asked) for name, taken in clock.taken.items()}
    best = least.pop("whole") / sum(least.values())
    parts = "  ".join(f"{name} {clock.middle(name):.2f}" for name in ("embed", "chroma", "fts"))
    print(
        f"{count} lines: whole {clock.middle('whole'):.2f} ms (p95 {percentile(whole, 0.95):.2f})"
        f"  {parts}\n  whole ÷ bare {found.middle:.2f} [{found.low:.2f}, {found.high:.2f}],"
        f" each question at its quickest {best:.2f}",
        flush=True,
    )
    return {name: clock.middle(name) for name in clock.taken}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--lines", type=int, nargs="+", default=[1000, 20_000, 100_000])
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--every", type=int, default=10, help="a memory of so many lines; 0: none")
    parser.add_argument("--cache", type=Path, default=Path("models/cache"))
    options = parser.parse_args()
    embedder = MiniLM(options.cache, progress=print)
    begun = (" ".join(line.split()[:6]) for line in lines_of_talk(max(options.lines)))
    questions = [
        f"What did I say about {words.rstrip('.').lower()}?"
        for words in itertools.islice(begun, options.questions)
    ]
    seen = {}
    for count in options.lines:
        with tempfile.TemporaryDirectory() as folder:
            now = START + timedelta(minutes=count + 60)
            memory = Memory(Path(folder) / "m", "Sam", "mira", embedder, lambda t=now: t)
            fill(memory, lines_of_talk(count), embedder.dim, options.every)
            memory.recall(Heard(questions[0]), skip=0)
            seen[count] = report(count, *measure(memory, embedder, questions), len(questions))
            memory.close()
    if {1000, 20_000} <= seen.keys():
        for name in ("chroma", "whole"):
            print(f"{name}: 20,000 ÷ 1,000 lines {seen[20_000][name] / seen[1000][name]:.2f}")


if __name__ == "__main__":
    main()
