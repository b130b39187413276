"""The texts of the second training: every word of the corpora, and names, real ones and made-up ones."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from training.whisper import domain, text

if TYPE_CHECKING:
    from pathlib import Path

SLOTS = {"name": "person", "petname": "pet", "town": "town"}
LONGEST = 14  # words
MIXED = (0.42, 0.25, 0.25, 0.15)  # corpora, our templates, templates with names, loose words
SPELLING = (0.2, 0.1, 0.5, 0.3)
_LETTERS = 3  # of a made-up name depend on each other
_SLOT = re.compile(r"{(name|petname|town)}")


def _known(kind: str, banned: set[str]) -> list[str]:
    return [name for name in text.names(kind) if name not in banned]


def inventor(names: list[str]) -> dict[str, list[str]]:
    """Return which letters follow which in `names`; a made-up name is a walk through it."""
    after = defaultdict(list)
    for name in names:
        padded = "^" * _LETTERS + name + "$"
        for at in range(_LETTERS, len(padded)):
            after[padded[at - _LETTERS : at]].append(padded[at])
    return after


def invented(after: dict[str, list[str]], rng: random.Random) -> str:
    """Return a name that sounds like the others and is perhaps none of them."""
    while True:
        found = "^" * _LETTERS
        while not found.endswith("$") and len(found) < 16:
            found += rng.choice(after[found[-_LETTERS:]])
        name = found.strip("^$")
        if found.endswith("$") and 3 <= len(name) <= 12:
            return name


def _named(count: int, banned: set[str], rng: random.Random) -> list[str]:
    """Return templates with names in them: half from our lists, half made up."""
    lists = {slot: _known(kind, banned) for slot, kind in SLOTS.items()}
    makers = {slot: inventor(names) for slot, names in lists.items()}
    lines = [line for line in domain.templates() if _SLOT.search(line)]

    def name(found: re.Match[str]) -> str:
        slot = found[1]
        return rng.choice(lists[slot]) if rng.random() < 0.5 else invented(makers[slot], rng)

    return [text.normal(domain.fill(_SLOT.sub(name, rng.choice(lines)), rng)) for _ in range(count)]


def _loose(count: int, vocabulary: list[str], names: list[str], rng: random.Random) -> list[str]:
    """Return words without grammar, most of them rare ones."""
    return [
        " ".join(
            rng.choice(names if rng.random() < 0.15 else vocabulary)
            for _ in range(rng.randint(2, 6))
        )
        for _ in range(count)
    ]


def training(
    data: Path, seed: int, count: int, shares: tuple[float, ...] = MIXED
) -> list[tuple[str, str]]:
    """Return up to `count` distinct (words, written form) sentences, shuffled; none holds an unseen name.

    Args:
        data: folder with the public chat corpora.
        seed: of every draw.
        count: how many sentences, of which some are then left out as held out, too long or drawn twice.
        shares: of the four kinds of `MIXED`.
    """
    rng = random.Random(seed)
    unseen, numbers = text.unseen_names(), [int(share * count) for share in shares]
    corpora = dict(text.persona(data, "valid")) | dict(text.self_dialogue(data))
    vocabulary = sorted({word for words in corpora for word in words.split() if len(word) > 1})
    names = sorted({name for kind in SLOTS.values() for name in _known(kind, unseen)})
    found = dict(rng.sample(sorted(corpora.items()), numbers[0]))
    made = [text.normal(domain.sentence(rng)) for _ in range(numbers[1])]
    made += _named(numbers[2], unseen, rng)
    found |= {words: text.is_question(words) for words in made}
    found |= dict.fromkeys(_loose(numbers[3], vocabulary, names, rng), False)
    banned = text.forbidden(data) | {words for _, _, words, _ in text.large()}
    kept = [
        (words, text.written(words, question=question))
        for words, question in found.items()
        if words not in banned
        and len(words.split()) <= LONGEST
        and not unseen & {part.removesuffix("'s") for part in words.split()}
    ]
    rng.shuffle(kept)
    return kept[:count]
