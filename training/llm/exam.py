"""The two hundred written probes of the second version, and the rules by which a reply is right.

Written and committed before the second training began. Knows nothing of models.

Everywhere: at most 30 words, no placeholder ([ ] { } < >), words compared whole and without regard
to case.
persona: the reply holds one of `a`, which stands in the card or in the lorebook entry shown.
fact: it holds one of `a`, which stands in one note only, and none of `no`, of the other notes.
correction: it holds the value that is true now, and not the one that was corrected.
unknown: it says that it does not know (one of UNSURE), and holds none of `no`.
small: 3 to 30 words, not the question's own words in their order, and one of the topics `t`.
swapped: each fact probe with the notes of the next one; the fact rule. At most 20 % may be right.
In character: no reply at all, of any class, says that it is a machine (MACHINE), calls itself by
another name than the card's, is empty or holds a placeholder.
Speaks for the user: what the model wrote, before anything is cut off, has the owner's name and a
colon, or a control token in it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from companion.prompt import Now
from companion.values import Exchange, Note, Persona, Placed
from training.llm.probes import FEWEST_WORDS, MOST_WORDS, holds, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training.llm.probes import Probe as First

HERE = Path(__file__).resolve().parent
CLASSES = ("persona", "fact", "correction", "unknown", "small")
BARS = {"all": 0.85, "class": 0.70, "swapped": 0.20, "character": 0.95}
UNSURE = (
    *("don't know", "do not know", "not sure", "no idea", "don't remember", "do not remember"),
    *("can't remember", "cannot remember", "don't recall", "do not recall", "haven't told"),
    *("have not told", "never told", "didn't tell", "did not tell", "not told me", "haven't said"),
    *("have not said", "never said", "didn't say", "did not say", "haven't mentioned"),
    *("have not mentioned", "never mentioned", "didn't mention", "don't think you told"),
)
MACHINE = (
    *("language model", "artificial intelligence", "an ai", "chatbot", "computer program"),
    *("a robot", "a machine", "a program", "assistant"),
)
_PLACEHOLDER = re.compile(r"[\[\]{}<>]")
_OWN_NAME = re.compile(r"\b(?:my name is|my name's|i am called|call me) ([^\W_]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Probe:
    """One question with all the model is shown, and what counts as right."""

    id: str
    kind: str
    persona: Persona
    history: tuple[Exchange, ...]
    notes: tuple[Note, ...]
    lore: tuple[Placed, ...]
    question: str
    expect: tuple[str, ...]
    reject: tuple[str, ...]
    topics: tuple[str, ...]
    values: tuple[str, ...]
    time: datetime

    def now(self, notes: tuple[Note, ...] | None = None) -> Now:
        """What changes with the turn: these words, these notes (or others), this time."""
        return Now(self.question, self.notes if notes is None else notes, self.time, self.lore)

    def right(self, reply: str) -> bool:
        """Whether the reply is right by the committed rules."""
        said = words(reply)
        if _PLACEHOLDER.search(reply) or len(said) > MOST_WORDS:
            return False
        if self.kind == "small":
            fresh = said != words(self.question)
            return len(said) >= FEWEST_WORDS and fresh and any(holds(reply, t) for t in self.topics)
        accepted = UNSURE if self.kind == "unknown" else self.expect
        right = any(holds(reply, value) for value in accepted)
        return right and not any(holds(reply, value) for value in self.reject)

    def in_character(self, reply: str) -> bool:
        """Whether the reply is the character's."""
        bad = (
            not words(reply) or _PLACEHOLDER.search(reply) or any(holds(reply, m) for m in MACHINE)
        )
        names = {m.lower() for m in _OWN_NAME.findall(reply)}
        return not bad and names <= {self.persona.name.lower()}

    def speaks_for_user(self, written: str) -> bool:
        """Whether the model, before anything was cut off, wrote words of the owner."""
        return f"{self.persona.user.lower()}:" in written.lower() or "<|" in written


def _notes(identity: str, rows: list[list[Any]]) -> list[tuple[str, Note]]:
    """Who (u or c) and the note, whose speaker is not yet known."""
    return [
        (
            who,
            Note(
                f"{identity}:{n}", text, "", datetime.fromisoformat(f"{said}T12:00:00"), until=until
            ),
        )
        for n, (who, said, text, until) in enumerate([*r, ""][:4] for r in rows)
    ]


def _probe(identity: str, raw: dict[str, Any], card: dict[str, Any], time: datetime) -> Probe:
    persona = Persona(**card | {"examples": tuple(card.get("examples", ()))})
    names = {"u": persona.user, "c": persona.name}
    expect, reject = tuple(raw.get("a", ())), tuple(raw.get("no", ()))
    values = tuple(raw.get("v", expect))
    notes = (
        Note(n.id, n.text, names[who], n.said, until=n.until)
        for who, n in _notes(identity, raw.get("n", []))
    )
    return Probe(
        id=identity,
        kind=identity.partition("-")[0],
        persona=persona,
        history=tuple(Exchange(user, reply) for user, reply in raw.get("h", [])),
        notes=tuple(notes),
        lore=tuple(Placed(text) for text in raw.get("l", ())),
        question=raw["q"],
        expect=expect,
        reject=reject,
        topics=tuple(raw.get("t", ())),
        values=(*values, *reject) if identity.startswith("correction") else values,
        time=time,
    )


def load(path: Path = HERE / "exam.yaml") -> tuple[Probe, ...]:
    """All probes, in the order of the file."""
    raw = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # BaseLoader knows only text
    time = datetime.fromisoformat(raw["now"])
    return tuple(
        _probe(f"{kind}-{n:02}", one, raw["cards"][one["card"]], time)
        for kind, probes in raw["probes"].items()
        for n, one in enumerate(probes, 1)
    )


def swapped(probes: Iterable[Probe | First]) -> dict[str, tuple[Note, ...]]:
    """For each fact probe the notes of the next one, the last taking those of the first."""
    facts = [p for p in probes if p.kind == "fact"]
    return {p.id: other.notes for p, other in zip(facts, facts[1:] + facts[:1], strict=True)}


def distinct(replies: Iterable[str]) -> float:
    """Distinct-2: how many of all pairs of neighbouring words are different."""
    pairs = [pair for r in replies for pair in zip(words(r), words(r)[1:], strict=False)]
    return len(set(pairs)) / max(len(pairs), 1)


def repeats(reply: str, length: int = 3) -> bool:
    """Self-repetition: whether some three words stand in the reply twice."""
    said = words(reply)
    runs = Counter(tuple(said[n : n + length]) for n in range(len(said) - length + 1))
    return any(count > 1 for count in runs.values())
