"""What is wrong with a reply: out of character, speaking for the owner, repeating, too long to say.

Rules that anybody can read; none of them asks a model. Pure: no engine, thread or clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from companion.speech.shape import speakable

if TYPE_CHECKING:
    from collections.abc import Iterator

Code = Literal["OUT_OF_CHARACTER", "SPEAKS_FOR_USER", "REPEATS", "TOO_LONG"]

LETTERS_A_SECOND = 15.0
"""Characters that a voice reads in a second at its own pace (measured on cards, cards 9.7)."""

ALIKE = 0.8
"""Two replies that share so much of their runs of three words are one reply twice."""

FEWEST_WORDS = 4
"""Shorter replies and sentences may come again: "Good night." is no repetition."""

_MACHINE = re.compile(
    r"\bas an? (?:ai|artificial intelligence|large language model|language model)\b"
    r"|\bi(?:'m| am) (?:just |only |merely )?an? (?:ai|(?:large )?language model|chatbot"
    r"|computer program|virtual assistant)\b"
    r"|\bmy training data\b|\bi was trained (?:on|by)\b"
    r"|\bi (?:do not|don't) have (?:a body|personal (?:experiences|opinions|feelings))\b"
    r"|\bals (?:ki|künstliche intelligenz|sprachmodell)\b"
    r"|\bich bin (?:nur )?(?:eine ki|ein sprachmodell|ein chatbot)\b",
    re.IGNORECASE,
)
_OWN_KIND = re.compile(
    r"\b(?:AI|A\.I\.|KI|robots?|androids?|chatbots?|language model|computer program|assistant)\b"
)
_WORDS = re.compile(r"\w+(?:['’]\w+)?")
_SENTENCE = re.compile(r"[^.!?…\n]+")


@dataclass(frozen=True, slots=True)
class Talk:
    """What a reply is measured against.

    Attributes:
        name: What the character is called.
        user: What the owner is called.
        words: What the owner just said.
        before: The replies before, the newest last.
        longest: Seconds that a reply may take to say.
        about: What the card says of the character: one that is a machine may say so.
    """

    name: str
    user: str
    words: str = ""
    before: tuple[str, ...] = ()
    longest: float = 15.0
    about: str = ""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong.

    Attributes:
        code: A word that programs can rely on.
        said: Where it shows.
        cure: What to tell the model that is asked again.
    """

    code: Code
    said: str
    cure: str


def check(reply: str, talk: Talk) -> tuple[Flaw, ...]:
    """What is wrong with a reply; nothing for most."""
    return tuple(
        flaw for rule in (_character, _for_user, _repeats, _long) for flaw in rule(reply, talk)
    )


def _character(reply: str, talk: Talk) -> Iterator[Flaw]:
    found = _MACHINE.search(reply)
    if found and not _OWN_KIND.search(talk.about):
        yield Flaw("OUT_OF_CHARACTER", found[0], f"You are {talk.name}, and nothing else.")


def _for_user(reply: str, talk: Talk) -> Iterator[Flaw]:
    user = re.escape(talk.user)
    pattern = (
        rf"^\s*(?:{user}|user|human|you)\s*:"
        rf"|\b(?:{user}|you) (?:says?|said|repl(?:y|ies|ied)|answer(?:s|ed)?|asks?)\b"
        r"[,:]?\s*[\"“«„]"
    )
    if found := re.search(pattern, reply, re.IGNORECASE | re.MULTILINE):
        cure = f"Speak for yourself only, never for {talk.user}."
        yield Flaw("SPEAKS_FOR_USER", found[0].strip(), cure)


def _repeats(reply: str, talk: Talk) -> Iterator[Flaw]:
    cure = "Say something new: not what was said before."
    for other in (*talk.before, talk.words):
        if _same(reply, other):
            yield Flaw("REPEATS", other.strip()[:60], cure)
            return
    seen: set[tuple[str, ...]] = set()
    for sentence in _SENTENCE.findall(reply):
        words = _words(sentence)
        if len(words) >= FEWEST_WORDS and words in seen:
            yield Flaw("REPEATS", sentence.strip()[:60], cure)
            return
        seen.add(words)


def _long(reply: str, talk: Talk) -> Iterator[Flaw]:
    seconds = len(speakable(reply)) / LETTERS_A_SECOND
    if seconds > talk.longest:
        yield Flaw("TOO_LONG", f"about {seconds:.0f} s", "Answer in one short sentence.")


def _same(one: str, other: str) -> bool:
    """Whether two texts are nearly the same words in the same order."""
    first, second = _words(one), _words(other)
    if min(len(first), len(second)) < FEWEST_WORDS:
        return False
    runs, others = _runs(first), _runs(second)
    return len(runs & others) >= ALIKE * len(runs | others)


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORDS.findall(text.casefold()))


def _runs(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {words[n : n + 3] for n in range(len(words) - 2)}
