"""How often the checker of replies sees something, and what asking again comes to.

    python benchmarks/replies.py Synthetic-Persona-Chat_test.csv

First people's own replies of all conversations of the file, then the offline model's, as Juno, Tam
and Wren, to the first speaker's lines of its first conversations: each once, then asked again.
"""

from __future__ import annotations

import collections
import csv
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import companion

companion.prepare()

from companion import compose  # noqa: E402 - after what must come before any engine
from companion.config import load  # noqa: E402
from companion.flow import Cancel  # noqa: E402
from companion.speech.check import Talk, check  # noqa: E402
from companion.trace import Trace  # noqa: E402
from companion.turn import turn  # noqa: E402
from companion.values import Heard  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
WHO = ("juno", "tam", "wren")
CONVERSATIONS = 20
TURNS = 6
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def main() -> None:
    """Measure both."""
    talks = conversations(Path(sys.argv[1]))
    of_people(talks)
    for again in (False, True):
        of_the_model([talk[: 2 * TURNS : 2] for talk in talks[:CONVERSATIONS]], again=again)


def conversations(file: Path) -> list[list[str]]:
    """The lines of each conversation, two speakers in turn."""
    with file.open(encoding="utf-8", newline="") as rows:
        talks = [row["Best Generated Conversation"] for row in csv.DictReader(rows)]
    lines = ([re.sub(r"^User [12]:", "", line).strip() for line in t.splitlines()] for t in talks)
    return [[line for line in some if line] for some in lines]


def of_people(talks: list[list[str]]) -> None:
    """How often people's own replies are flagged."""
    seen: collections.Counter[str] = collections.Counter()
    replies = 0
    for talk in talks:
        for n in range(1, len(talk)):
            before = tuple(talk[max(0, n - 6) : n - 1])
            replies += 1
            seen.update(flaw.code for flaw in check(talk[n], Talk("A", "B", talk[n - 1], before)))
    print(f"people: {replies} replies, flagged {dict(seen)}")


def of_the_model(talks: list[list[str]], *, again: bool) -> None:
    """How often the offline model's replies are flagged."""
    seen: collections.Counter[str] = collections.Counter()
    asked = turns = 0
    settings = load(ROOT / "config.toml", overrides={"llm": {"ask_again": again}})
    for who in WHO:
        wishes = compose.Wishes(
            who, "Sam", listen=False, speak=False, remember=False, now=lambda: NOON
        )
        parts = compose.compose(settings, wishes, lambda _: None)
        for talk in talks:
            parts.companion.history.clear()
            parts.prompts.reset()
            parts.llm.forget()
            for words in talk:
                trace = Trace()
                turn(parts.companion, Heard(words), Cancel(), trace)
                seen.update(trace.saw)
                asked += bool(trace.again)
                turns += 1
        parts.close()
    print(f"ask_again={again}: {turns} replies, asked again {asked}, flagged {dict(seen)}")


if __name__ == "__main__":
    main()
