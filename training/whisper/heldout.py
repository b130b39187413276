"""Draws the held-out list, once, before any training: `python -m training.whisper.heldout DATA`.

Sets: `open` is the recipe of the project's target (4-12 words of the test part of Synthetic-Persona-Chat, all within
the 2,000 most frequent words of its valid part), `unlimited` the same without the limit (at least one word outside),
`domain` is drawn from our own templates. Each has a half in voices that train and a half in voices that never do.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from training.whisper import domain, text

SEED = 20261121
TRAINING_VOICES = ("slt", "rms", "kal16", "en-us", "en-us+m3", "en-us+f2", "en-gb+m1")
SEEN = ("slt", "rms", "kal16", "espeak")
UNSEEN = ("awb", "en-us+m4", "en-gb+f5")
SHORTEST, LONGEST = 4, 12


def _voice(index: int, *, seen: bool) -> str:
    if not seen:
        return UNSEEN[index % len(UNSEEN)]
    name = SEEN[index % len(SEEN)]
    return TRAINING_VOICES[3 + index // 4 % 4] if name == "espeak" else name


def draw(data: Path) -> list[tuple[str, str, str]]:
    """Return (set, voice, words) rows: 200 open, 100 unlimited, 160 domain, half of each in unseen voices."""
    rng = random.Random(SEED)
    known = set(text.frequent(text.persona(data, "valid"), text.VOCABULARY))
    fit = [
        words
        for words, _ in text.persona(data, "test")
        if SHORTEST <= len(words.split()) <= LONGEST
    ]
    within = [words for words in fit if set(words.split()) <= known]
    beyond = [words for words in fit if not set(words.split()) <= known]
    own = dict.fromkeys(text.normal(domain.sentence(rng)) for _ in range(2000))
    mine = [words for words in own if len(words.split()) >= SHORTEST]
    drawn = (
        ("open", rng.sample(within, 200)),
        ("unlimited", rng.sample(beyond, 100)),
        ("domain", rng.sample(mine, 160)),
    )
    rows = []
    for name, sentences in drawn:
        half = len(sentences) // 2
        for index, words in enumerate(sentences):
            seen = index < half
            place = index if seen else index - half
            rows.append((f"{name}-{'seen' if seen else 'unseen'}", _voice(place, seen=seen), words))
    return rows


def main() -> None:
    """Write the list beside this file."""
    rows = draw(Path(sys.argv[1]))
    lines = ["set\tvoice\twords", *("\t".join(row) for row in rows)]
    text.HELDOUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
