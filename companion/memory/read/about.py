"""Whom a question and a line are about, and whether they speak of now or of before.

Names are known from how people are introduced ("my sister Maya", "a dog called Bruno", "sie heißt
Jule"). Rough on purpose: what cannot be told changes nothing. Pure.
"""

# ruff: noqa: SIM905  (lists of words are read as text)

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from companion.memory.read.words import KEPT, SMALL_WORDS, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_RELATIVES = frozenset(
    """
    sister brother mother father mom mum dad wife husband partner girlfriend boyfriend friend son
    daughter aunt uncle cousin niece nephew grandma grandpa grandmother grandfather neighbour
    neighbor boss manager colleague teacher roommate flatmate landlord dog cat
    schwester bruder mutter vater frau mann freund freundin partnerin sohn tochter tante onkel
    cousine nichte neffe oma opa nachbar nachbarin chef chefin kollege kollegin lehrer lehrerin
    hund katze
    """.split()
)
"""A name may follow: "my sister Maya"."""
_CALLED = frozenset("called named name's heißt heisst namens genannt".split())
_CALLED_BY_TWO = {("name", "is"), ("names", "is"), ("married", "to"), ("engaged", "to")}
_TITLES = frozenset("mr mrs ms miss dr herr herrn frau".split())
_DOES = frozenset(
    """
    is was has had does did will can likes loves lives works plays
    ist war hat hatte wird kann mag macht geht kommt spielt wohnt arbeitet möchte
    """.split()
)
"""A name may stand before, where a sentence begins: "Jule hat"."""
_TOKEN = re.compile(r"[^\W_][\w'’-]*|[.!?…]")
_ENDS = frozenset(".!?…")
_SELF = frozenset(
    """
    i i'm i've i'd i'll me my mine myself we we're we've our ours us
    ich mein meine meinem meinen meiner meines mich mir uns unser unsere unserem unseren unserer wir
    """.split()
)
_ONE = frozenset("he she him her his er ihn ihm".split())
_THIRD = frozenset(
    "he she they him her them his their er sie ihn ihm ihr ihnen sein seine ihre".split()
)
_PAST = re.compile(
    r"\b(?:before|used to|use to|at first|first(?:ly)? (?:plan|want)\w*|originally|previously|"
    r"formerly|back then|in the past|earlier|früher|zuerst|damals|ursprünglich|vorher|ehemals|"
    r"anfangs)\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(?:now|actually|moved|instead|no longer|not any ?more|any ?more|changed|switched|sold|quit|"
    r"i mean|i meant|jetzt|umgezogen|statt|stattdessen|inzwischen|mittlerweile|nicht mehr|"
    r"ich meinte?|gewechselt|verkauft|gekündigt)\b",
    re.IGNORECASE,
)


@lru_cache(KEPT)
def introduced(text: str) -> frozenset[str]:
    """Names of people and animals that a text introduces, in lower case."""
    tokens = _TOKEN.findall(text)
    low = ["", "", *(token.lower() for token in tokens), ""]
    places = (n for n, token in enumerate(tokens) if token[0].isupper())
    names = (_bare(tokens[n]) for n in places if _introduces(tokens[n], low, n + 2))
    return frozenset(names) - SMALL_WORDS - _TITLES


def _introduces(token: str, low: list[str], place: int) -> bool:
    """Whether the words around a name at `place` say that it is one."""
    at = place - 1 if low[place - 1] in _TITLES and place > 2 else place  # noqa: PLR2004
    before, second, after = low[at - 1], low[at - 2], low[place + 1]
    if before in _RELATIVES or before in _CALLED or (second, before) in _CALLED_BY_TWO:
        return True
    if token.endswith(("'s", "’s")):
        return after.isalpha()
    return (not before or before in _ENDS) and after in _DOES


def _bare(name: str) -> str:
    return re.sub(r"['’]s?$", "", name.lower())


def of_self(text: str) -> bool:
    """Whether the speaker speaks of himself or herself."""
    return not _SELF.isdisjoint(words(text))


def persons(text: str, known: Collection[str]) -> frozenset[str]:
    """Who of those `known` is named in a text, in lower case; names that it introduces too."""
    return frozenset({_bare(word) for word in words(text)} & set(known)) | introduced(text)


def known_in(texts: Iterable[str]) -> frozenset[str]:
    """All names that these texts introduce."""
    return frozenset().union(*map(introduced, texts))


def concerns(line: str, asked: Collection[str], known: Collection[str]) -> bool | None:
    """Whether a line is about those `asked` about; None where that cannot be told.

    It is when it names one of them, or somebody who is not named ("she"). It is not when it names
    others alone, or speaks of the speaker.
    """
    if not asked:
        return True
    told = persons(line, known)
    if not told.isdisjoint(asked):
        return True
    if told or of_self(line):
        return False
    return True if not _THIRD.isdisjoint(words(line)) else None


def points(text: str) -> bool:
    """Whether a text points to somebody: "she", "he"."""
    return not _ONE.isdisjoint(words(text))


def meant(text: str, before: Sequence[str]) -> str:
    """Who is meant by "she" or "he": the last one whom earlier lines name; "" where it is said.

    Args:
        text: The words.
        before: The lines before them, in order.
    """
    known = known_in([*before, text])
    if not points(text) or persons(text, known):
        return ""
    for line in reversed(before):
        named = [_bare(word) for word in words(line) if _bare(word) in known]
        if named:
            return named[-1].title()
    return ""


@lru_cache(KEPT)
def asks_past(question: str) -> bool:
    """Whether a question asks for what was true before."""
    return _PAST.search(question) is not None


@lru_cache(KEPT)
def tells_change(line: str) -> bool:
    """Whether a line says that something is different now."""
    return _CHANGE.search(line) is not None
