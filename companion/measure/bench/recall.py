"""P16, P17, P18: what remembering costs: against its bare parts, with many lines, and in a turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.measure.bench.compare import compare, in_turn, ratio
from companion.measure.bench.row import Bench, Figure, Group, Row, of
from companion.memory import Memory
from companion.memory.read.words import terms
from companion.memory.store.database import quoted
from companion.memory.store.line import Spoken
from companion.memory.store.ulid import Ulids
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from companion.memory.dense.embed import Embedder
    from companion.values import Prompt, Said

SEED = 3
VOCABULARY = 20_000
FOUND = 20
QUESTIONS = 20
START = datetime(2026, 1, 1, tzinfo=UTC)
COMMON = ("i", "you", "the", "a", "to", "and", "it", "my", "was", "that", "we", "have", "so", "in")
SIZES = {"P16": 5_000, "few": 1_000, "many": 20_000}


def lines_of_talk(count: int) -> list[str]:
    """Lines of 6 to 24 made-up words, common ones as often as in talk; the same every time."""
    random = np.random.default_rng(SEED)
    words = [*COMMON, *(f"{a}{b}" for a in _syllables() for b in _syllables())][:VOCABULARY]
    weights = 1 / np.arange(2, len(words) + 2)
    drawn = iter(random.choice(len(words), size=count * 25, p=weights / weights.sum()))
    lengths = random.integers(6, 25, size=count)
    return [" ".join(words[next(drawn)] for _ in range(n)).capitalize() + "." for n in lengths]


def _syllables() -> Iterator[str]:
    yield from (f"{c}{v}{e}" for c in "bdfgklmnprst" for v in "aeiou" for e in ("", "l", "n"))


def fill(memory: Memory, lines: Sequence[str], embedder: Embedder | None) -> None:
    """Tell all lines in one transaction, in sessions of twenty, each with a made-up vector.

    Without an embedder they have none.
    """
    inside: Any = memory
    journal, index, ulids = inside._journal, inside._index, Ulids()  # noqa: SLF001 - a benchmark
    with journal.database.writing():
        for n, text in enumerate(lines):
            said = START + timedelta(minutes=n)
            who = ("user", "Sam") if n % 2 == 0 else ("character", "Mira")
            made = ulids.new(int(said.timestamp() * 1000))
            journal.add(f"S{n // 20:024d}X", made, Spoken(*who, text, 1.0, said))
    with journal.database.writing() as db:
        db.execute("UPDATE lines SET looked = 1000000")
    if embedder is not None:
        vectors = np.random.default_rng(SEED).standard_normal((len(lines), embedder.dim))
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        journal.keep_vectors(enumerate(vectors, 1), embedder.name)
        while index.step():
            pass


def _memory(bench: Bench, embedder: Embedder, count: int) -> tuple[Memory, list[str]]:
    """A memory of so many lines, and questions to it."""
    bench.progress(f"remembering {count} lines")
    lines = lines_of_talk(count)
    now = START + timedelta(minutes=count + 60)
    memory = Memory(bench.home / f"lines-{count}", "Sam", "mira", embedder, lambda: now)
    fill(memory, lines, embedder)
    begun = (" ".join(line.split()[:6]).rstrip(".").lower() for line in lines[:QUESTIONS])
    return memory, [f"What did I say about {words}?" for words in begun]


def _asked(memory: Memory, questions: Sequence[str]) -> Callable[[], None]:
    def ask() -> None:
        for text in questions:
            memory.recall(Heard(text), skip=0)

    return ask


def _bare(memory: Memory, embedder: Embedder, questions: Sequence[str]) -> Callable[[], None]:
    """Each question embedded, one query of Chroma and one of FTS5 as their manuals write them."""
    inside: Any = memory
    journal, chroma = inside._journal, inside._index._collection  # noqa: SLF001 - a benchmark
    table = journal._fts  # noqa: SLF001
    sql = (
        f"SELECT rowid, bm25({table}, 2.0, 1.0) AS s FROM {table}"  # noqa: S608 - our own name
        f" WHERE {table} MATCH ? ORDER BY s LIMIT {FOUND}"
    )

    def ask() -> None:
        for text in questions:
            chroma.query(embedder.embed([text], question=True), n_results=FOUND)
            journal.database.rows(sql, " OR ".join(map(quoted, terms(text))))

    return ask


def run(bench: Bench) -> dict[str, Figure]:
    """Fill memories of three sizes and ask them."""
    from companion.compose import load_minilm

    embedder = load_minilm(bench.settings, bench.progress)
    embedder.embed(["Hello."])
    return _against_bare(bench, embedder) | _many(bench, embedder) | _isolated(bench)


def _against_bare(bench: Bench, embedder: Embedder) -> dict[str, Figure]:
    count = bench.some(SIZES["P16"])
    memory, questions = _memory(bench, embedder, count)
    found = compare(_asked(memory, questions), _bare(memory, embedder, questions), bench.pairs)
    memory.close()
    each = 1000 * found.first / len(questions)
    more = {"lines": count, "ms_a_recall": each, "questions": len(questions)}
    why = "found by meaning and by words, ranked; against one embedding and one query of each"
    return {
        "P16": of(found, why=why, more=more),
        "P16m": Figure(each, why="a whole recall"),
    }


def _many(bench: Bench, embedder: Embedder) -> dict[str, Figure]:
    few, questions = _memory(bench, embedder, bench.some(SIZES["few"]))
    many, _ = _memory(bench, embedder, bench.some(SIZES["many"]))
    found = compare(_asked(many, questions), _asked(few, questions), bench.pairs)
    few.close()
    many.close()
    more = {"ms_many": 50 * found.first, "ms_few": 50 * found.second}
    return {"P17": of(found, why="20,000 lines against 1,000", more=more)}


class _Unwritten:
    """A memory that recalls and keeps nothing."""

    def __init__(self, memory: Any) -> None:  # noqa: ANN401 - passes the rest on
        self._memory = memory

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._memory, name)

    def hear(self, heard: Heard) -> str:  # noqa: ARG002
        """Nothing is kept."""
        return ""

    def say(self, said: Said) -> str:  # noqa: ARG002
        """Nothing is kept."""
        return ""

    def witness(self, prompt: Prompt, said: Said) -> None:
        """There is no line to note it with."""


def _isolated(bench: Bench) -> dict[str, Figure]:
    """The first sound of a turn with what it writes to the memory, and without writing."""
    from companion.measure.bench.compare import Cost
    from companion.measure.bench.rig import Rig, Sink, shaped, utterance

    bench.progress("turns that are remembered, and turns that are not")
    rig = Rig(shaped(bench), utterance(1.5), Sink())
    companion, memory = rig.parts.companion, rig.parts.companion.memory
    without: Any = _Unwritten(memory)

    def spoken(*, written: bool) -> Cost:
        companion.memory = memory if written else without
        found = rig.turn()
        return Cost(found.first, found.cpu)

    pairs = in_turn(lambda: spoken(written=True), lambda: spoken(written=False), bench.pairs)
    rig.close()
    found = ratio(pairs)
    return {"P18": of(found, why="against the same turns of which nothing is written; both recall")}


GROUP = Group(
    "recall",
    (
        Row("P16", "a recall from 5,000 lines, of its bare parts", 1.15),
        Row("P16m", "a recall from 5,000 lines", 15.0, "ms"),
        Row("P17", "a recall from 20,000 lines, of one from 1,000", 2.0),
        Row("P18", "first sound of a turn that is remembered, of one that is not", 1.02),
    ),
    run,
)
