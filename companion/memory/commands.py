"""What the owner says to the memory itself: "remember that …", "forget that", "this is private".

Words in, a command or nothing out; one table a language, `commands.LANG.yaml`. Speech recognition
writes no capitals and no punctuation, so neither is relied upon; what is no command in full is
talk, and goes to the model. Pure: knows no memory, and nothing is done here.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any

import yaml

LANGUAGES = ("en", "de")


class Kind(StrEnum):
    """What is wanted; the names are those of the tables."""

    REMEMBER = "remember"
    FORGET_LAST = "forget that"
    FORGET_ABOUT = "forget about"
    FORGET_ALL = "forget everything"
    KNOW = "what do you know about me"
    WHY = "why did you say that"
    PRIVATE = "this is private"
    OPEN = "remember again"


@dataclass(frozen=True, slots=True)
class Command:
    """A wish to the memory.

    Attributes:
        kind: What is wanted.
        text: What is to be remembered or forgotten, or what is said in private; "" where that is
            what was said last.
        lang: "en" or "de": the language to answer in.
    """

    kind: Kind
    text: str = ""
    lang: str = "en"


_GAP = r"[\s,;:.!\u2026\u2013\u2014-]+"
"""What a blank of the tables stands for."""
_EDGE = ' \t\n,;:.!?\u2026\u2013\u2014-"\u201c\u201d\u201e'
_THING = "(?P<text>.+?)"
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True, slots=True)
class _Table:
    """One language."""

    lang: str
    wishes: tuple[tuple[Kind, re.Pattern[str]], ...]
    asking: re.Pattern[str]
    never_mind: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Consent:
    """Yes and no in one language."""

    yes: frozenset[str]
    no: frozenset[str]
    beside: frozenset[str]
    phrases: frozenset[str]


def command(text: str, name: str = "") -> Command | None:
    """The wish to the memory that `text` is; None where it is talk.

    Args:
        text: What was said.
        name: The character's name: it may be called by it.
    """
    said = " ".join(text.replace("\u2019", "'").split()).strip(_EDGE)
    asked = text.rstrip().endswith("?")
    for table in (_table(lang, name.casefold()) for lang in LANGUAGES):
        for kind, pattern in table.wishes:
            found = pattern.fullmatch(said)
            if found is not None:
                return _command(table, kind, found, asked=asked)
    return None


def _command(table: _Table, kind: Kind, found: re.Match[str], *, asked: bool) -> Command | None:
    thing = (found.groupdict().get("text") or "").strip(_EDGE)
    if kind is Kind.REMEMBER and asked and not table.asking.search(found.string):
        return None  # "Remember that?" asks the character, it does not tell it
    if kind is Kind.FORGET_ABOUT and thing.lower() in table.never_mind:
        return None  # "Forget about it" is a way to say "never mind"
    return Command(kind, thing, table.lang)


def consent(text: str) -> bool | None:
    """Whether `text` says yes (True) or no (False); None where it is neither, but talk."""
    said = _WORD.findall(text.replace("\u2019", "'").lower())
    for table in map(_consent, LANGUAGES):
        words = set(said)
        if not words or words - table.yes - table.no - table.beside:
            continue
        if words & table.no:
            return False
        if words & table.yes or " ".join(said) in table.phrases:
            return True
    return None


@functools.cache
def _table(lang: str, name: str) -> _Table:
    made = _file(lang)
    words = {word: str(pattern) for word, pattern in made["words"].items()}
    words |= {"thing": _THING, "name": "|".join(map(re.escape, name.split())) or "companion"}

    def filled(pattern: str) -> str:
        return re.sub(r"\{([a-z]+)\}", lambda found: words[found[1]], pattern)

    def whole(pattern: str) -> re.Pattern[str]:
        inner = filled(pattern)
        after = "" if "<text>" in inner else made["after"]
        text = filled(made["lead"]) + inner + after + filled(made["tail"])
        return re.compile(text.replace(" ", _GAP), re.IGNORECASE)

    return _Table(
        lang,
        tuple(
            (Kind(kind), whole(one))
            for kind, every in made["wishes"].items()
            for one in every.splitlines()
        ),
        re.compile(made["asking"], re.IGNORECASE),
        frozenset(made["never mind"].split("|")),
    )


@functools.cache
def _consent(lang: str) -> _Consent:
    made = _file(lang)
    return _Consent(
        frozenset(made["yes"].split()),
        frozenset(made["no"].split()),
        frozenset(made["beside"].split()),
        frozenset(made["consent"].split("|")),
    )


@functools.cache
def _file(lang: str) -> dict[str, Any]:
    """The table of a language as it stands in its file."""
    text = (files("companion.memory") / f"commands.{lang}.yaml").read_text("utf-8")
    made: dict[str, Any] = yaml.safe_load(text)
    return made
