"""What a language model is asked for, and in which form it must answer. Pure text.

The grammar (GBNF of llama.cpp) admits the empty list first, at most five findings, and nothing
else. The model only points: at a line, at words of it, at one of a few predicates. The sentence
that is kept is worded by code, so that a model can say nothing of its own.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from companion.memory.write import retell
from companion.memory.write.candidate import Candidate
from companion.memory.write.language import functional
from companion.memory.write.languages import LANGUAGES, language_of
from companion.memory.write.merge import key
from companion.memory.write.objects import title
from companion.memory.write.rules import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.memory.store.line import Line
    from companion.memory.write.rules import About

MOST = 5
"""Findings of one answer."""
TOKENS = 400
"""Most tokens of one answer."""
CONFIDENCE = 0.6
"""Of what a model has found, before the gate."""
METHOD = "model"

PREDICATES = (
    *("name", "age", "lives_in", "from", "job", "works_at", "studies", "plays", "speaks"),
    *("likes", "dislikes", "allergic_to", "afraid_of", "prefers", "has"),
)
"""What a model may say; anything else is for the rules or for nobody."""
_PROPER = frozenset(["name", "lives_in", "from", "speaks"])

_FACT = (
    r'"{\"turn\":" turn ",\"quote\":" text ",\"subject\":" text ",\"predicate\":" predicate'
    r' ",\"object\":" text "}"'
)


def _up_to(count: int) -> str:
    """Any number of further findings, none first."""
    inner = f'("," fact {_up_to(count - 1)})?' if count else ""
    return inner.replace(" )", ")")


GRAMMAR = "\n".join(
    (
        rf'root ::= "{{\"facts\":[" (fact {_up_to(MOST - 1)})? "]}}"',
        f"fact ::= {_FACT}",
        "turn ::= [1-9]",
        r'text ::= "\"" letter letter* "\""',
        r'letter ::= [^"\\\x00-\x1f]',
        "predicate ::= " + " | ".join(rf'"\"{one}\""' for one in PREDICATES),
    )
)

_ASKED = """\
Below are lines that {owner} said. List what {owner} states as true about themselves or people \
they know. Copy words exactly. Leave out questions, wishes, jokes, plans of others and anything \
uncertain. If nothing is stated, answer {{"facts":[]}}.
Subject is "user" for {owner}, else the name.
Line 1: what time is it
Answer: {{"facts":[]}}
Line 1: I've spent my whole life in York, and Maya can't eat nuts
Answer: {{"facts":[{{"turn":1,"quote":"I've spent my whole life in York","subject":"user",\
"predicate":"lives_in","object":"York"}},{{"turn":1,"quote":"Maya can't eat nuts",\
"subject":"Maya","predicate":"allergic_to","object":"nuts"}}]}}
"""


def question(lines: Sequence[Line], owner: str) -> str:
    """What the model is asked about these lines of the owner."""
    told = (f"Line {n}: {' '.join(line.text.split())}" for n, line in enumerate(lines, 1))
    return "\n".join((_ASKED.format(owner=owner).rstrip(), *told, "Answer:"))


def answers(text: str, lines: Sequence[Line], about: About) -> list[Candidate]:
    """The findings in an answer; one that was cut short gives those that are whole."""
    found = [_candidate(fact, lines, about) for fact in _facts(text)[:MOST]]
    return [one for one in found if one is not None]


def _facts(text: str) -> list[dict[str, Any]]:
    made = []
    for match in re.finditer(r"\{[^{}]*\}", text):
        try:
            fact = json.loads(match[0])
        except ValueError:
            continue
        if isinstance(fact, dict):
            made.append(fact)
    return made


def _candidate(fact: dict[str, Any], lines: Sequence[Line], about: About) -> Candidate | None:
    """One finding in our words; None where it does not point at what is there."""
    turn, quote, subject = fact.get("turn"), fact.get("quote"), fact.get("subject")
    predicate, value = fact.get("predicate"), fact.get("object")
    if not isinstance(turn, int) or not 1 <= turn <= len(lines) or predicate not in PREDICATES:
        return None
    if not (isinstance(quote, str) and isinstance(subject, str) and isinstance(value, str)):
        return None
    if not key(value) or not key(value) <= key(quote):
        return None
    line = lines[turn - 1]
    lang = language_of(line.text)
    polarity, plain = ("-", "likes") if predicate == "dislikes" else ("+", str(predicate))
    who = about.owner if subject.lower() in {"user", about.owner.lower()} else title(subject)
    shown = title(value) if plain in _PROPER else value
    template = LANGUAGES[lang].templates[f"-{plain}" if polarity == "-" else plain]
    text = template.format(
        s=who, S=retell.possessive(who, lang), o=shown,
        an="an" if shown[:1].lower() in "aeiou" else "a",
    )  # fmt: skip
    return Candidate(
        turn=line.ulid,
        quote=quote,
        text=retell.sentence(text),
        kind=kind_of(plain),
        subject=who,
        predicate=plain,
        object=shown,
        polarity=polarity,
        cardinality="one" if functional(plain) else "many",
        method=METHOD,
        confidence=CONFIDENCE,
        lang=lang,
    )
