"""What fits: how much room there is, which examples are shown, and how a card too long is cut.

Knows no tokenizer: how long a text is, it is told.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from companion.prompt.dialogue import turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from companion.values import Persona

SHARE = 0.6
"""A card that is too long is cut to this part of the room: the rest is for talking."""

CUT = ("lead", "system", "description", "personality", "scenario", "greeting")
"""Texts of a card that are cut, each at the same length."""

SHORTEST_WORD = 3
_WORD = re.compile(r"\w+")
_ENDS = ("\n", ". ", "! ", "? ", "。", " ")


@dataclass(frozen=True, slots=True)
class Room:
    """How many tokens there are.

    Attributes:
        context: Tokens the model can hold.
        reply: Tokens kept free for the answer.
        notes: Tokens that recalled notes may take.
        examples: Tokens that example dialogues may take of every prompt; None for a quarter of
            the context. What is beyond waits for words that it fits.
    """

    context: int
    reply: int
    notes: int
    examples: int | None = None

    @property
    def prompt(self) -> int:
        """Tokens that a prompt may have."""
        return self.context - self.reply

    @property
    def always(self) -> int:
        """Tokens of examples that may stand in every prompt."""
        return self.context // 4 if self.examples is None else self.examples

    @property
    def once(self) -> int:
        """Tokens of the example that fits the words of one turn."""
        return self.context // 16


def shown(
    persona: Persona, room: int, cost: Callable[[str], int]
) -> tuple[Persona, tuple[str, ...]]:
    """The character with the examples that stand in every prompt, and those that wait.

    Where not all fit, those without `*stage directions*` come first: a small model copies them.
    """
    every = list(enumerate(persona.examples))
    kept: set[int] = set()
    for place, text in sorted(every, key=lambda one: ("*" in one[1], one[0])):
        if (price := cost(text)) <= room:
            kept.add(place)
            room -= price
    if len(kept) == len(every):
        return persona, ()
    waiting = tuple(text for place, text in every if place not in kept)
    return replace(persona, examples=tuple(t for n, t in every if n in kept)), waiting


def fitting(words: str, waiting: Sequence[str], user: str, name: str) -> str:
    """The example that has most in common with the words; "" where none has anything.

    Rare words count more, and so does what the owner says in an example.
    """
    asked = _words(words)
    common = Counter(word for text in waiting for word in _words(text))

    def score(text: str) -> float:
        heard = " ".join(said for who, said in turns(text, user, name) if who == "user")
        shared = [*(asked & _words(text)), *(asked & _words(heard))]
        return sum(1 / common[word] for word in shared)

    best = max(waiting, key=score, default="")
    return best if best and score(best) > 0 else ""


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if len(word) >= SHORTEST_WORD}


def shortened(persona: Persona, most: int, cost: Callable[[Persona], int]) -> Persona | None:
    """The character with its texts cut as little as needed to cost no more than `most`.

    None where even without them it costs more.
    """
    low, high = 0, max(len(getattr(persona, name)) for name in CUT)
    if cost(_cut_to(persona, 0)) > most:
        return None
    while low < high:
        middle = (low + high + 1) // 2
        if cost(_cut_to(persona, middle)) <= most:
            low = middle
        else:
            high = middle - 1
    return _cut_to(persona, low)


def lost(whole: Persona, short: Persona) -> tuple[str, ...]:
    """What was cut off, in words."""
    texts = ((name, getattr(whole, name), getattr(short, name)) for name in CUT)
    return tuple(
        f"{name}: {len(before) - len(after):,} of {len(before):,} characters"
        for name, before, after in texts
        if before != after
    )


def _cut_to(persona: Persona, length: int) -> Persona:
    texts = {name: cut(getattr(persona, name), length) for name in CUT}
    return replace(persona, **texts)  # type: ignore[arg-type]


def cut(text: str, length: int) -> str:
    """At most `length` characters of a text, up to the end of a line, a sentence or a word."""
    if len(text) <= length:
        return text
    head = text[: max(length - 2, 0)]
    for end in _ENDS:
        place = head.rfind(end)
        if place > len(head) // 2:
            head = head[: place + len(end.rstrip())]
            break
    return f"{head.rstrip()} …" if head.strip() else ""
