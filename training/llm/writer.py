"""What is said in one scene: questions with their answers, news, small talk.

Knows nothing of cards being made, or of tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.llm import phrases
from training.llm.probes import words
from training.llm.words import article, echoed, told

if TYPE_CHECKING:
    from datetime import datetime

    from training.llm.cards import Character
    from training.llm.scenes import SceneMaker

ECHO = 0.5
"""Share of the news that is said back."""
# Two of one group could both answer the same question, so a scene has one of them.
_GROUPS = (
    {"fav_food", "likes", "drink", "fav_colour"}, {"allergy", "dislikes"}, {"job", "studied"},
    {"learning", "instrument", "studied"}, {"trip", "wish"}, {"met", "relative_name"},
    {"pet_kind", "pet_name"}, {"plan", "event", "event_when"}, {"bought", "lost", "gift"},
    {"relative_place", "relative_job"}, {"age", "child_age"}, {"birthday", "age"},
    # Of kinds.yaml.
    {"staff_name", "relative_name", "subject_teacher", "fav_teacher", "trainer_name", "vet_pet"},
    {"band_name", "thing_name"}, {"band_role", "instrument"},
    {"live", "home_street", "home_kind", "home_floor"}, {"home_kind", "house_colour"},
    {"room_fav", "room_now"}, {"fav_food", "fav_ice"}, {"dinner", "soup_of", "baked_what"},
    {"allergy", "diet_kind"}, {"bought", "souvenir_what", "wants_gift"},
    {"staff_when", "event", "event_when", "exam_when"}, {"met", "travel_with"},
    {"workplace", "boss_name", "company_name"}, {"job", "first_job"}, {"car", "first_car"},
    {"pet_kind", "first_pet"}, {"pest", "saw_wild"}, {"pain", "injury_how"},
    {"plan", "doctor_advice", "resolved", "promised_to"}, {"dream_night", "reading"},
    {"sport_do", "likes"}, {"learning", "native_language"}, {"studied", "exam_best"},
    {"studied", "exam_subject"}, {"trip", "wish", "tent_place", "hotel_name", "uni_place"},
    {"drink", "coffee_how"}, {"drink", "tea_how"}, {"costume_me", "role_play"},
    {"neighbour_flaw", "relative_job", "sport_child"}, {"lost", "broke", "kept_where"},
    {"fav_novel", "reading"}, {"first_word", "child_nickname"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the owner told.

    Attributes:
        row: Of facts.yaml, or put together by the grammar.
        e: What it is about.
        v: The value.
        line: The line, as it can be said back.
        shown: The line as it was said, where that is more: `no wait, ...`.
        before: What had been told before it was corrected.
        marked: Until when that was true is said with it.
    """

    row: dict[str, Any]
    e: str
    v: str
    line: str
    shown: str = ""
    before: Fact | None = None
    marked: bool = False

    @property
    def said(self) -> str:
        """The line as it was said."""
        return self.shown or self.line


class Writer:
    """Writes what is said in one scene."""

    def __init__(self, maker: SceneMaker, character: Character, *, asr: bool) -> None:
        self.maker, self.character, self.asr = maker, character, asr
        self.rng, self.persona = maker.rng, character.persona
        self.slots = {"N": self.persona.name, "U": self.persona.user}
        self.told: list[tuple[str, str]] = []  # of the lorebook: questions and answers
        self.hollow: list[Fact] = []  # what was spoken of without what is asked for

    def branches(
        self, facts: list[Fact], earlier: list[Fact], time: datetime, count: int
    ) -> list[tuple[str, str]]:
        """Pairs of what is said next and a good answer."""
        rng = self.rng
        known = facts + earlier
        pairs = [self.recalled(f) for f in known] + [self.recalled(f) for f in facts]
        pairs += [self.recalled(f) for f in known if f.before]
        pairs += [self.unknown(f.row, "") for f in self.hollow]
        pairs += [(self.said(ask, "?"), told) for ask, told in self.told]
        makers = (
            (0.38, self.about_card), (0.07, self.new_fact), (0.20, self.small), (0.05, self.names),
            (0.03, self.secret), (0.03, self.story), (0.01, lambda: self.day(time)),
            (0.20 if known else 0.18, lambda: self.missing(known)),
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
        if "ind" in row and rng.random() < 0.35:
            text = rng.choice(phrases.IND).replace("{i}", rng.choice(row["ind"]))
        else:
            text = rng.choice(phrases.PRE) + rng.choice(row["ask"]) + rng.choice(phrases.POST)
        text = " ".join(text.split())
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
        echo = 0.85 if fact.row["tell"] else 1.0
        if self.rng.random() < echo and "you" not in words(fact.line):
            opening = self.rng.choice(phrases.OPEN)
            return asked, opening + echoed(fact.line)
        tell = self.rng.choice(fact.row["tell"] or ["You told me: {v}."])
        return asked, self._answer(tell, fact.e, told(fact.v))

    def missing(self, known: list[Fact]) -> tuple[str, str]:
        """A question about something never told; often close to what was."""
        rng, maker = self.rng, self.maker
        near = [f.row for f in known if self.maker.open or "e" in f.row]
        for _ in range(30):
            if near and rng.random() < 0.65:
                row = maker.grammar.near(rng.choice(near)) if maker.open else rng.choice(near)
            else:
                row = maker.row()
            e = maker.pools.draw(row["e"]) if "e" in row else ""
            clash = ((f.row is row and f.e == e) or (f.row is not row and conflict(f.row["id"], row["id"]))
                     for f in known)  # fmt: skip
            if not any(clash):
                return self.unknown(row, e)
        return self.small()

    def unknown(self, row: dict[str, Any], e: str) -> tuple[str, str]:
        """A question that nothing answers, and the answer that says so."""
        n = row["np"].format(e=e)
        return self._asked(row, e), self.rng.choice(phrases.UNKNOWN).format(n=n, **self.slots)

    def acknowledged(self, fact: Fact) -> tuple[str, str]:
        """A fact as it is told, and an answer that picks it up."""
        ack = self.rng.choice(fact.row["ack"]).format(e=fact.e, v=told(fact.v))
        if self.rng.random() < ECHO and "you" not in words(fact.line):
            ack = self.rng.choice(phrases.HEARD).replace("{l}", echoed(fact.line)[:-1])
        return fact.said, article(ack[:1].upper() + ack[1:]).replace("{U}", self.persona.user)

    def new_fact(self) -> tuple[str, str]:
        """Something new, and an answer that picks it up."""
        fact = self.maker.fact(self.maker.row(), asr=self.asr)
        return self.acknowledged(fact)

    def about_card(self) -> tuple[str, str]:
        """A question whose answer stands in the card."""
        for _ in range(20 if self.character.traits else 0):
            trait = self.rng.choice(self.character.traits)
            text = self.rng.choice(phrases.PRE) + self.rng.choice(trait.row["ask"])
            text = " ".join(text.replace("{e}", trait.e).replace("{v}", trait.v).split())
            asked, told = self.said(text, "?"), trait.own
            if trait.row["tell"] and self.rng.random() < 0.25:
                told = article(self.rng.choice(trait.row["tell"]).format(e=trait.e, v=trait.v))
            if not (self.maker.forbidden.line(asked) or self.maker.forbidden.line(told)):
                return asked, told
        return self.small()

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


def conflict(one: str, other: str) -> bool:
    """Whether two things told could both answer the same question."""
    return one == other or any(one in g and other in g for g in _GROUPS)
