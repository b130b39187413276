"""What documents cost: taking them in, and recall with them beside a conversation.

    python benchmarks/lore.py                       sizes, on text of our own pages
    python benchmarks/lore.py LOCOMO DOCUMENT       recall on LoCoMo with and without a document

By words alone; nothing is random but the text, which is seeded.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from companion.measure import recall, sets
from companion.memory import Memory
from companion.values import Heard, Said

ROOT = Path(__file__).resolve().parents[1]
SIZES = (100_000, 1_000_000, 10_000_000)
QUESTIONS = 100
DEPTHS = (5, 10, 25)


def main() -> None:
    """Measure what was asked for."""
    if len(sys.argv) > 2:
        beside(Path(sys.argv[1]), Path(sys.argv[2]))
        return
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            sized(Path(folder), size)


def sized(folder: Path, size: int) -> None:
    """Take in a document of about `size` bytes, and ask it."""
    chance = random.Random(1)
    words = " ".join(page.read_text() for page in sorted(ROOT.glob("*.md"))).split()
    text = ["# World"]
    while sum(map(len, text[-2:])) * len(text) / 2 < size:
        told = " ".join(chance.choice(words).strip("#") for _ in range(90))
        text += [f"## Chapter {len(text)}", f"{told}."]
    (folder / "world.md").write_text("\n\n".join(text))
    memory = Memory(folder / "memory", "Sam", "mira")
    begun = time.perf_counter()
    taken = memory.take_in(folder / "world.md", lambda _: None)
    seconds = time.perf_counter() - begun
    asked = []
    for _ in range(QUESTIONS):
        question = Heard(" ".join(chance.choice(words) for _ in range(6)))
        begun = time.perf_counter()
        memory.recall(question)
        asked.append(1e3 * (time.perf_counter() - begun))
    memory.close()
    asked.sort()
    print(
        f"{(folder / 'world.md').stat().st_size:>10} bytes {taken.passages:>6} passages: taken in"
        f" {seconds:.1f} s, recall p50 {asked[50]:.1f} ms, p95 {asked[95]:.1f} ms"
    )


def beside(dataset: Path, document: Path) -> None:
    """Recall of each conversation of LoCoMo, without and with a document that is not about it."""
    for one in sets.load(dataset, "0-4"):
        for path in (None, document):
            found = _found(one, path)
            means = [statistics.mean(share(*each, depth) for each in found) for depth in DEPTHS]
            shown = " ".join(f"{100 * mean:.1f}" for mean in means)
            print(f"{one.name}: recall at 5, 10, 25 {'with' if path else 'without'}: {shown}")


def share(evidence: frozenset[str], found: list[str], depth: int) -> float:
    """Share of the evidence among the first `depth`."""
    return len(evidence & set(found[:depth])) / len(evidence)


def _found(one: sets.Set, document: Path | None) -> list[tuple[frozenset[str], list[str]]]:
    """Evidence of each question, and what was found, best first."""
    clock = recall.Clock(one.now)
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(Path(folder) / "m", one.owner, one.character, None, clock)
        names = {}
        for line in one.lines:
            clock.time = line.said
            said, heard = Said(line.text), Heard(line.text)
            names[memory.hear(heard) if line.mine else memory.say(said)] = line.id
        clock.time = one.now
        if document:
            memory.take_in(document, lambda _: None)
        found = [
            (
                question.evidence,
                [names.get(note.id, "") for note in memory.search(question.text, 25)],
            )
            for question in one.questions
            if question.evidence
        ]
        memory.close()
    return found


if __name__ == "__main__":
    main()
