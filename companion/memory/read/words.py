"""The words of a question: which are looked for, which tell little, and what is a question.

English and German (`german.py`); text in other languages is searched with all of its words.
"""

# ruff: noqa: SIM905  (lists of words are read as text)

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from companion.memory.read import german as de

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")

STOP = frozenset(
    """
    a about ah all alright also am an and any anyway are aren't as at be because been being both
    but by bye can can't cannot could couldn't did didn't do does doesn't doing don't done eh else
    for from had hadn't has hasn't have haven't having he he'd he'll he's hello her here hers
    herself hey hi him himself his hm hmm huh how how's i i'd i'll i'm i've if in into is isn't it
    it's its itself let's me mhm mm mmm my myself nah no nope nor not now of oh ok okay on one
    only or our ours ourselves please quite really right same shall she she'd she'll she's should
    shouldn't so some such sure than thank thanks that that's the their theirs them themselves
    then there there's these they they'd they'll they're they've this those to too uh uhm um us use
    used
    very was wasn't we we'd we'll we're we've well were weren't what what's when when's where
    where's which who who's whom whose why why's will with won't would wouldn't yeah yep yes yet
    yup you you'd you'll you're you've your yours yourself
    """.split()
)
"""Words that are not looked for."""

SMALL = frozenset(
    """
    after again ago before between down during each ever every few further get gets got just last
    let more most much off once other out over own through under until up while
    """.split()
)
"""Words that are looked for beside others (LoCoMo: 0.6 points), and ask nothing alone."""

FAINT = frozenset(
    """
    anything call called everything favorite favourite feel go goes going guess happen happened kind
    know like mean mention mentioned name named remember remind said say something sort supposed
    talk talked tell thing things think thought time told
    """.split()
)
"""Words that ask rather than name: looked for, but a memory without them is no worse."""

_ASKING = frozenset(
    """
    am are aren't can can't could couldn't did didn't do does doesn't don't has have how how's is
    isn't may shall should was wasn't were weren't what what's when when's where where's which who
    who's whom whose why why's will won't would wouldn't
    """.split()
)
_LITTLE = STOP | SMALL
SMALL_WORDS = STOP | SMALL | de.STOP | de.SMALL
"""Words that name nothing in any of the languages."""
KEPT = 512
"""Texts of which is kept what was read in them: those of a dozen recalls, some 2 MB. With 4,096 a
conversation grew for two thousand turns (P27)."""
_SENTENCE = re.compile(r"[^.!?\u2026]+[.!?\u2026]*")


@lru_cache(KEPT)
def words(text: str) -> tuple[str, ...]:
    """All words of a text in lower case, apostrophes made plain."""
    return tuple(_WORD.findall(text.lower().replace("\u2019", "'")))


def german(text: str) -> bool:
    """Whether a text is German rather than English, by its small words; neither is English."""
    return _german(words(text))


def _german(told: Sequence[str]) -> bool:
    return sum(map(de.STOP.__contains__, told)) > sum(map(_LITTLE.__contains__, told))


@lru_cache(KEPT)
def terms(text: str) -> tuple[str, ...]:
    """What to look for in order to answer `text`: its words without stop words, each once.

    A German word that changes its ending ends with `*`: it stands for all that begin so.
    """
    told = words(text)
    if _german(told):
        return tuple(dict.fromkeys(de.stem(w) for w in told if w not in de.STOP))
    kept = (part for word in told if word not in STOP for part in word.split("'"))
    return tuple(dict.fromkeys(part for part in kept if len(part) > 1 or part.isdigit()))


@lru_cache(KEPT)
def telling(text: str) -> frozenset[str]:
    """The same as a set."""
    return frozenset(terms(text))


def faint(term: str) -> bool:
    """Whether a term asks rather than names."""
    return term in FAINT or term in SMALL or term in de.FAINT or term in de.SMALL


def asks(text: str) -> bool:
    """Whether there is anything in `text` to look for: not in "yes", "ok", "once more"."""
    small = de.SMALL if german(text) else SMALL
    return any(term not in small for term in terms(text))


@lru_cache(KEPT)
def is_question(text: str) -> bool:
    """Whether every sentence of `text` asks: nothing in it can answer another question.

    Speech recognition leaves question marks out, so the first word counts too.
    """
    asking = de.ASKING if german(text) else _ASKING
    sentences = [s for s in _SENTENCE.findall(text) if words(s)]
    return bool(sentences) and all(
        s.rstrip().endswith("?") or words(s)[0] in asking for s in sentences
    )
