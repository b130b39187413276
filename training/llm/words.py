"""Pools of words to fill dialogues with: listed, made up from syllables, or rare in the corpus.

Values are drawn from so many that remembering them is useless: an answer can only be copied.
Knows nothing of dialogues.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from training.llm.probes import words

if TYPE_CHECKING:
    import random

HERE = Path(__file__).resolve().parent
_STARTS = "b br c ch cl d dr f fl g gr h j k kl l m n p pl qu r s sh sk st t th tr v w y z".split()
_VOWELS = "a e i o u a e i o ai ea ee oo ou".split()
_ENDS = "n l r s m t nd rn ck x ll ss th ld b p g nt".split()
_TOWN = "ton ham by field burg stad ville mouth wick port ford".split()
_MADE_UP = {  # share of made-up and of rare words; the rest comes from the list
    "name": (0.5, 0.1),
    "pet_name": (0.4, 0.2),
    "place": (0.5, 0.05),
    "country": (0.3, 0.0),
    "job": (0.15, 0.15),
    "workplace": (0.15, 0.15),
    "food": (0.15, 0.25),
    "hobby": (0.05, 0.2),
    "instrument": (0.25, 0.15),
    "car": (0.35, 0.1),
    "language": (0.3, 0.0),
    "subject": (0.1, 0.2),
    "object": (0.05, 0.25),
    "animal": (0.1, 0.15),
    "collect": (0.0, 0.25),
    "fear": (0.05, 0.25),
    "colour": (0.1, 0.1),
    "topic": (0.05, 0.4),
    "team": (0.6, 0.1),
    "medicine": (0.5, 0.05),
    "illness": (0.2, 0.05),
    "nickname": (0.4, 0.1),
    "brand": (0.8, 0.0),
    "flower": (0.15, 0.1),
    "crop": (0.15, 0.1),
    "flavour": (0.1, 0.15),
    "toy": (0.15, 0.1),
    "charm": (0.15, 0.15),
    "tool": (0.1, 0.1),
    "costume": (0.1, 0.2),
    "sport": (0.15, 0.1),
    "material": (0.15, 0.1),
    "fabric": (0.15, 0.1),
    "keepsake": (0.75, 0.0),
}
_CAPITAL = {"name", "pet_name", "place", "country", "car", "language", "team", "nickname", "brand"}


def read_yaml(name: str) -> object:
    """A data file beside this module; every scalar is text."""
    text = (HERE / name).read_text("utf-8")
    return yaml.load(text, Loader=yaml.BaseLoader)  # BaseLoader knows only text


def rows(name: str) -> list[dict[str, Any]]:
    """The same for a file that is a list of rows."""
    found = read_yaml(name)
    assert isinstance(found, list)
    return found


def with_more(row: dict[str, Any], more: dict[str, list[str]]) -> dict[str, Any]:
    """The row with more questions."""
    return row | {"ask": [*row["ask"], *more.get(row["id"], ())]}


def made_up(rng: random.Random, syllables: int = 0) -> str:
    """A word that exists nowhere."""
    count = syllables or rng.choice((1, 2, 2, 2, 3, 3))
    word = "".join(rng.choice(_STARTS) + rng.choice(_VOWELS) for _ in range(count))
    tail = rng.choice(_ENDS) if rng.random() < 0.6 else rng.choice(("", "a", "o", "y", "ia", "er"))
    return word + tail


class Pools:
    """Draws words by kind.

    Args:
        rng: Where chance comes from.
        rare: Rare words of the corpus, lower case.
        banned: Words (lower case) that must never be drawn: the values of the probes.
    """

    def __init__(self, rng: random.Random, rare: list[str], banned: frozenset[str]) -> None:
        raw = read_yaml("pools.yaml")
        assert isinstance(raw, dict)
        self.rng = rng
        parts = read_yaml("grammar.yaml")
        assert isinstance(parts, dict)
        shared = {kind: parts[kind] for kind in ("spot", "skill")}
        self.lists = {kind: _split(kind, text) for kind, text in (raw | shared).items()}
        self.rare = rare or ["pebble"]
        self.banned = banned

    def draw(self, kind: str) -> str:
        """A word or phrase of this kind."""
        while True:
            value = self._draw(kind)
            if not self.banned.intersection(words(value)):
                return value

    def _draw(self, kind: str) -> str:
        special = getattr(self, f"_{kind}", None)
        if special is not None:
            return str(special())
        invented, rare = _MADE_UP.get(kind, (0.0, 0.0))
        chance = self.rng.random()
        if chance < invented:
            word = made_up(self.rng)
            if kind == "place" and self.rng.random() < 0.4:
                word += self.rng.choice(_TOWN)
        elif chance < invented + rare:
            word = self.rng.choice(self.rare)
        else:
            return self.rng.choice(self.lists[kind])
        return word.capitalize() if kind in _CAPITAL else word

    def _dislike(self) -> str:
        return self.draw(self.rng.choice(("hate", "food", "hobby", "object")))

    def _stuff(self) -> str:
        """A thing that one can find, buy or lose; often one that nobody has heard of."""
        kinds = ("object", "object", "animal", "food", "gift", "instrument", "collect")
        chance = self.rng.random()
        if chance < 0.45:
            return made_up(self.rng, self.rng.choice((2, 2, 3, 4)))
        return self.rng.choice(self.rare) if chance < 0.6 else self.draw(self.rng.choice(kinds))

    def _plenty(self) -> str:
        word = self._stuff()
        return word if word.endswith("s") else f"{word}s"

    def _anywhere(self) -> str:
        return self.draw(self.rng.choice(("place", "place", "place", "country")))

    def _titled(self) -> str:
        name = self.draw("name")
        chance = self.rng.random()
        if chance < 0.25:
            return f"{self.rng.choice(('doctor', 'mrs', 'mister', 'miss', 'professor'))} {name}"
        return f"{name} {self.draw('name')}" if chance < 0.35 else name

    def _moment(self) -> str:
        return self.draw(self.rng.choice(("hour", "hour", "day", "month")))

    def _nicest(self) -> str:
        kinds = ("odd", "food", "animal", "stuff", "stuff", "place", "colour")
        return self.draw(self.rng.choice(kinds))

    def _act(self) -> str:
        return self.draw("activity")

    def _topic(self) -> str:
        return self.draw(
            self.rng.choice(("animal", "place", "love", "hobby", "collect", "country"))
        )

    def _placeorcountry(self) -> str:
        return self.draw(self.rng.choice(("place", "country")))

    def _birthday(self) -> str:
        return self.draw(self.rng.choice(("month", "month", "month", "season")))

    def _odd(self) -> str:
        first = self.rng.choice(
            ("Silver", "Blue", "Lucky", "Old", "Wild", "Merry", "Sea", "Golden")
        )
        second = self.rng.choice(
            (self.rng.choice(self.rare), self.rng.choice(self.lists["animal"]))
        )
        two = f"{first} {second.capitalize()}"
        return self.rng.choice((two, made_up(self.rng).capitalize(), self.draw("name")))

    def _someone(self) -> str:
        name = self.draw("name")
        return self.rng.choice(
            (name, name, f"my {self.draw('relative')} {name}", f"my friend {name}")
        )

    def _street(self) -> str:
        if self.rng.random() < 0.5:
            return self.rng.choice(self.lists["street"])
        end = self.rng.choice(("Street", "Lane", "Road", "Avenue", "Square", "Hill"))
        return f"{made_up(self.rng).capitalize()} {end}"

    def _title(self) -> str:
        """Of a film, a book, a song, a game, a play."""
        kinds = (self.rare, self.lists["animal"], self.lists["object"], [made_up(self.rng)])
        noun = self.rng.choice(self.rng.choice(kinds))
        first = self.rng.choice(("The ", "The ", ""))
        return f"{first}{self.rng.choice(self.lists['epithet'])} {noun.title()}"

    def _date(self) -> str:
        return f"the {self.draw('ordinal')} of {self.draw('month')}"

    def _price(self) -> str:
        money = self.rng.choice(("pounds", "dollars", "euros", "crowns"))
        return f"{self.rng.randint(2, self.rng.choice((30, 99, 999)))} {money}"

    def _year(self) -> str:
        return str(self.rng.randint(1950, 2025))

    def _digits(self) -> str:
        return str(self.rng.randint(2, self.rng.choice((30, 99, 999, 9999))))


def _split(kind: str, text: str) -> list[str]:
    names = kind in {"name", "pet_name", "place", "country"}
    parts = text.split() if names else text.split("|")
    found = [" ".join(p.split()) for p in parts]
    return sorted({p for p in found if p})


def told(value: str) -> str:
    """A value as the character says it back: my sister becomes your sister."""
    return re.sub(r"\bmy\b", "your", value)


_OTHER_SIDE = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "i'm": "you're",
    "i've": "you've", "i'd": "you'd", "i'll": "you'll", "we": "you", "us": "you", "our": "your",
    "ours": "yours",
}  # fmt: skip


def turned(text: str) -> str:
    """A text said to the one who said it: `i am glad of my dog` becomes `you are glad of your dog`."""
    text = re.sub(r"\bi (am|was)\b", _verb, text, flags=re.IGNORECASE)
    return re.sub(r"[A-Za-z']+", lambda m: _OTHER_SIDE.get(m[0].lower(), m[0]), text)


def _verb(match: re.Match[str]) -> str:
    return "you are" if match[1].lower() == "am" else "you were"


def echoed(line: str) -> str:
    """A line as the character says it back: `my mum is six` becomes `Your mum is six`."""
    text = turned(line.rstrip(".!?"))
    return text[:1].upper() + text[1:] + "."


_AN = re.compile(r"\b([Aa]) (?=[aeiouAEIOU])(?!uni|use|one|eu)")


def article(text: str) -> str:
    """`a apple` becomes `an apple`."""
    return _AN.sub(r"\1n ", text)


def spoken(text: str) -> str:
    """A line as small speech recognition writes it: lower case, no punctuation."""
    return re.sub(r"[^\w\s'-]", "", text).lower()


def typed(text: str, end: str) -> str:
    """A line as people type it: capitals and a full stop or question mark."""
    text = re.sub(r"\bi\b(?!')", "I", text)
    text = re.sub(r"\bi'", "I'", text)
    return text[:1].upper() + text[1:] + end
