"""How long a "yes" takes after "forget about X", and what deleting for good reads and writes.

    python -m benchmarks.forgetting [--lines 1000 10000]

Made-up talk and vectors as in `benchmarks/memory.py`; X is a rare word and a frequent one. yes: to
the answer; all: until it is deleted, in idle time where the answer did not wait for that. read,
written: bytes that the process asked for (`/proc/self/io`), ÷ the bytes of all files.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.memory import fill
from companion.measure.bench.recall import START, lines_of_talk
from companion.memory import Memory
from companion.memory.dense.embed import MiniLM
from companion.memory.read.words import terms
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Sequence

FREQUENT = 0.004
"""Share of the lines that speak of the frequent word."""


class Made:
    """An embedder that is never asked for anything but its name."""

    name = MiniLM.name
    dim = 384

    def embed(self, texts: Sequence[str], *, question: bool = False) -> np.ndarray:  # noqa: ARG002
        """Vectors of length 1."""
        return np.full((len(texts), self.dim), self.dim**-0.5, np.float32)


def topics(lines: list[str]) -> list[str]:
    """A word that stands in one line, and one that stands in many."""
    counts = Counter(word for line in lines for word in set(terms(line)) if len(word) > 5)
    wanted = FREQUENT * len(lines)
    rare = next(word for word, count in counts.items() if count == 1)
    return [rare, min(counts, key=lambda word: abs(counts[word] - wanted))]


def moved() -> tuple[int, int]:
    """Bytes that this process has read and written so far."""
    told = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(told["rchar"]), int(told["wchar"])


def measure(folder: Path, lines: list[str], topic: str) -> None:
    """Forget about one word, and print what that took."""
    now = START + timedelta(minutes=len(lines) + 60)
    memory = Memory(folder, "Sam", "mira", Made(), lambda: now)
    fill(memory, lines, Made.dim)
    memory.obey(Heard(f"forget about {topic}"))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    before, begun, worked = moved(), time.perf_counter(), time.process_time()
    answer = memory.obey(Heard("yes"))
    said = time.perf_counter() - begun
    if memory.forgotten():
        next(memory.idle())
    done, busy = time.perf_counter() - begun, time.process_time() - worked
    read, written = ((b - a) / size for a, b in zip(before, moved(), strict=True))
    gone = len(answer.forgotten) if answer else 0
    print(
        f"{len(lines)} lines, {size / 1e6:.0f} MB, {gone} go: read {read:.1f} times, written"
        f" {written:.1f} times; yes {1e3 * said:.0f} ms, all {1e3 * done:.0f} ms"
        f" (processor {1e3 * busy:.0f} ms)",
        flush=True,
    )
    memory.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--lines", type=int, nargs="+", default=[1000, 10_000])
    options = parser.parse_args()
    for count in options.lines:
        lines = lines_of_talk(count)
        for topic in topics(lines):
            with tempfile.TemporaryDirectory() as folder:
                measure(Path(folder) / "m", lines, topic)


if __name__ == "__main__":
    main()
