"""Things told and asked that are put together from parts: any verb with any thing, place, person.

The forms stand in forms.yaml, the words in grammar.yaml. What is made here looks like a row of
facts.yaml or cards.yaml with everything but the value filled in: nothing but the words of the
question says which note answers it. Knows nothing of scenes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from training.llm.words import read_yaml

if TYPE_CHECKING:
    from training.llm.words import Pools

Row = dict[str, Any]
Pairs = list[tuple[str, str]]
_PEOPLE = (
    "sister brother mother father mum dad wife husband son daughter friend uncle aunt cousin boss "
    "grandmother grandfather grandma grandpa neighbour girlfriend nephew"
).split()
ACKS = (
    "{v}, I see. Tell me more!",
    "Oh, {v}! I'll remember that.",
    "{v}? That's good to know.",
    "How nice. What is so special about {v}?",
    "Thank you for telling me. {v}, I won't forget it.",
)
_HOLLOW = (
    "{p} is very nice|{p} is a bit shy|i like {p} a lot|{p} was on my mind today|{p} made me laugh"
    "|i told you about {p}|{p} costs a lot of money|i am happy about {p}|{p} is quite old|{p} is new"
    "|something is wrong with {p}|i was looking at {p} for hours|i am worried about {p}"
).split("|")
_SLOT = re.compile(r"<(\w+)>")
_ME = re.compile(r"\b(makes?|scares?|frightens|for|hired|hurts?|bad for) i\b")
_OLD_NEW = ("the", "the new", "my new", "my old", "our new", "my little")


class Grammar:
    """Makes rows."""

    def __init__(self, pools: Pools) -> None:
        words, forms = read_yaml("grammar.yaml"), read_yaml("forms.yaml")
        assert isinstance(words, dict)
        assert isinstance(forms, dict)
        self.pools, self.rng = pools, pools.rng
        self.lists = {
            kind: [" ".join(w.split()) for w in t.split("|")] for kind, t in words.items()
        }
        self.told: list[Row] = forms["told"]
        self.weights = [float(form["weight"]) for form in self.told]
        self.cards: list[Row] = forms["card"]
        self.entries: list[Row] = forms["lore"]

    def pick(self, kind: str) -> str:
        """A word of a list."""
        return self.rng.choice(self.lists[kind])

    def row(self, form: Row | None = None) -> Row:
        """Something that may be told, and how it may be asked for."""
        form = form or self.rng.choices(self.told, self.weights)[0]
        slots = self._slots(form)
        about = slots.get("p") or slots.get("n") or f"{slots['S']} {slots.get('base', '')}"
        made = {name: self._filled(form[name], slots) for name in ("say", "ask", "ind")}
        np = _you(self._filled([form["np"]], slots)[0])
        key = f"{form['id']} {about.strip()}"
        return made | {
            "id": key,
            "v": form["v"],
            "np": np,
            "tell": [],
            "ack": list(ACKS),
            "form": form,
        }

    def near(self, row: Row) -> Row:
        """Another row of the same form: about somebody or something else."""
        return self.row(row["form"])

    def hollow(self, row: Row) -> str:
        """A line about the same thing that does not say what is asked for; "" where none fits."""
        if "noun" not in row["form"]:
            return ""
        return self.rng.choice(_HOLLOW).format(p=row["id"].partition(" ")[2])

    def card_row(self) -> Row:
        """A sentence of a card, and how it may be asked for."""
        form = self.rng.choice(self.cards)
        slots = self._verb(form) | {"rest": self._rest()}
        made = {name: self._filled(form[name], slots) for name in ("card", "ask")}
        made["card"] = [capital(text) for text in made["card"]]
        return made | {"id": form["id"], "v": form["v"], "tell": []}

    def lore(self) -> tuple[str, Pairs]:
        """One entry about a person, an animal or a thing, with questions and answers."""
        rng = self.rng
        thing = rng.random() < 0.4
        kinds = ("name", "name", "titled", "pet_name")
        e = f"the {self.pick('named')}" if thing else self.pools.draw(rng.choice(kinds))
        again = "it" if thing else rng.choice(("he", "she"))
        fits = [f for f in self.entries if f["of"] in {"both", "thing" if thing else "being"}]
        told, pairs = [], []
        for form in rng.sample(fits, rng.choice((1, 2, 2, 3))):
            base, third = self.pick("present").split("=")
            slots = self._verb({"verb": "past"}) | {"e": e, "rest": self._rest()}
            slots |= {"verb": base, "third": third}
            fact, *asks = self._filled([form["fact"], *form["ask"]], slots)
            told.append(fact)
            pairs += [(rng.choice(asks), capital(f"{e} {fact}.")) for _ in range(2)]
        if rng.random() < 0.5:
            ask = rng.choice(("what about {e}" if thing else "who is {e}", "tell me about {e}"))
            pairs.append((ask.replace("{e}", e), capital(f"{e} {told[0]}.")))
        text = " ".join(capital(f"{again if n else e} {fact}.") for n, fact in enumerate(told))
        return text, pairs

    # ── filling in ───────────────────────────────────────────────────────────────────────────

    def _slots(self, form: Row) -> dict[str, str]:
        """What stands in the gaps of one row, the same in all its wordings."""
        rng = self.rng
        who = rng.choice(("i", "i", "i", "i", "we")) if rng.random() < 0.55 else self._person()
        if "who" in form:
            who = rng.choice(("i", "i", self._person()))
        me, plural = who == "i", who in {"i", "we"}
        slots = self._verb(form) | {
            "S": who, "is": "am" if me else "is", "s": "" if plural else "s",
            "es": "" if plural else "es", "do": "do" if plural else "does",
            "has": "have" if plural else "has", "have": "have" if plural else "has",
            "P": "my" if me else f"{who}'s",
            "rest": self._rest() if rng.random() < 0.85 else "",
            "when": rng.choice(("", self.pick("when"))),
        }  # fmt: skip
        if "third" in slots:
            slots["verb"] = slots["base"] if plural else slots["third"]
        if "noun" in form:
            slots["p"] = self._mine(form)
        if "word" in form:
            slots["n"] = self.pick(form["word"])
        return slots

    def _verb(self, form: Row) -> dict[str, str]:
        if "verb" not in form:
            return {}
        base, other = self.pick(form["verb"]).split("=")
        return {"base": base, "third" if form["verb"] == "present" else "past": other}

    def _filled(self, texts: list[str], slots: dict[str, str]) -> list[str]:
        """The texts with their gaps filled; what is not given is drawn once and kept in `slots`."""
        done = []
        for text in texts:
            for name in _SLOT.findall(text):
                if name not in slots:
                    slots[name] = self.pick(name) if name in self.lists else self.pools.draw(name)
            filled = _SLOT.sub(lambda m: slots[m[1]], text)
            done.append(" ".join(_ME.sub(r"\1 me", filled).split()))
        return done

    def _person(self) -> str:
        return f"my {self.rng.choice(_PEOPLE)}"

    def _rest(self) -> str:
        kind = self.rng.random()
        if kind < 0.4:
            return self.rng.choice(("in ", "in ", "at ", "behind ", "near ")) + self.pick("spot")
        if kind < 0.65:
            return self.pick("when")
        if kind < 0.8:
            return "at " + self.pick("event")
        return self.rng.choice(("with ", "for ", "from ")) + self._person()

    def _mine(self, form: Row) -> str:
        """My dog, our dog, the dog of my aunt."""
        noun, chance = self.pick(form["noun"]), self.rng.random()
        if chance < 0.2:
            return f"{self.rng.choice(_OLD_NEW)} {noun}"
        if chance < 0.8:
            return f"{self.rng.choice(('my', 'my', 'my', 'our'))} {noun}"
        person = self._person()
        return self.rng.choice((f"{person}'s {noun}", f"the {noun} of {person}"))


def capital(text: str) -> str:
    """With a capital at the beginning."""
    return text[:1].upper() + text[1:]


def _you(text: str) -> str:
    """As the character says it to the owner."""
    text = re.sub(r"\bi am\b", "you are", text)
    text = re.sub(r"\bi was\b", "you were", text)
    text = re.sub(r"\b(i|we)\b", "you", text)
    return re.sub(r"\b(my|our)\b", "your", text)
