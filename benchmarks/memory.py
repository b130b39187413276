"""What a recall costs beside its bare parts, at several sizes of memory.

    python benchmarks/memory.py [--lines 1000 20000 100000] [--questions 60] [--every 10]

Made-up talk with words as frequent as in real talk (Zipf), told to a journal in one transaction;
the vectors are made up too, apart from the questions'. One line in ten has left a memory of its
first words. Nothing is random between two runs.

bare: the question embedded, one query of Chroma as its manual writes it, one plain query of FTS5
(all words joined by OR), each alone. whole: `Memory.recall`. The order of the four changes from
question to question. words: looked for, of those that the question has; rows: what FTS5 gave.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.memory import Memory
from companion.memory.dense.embed import MiniLM
from companion.memory.read.words import terms
from companion.memory.recall.search import telling
from companion.memory.record import Entity, Quote, Record, Source
from companion.memory.store.database import quoted
from companion.memory.store.line import Spoken
from companion.memory.store.ulid import Ulids
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SEED = 3
VOCABULARY = 20_000
LIMIT = 20
"""Asked of Chroma and FTS5 alone; the whole asks for as many."""
START = datetime(2026, 1, 1, tzinfo=UTC)
COMMON = tuple("i you the a to and it my was that we have so in really just".split())  # noqa: SIM905


def talk(count: int) -> list[str]:
    """Lines of 6 to 24 words, common ones as often as in talk."""
    random = np.random.default_rng(SEED)
    words = [*COMMON, *(f"{a}{b}" for a in _syllables() for b in _syllables())][:VOCABULARY]
    weights = 1 / np.arange(2, len(words) + 2)
    drawn = iter(random.choice(len(words), size=count * 25, p=weights / weights.sum()))
    lengths = random.integers(6, 25, size=count)
    return [" ".join(words[next(drawn)] for _ in range(n)).capitalize() + "." for n in lengths]


def _syllables() -> Iterator[str]:
    yield from (f"{c}{v}{e}" for c in "bdfgklmnprst" for v in "aeiou" for e in ("", "l", "n"))


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
    """Tell all lines, in sessions of 20, and give each a made-up vector."""
    journal: Any = memory._journal  # noqa: SLF001 - a benchmark looks inside
    ulids, random = Ulids(), np.random.default_rng(SEED)
    with journal.database.writing():
        for n, text in enumerate(lines):
            said = START + timedelta(minutes=n)
            who = ("user", "Sam") if n % 2 == 0 else ("character", "Mira")
            made = ulids.new(int(said.timestamp() * 1000))
            journal.add(f"S{n // 20:024d}X", made, Spoken(*who, text, 1.0, said))
    centres = random.standard_normal((200, dim))
    vectors = centres[random.integers(0, 200, len(lines))] + random.standard_normal(
        (len(lines), dim)
    )
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    journal.keep_vectors(enumerate(vectors, 1), MiniLM.name)
    learn(memory, lines, vectors, every)
    with journal.database.writing() as db:
        db.execute("UPDATE lines SET looked = 1000000")
    index: Any = memory._index  # noqa: SLF001
    while index.step():
        pass


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    begun = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begun)


def measure(memory: Memory, embedder: MiniLM, questions: list[str]) -> dict[str, list[float]]:
    """Every question, each part alone and then the whole."""
    journal: Any = memory._journal  # noqa: SLF001
    index: Any = memory._index  # noqa: SLF001
    chroma = index._collection  # noqa: SLF001
    stems: Any = memory._recall.search._stemmer  # noqa: SLF001
    figures: dict[str, list[float]] = {
        name: [] for name in ("embed", "chroma", "fts", "whole", "asked", "looked for", "rows")
    }
    sql = (
        f"SELECT rowid, bm25({journal._fts}, 2.0, 1.0) AS s FROM {journal._fts}"  # noqa: SLF001
        f" WHERE {journal._fts} MATCH ? ORDER BY s LIMIT {LIMIT}"  # noqa: SLF001
    )
    vectors = embedder.embed(questions, question=True)
    for n, text in enumerate(questions):
        asked = terms(text)
        match, vector = " OR ".join(map(quoted, asked)), vectors[n : n + 1]
        parts: list[tuple[str, Callable[[], object]]] = [
            ("embed", lambda t=text: embedder.embed([t], question=True)),
            ("chroma", lambda v=vector: chroma.query(v, n_results=LIMIT)),
            ("fts", lambda m=match: journal.database.rows(sql, m)),
            ("whole", lambda t=text: memory.recall(Heard(t), skip=0)),
        ]
        for name, work in parts[n % 4 :] + parts[: n % 4]:  # each finds what another left warm
            figures[name].append(timed(work))
        looked = telling(journal.counts({word: stems.stem(word) for word in asked}))
        figures["asked"].append(len(asked))
        figures["looked for"].append(len(looked))
        figures["rows"].append(len(journal.match(looked).seqs))
    return figures


def report(count: int, figures: dict[str, list[float]]) -> dict[str, float]:
    """Print one size; its medians."""
    middle = {name: statistics.median(values) for name, values in figures.items()}
    bare = middle["embed"] + middle["chroma"] + middle["fts"]
    p95 = sorted(figures["whole"])[int(0.95 * (len(figures["whole"]) - 1))]
    parts = "  ".join(f"{name} {middle[name]:.2f}" for name in ("embed", "chroma", "fts"))
    print(f"{count} lines: whole {middle['whole']:.2f} ms (p95 {p95:.2f})  {parts}")
    print(
        f"  whole ÷ bare {middle['whole'] / bare:.2f}   words {middle['looked for']:.0f} of"
        f" {middle['asked']:.0f}   rows {middle['rows']:.0f}",
        flush=True,
    )
    return middle


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
    questions = [
        f"What did I say about {line.rstrip('.').lower()}?"
        for line in (" ".join(x.split()[:6]) for x in talk(max(options.lines))[: options.questions])
    ]
    seen = {}
    for count in options.lines:
        with tempfile.TemporaryDirectory() as folder:
            now = START + timedelta(minutes=count + 60)
            memory = Memory(Path(folder) / "m", "Sam", "mira", embedder, lambda t=now: t)
            fill(memory, talk(count), embedder.dim, options.every)
            memory.recall(Heard(questions[0]), skip=0)
            seen[count] = report(count, measure(memory, embedder, questions))
            memory.close()
    if {1000, 20_000} <= seen.keys():
        for name in ("chroma", "whole"):
            print(f"{name}: 20,000 ÷ 1,000 lines {seen[20_000][name] / seen[1000][name]:.2f}")


if __name__ == "__main__":
    main()
