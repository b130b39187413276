"""Open dialogues of the corpus as scenes in the product's form.

One of the two speakers becomes the character, with its persona sentences as the card. Knows
nothing of tokens.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from companion.values import Exchange, Note, Persona
from training.llm.scenes import Scene
from training.llm.words import spoken, turned

if TYPE_CHECKING:
    from training.llm.corpus import Dialogue
    from training.llm.scenes import SceneMaker

_THIRD = {
    "have": "has", "like": "likes", "love": "loves", "am": "is", "work": "works", "live": "lives", "enjoy": "enjoys",
    "hate": "hates", "want": "wants", "play": "plays", "drive": "drives", "own": "owns", "collect": "collects",
}  # fmt: skip
_MOST = 30


def third(sentence: str, subject: str, owner: str) -> str | None:
    """`I have a cat.` as `She has a cat.`; None where that takes more than a verb."""
    match = re.fullmatch(r"(?:I|i) (\w+) ([^,;]*)", sentence)
    if not match or match[1] not in _THIRD or re.search(r"\b(I|i|me|we|us|our)\b", match[2]):
        return None
    return f"{subject} {_THIRD[match[1]]} " + re.sub(r"\bmy\b", owner, match[2])


def second(sentence: str) -> str:
    """The sentence said to the one who said it: you have a cat."""
    sentence = turned(sentence)
    return sentence[:1].upper() + sentence[1:]


def describe(sentences: tuple[str, ...], name: str, maker: SceneMaker) -> str:
    """A card in one of three voices."""
    rng = maker.rng
    whole = [s if s.endswith((".", "!")) else s + "." for s in sentences]
    mode = rng.random()
    if mode < 0.35:
        return " ".join((f"My name is {name}.", *whole))
    if mode < 0.6:
        return " ".join((f"You are {name}.", *(second(s) for s in whole)))
    subject, owner = rng.choice((("She", "her"), ("He", "his")))
    changed = [t for s in whole if (t := third(s, subject, owner))]
    if len(changed) < 2:
        return f"{name} says: " + " ".join(whole)
    return " ".join(changed).replace(subject, name, 1)


def talk(maker: SceneMaker, dialogue: Dialogue) -> Scene | None:
    """A stretch of the dialogue; None where its last answer is too long to be spoken."""
    rng = maker.rng
    who = rng.choice((1, 2))
    name, user = maker.cards.names()
    names = {who: name, 3 - who: user}
    asr = rng.random() < 0.5
    lines = [(w, t.replace("{1}", names[1]).replace("{2}", names[2])) for w, t in dialogue.lines]
    if lines[0][0] == who:
        lines = lines[1:]
    turns = [
        Exchange(spoken(a) if asr else a, b)
        for (_, a), (_, b) in zip(lines[::2], lines[1::2], strict=False)
    ]
    start = rng.choice((0, 0, rng.randint(0, max(0, len(turns) - 2))))
    turns = turns[start : start + rng.randint(2, 9)]
    while turns and (len(turns[-1].reply.split()) > _MOST or not spoken(turns[-1].user)):
        turns.pop()
    if not turns:
        return None
    persona = Persona(name, user, describe(dialogue.personas[who - 1], name, maker))
    time = datetime(2024, 1, 1, 7, tzinfo=UTC) + timedelta(minutes=rng.randint(0, 4 * 365 * 1440))
    notes = tuple(
        Note(f"n:{n}", maker.stray(asr=asr), user, time - timedelta(days=rng.randint(1, 90)))
        for n in range(rng.choice((0, 0, 1, 2)))
    )
    last = turns.pop()
    return Scene(persona, tuple(turns), notes, time, ((last.user, last.reply),), len(turns))
