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
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from companion.values import Exchange, Note, Persona, Placed
from training.llm.probes import PLACEHOLDER, Probe, holds, words

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).resolve().parent
CLASSES = ("persona", "fact", "correction", "unknown", "small")
BARS = {"all": 0.85, "class": 0.70, "swapped": 0.20, "character": 0.95}
MACHINE = (
    *("language model", "artificial intelligence", "an ai", "chatbot", "computer program"),
    *("a robot", "a machine", "a program", "assistant"),
)
_OWN_NAME = re.compile(r"\b(?:my name is|my name's|i am called|call me) ([^\W_]+)", re.IGNORECASE)


def in_character(probe: Probe, reply: str) -> bool:
    """Whether the reply is the character's."""
    bad = not words(reply) or PLACEHOLDER.search(reply) or any(holds(reply, m) for m in MACHINE)
    names = {m.lower() for m in _OWN_NAME.findall(reply)}
    return not bad and names <= {probe.persona.name.lower()}


def speaks_for_user(probe: Probe, written: str) -> bool:
    """Whether the model, before anything was cut off, wrote words of the owner."""
    return f"{probe.persona.user.lower()}:" in written.lower() or "<|" in written


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
    kind = identity.partition("-")[0]
    return Probe(
        id=identity,
        kind=kind,
        persona=persona,
        history=tuple(Exchange(user, reply) for user, reply in raw.get("h", [])),
        notes=tuple(notes),
        lore=tuple(Placed(text) for text in raw.get("l", ())),
        question=raw["q"],
        expect=expect,
        reject=reject,
        topics=tuple(raw.get("t", ())),
        values=(*values, *reject) if kind == "correction" else values,
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


def distinct(replies: Iterable[str]) -> float:
    """Distinct-2: how many of all pairs of neighbouring words are different."""
    pairs = [pair for r in replies for pair in zip(words(r), words(r)[1:], strict=False)]
    return len(set(pairs)) / max(len(pairs), 1)


def repeats(reply: str, length: int = 3) -> bool:
    """Self-repetition: whether some three words stand in the reply twice."""
    said = words(reply)
    runs = Counter(tuple(said[n : n + length]) for n in range(len(said) - length + 1))
    return any(count > 1 for count in runs.values())
