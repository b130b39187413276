"""How well the owner's words become memories, on our own lines, and how long a line takes.

    python benchmarks/writing.py            as written, and as a small Whisper would write them

Precision: of what is kept, how much is right. Recall: of what should be kept, how much is. The
first file was written before the rules. The others were measured before any rule was changed
because of them, which is what lines like them can expect: .85 and .65, then .85 and .67, then .88
and .57.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.memory.store.line import Line
from companion.memory.write.gate import judge
from companion.memory.write.rules import About, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.memory.write.candidate import Candidate

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"
FILES = (
    "writing.json",
    "writing_later.json",
    "writing_unseen.json",
    "writing_fourth.json",
)
ABOUT = About("Sam", "Juno")
LITTLE = {"a", "an", "the", "my", "sam's", "sams", "juno", "you", "to", "den", "die", "das", "der"}
FREE = {"event", "promise", "note"}
SHARE = 0.6


def words(text: str) -> list[str]:
    """The words of an object that count."""
    found = re.findall(r"[^\W_]+(?:'\w+)?", text.lower())
    return [word for word in found if word not in LITTLE]


def same(one: Candidate, fact: dict[str, str]) -> bool:
    """Whether a candidate says what a line should leave."""
    claim = (one.subject.lower(), one.predicate, one.polarity)
    if claim != (fact["subject"].lower(), fact["predicate"], fact["polarity"]):
        return False
    told, wanted = words(one.object), words(fact["object"])
    if one.predicate in FREE:
        return len({*told} & {*wanted}) >= SHARE * len({*told} | {*wanted})
    return told == wanted


def as_heard(text: str) -> str:
    """The line without capitals and punctuation."""
    return re.sub(r"[.,!?;:\"]", "", text.lower())


def kept(text: str, said: datetime) -> list[Candidate]:
    """What of a line gets through the gate."""
    line = Line(1, "0" * 26, "S", 1, "Sam", "juno", "user", "Sam", text, 1.0, said)
    return [one for one in read(line, ABOUT) if judge(one, line, ABOUT).status == "active"]


def score(entries: list[dict[str, Any]], change: Callable[[str], str]) -> dict[str, object]:
    """Figures of some lines."""
    counts: Counter[str] = Counter()
    seconds = 0.0
    for entry in entries:
        began = time.perf_counter()
        found = kept(change(entry["text"]), datetime.fromisoformat(entry["said"]))
        seconds += time.perf_counter() - began
        left = list(entry["facts"])
        counts.update(kept=len(found), wanted=len(left))
        for one in found:
            fact = next((fact for fact in left if same(one, fact)), None)
            if fact is not None:
                left.remove(fact)
                right = (one.due or one.valid_from).startswith(fact.get("when", "-"))
                counts.update(right=1, dated="when" in fact, dates=right)
    return {
        "lines": len(entries),
        "precision": round(counts["right"] / counts["kept"], 3),
        "recall": round(counts["right"] / counts["wanted"], 3),
        "dates": f"{counts['dates']}/{counts['dated']}",
        "ms_per_line": round(seconds * 1000 / len(entries), 2),
    }


def main() -> None:
    """Print the figures of each file, language and form."""
    for text in ("hello there", "ich bin da und du"):
        kept(text, datetime.now().astimezone())  # the patterns are compiled once
    for name in FILES:
        every = json.loads((GOLDEN / name).read_text())["lines"]
        for lang in ("en", "de"):
            entries = [entry for entry in every if entry["lang"] == lang]
            for how, change in (("as written", str), ("as heard", as_heard)):
                figures = score(entries, change)
                print(json.dumps({"file": name, "lang": lang, "how": how} | figures))


if __name__ == "__main__":
    main()
