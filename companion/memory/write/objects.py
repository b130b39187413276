"""What a rule has found to be said of somebody, cut to what it means. Pure.

Speech recognition writes no punctuation: where an object ends is told by what begins after it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from companion.memory.write import dates

if TYPE_CHECKING:
    from companion.memory.write.language import Language, Rule

_LIST = re.compile(r"\s*(?:,|\band\b|\bor\b|\bund\b|\boder\b)\s*")
_SMALL = frozenset(["of", "the", "and", "upon", "de", "von", "am", "an", "der", "near", "in"])
_COMPANY = re.compile(r" (?:with|mit) .*", re.IGNORECASE)
"""With whom somebody lives is no part of a place's name."""
_POINTING = re.compile(
    r"\b(?:it|that (?=\w+$)|this|these|those|them|him|her|there|es|ihn|ihm|dort)\b", re.IGNORECASE
)
_DOING = re.compile(r"(?:to \w+|\w{2,}ing) \w", re.IGNORECASE)
PHRASE = 8
"""Most words of a thing that one does: "reading a good book before bedtime"."""
_INITIAL = re.compile(r" [A-Z]$")
_ALONE = frozenset(["graduated", "retired", "married", "geheiratet", "gekündigt", "bestanden"])
"""Events that one word tells."""
_BARE = frozenset(["job", "diet", "speaks", "studies"])
"""Predicates whose object stands without an article."""


@cache
def pattern(text: str) -> re.Pattern[str]:
    """A pattern of a table, read once."""
    return re.compile(text, re.IGNORECASE)


def cut(raw: str, language: Language) -> str:
    """The words up to where something else begins."""
    end = pattern(language.cut).search(raw)
    return (raw[: end.start()] if end else raw).rstrip(" ,")


def split(text: str, rule: Rule, language: Language) -> list[str]:
    """The objects of a list; a phrase like "cooking for friends and family" is one."""
    whole = trimmed(text, rule, language)
    if not rule.listed or _DOING.match(whole):
        parts = [whole]
    else:
        parts = [trimmed(part, rule, language) for part in _LIST.split(whole)]
    return [part.replace('"', "").strip(" ,'*") for part in parts]


def trimmed(text: str, rule: Rule, language: Language) -> str:
    """The words without what says nothing at their end and, for a name, at their beginning."""
    kept = pattern(language.tail).sub("", text.strip(" ,")).strip(" ,")
    if rule.predicate in _BARE or rule.proper:
        kept = pattern(f"^(?:{language.articles})").sub("", kept)
    return _COMPANY.sub("", kept) if rule.proper else kept


def _is_empty(text: str, rule: Rule, language: Language) -> bool:
    """Whether an object begins as nothing does that says something: "it", "das"."""
    alone = " " not in text
    if alone and pattern(f"(?:{language.articles})$").match(f"{text} "):
        return True  # of "an den 5. Mai" is left "den"
    asked = rule.predicate == "promise" and not alone  # "an das Essen", "to slow down"
    return not asked and bool(pattern(language.bad).match(f"{text} "))


def tells(text: str, rule: Rule, language: Language) -> bool:
    """Whether an object says something by itself."""
    words = text.split()
    most = PHRASE if _DOING.match(text) else rule.words
    if not words or len(words) > most or _is_empty(text, rule, language):
        return False
    if _INITIAL.search(text):  # "Ursula K. Le Guin" ends at its full stop
        return False
    if rule.predicate == "likes":
        return words[0].lower() not in {"the", "that"} and not _POINTING.search(text)
    if rule.predicate != "event":
        return True
    return not _POINTING.search(text) and (len(words) > 1 or words[0].lower() in _ALONE)


def of_others(match: re.Match[str], language: Language) -> bool:
    """Whether it is said of somebody else: "the brother of my wife is …"."""
    groups = match.groupdict()
    if groups.get("rel") and "who" not in groups:
        between = match.string[match.end("rel") : match.start("o")]
        if between.strip(" ,") in {"", "named"}:  # "a trip for my daughter Sara" names her
            return False
    someone = groups.get("rel") or groups.get("known")
    before = match.string[: match.start()]
    return bool(someone and pattern(language.others).search(before))


def outside(raw: str, when: dates.When, begin: int) -> str:
    """The object without the words of its date; it begins at `begin` of its sentence."""
    inside = tuple(
        (a - begin, b - begin) for a, b in when.spans if a >= begin and b <= begin + len(raw)
    )
    return dates.without(raw, replace(when, spans=inside))


def title(name: str) -> str:
    """A name as names are written; small words stay small."""
    words = name.split()
    return " ".join(
        word if word in _SMALL and place else f"{word[:1].upper()}{word[1:]}"
        for place, word in enumerate(words)
    )
