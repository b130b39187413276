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
from training.llm.grammar import Grammar
from training.llm.words import article, read_yaml, rows, spoken, typed, with_more
from training.llm.words import told as told_back
from training.llm.writer import Fact, Writer, conflict

if TYPE_CHECKING:
    import random

    from training.llm.cards import CardMaker
    from training.llm.corpus import Dialogue
    from training.llm.forbidden import Forbidden
    from training.llm.words import Pools

OPEN = 0.5
"""Share of the scenes whose facts are put together by the grammar."""
CHANGED = 0.5
"""Share of the facts that correct an earlier one."""


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
    lore: tuple[str, ...] = ()


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
        facts = [*rows("facts.yaml"), *rows("kinds.yaml")]
        more = read_yaml("more.yaml")
        assert isinstance(more, dict)
        self.facts: list[dict[str, Any]] = [with_more(row, more["facts"]) for row in facts]
        self.talk: list[dict[str, list[str]]] = [
            *rows("smalltalk.yaml"), *rows("talk.yaml"), *more["talk"]
        ]  # fmt: skip
        self.grammar = Grammar(pools)
        self.open = False  # this scene's facts are put together by the grammar

    def make(self, branches: int = 10, turns: int = 4, *, brief: bool = False) -> Scene:
        """A scene with about this many branches and at most this many turns of history."""
        rng = self.rng
        self.open = rng.random() < OPEN
        character = self.cards.make(brief=brief)
        asr = rng.random() < 0.5
        facts = self._facts(rng.choice((1, 1, 2) if brief else (0, 1, 1, 2, 2, 3, 4)), asr=asr)
        few = rng.choice((0, 0, 0, 1) if brief else (0, 0, 1, 1, 2))
        earlier = self._facts(few, tuple(f.row["id"] for f in facts), asr=asr)
        persona = character.persona if brief else self._dressed(character.persona)
        entries = [self.grammar.lore() for _ in range(rng.choice((0, 0, 0, 1, 2)))]
        writer = Writer(self, replace(character, persona=persona), asr=asr)
        writer.told = [pair for _, pairs in entries for pair in pairs]
        history = self._history(writer, earlier, rng.choice(range(turns + 1)))
        time = datetime(2024, 1, 1, 7, tzinfo=UTC) + timedelta(
            minutes=rng.randint(0, 4 * 365 * 1440)
        )
        notes = self._notes(writer, facts, time, 1 if brief else 2)
        pairs = writer.branches(facts, earlier, time, branches)
        lore = tuple(text for text, _ in entries)
        return Scene(persona, history, notes, time, tuple(pairs), len(history), lore)

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
            row = facts[-1].row if same else self.row(facts)
            if any(conflict(row["id"], t) for t in taken):
                continue
            if any(conflict(row["id"], f.row["id"]) for f in facts if f.row is not row):
                continue
            fact = self.fact(row, asr=asr)
            if not any(f.row is row and (f.e == fact.e or "e" not in row) for f in facts):
                facts.append(self.changed(fact, asr=asr) if self.rng.random() < CHANGED else fact)
        return facts

    def row(self, near: list[Fact] = []) -> dict[str, Any]:  # noqa: B006 - only read
        """Something that may be told; often close to what was."""
        if not self.open:
            return self.rng.choice(self.facts)
        if near and self.rng.random() < 0.4:
            return self.grammar.near(near[-1].row)
        return self.grammar.row()

    def changed(self, fact: Fact, *, asr: bool) -> Fact:
        """The fact as a correction of something told before."""
        for _ in range(20):
            before = self.fact(fact.row, asr=asr)
            if before.v.lower() != fact.v.lower():
                break
        rng, marked = self.rng, self.rng.random() < 0.35
        if "e" in fact.row:  # about the same
            line = before.line
            if before.e != fact.e:
                line = re.sub(rf"\b{re.escape(before.e)}\b", fact.e, line, flags=re.IGNORECASE)
            before = replace(before, e=fact.e, line=line)
        cue = rng.choice(phrases.CUES if rng.random() < (0.4 if marked else 0.75) else ("{l}",))
        bare = fact.line.rstrip(".!?")
        if not asr and not bare.startswith(("I ", "I'")) and not cue.startswith("{l}"):
            bare = bare[:1].lower() + bare[1:]
        shown = cue.replace("{l}", bare).replace("{old}", told_back(before.v))
        shown = self.style(shown, ".", asr=asr)
        if self.forbidden.line(shown) or self.forbidden.line(before.line):
            return fact
        return replace(fact, shown=shown, before=before, marked=marked)

    def fact(self, row: dict[str, Any], *, asr: bool) -> Fact:
        """Something the owner tells, in this style."""
        while True:
            e = self.pools.draw(row["e"]) if "e" in row else ""
            v = self.pools.draw(row["v"])
            shown = e
            if row.get("e") in {"pet", "thing", "gift"} and self.rng.random() < 0.2:
                shown = f"{self.rng.choice(('new', 'old', 'little', 'big', 'dear', 'young'))} {e}"
            text = " ".join(self.rng.choice(row["say"]).format(e=shown, v=v).split())
            line = self.style(article(text), ".", asr=asr)
            if not self.forbidden.line(line):
                return Fact(row, e, spoken(v) if asr else v, line)

    def style(self, text: str, end: str, *, asr: bool) -> str:
        """As recognised, or as typed."""
        if asr:
            heard = spoken(text)
            if self.rng.random() < 0.6:
                return heard
            return re.sub(r"\bi\b", "I", heard) + self.rng.choice((end, end, "."))
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
        for _ in range(10):
            more = self.rng.choice(phrases.BEFORE) + say
            more += "" if question else self.rng.choice(phrases.AFTER)
            if self.rng.random() < 0.6 and not self.forbidden.line(more):
                say = more
                break
        return self.style(say, "?" if question else ".", asr=asr), reply

    def stray(self, *, asr: bool) -> str:
        """A line of somebody else's talk."""
        for _ in range(20):
            line = self.rng.choice(self.rng.choice(self.dialogues).lines)[1]
            if "{" not in line and 3 <= len(line.split()) <= 16:
                return spoken(line) if asr else line
        return "it was a long day"

    def _history(self, writer: Writer, earlier: list[Fact], turns: int) -> tuple[Exchange, ...]:
        pairs = [writer.acknowledged(f) for f in earlier]
        pairs += [writer.acknowledged(f.before) for f in earlier if f.before]
        for _ in range(turns - len(pairs)):
            kind = self.rng.random()
            pairs.append(writer.about_card() if kind < 0.4 else writer.small())
        self.rng.shuffle(pairs)
        for fact in (f for f in earlier if f.before):
            _in_order(pairs, [p[0] for p in pairs], fact)
        return tuple(Exchange(say, reply) for say, reply in pairs)

    def _notes(
        self, writer: Writer, facts: list[Fact], time: datetime, most: int
    ) -> tuple[Note, ...]:
        rng, persona = self.rng, writer.persona
        lines: list[tuple[str, str]] = []
        until: dict[str, int] = {}
        for fact in facts:
            lines.append((persona.user, fact.said))
            if fact.before:
                lines.append((persona.user, fact.before.line))
                if fact.marked:
                    until[fact.before.line] = 0
            if rng.random() < 0.25:
                lines.append((persona.name, writer.acknowledged(fact)[1]))
        lines += self._beside(writer, facts, most)
        rng.shuffle(lines)
        for fact in (f for f in facts if f.before):
            _in_order(lines, [text for _, text in lines], fact)
        back = rng.random() < (0.25 if not any(f.before for f in facts) else 0.0)
        days = sorted((rng.choice((1, 1, 2, 5, 20, 90, 300)) for _ in lines), reverse=not back)
        if len(until) == sum(f.before is not None for f in facts) and rng.random() < 0.4:
            lines.reverse()
            days.reverse()
        ended = {f.before.line: _day(lines, days, f, time) for f in facts if f.before}
        return tuple(
            Note(f"n:{n}", text, who, time - timedelta(days=day),
                 until=ended[text] if text in until else "")
            for n, ((who, text), day) in enumerate(zip(lines, days, strict=True))
        )  # fmt: skip

    def _beside(self, writer: Writer, facts: list[Fact], most: int) -> list[tuple[str, str]]:
        """Notes that answer nothing, some about the same things."""
        rng, persona = self.rng, writer.persona
        lines: list[tuple[str, str]] = []
        for _ in range(rng.randint(0, rng.randint(0, most))):
            kind = rng.random()
            row = self.grammar.row()
            if kind < 0.35:
                lines.append((persona.user, self.stray(asr=writer.asr)))
            elif kind < 0.6 and self.open and (line := self.grammar.hollow(row)):
                if not self.forbidden.line(line) and not any(
                    conflict(row["id"], f.row["id"]) for f in (*facts, *writer.hollow)
                ):
                    writer.hollow.append(Fact(row, "", "", line))
                    lines.append((persona.user, self.style(line, ".", asr=writer.asr)))
            else:
                say, reply = writer.small() if kind < 0.8 else writer.about_card()
                lines.append(rng.choice(((persona.user, say), (persona.name, reply))))
        return lines


def _in_order(rows: list[Any], texts: list[str], fact: Fact) -> None:
    """What was corrected stands before its correction."""
    assert fact.before is not None
    if fact.before.line not in texts or fact.said not in texts:
        return
    old, new = texts.index(fact.before.line), texts.index(fact.said)
    if old > new:
        rows[old], rows[new] = rows[new], rows[old]


def _day(lines: list[tuple[str, str]], days: list[int], fact: Fact, time: datetime) -> str:
    """The day of the correction, until which the other was true."""
    place = next(n for n, (_, text) in enumerate(lines) if text == fact.said)
    return f"{time - timedelta(days=days[place]):%Y-%m-%d}"
