"""The forty written probes and the rules by which a reply counts as right.

Written and committed before the first training run. Knows nothing of models.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.prompt import Now
from companion.values import Exchange, Note, Persona, Placed

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).resolve().parent
CLASSES = ("persona", "name", "fact", "small")
MOST_WORDS = 30
FEWEST_WORDS = 3
UNSURE = (
    *("don't know", "do not know", "not sure", "no idea", "don't remember", "do not remember"),
    *("can't remember", "cannot remember", "don't recall", "do not recall", "haven't told"),
    *("have not told", "never told", "didn't tell", "did not tell", "not told me", "haven't said"),
    *("have not said", "never said", "didn't say", "did not say", "haven't mentioned"),
    *("have not mentioned", "never mentioned", "didn't mention", "don't think you told"),
)
PLACEHOLDER = re.compile(r"[\[\]{}<>]")
_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")


def words(text: str) -> list[str]:
    """The words of a text, lower case, without punctuation."""
    return [w.lower().replace("\u2019", "'") for w in _WORD.findall(text)]


def holds(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text` as whole words, one after the other."""
    return f" {' '.join(words(phrase))} " in f" {' '.join(words(text))} "


@dataclass(frozen=True, slots=True)
class Probe:
    """One question with all the model is shown, and what counts as right."""

    id: str
    kind: str
    persona: Persona
    history: tuple[Exchange, ...]
    notes: tuple[Note, ...]
    question: str
    expect: tuple[str, ...]
    reject: tuple[str, ...]
    topics: tuple[str, ...]
    values: tuple[str, ...]
    time: datetime
    lore: tuple[Placed, ...] = ()

    def now(self, notes: tuple[Note, ...] | None = None) -> Now:
        """What changes with the turn: these words, these notes (or others), this time."""
        return Now(self.question, self.notes if notes is None else notes, self.time, self.lore)

    def right(self, reply: str) -> bool:
        """Whether the reply is right by the committed rules."""
        said = words(reply)
        if PLACEHOLDER.search(reply) or len(said) > MOST_WORDS:
            return False
        if self.kind == "small":
            fresh = said != words(self.question)
            return len(said) >= FEWEST_WORDS and fresh and any(holds(reply, t) for t in self.topics)
        accepted = UNSURE if self.kind == "unknown" else self.expect
        right = any(holds(reply, value) for value in accepted)
        return right and not any(holds(reply, value) for value in self.reject)


def _notes(identity: str, rows: list[list[str]]) -> tuple[Note, ...]:
    return tuple(
        Note(f"{identity}:{n}", text, who, datetime.fromisoformat(said))
        for n, (who, said, text) in enumerate(rows)
    )


def _probe(raw: dict[str, Any], card: dict[str, str], time: datetime) -> Probe:
    return Probe(
        id=raw["id"],
        kind=raw["class"],
        persona=Persona(**card),
        history=tuple(Exchange(user, reply) for user, reply in raw["history"]),
        notes=_notes(raw["id"], raw["notes"]),
        question=raw["question"],
        expect=tuple(raw.get("expect", ())),
        reject=tuple(raw.get("reject", ())),
        topics=tuple(raw.get("topics", ())),
        values=tuple(raw.get("values", ())),
        time=time,
    )


def load(path: Path = HERE / "probes.json") -> tuple[Probe, ...]:
    """All probes, in the order of the file."""
    raw = json.loads(path.read_text("utf-8"))
    time = datetime.fromisoformat(raw["now"])
    return tuple(_probe(p, raw["cards"][p["card"]], time) for p in raw["probes"])


def swapped(probes: Iterable[Probe]) -> dict[str, tuple[Note, ...]]:
    """For each fact probe the notes of the next one, the last taking those of the first."""
    facts = [p for p in probes if p.kind == "fact"]
    return {p.id: other.notes for p, other in zip(facts, facts[1:] + facts[:1], strict=True)}
