"""How much of the evidence for a question the memory finds, on LoCoMo.

    python benchmarks/recall.py FOLDER [--no-dense] [--cache models/cache] [--conversations 0-4]

FOLDER holds `locomo_dev.json` and `evidence_dev.jsonl` (https://github.com/snap-research/locomo,
CC BY-NC 4.0). Every conversation is told line by line to a fresh memory, through the same calls as
in a turn, and then every question is asked. Nothing is random.

recall@k: share of a question's evidence lines among the first k, averaged over questions.
shown: the same for what `recall` would have put into the prompt. ms: of one whole search.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.memory import Memory
from companion.memory.embed import Embedder, MiniLM
from companion.values import Heard, Said

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTHS = (5, 10, 25, 50)
MINUTE = timedelta(minutes=1)


@dataclass
class Clock:
    """A clock that stands where the data says."""

    time: datetime = field(default_factory=lambda: datetime(2023, 1, 1, tzinfo=UTC))

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.time


@dataclass
class Tally:
    """Sums over questions."""

    questions: int = 0
    found: list[float] = field(default_factory=lambda: [0.0] * len(DEPTHS))
    shown: float = 0.0
    silent: int = 0
    first: float = 0.0
    seconds: list[float] = field(default_factory=list)
    kinds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def lines_of(conversation: dict[str, Any]) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Every line with the time it was said."""
    for number in range(1, 100):
        when = conversation.get(f"session_{number}_date_time")
        lines = conversation.get(f"session_{number}") or []
        if when is None or not lines:
            continue
        start = datetime.strptime(when, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
        for place, line in enumerate(lines):
            yield start + place * timedelta(seconds=10), line


def tell(memory: Memory, clock: Clock, conversation: dict[str, Any]) -> dict[str, str]:
    """Tell a conversation to the memory; returns the data's id of each line by ours."""
    names = {}
    for clock.time, line in lines_of(conversation):
        caption = line.get("blip_caption")
        text = f"{line['text']} [{caption}]" if caption else line["text"]
        mine = line["speaker"] == conversation["speaker_a"]
        name = memory.hear(Heard(text)) if mine else memory.say(Said(text))
        names[name] = line["dia_id"]
    clock.time += timedelta(days=1)
    for _ in memory.idle():
        pass
    return names


def ask(memory: Memory, names: dict[str, str], question: dict[str, Any], tally: Tally) -> None:
    """Ask one question and count what was found."""
    evidence = set(question["evidence"]) & set(names.values())
    if not evidence:
        return
    begun = time.perf_counter()
    found = [names[note.id] for note in memory.search(question["question"], DEPTHS[-1])]
    tally.seconds.append(time.perf_counter() - begun)
    shown = {names[note.id] for note in memory.recall(Heard(question["question"]), skip=0)}
    tally.questions += 1
    tally.silent += not shown
    tally.shown += len(evidence & shown) / len(evidence)
    tally.first += next((1 / rank for rank, one in enumerate(found, 1) if one in evidence), 0.0)
    shares = [len(evidence & set(found[:depth])) / len(evidence) for depth in DEPTHS]
    tally.found = [a + b for a, b in zip(tally.found, shares, strict=True)]
    tally.kinds[question["category_name"]].append(shares[1])


def measure(folder: Path, embedder: Embedder | None, which: range) -> Tally:
    """All questions of these conversations, one fresh memory for each conversation."""
    tally = Tally()
    data = json.loads((folder / "locomo_dev.json").read_text("utf-8"))
    rows = (folder / "evidence_dev.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(row) for row in rows]
    for number in which:
        one = data[number]
        conversation, clock = one["conversation"], Clock()
        with tempfile.TemporaryDirectory() as place:
            pair = (conversation["speaker_a"], conversation["speaker_b"])
            memory = Memory(Path(place) / "memory", *pair, embedder, clock)
            names = tell(memory, clock, conversation)
            for question in questions:
                if question["sample_id"] == one["sample_id"]:
                    ask(memory, names, question, tally)
            memory.close()
    return tally


def report(name: str, tally: Tally) -> None:
    """Print one row for each figure."""
    count = tally.questions
    recall = "  ".join(
        f"R@{k} {100 * v / count:.1f}" for k, v in zip(DEPTHS, tally.found, strict=True)
    )
    times = sorted(1000 * one for one in tally.seconds)
    print(f"{name}: n={count}  {recall}  MRR {tally.first / count:.3f}")
    print(
        f"  shown {100 * tally.shown / count:.1f}  nothing shown {100 * tally.silent / count:.1f}"
    )
    kinds = "  ".join(f"{k} {100 * statistics.mean(v):.1f}" for k, v in sorted(tally.kinds.items()))
    print(f"  R@10 by kind: {kinds}")
    print(f"  ms: p50 {statistics.median(times):.1f}  p95 {times[int(0.95 * len(times))]:.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-dense", action="store_true", help="words alone")
    parser.add_argument("--cache", type=Path, default=Path("models/cache"))
    parser.add_argument("--conversations", default="0-4")
    options = parser.parse_args()
    first, _, last = options.conversations.partition("-")
    embedder = None if options.no_dense else MiniLM(options.cache, progress=print)
    tally = measure(options.folder, embedder, range(int(first), int(last or first) + 1))
    report("lexical" if options.no_dense else "fused", tally)


if __name__ == "__main__":
    main()
