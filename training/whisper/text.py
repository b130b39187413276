"""What the recogniser reads: cleaning, corpora, the vocabulary, and the sentences no training may use."""

from __future__ import annotations

import csv
import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from training.whisper import domain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HELDOUT = Path(__file__).with_name("heldout.tsv")
LARGE = Path(__file__).with_name("heldout_large.tsv")
NAMES = Path(__file__).with_name("names.tsv")
DEV_NAMES = Path(__file__).with_name("names_dev.tsv")
DEMO = Path(__file__).parents[2] / "models" / "offline" / "demo" / "script.json"
PERSONA = "chat/synthetic_persona_chat/Synthetic-Persona-Chat_{part}.csv"
SELF_DIALOGUE = "chat/self_dialogue/self_dialogue.jsonl"
VOCABULARY = 2000
_QUESTION = re.compile(
    r"^(well |so |and |but |oh )?(what|who|where|when|why|how|which|whose|do|does|did|is|are|am|was|were|can|could|"
    r"would|will|shall|should|have you|has|had you|what's|who's|where's|isn't|aren't|don't you)\b",
)


def normal(text: str) -> str:
    """Return the words alone: lower case, a-z and apostrophes, single spaces."""
    text = text.lower().replace("\u2019", "'").replace("-", " ")
    return " ".join(re.sub(r"[^a-z' ]", " ", text).split())


def written(words: str, *, question: bool) -> str:
    """Return what the model shall write for `words`: a capital I, and a full stop or question mark."""
    return re.sub(r"\bi\b", "I", words) + ("?" if question else ".")


def is_question(words: str) -> bool:
    """Tell by its first word whether an unpunctuated sentence asks something."""
    return bool(_QUESTION.match(words))


def _split(text: str) -> Iterator[tuple[str, bool]]:
    """Yield (words, is a question) for each sentence that is nothing but plain words."""
    text = text.replace("\u2019", "'")
    for part, mark in re.findall(r"([^.!?\n]+)([.!?]?)", text):
        if re.search(r"[^A-Za-z' ,;:\-\"]", part):
            continue
        words = normal(part)
        if words and not re.search(r"(^| )'|'( |$)", words):
            yield words, mark == "?"


def persona(data: Path, part: str) -> list[tuple[str, bool]]:
    """Return the sentences of one part of Synthetic-Persona-Chat, conversations and personas, in file order."""
    found: dict[str, bool] = {}
    with (data / PERSONA.format(part=part)).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for column in ("Best Generated Conversation", "user 1 personas", "user 2 personas"):
                for line in row[column].splitlines():
                    for words, question in _split(re.sub(r"^User [12]: ", "", line)):
                        found.setdefault(words, question)
    return list(found.items())


def self_dialogue(data: Path) -> list[tuple[str, bool]]:
    """Return the distinct sentences of the Self-dialogue corpus in file order."""
    found: dict[str, bool] = {}
    with (data / SELF_DIALOGUE).open(encoding="utf-8") as file:
        for line in file:
            for turn in json.loads(line)["turns"]:
                for words, question in _split(turn):
                    found.setdefault(words, question)
    return list(found.items())


def frequent(sentences: Iterable[tuple[str, bool]], size: int) -> list[str]:
    """Return the `size` most frequent words, the most frequent first, ties in alphabetical order."""
    count = Counter(word for words, _ in sentences for word in words.split())
    return [word for word, _ in sorted(count.items(), key=lambda item: (-item[1], item[0]))[:size]]


def heldout() -> list[tuple[str, str, str]]:
    """Return the committed (set, voice, words) rows."""
    rows = [line.split("\t") for line in HELDOUT.read_text(encoding="utf-8").splitlines()[1:]]
    return [(name, voice, words) for name, voice, words in rows]


def large() -> list[tuple[str, str, str, str]]:
    """Return the committed (set, voice, words, name) rows of the larger list; name is empty but in the name sets."""
    rows = [line.split("\t") for line in LARGE.read_text(encoding="utf-8").splitlines()[1:]]
    return [(name, voice, words, spelt) for name, voice, words, spelt in rows]


def names(kind: str) -> list[str]:
    """Return our list of names of one kind: person, pet or town."""
    rows = [line.split("\t") for line in NAMES.read_text(encoding="utf-8").splitlines()[1:]]
    return [name for found, name in rows if found == kind]


def unseen_names() -> set[str]:
    """Return the names that no training text may hold."""
    return {name for *_, name in large() if name}


def dev_names() -> list[tuple[str, str, str]]:
    """Return the committed (kind, words, name) rows whose names never train: choices are made on them, not on `large`."""
    rows = [line.split("\t") for line in DEV_NAMES.read_text(encoding="utf-8").splitlines()[1:]]
    return [(kind, words, name) for kind, words, name in rows]


def forbidden(data: Path) -> set[str]:
    """Return every sentence that no training text may equal: test part, held-out list, demo script."""
    banned = {words for words, _ in persona(data, "test")} | {words for _, _, words in heldout()}
    script = json.loads(DEMO.read_text(encoding="utf-8"))
    return banned | {normal(line["text"]) for run in script["runs"] for line in run}


def _random_words(rng: random.Random, common: list[str], rare: list[str]) -> str:
    """Return words without grammar: they teach spelling, and not to guess."""
    return " ".join(
        rng.choice(rare if rng.random() < 0.4 else common) for _ in range(rng.randint(2, 7))
    )


def own_words(data: Path, seed: int, count: int) -> list[tuple[str, str]]:
    """Return the distinct (words, written form) sentences among `count` drawn from our templates."""
    rng = random.Random(seed)
    found = dict.fromkeys(normal(domain.sentence(rng)) for _ in range(count))
    banned = forbidden(data)
    kept = [words for words in found if words not in banned]
    return [(words, written(words, question=is_question(words))) for words in kept]


def training(data: Path, seed: int, *, own: int, loose: int) -> list[tuple[str, str]]:
    """Return the distinct (words, written form) sentences of the training set, shuffled.

    Args:
        data: folder with the public chat corpora.
        seed: of the templates, the loose words and the shuffle.
        own: how many sentences to draw from our templates.
        loose: how many sentences of unconnected words.
    """
    rng = random.Random(seed)
    valid = persona(data, "valid")
    known = frequent(valid, 10**6)
    common, rare = known[:VOCABULARY], known[VOCABULARY:]
    allowed = set(frequent(valid, 3000))
    found = dict(valid)
    others = [item for item in self_dialogue(data) if set(item[0].split()) <= allowed]
    found |= dict(rng.sample(others, min(len(others), 14000)))
    for _ in range(own):
        words = normal(domain.sentence(rng))
        found[words] = is_question(words)
    for _ in range(loose):
        found.setdefault(_random_words(rng, common, rare), False)
    banned = forbidden(data)
    kept = [
        (words, written(words, question=question))
        for words, question in found.items()
        if words not in banned and len(words.split()) <= 14
    ]
    rng.shuffle(kept)
    return kept
