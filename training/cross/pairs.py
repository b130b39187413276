"""Questions and lines of talk that do or do not answer them, made from templates.

A question is about one person and one thing. The line that answers it says that thing of that
person; the others say the same thing of somebody else, another thing of the same person, ask, or
say nothing. `{a|b}` is a for the speaker and b for somebody who is spoken of. Pure.
"""

from __future__ import annotations

import random
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = 6
"""Lines to a question; the first answers it."""
_EITHER = re.compile(r"\{([^{}|]*)\|([^{}|]*)\}")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question, a line as `Name: words`, and whether the line answers it."""

    question: str
    line: str
    answers: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Who something is said of: the speaker, or somebody of theirs."""

    name: str
    called: str = "I"

    @property
    def speaks(self) -> bool:
        """Whether it is the one who talks."""
        return self.called == "I"

    @property
    def words(self) -> dict[str, str]:
        """Who does it, to whom it is done, whose it is, and the name."""
        object_, whose = ("me", "my") if self.speaks else (self.called, f"{self.called}'s")
        return {"S": self.called, "O": object_, "P": whose, "W": self.name}


def pairs(count: int, seed: int) -> list[Pair]:
    """That many pairs, the first of each `GROUP` belonging together."""
    stock = tomllib.loads((Path(__file__).parent / "phrases.toml").read_text("utf-8"))
    chance = random.Random(seed)
    made: list[Pair] = []
    while len(made) < count:
        made += _one(stock, chance)
    return made[:count]


def _one(stock: dict[str, Any], chance: random.Random) -> Iterator[Pair]:
    """One question with the line that answers it and others."""
    speaker, other, third = chance.sample(stock["names"], 3)
    relation = chance.choice(stock["relations"])
    people = [Person(speaker), Person(third, f"my {relation} {third}")]
    who = chance.choice(people)
    topic, another, further = chance.sample(stock["topic"], 3)
    things = _things(topic, chance)
    question = _filled(chance.choice(topic["asks"]), who, things)
    yield Pair(question, f"{speaker}: {_said(topic, who, things, stock, chance)}", answers=True)
    stranger = next(one for one in people if one is not who)
    elsewhere = Person(other)

    def wrong(about: dict[str, Any], one: Person) -> str:
        return _said(about, one, _things(about, chance), stock, chance)

    lines = [
        (speaker, wrong(another, who)),
        (speaker, wrong(topic, stranger)),
        (other, wrong(further, elsewhere)),
        (other, wrong(topic, elsewhere) if who.speaks else question),
        (chance.choice((speaker, other)), chance.choice(stock["small_talk"])),
    ]
    for name, line in lines:
        yield Pair(question, f"{name}: {line}")


def _things(topic: dict[str, Any], chance: random.Random) -> dict[str, str]:
    return {key: chance.choice(some) for key, some in topic["values"].items()}


def _said(
    topic: dict[str, Any],
    who: Person,
    things: dict[str, str],
    stock: dict[str, Any],
    chance: random.Random,
) -> str:
    line = _filled(chance.choice(topic["says"]), who, things)
    before, after = chance.choice(stock["before"]), chance.choice(stock["after"])
    return f"{before}{line[0].upper() if not before else line[0]}{line[1:]}{after}"


def _filled(text: str, who: Person, things: dict[str, str]) -> str:
    """The template with the person and the things in their places."""
    text = _EITHER.sub(lambda found: found[1] if who.speaks else found[2], text)
    return text.format(**who.words, **things)
