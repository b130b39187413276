"""Show that the probes are new to the model: nothing of them stands in what it was taught.

python -m training.llm.check --data DATA [--scenes 20000]

Looks for every probe's values and names in the generator's own files, word by word; and, in a
sample of scenes and in every dialogue used, for values, names, questions, notes, and the notes'
patterns with any value in the gap. Ends 1 where anything is found.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from training.llm import forbidden
from training.llm.prepare import Source
from training.llm.probes import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.llm.scenes import Scene

HERE = Path(__file__).resolve().parent
GENERATOR = (
    "pools.yaml facts.yaml kinds.yaml cards.yaml traits.yaml talk.yaml grammar.yaml forms.yaml grammar.py more.yaml smalltalk.yaml phrases.py words.py cards.py scenes.py writer.py talks.py corpus.py prepare.py"
).split()


def in_sources(banned: frozenset[str]) -> list[str]:
    """Values and names that stand in the generator's files."""
    found = []
    for name in GENERATOR:
        text = (HERE / name).read_text("utf-8").replace("|", " ").replace("_", " ")
        found += [f"{name}: {w}" for w in sorted(banned.intersection(words(text)))]
    return found


def texts(scene: Scene) -> Iterator[str]:
    """Everything a scene shows."""
    persona = scene.persona
    yield from (persona.name, persona.user, persona.description, persona.personality)
    yield from (persona.scenario, persona.greeting, *persona.examples)
    yield from (note.text for note in scene.notes)
    yield from scene.lore
    for turn in scene.history:
        yield from (turn.user, turn.reply)
    for pair in scene.branches:
        yield from pair


def in_text(text: str, banned: frozenset[str], lines: forbidden.Forbidden) -> list[str]:
    """What of the probes stands in one text."""
    found = [f"value {w!r} in {text!r}" for w in sorted(banned.intersection(words(text)))]
    if lines.line(text):
        found.append(f"line or pattern {text!r}")
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("COMPANION_CHATDATA", "data/chat")
    )
    parser.add_argument("--scenes", type=int, default=20_000)
    args = parser.parse_args()
    banned, lines = forbidden.banned_words(), forbidden.forbidden()
    found = in_sources(banned)
    source = Source(args.data, "full", seed=7)
    shown = 0
    for dialogue in source.dialogues:
        for _, line in dialogue.lines:
            found += in_text(line, banned, lines)
            shown += 1
    for (scene, _), _n in zip(source.scenes(), range(args.scenes), strict=False):
        for text in texts(scene):
            found += in_text(text, banned, lines)
            shown += 1
    print("\n".join(found[:40]))
    print(
        f"{len(banned)} values and names, {args.scenes} scenes, {shown} texts: {len(found)} found"
    )
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
