"""Draws the held-out lists, once, before the training they judge: `python -m training.whisper.heldout DATA [large]`.

Sets: `open` is the recipe of the project's target (4-12 words of the test part of Synthetic-Persona-Chat, all within
the 2,000 most frequent words of its valid part), `unlimited` the same without the limit (at least one word outside),
`domain` is drawn from our own templates. Each has a half in voices that train and a half in voices that never do.
The large list has more sentences, none of them in the first, `accents` for the voices that joined for the second
training, and `names`: templates with a name that no training text holds, not even one of the first training.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from training.whisper import domain, text

if TYPE_CHECKING:
    from collections.abc import Iterable

SEED = 20261121
TRAINING_VOICES = ("slt", "rms", "kal16", "en-us", "en-us+m3", "en-us+f2", "en-gb+m1")
SEEN = ("slt", "rms", "kal16", "espeak")
UNSEEN = ("awb", "en-us+m4", "en-gb+f5")
SHORTEST, LONGEST = 4, 12
LARGE_SEED = 20261122
JOINED = tuple(
    f"{accent}+{variant}"
    for accent in (
        "en-029",
        "en-us-nyc",
        "en-gb-rp",
        "en-gb-scotland",
        "en-gb-lancaster",
        "en-gb-west",
    )
    for variant in ("m3", "f2", "m7", "f3", "klatt2")
)
NAMED = {"person": ("name", 100), "pet": ("petname", 50), "town": ("town", 50)}
SPOKEN_BEFORE = (
    (7, 0),
    (8, 4000),
    (9, 2000),
)  # seeds of the first training, and how many templates


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


def _new_names(data: Path, rng: random.Random) -> list[tuple[str, str]]:
    """Return (kind, name) of names that were in no text of the first training."""
    before = text.training(data, SPOKEN_BEFORE[0][0], own=9000, loose=4000)
    for seed, count in SPOKEN_BEFORE[1:]:
        before += text.own_words(data, seed, count)
    known = {part.removesuffix("'s") for words, _ in before for part in words.split()}
    known |= {part.removesuffix("'s") for *_, words in text.heldout() for part in words.split()}
    found: dict[str, str] = {}
    for kind, (_, count) in NAMED.items():
        fit = [name for name in text.names(kind) if name not in known and name not in found]
        found |= dict.fromkeys(rng.sample(fit, count), kind)
    return [(kind, name) for name, kind in found.items()]


def _named(data: Path, rng: random.Random) -> list[tuple[str, str, str]]:
    """Return (kind, sentence, name) for every new name, in templates with one place for it."""
    found = []
    for kind, name in _new_names(data, rng):
        slot = "{" + NAMED[kind][0] + "}"
        fit = [line for line in domain.templates() if line.count(slot) == 1]
        words = domain.fill(rng.choice(fit).replace(slot, name), rng)
        found.append((kind, text.normal(words), name))
    return found


def draw_large(data: Path) -> list[tuple[str, str, str, str]]:
    """Return (set, voice, words, name) rows of the large list."""
    rng = random.Random(LARGE_SEED)
    known = set(text.frequent(text.persona(data, "valid"), text.VOCABULARY))
    used = {words for *_, words in text.heldout()}
    fit = [
        words
        for words, _ in text.persona(data, "test")
        if SHORTEST <= len(words.split()) <= LONGEST and words not in used
    ]
    within = rng.sample([words for words in fit if set(words.split()) <= known], 1150)
    beyond = rng.sample([words for words in fit if not set(words.split()) <= known], 300)
    rows = []
    for name, sentences, seen in (
        ("open-seen", within[:500], True),
        ("open-unseen", within[500:1000], False),
        ("unlimited-seen", beyond[:150], True),
        ("unlimited-unseen", beyond[150:], False),
    ):
        rows += [(name, _voice(i, seen=seen), words, "") for i, words in enumerate(sentences)]
    accents = [(JOINED[i % len(JOINED)], words) for i, words in enumerate(within[1000:])]
    rows += [("accents", voice, words, "") for voice, words in accents]
    named = _named(data, rng)
    rng.shuffle(named)
    for i, (kind, words, name) in enumerate(named):
        rows.append((f"names-{kind}", _voice(i, seen=True), words, name))
    for i, (_, words, name) in enumerate(named[:99]):
        rows.append(("names-unseen", _voice(i, seen=False), words, name))
    return rows


def _write(path: Path, head: str, rows: Iterable[tuple[str, ...]]) -> None:
    lines = [head, *("\t".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Write a list beside this file."""
    data = Path(sys.argv[1])
    if sys.argv[2:] == ["large"]:
        _write(text.LARGE, "set\tvoice\twords\tname", draw_large(data))
    else:
        _write(text.HELDOUT, "set\tvoice\twords", draw(data))


if __name__ == "__main__":
    main()
