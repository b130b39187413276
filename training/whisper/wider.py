"""The texts of the later trainings: every word of the corpora or a dictionary, and names, real and made-up ones."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.whisper import domain, text

if TYPE_CHECKING:
    from pathlib import Path

SLOTS = {"name": "person", "petname": "pet", "town": "town"}
LONGEST = 14  # words
MIXED = (0.42, 0.25, 0.25, 0.15)  # corpora, our templates, templates with names, loose words
SPELLING = (0.2, 0.1, 0.5, 0.3)
LEXICAL = (0.1, 0.05, 0.5, 0.4)
LISTED, WALKED = (
    0.3,
    0.15,
)  # shares of our lists and of made-up names where a dictionary gives the rest
CAPITAL = 0.4  # share of names among loose words out of a dictionary
_LETTERS = 3  # of a made-up name depend on each other
_SLOT = re.compile(r"{(name|petname|town)}")


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What a word list of the system (Debian: `wamerican`) has: its names, and its other words."""

    names: list[str]
    words: list[str]


def dictionary(path: Path, banned: set[str]) -> Dictionary:
    """Return the plain words of a word list; what it writes with a capital is a name."""
    lines = path.read_text(encoding="utf-8").split()
    names = {line.lower() for line in lines if re.fullmatch("[A-Z][a-z]{2,11}", line)} - banned
    words = {line for line in lines if re.fullmatch("[a-z]{2,13}", line)} - banned
    return Dictionary(sorted(names), sorted(words - names))


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


def _named(count: int, banned: set[str], rng: random.Random, more: Dictionary | None) -> list[str]:
    """Return templates with names in them: from our lists, made up, and out of a dictionary."""
    lists = {slot: _known(kind, banned) for slot, kind in SLOTS.items()}
    makers = {slot: inventor(names) for slot, names in lists.items()}
    lines = [line for line in domain.templates() if _SLOT.search(line)]
    listed, walked = (LISTED, WALKED) if more else (0.5, 0.5)

    def name(found: re.Match[str]) -> str:
        slot, draw = found[1], rng.random()
        if draw < listed:
            return rng.choice(lists[slot])
        if draw < listed + walked or not more:
            return invented(makers[slot], rng)
        return rng.choice(more.names)

    return [text.normal(domain.fill(_SLOT.sub(name, rng.choice(lines)), rng)) for _ in range(count)]


def _loose(
    count: int, vocabulary: list[str], names: list[str], rng: random.Random, share: float = 0.15
) -> list[str]:
    """Return words without grammar, most of them rare ones, with such a share of names."""
    return [
        " ".join(
            rng.choice(names if rng.random() < share else vocabulary)
            for _ in range(rng.randint(2, 6))
        )
        for _ in range(count)
    ]


def training(
    data: Path,
    seed: int,
    count: int,
    shares: tuple[float, ...] = MIXED,
    word_list: Path | None = None,
) -> list[tuple[str, str]]:
    """Return up to `count` distinct (words, written form) sentences, shuffled; none holds an unseen name.

    Args:
        data: folder with the public chat corpora.
        seed: of every draw.
        count: how many sentences, of which some are then left out as held out, too long or drawn twice.
        shares: of the four kinds of `MIXED`.
        word_list: a dictionary, whose names go into templates and whose words are said loosely.
    """
    rng = random.Random(seed)
    unseen = text.unseen_names() | {name for *_, name in text.dev_names()}
    numbers = [int(share * count) for share in shares]
    more = dictionary(word_list, unseen) if word_list else None
    corpora = dict(text.persona(data, "valid")) | dict(text.self_dialogue(data))
    vocabulary = sorted({word for words in corpora for word in words.split() if len(word) > 1})
    names = sorted({name for kind in SLOTS.values() for name in _known(kind, unseen)})
    found = dict(rng.sample(sorted(corpora.items()), numbers[0]))
    made = [text.normal(domain.sentence(rng)) for _ in range(numbers[1])]
    made += _named(numbers[2], unseen, rng, more)
    found |= {words: text.is_question(words) for words in made}
    if more:
        loose = _loose(numbers[3], more.words, more.names, rng, CAPITAL)
    else:
        loose = _loose(numbers[3], vocabulary, names, rng)
    found |= dict.fromkeys(loose, False)
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
