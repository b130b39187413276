"""Short dialogues in which using the card or a memory is the only way to be right.

A scene is what the product's prompt builder is given (card, history, notes, time) and several
branches: things the owner may say next, each with a good answer. Knows nothing of tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from companion.values import Exchange, Note, Persona
from training.llm import phrases
from training.llm.probes import words
from training.llm.words import article, echoed, read_yaml, spoken, told, typed

if TYPE_CHECKING:
    import random

    from training.llm.cards import CardMaker, Character
    from training.llm.corpus import Dialogue
    from training.llm.forbidden import Forbidden
    from training.llm.words import Pools

ECHO = 0.5
"""Share of the answers that are the line itself, said back, or the card's own sentence."""
# Two of one group could both answer the same question, so a scene has one of them.
_GROUPS = (
    {"fav_food", "likes", "drink", "fav_colour"}, {"allergy", "dislikes"}, {"job", "studied"},
    {"learning", "instrument", "studied"}, {"trip", "wish"}, {"met", "relative_name"},
    {"pet_kind", "pet_name"}, {"plan", "event", "event_when"}, {"bought", "lost", "gift"},
    {"relative_place", "relative_job"}, {"age", "child_age"}, {"birthday", "age"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """What the prompt builder is given, and what may be said next with a good answer.

    Attributes:
        taught: How many of the last replies of the history are to be learned as well.
    """

    persona: Persona
    history: tuple[Exchange, ...]
    notes: tuple[Note, ...]
    time: datetime
    branches: tuple[tuple[str, str], ...]
    taught: int


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the owner told: the row of facts.yaml, about what, the value, and the line."""

    row: dict[str, Any]
    e: str
    v: str
    line: str


class SceneMaker:
    """Writes scenes.

    Args:
        pools: Words.
        cards: Writes the cards.
        dialogues: Open dialogues, for lines that mean nothing special.
        forbidden: Lines (as word tuples) that must never be written: those of the probes.
    """

    def __init__(
        self, pools: Pools, cards: CardMaker, dialogues: list[Dialogue], forbidden: Forbidden
    ) -> None:
        self.pools, self.cards, self.dialogues, self.forbidden = pools, cards, dialogues, forbidden
        self.rng: random.Random = pools.rng
        facts, talk = read_yaml("facts.yaml"), read_yaml("smalltalk.yaml")
        assert isinstance(facts, list)
        assert isinstance(talk, list)
        self.facts: list[dict[str, Any]] = facts
        self.talk: list[dict[str, list[str]]] = talk

    def make(self, branches: int = 10, turns: int = 4, *, brief: bool = False) -> Scene:
        """A scene with about this many branches and at most this many turns of history."""
        rng = self.rng
        character = self.cards.make(brief=brief)
        asr = rng.random() < 0.6
        facts = self._facts(rng.choice((1, 1, 2) if brief else (0, 1, 2, 2, 3, 3, 4)), asr=asr)
        few = rng.choice((0, 0, 0, 1) if brief else (0, 0, 1, 2))
        earlier = self._facts(few, tuple(f.row["id"] for f in facts), asr=asr)
        persona = character.persona if brief else self._dressed(character.persona)
        writer = _Writer(self, replace(character, persona=persona), asr=asr)
        history = self._history(writer, earlier, rng.randint(0, turns))
        time = datetime(2024, 1, 1, 7, tzinfo=UTC) + timedelta(
            minutes=rng.randint(0, 4 * 365 * 1440)
        )
        notes = self._notes(writer, facts, time, 1 if brief else 2)
        pairs = writer.branches(facts, earlier, time, branches)
        return Scene(persona, history, notes, time, tuple(pairs), len(history))

    def _dressed(self, persona: Persona) -> Persona:
        """With a greeting and example dialogues, now and then."""
        rng, slots = self.rng, {"U": persona.user, "N": persona.name}
        greeting = rng.choice(phrases.GREETINGS).format(**slots) if rng.random() < 0.4 else ""
        examples = []
        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            say, reply = self.small(persona.user, asr=False)
            examples.append(f"{persona.user}: {say}\n{persona.name}: {reply}")
        return replace(persona, greeting=greeting, examples=tuple(examples))

    def _facts(self, count: int, taken: tuple[str, ...] = (), *, asr: bool) -> list[Fact]:
        facts: list[Fact] = []
        while len(facts) < count:
            same = facts and "e" in facts[-1].row and self.rng.random() < 0.35
            row = facts[-1].row if same else self.rng.choice(self.facts)
            if any(_conflict(row["id"], t) for t in taken):
                continue
            if any(_conflict(row["id"], f.row["id"]) for f in facts if f.row is not row):
                continue
            fact = self.fact(row, asr=asr)
            if not any(f.row is row and (f.e == fact.e or "e" not in row) for f in facts):
                facts.append(fact)
        return facts

    def fact(self, row: dict[str, Any], *, asr: bool) -> Fact:
        """Something the owner tells, in this style."""
        while True:
            e = self.pools.draw(row["e"]) if "e" in row else ""
            v = self.pools.draw(row["v"])
            shown = e
            if row.get("e") in {"pet", "thing", "gift"} and self.rng.random() < 0.2:
                shown = f"{self.rng.choice(('new', 'old', 'little', 'big', 'dear', 'young'))} {e}"
            line = self.style(
                article(self.rng.choice(row["say"]).format(e=shown, v=v)), ".", asr=asr
            )
            if not self.forbidden.line(line):
                return Fact(row, e, spoken(v) if asr else v, line)

    def style(self, text: str, end: str, *, asr: bool) -> str:
        """As recognised, or as typed."""
        if asr:
            return spoken(text)
        return typed(
            text, self.rng.choice((end, end, end, "", "!") if end == "." else (end, end, ""))
        )

    def small(self, user: str, *, asr: bool) -> tuple[str, str]:
        """Small talk: what is said, and an answer."""
        topic = self.rng.choice(self.talk)
        says = [t for t in topic["say"] if not self.forbidden.line(t)]
        say = self.rng.choice(says).format(user=user)
        reply = self.rng.choice(topic["reply"]).format(user=user)
        question = re.match(r"(what|how|do|are|can|who|will|did|have|any|when)\b", say)
        return self.style(say, "?" if question else ".", asr=asr), reply

    def stray(self, *, asr: bool) -> str:
        """A line of somebody else's talk."""
        for _ in range(20):
            line = self.rng.choice(self.rng.choice(self.dialogues).lines)[1]
            if "{" not in line and 3 <= len(line.split()) <= 16:
                return spoken(line) if asr else line
        return "it was a long day"

    def _history(self, writer: _Writer, earlier: list[Fact], turns: int) -> tuple[Exchange, ...]:
        pairs = [writer.acknowledged(f) for f in earlier]
        for _ in range(turns - len(pairs)):
            kind = self.rng.random()
            pairs.append(writer.about_card() if kind < 0.4 else writer.small())
        self.rng.shuffle(pairs)
        return tuple(Exchange(say, reply) for say, reply in pairs)

    def _notes(
        self, writer: _Writer, facts: list[Fact], time: datetime, most: int
    ) -> tuple[Note, ...]:
        rng, persona = self.rng, writer.persona
        lines: list[tuple[str, str]] = []
        for fact in facts:
            lines.append((persona.user, fact.line))
            if rng.random() < 0.25:
                lines.append((persona.name, writer.acknowledged(fact)[1]))
        for _ in range(rng.randint(0, rng.randint(0, most))):
            kind = rng.random()
            if kind < 0.35:
                lines.append((persona.user, self.stray(asr=writer.asr)))
            else:
                say, reply = writer.small() if kind < 0.75 else writer.about_card()
                lines.append(rng.choice(((persona.user, say), (persona.name, reply))))
        rng.shuffle(lines)
        days = sorted(
            (rng.choice((1, 1, 2, 5, 20, 90, 300)) for _ in lines), reverse=rng.random() < 0.5
        )
        return tuple(
            Note(f"n:{n}", text, who, time - timedelta(days=day))
            for n, ((who, text), day) in enumerate(zip(lines, days, strict=True))
        )


class _Writer:
    """Writes what is said in one scene."""

    def __init__(self, maker: SceneMaker, character: Character, *, asr: bool) -> None:
        self.maker, self.character, self.asr = maker, character, asr
        self.rng, self.persona = maker.rng, character.persona
        self.slots = {"N": self.persona.name, "U": self.persona.user}

    def branches(
        self, facts: list[Fact], earlier: list[Fact], time: datetime, count: int
    ) -> list[tuple[str, str]]:
        """Pairs of what is said next and a good answer."""
        rng = self.rng
        known = facts + earlier
        pairs = [self.recalled(f) for f in known] + [self.recalled(f) for f in facts]
        makers = (
            (0.20, self.about_card), (0.14, self.new_fact), (0.16, self.small), (0.12, self.names),
            (0.05, self.secret), (0.03, self.story), (0.02, lambda: self.day(time)),
            (0.28 if known else 0.18, lambda: self.missing(known)),
        )  # fmt: skip
        weights = [w for w, _ in makers]
        while len(pairs) < count:
            pairs.append(rng.choices(makers, weights)[0][1]())
        rng.shuffle(pairs)
        return [p for p in pairs if not self.maker.forbidden.line(p[0])]

    def said(self, text: str, end: str) -> str:
        """The owner's words in the scene's style, with the names filled in."""
        return self.maker.style(article(text.format(**self.slots)), end, asr=self.asr)

    def _asked(self, row: dict[str, Any], e: str, v: str = "") -> str:
        rng = self.rng
        if "ind" in row and rng.random() < 0.45:
            text = rng.choice(phrases.IND).replace("{i}", rng.choice(row["ind"]))
        else:
            text = rng.choice(phrases.PRE) + rng.choice(row["ask"]) + rng.choice(phrases.POST)
        return self.said(text.replace("{e}", e).replace("{v}", v), "?")

    def _answer(self, text: str, e: str, v: str) -> str:
        text = self.rng.choice(phrases.OPEN) + text + self.rng.choice(phrases.CLOSE)
        text = text.replace("{e}", e).replace("{v}", v).format(**self.slots)
        return article(text[:1].upper() + text[1:] if not text.startswith(v) else text)

    def recalled(self, fact: Fact) -> tuple[str, str]:
        """A question about something told, and the answer that repeats it.

        Half of the answers are the owner's own line said back: copying a line is learned long
        before saying it in other words.
        """
        asked = self._asked(fact.row, fact.e)
        if self.rng.random() < ECHO and "you" not in words(fact.line):
            opening = self.rng.choice(phrases.OPEN)
            return asked, opening + echoed(fact.line)
        tell = self.rng.choice(fact.row["tell"])
        return asked, self._answer(tell, fact.e, told(fact.v))

    def missing(self, known: list[Fact]) -> tuple[str, str]:
        """A question about something never told; often close to what was."""
        rng = self.rng
        near = [f.row for f in known if "e" in f.row]
        for _ in range(30):
            row = rng.choice(near) if near and rng.random() < 0.5 else rng.choice(self.maker.facts)
            e = self.maker.pools.draw(row["e"]) if "e" in row else ""
            clash = ((f.row is row and f.e == e) or (f.row is not row and _conflict(f.row["id"], row["id"]))
                     for f in known)  # fmt: skip
            if not any(clash):
                n = row["np"].format(e=e)
                return self._asked(row, e), rng.choice(phrases.UNKNOWN).format(n=n, **self.slots)
        return self.small()

    def acknowledged(self, fact: Fact) -> tuple[str, str]:
        """A fact as it is told, and an answer that picks it up."""
        ack = self.rng.choice(fact.row["ack"]).format(e=fact.e, v=told(fact.v))
        return fact.line, article(ack)

    def new_fact(self) -> tuple[str, str]:
        """Something new, and an answer that picks it up."""
        fact = self.maker.fact(self.rng.choice(self.maker.facts), asr=self.asr)
        return self.acknowledged(fact)

    def about_card(self) -> tuple[str, str]:
        """A question whose answer stands in the card."""
        if not self.character.traits:
            return self.small()
        trait = self.rng.choice(self.character.traits)
        text = self.rng.choice(phrases.PRE) + self.rng.choice(trait.row["ask"])
        text = text.replace("{e}", trait.e).replace("{v}", trait.v)
        if self.rng.random() < ECHO:
            return self.said(text, "?"), trait.own
        tell = self.rng.choice(trait.row["tell"]).format(e=trait.e, v=trait.v)
        return self.said(text, "?"), article(tell)

    def secret(self) -> tuple[str, str]:
        """A question to the character that its card does not answer."""
        rows = [r for r in self.character.unknown if "{v}" not in "".join(r["ask"])]
        row = self.rng.choice(rows)
        e = self.maker.pools.draw(row["e"]) if "e" in row else ""
        ask = self.rng.choice(row["ask"]).replace("{e}", e)
        return self.said(ask, "?"), self.rng.choice(phrases.SECRET).format(**self.slots)

    def names(self) -> tuple[str, str]:
        """Who is who."""
        kind = self.rng.random()
        if kind < 0.55:
            ask, tell = self.rng.choice(phrases.ASK_USER), self.rng.choice(phrases.TELL_USER)
        elif kind < 0.9:
            ask, tell = self.rng.choice(phrases.ASK_NAME), self.rng.choice(phrases.TELL_NAME)
        else:
            ask = self.rng.choice(phrases.INTRO.split("|"))
            tell = self.rng.choice(phrases.INTRO_TELL.split("|"))
            return self.said(ask, "."), tell.format(**self.slots)
        ask = self.rng.choice(("", "", "", "so ", "hey, ", "and ", "well, ", "okay, ")) + ask
        return self.said(ask, "?"), tell.format(**self.slots)

    def small(self) -> tuple[str, str]:
        """Small talk."""
        return self.maker.small(self.persona.user, asr=self.asr)

    def story(self) -> tuple[str, str]:
        """A very short story about what was asked for."""
        x, z = self.maker.pools.draw("animal"), self.maker.pools.draw("animal")
        y = self.rng.choice(("sea", "moon", "mountains", "big city", "stars", "old castle"))
        tale = self.rng.choice(phrases.STORY).format(x=x, y=y, z=z)
        return self.said(self.rng.choice(phrases.STORY_ASK).format(x=x), "."), article(tale)

    def day(self, time: datetime) -> tuple[str, str]:
        """What day it is."""
        tell = self.rng.choice(("It's {d}.", "Today is {d}.", "It's {d} today, {U}."))
        return self.said(self.rng.choice(phrases.DAY_ASK), "?"), tell.format(
            d=f"{time:%A}", **self.slots
        )


def _conflict(one: str, other: str) -> bool:
    return one == other or any(one in g and other in g for g in _GROUPS)
