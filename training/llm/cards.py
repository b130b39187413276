"""Character cards in natural prose, and what can be asked about them.

Knows nothing of owners' facts or of tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from companion.values import Persona
from training.llm.grammar import Grammar
from training.llm.words import article, read_yaml, rows, with_more

if TYPE_CHECKING:
    import random

    from training.llm.words import Pools

_VERBS = {
    "is": ("am", "are"),
    "has": ("have", "have"),
    "was": ("was", "were"),
    "does": ("do", "do"),
    "can": ("can", "can"),
    "grew": ("grew", "grew"),
    "goes": ("go", "go"),
    "practises": ("practise", "practise"),
}
_SCENES = (
    "It is {part}. {N} sits at the window and talks with {U}.",
    "{U} calls {N} on the phone. It is {part}.",
    "{N} is at home. Rain falls on the roof. {U} has just come in.",
    "It is {part} in the kitchen. {U} and {N} talk while the soup cooks.",
    "{N} and {U} are old friends who talk every day.",
    "{U} visits {N} after work. There is tea on the table.",
    "The shop is closed. {N} cleans the counter and chats with {U}.",
    "{N} and {U} walk along the water.",
    "It is {part}, the fire is lit and {U} is on the line.",
    "{N} is on a break and has time to talk with {U}.",
)
_OWNER = (
    "{S} and {U} talk every evening.",
    "{S} [likes] to hear about the day of {U}.",
    "{S} [has] known {U} for a while.",
    "{U} and {S} met at the market.",
    "{S} [remembers] small things about {U}.",
    "{S} [is] always glad to hear from {U}.",
)
_FILL = "colour object season lost topic home trait".split()
_FILLERS = (
    "{S} [asks] many questions.",
    "{S} [answers] in short sentences.",
    "{S} [laughs] easily.",
    "{S} [listens] well.",
    "{S} [keeps] a {object} by the door.",
    "{S} [remembers] every birthday.",
    "{S} [lost] a {lost} once and never found it.",
    "{S} never [talks] about {topic}.",
    "{S} [tells] stories about {topic}.",
    "{S} [walks] to the market in the rain.",
    "In {season} {S} [catches] colds.",
    "The {colour} {object} by the door belongs to {U}.",
)


@dataclass(frozen=True, slots=True)
class Trait:
    """One fact of a card: which row of cards.yaml, about what, and its value.

    Attributes:
        line: The sentence of the card, with markers.
        own: The same as the character says it of itself.
    """

    row: dict[str, Any]
    e: str
    v: str
    line: str
    own: str


@dataclass(frozen=True, slots=True)
class Character:
    """A card, and the facts that it states."""

    persona: Persona
    traits: tuple[Trait, ...]
    unknown: tuple[dict[str, Any], ...] = field(default=())


_RIVALS = {
    "job": ("workplace", "boss", "repair"),
    "wherejob": ("place", "home", "job", "workplace", "street"),
    "jobplace": ("job", "wherejob"), "lucky": ("number", "charm"), "club": ("team",),
    "workplace": ("boss", "workcity", "jobplace"),
    "workcity": ("place", "wherejob"), "hobby": ("love", "game", "weekly", "dance", "read"),
    "relative": ("taught", "flatmate", "friend", "neighbour", "married", "boss", "count", "present"),
    "flatmate": ("home", "pet", "married", "friend"), "married": ("friend",),
    "place": ("home", "street", "floor", "years"), "street": ("floor", "house"),
    "food": ("bake", "breakfast", "allergy", "never"), "bake": ("breakfast", "remedy"),
    "allergy": ("hate", "drink"), "hate": ("rival", "drink"), "age": ("birthday",),
    "dream": ("retire", "open", "become"), "sing": ("band", "song", "music"),
    "song": ("music",), "band": ("instrument", "game"), "instrument": ("song", "game"),
    "goal": ("dream", "become", "open", "learn", "wish", "saving", "retire", "never"),
    "become": ("open", "learn"), "learn": ("study", "skill", "language", "teach", "dance"),
    "study": ("language", "taught"), "wish": ("saving", "regret", "goal"),
    "pocket": ("bag", "charm"), "bag": ("charm",), "charm": ("number", "superstition"),
    "grow": ("tree", "flower", "plant"), "wear": ("hair", "charm"), "car": ("vehicle", "commute"),
    "build": ("shop", "repair"), "shop": ("repair", "open"), "ship": ("vehicle", "commute"),
    "trait": ("vice",), "hair": ("scar", "trait"), "apprentice": ("teach", "friend"),
    "rival": ("debt", "neighbour"), "season": ("weather",), "view": ("tree", "picture"),
    "weekly": ("film", "game"), "sleep": ("home",), "lasttrip": ("dream", "place"),
    "habit": ("collect", "grow", "bag", "wear", "build", "bake", "study", "teach", "repair", "shop",
              "sing", "read", "weekly", "saving", "regret", "hate", "food", "dream"),
    "told": ("found", "regret", "present"), "skill": ("learn", "language", "vice"),
    "best": ("flower", "tree", "song", "number", "film", "game", "team", "music", "food", "drink",
             "colour", "season", "animal", "dance", "bake", "weather", "read", "never"),
}  # fmt: skip
"""What asks much the same: a card has one of these."""


def _alike(one: str, other: str) -> bool:
    """Whether rows with these ids could both answer one question."""
    a, b = one.partition("_")[0], other.partition("_")[0]
    return a == b or b in _RIVALS.get(a, ()) or a in _RIVALS.get(b, ())


class CardMaker:
    """Writes cards."""

    def __init__(self, pools: Pools, sentences: list[str]) -> None:
        more = read_yaml("more.yaml")
        assert isinstance(more, dict)
        self.rows: list[dict[str, Any]] = [
            with_more(row, more["cards"]) for row in (*rows("cards.yaml"), *rows("traits.yaml"))
        ]
        self.pools = pools
        self.rng: random.Random = pools.rng
        self.grammar = Grammar(pools)
        self.sentences = sentences  # of Synthetic-Persona-Chat, first person

    def names(self) -> tuple[str, str]:
        """A character's and an owner's name, different."""
        name = self.pools.draw("name")
        user = self.pools.draw("name")
        return (name, user) if name != user else self.names()

    def make(self, *, brief: bool = False) -> Character:
        """A card with three to eight facts, or a brief one with one to three."""
        name, user = self.names()
        rows = self._rows()[: self.rng.randint(1, 3) if brief else None]
        rows = self._with_others(rows, self.rng.choice((0, 1) if brief else (1, 2, 3, 4, 5)))
        fill = {k: self.pools.draw(k) for k in _FILL}
        traits = tuple(self._trait(row, fill, name, user) for row in rows)
        unknown = tuple(r for r in self.rows if not any(_alike(r["id"], k["id"]) for k in rows))
        texts = self._texts((name, user), traits, fill, brief=brief)
        return Character(Persona(name=name, user=user, **texts), traits, unknown)

    def _with_others(self, rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
        """These rows without some, and some that are put together by the grammar."""
        if count and len(rows) > 3:
            rows = rows[: max(2, len(rows) - count // 2)]
        for _ in range(count):
            row = self.grammar.card_row()
            if not any(_alike(row["id"], r["id"]) for r in rows):
                rows.append(row)
        return rows

    def _trait(self, row: dict[str, Any], fill: dict[str, str], name: str, user: str) -> Trait:
        e, v = self.pools.draw(row["e"]) if "e" in row else "", self.pools.draw(row["v"])
        line = self.rng.choice(row["card"])
        own = _Voice(self.rng, "first", name, user).say(line, fill | {"v": v, "e": e})
        return Trait(row, e, v, line, own)

    def _rows(self) -> list[dict[str, Any]]:
        rows = self.rng.sample(self.rows, self.rng.randint(3, 8))
        if self.rng.random() < 0.6:
            rows.insert(0, next(r for r in self.rows if r["id"] == "job"))
        # one fact for one question: two loves or two jobs could both be right
        kept: list[dict[str, Any]] = []
        for row in rows:
            if not any(_alike(row["id"], k["id"]) for k in kept):
                kept.append(row)
        return kept

    def _texts(
        self,
        names: tuple[str, str],
        traits: tuple[Trait, ...],
        fill: dict[str, str],
        *,
        brief: bool,
    ) -> dict[str, Any]:
        rng, (name, user) = self.rng, names
        mode = rng.choices(("third", "second", "first"), (0.7, 0.15, 0.15))[0]
        lines = [(t.line, {"v": t.v, "e": t.e}) for t in traits]
        most = 0 if brief else 3
        extra = rng.sample(_FILLERS, rng.randint(0, most)) + rng.sample(_OWNER, rng.randint(0, 1))
        lines += [(text, {}) for text in extra]
        first, rest = lines[0], lines[1:]
        rng.shuffle(rest)
        voice = _Voice(rng, mode, name, user)
        done = [voice.say(text, fill | slots) for text, slots in (first, *rest)]
        done = self._joined(done, name) if rng.random() < 0.4 else done
        if mode == "first":
            done.insert(0, rng.choice((f"My name is {name}.", f"I am {name}.", f"I'm {name}.")))
            done += rng.sample(self.sentences, min(len(self.sentences), rng.randint(0, most)))
        if mode == "second" and rng.random() < 0.8:
            done.insert(0, f"You are {name}.")
        sections = {} if brief else self._sections(name, user)
        return {"description": " ".join(done)} | sections

    def _joined(self, done: list[str], name: str) -> list[str]:
        """Some neighbouring sentences of one subject made one."""
        joined = done[:1]
        for text in done[1:]:
            subject, _, rest = text.partition(" ")
            same = subject in {"She", "He", "You", "I"} and "," not in joined[-1]
            same = same and joined[-1].startswith((f"{subject} ", f"{name} "))
            if same and self.rng.random() < 0.5 and len(joined[-1].split()) < 14:
                joined[-1] = f"{joined[-1][:-1]} and {rest}"
            else:
                joined.append(text)
        return joined

    def _sections(self, name: str, user: str) -> dict[str, str]:
        rng = self.rng
        sections = {}
        if rng.random() < 0.5:
            count = rng.randint(2, 5)
            sections["personality"] = ", ".join(rng.sample(self.pools.lists["trait"], count))
        if rng.random() < 0.4:
            part = rng.choice(("morning", "evening", "night", "late afternoon", "Sunday", "early"))
            sections["scenario"] = rng.choice(_SCENES).format(part=part, N=name, U=user)
        return sections


class _Voice:
    """Turns a sentence with markers into the third, second or first person."""

    def __init__(self, rng: random.Random, mode: str, name: str, user: str) -> None:
        self.rng, self.mode, self.name, self.user = rng, mode, name, user
        self.woman = rng.random() < 0.5
        self.fresh = True  # the first sentence names the character

    def say(self, text: str, slots: dict[str, str]) -> str:
        if self.mode == "third":
            subject = (
                self.name if self.fresh or self.rng.random() < 0.3 else self._pick("she", "he")
            )
            owner, whom = self._pick("her", "his"), self._pick("her", "him")
            if self.fresh and "{S}" not in text:
                owner = f"{self.name}'s"
        elif self.mode == "second":
            subject, owner, whom = "you", "your", "you"
        else:
            subject, owner, whom = "I", "my", "me"
        self.fresh = False
        text = re.sub(r"\[(\w+)\]", lambda m: self._verb(m[1]), text)
        text = text.format(S=subject, P=owner, O=whom, U=self.user, **slots)
        text = article(text)
        return text[:1].upper() + text[1:]

    def _pick(self, woman: str, man: str) -> str:
        return woman if self.woman else man

    def _verb(self, third: str) -> str:
        if self.mode == "third":
            return third
        if third in _VERBS:
            return _VERBS[third][0 if self.mode == "first" else 1]
        for ending, change in (
            ("ies", "y"),
            ("sses", "ss"),
            ("ches", "ch"),
            ("shes", "sh"),
            ("s", ""),
        ):
            if third.endswith(ending):
                return third[: -len(ending)] + change
        return third
