"""The owner's words as words about the owner: third person, names for pronouns, real dates."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from companion.memory.write import dates
from companion.memory.write.languages import LANGUAGES

if TYPE_CHECKING:
    from datetime import datetime

_IRREGULAR = {
    "en": {"have": "has", "do": "does", "am": "is", "go": "goes"},
    "de": {"habe": "hat", "bin": "ist", "werde": "wird", "esse": "isst", "lese": "liest"}
    | {"fahre": "fährt", "schlafe": "schläft", "nehme": "nimmt", "sehe": "sieht", "gebe": "gibt"}
    | {"treffe": "trifft", "spreche": "spricht", "trage": "trägt", "vergesse": "vergisst"},
}
_MARKED = re.compile(r"(\w+)<3>")


def third(verb: str, lang: str) -> str:
    """A verb of the first person in the third: "live" → "lives", "wohne" → "wohnt"."""
    plain = verb.lower()
    if plain in _IRREGULAR[lang]:
        return _IRREGULAR[lang][plain]
    if lang == "de":
        stem = plain.removesuffix("e")
        return f"{stem}et" if stem.endswith(("t", "d", "chn", "ffn")) else f"{stem}t"
    if re.search(r"[^aeiou]y$", plain):
        return f"{verb[:-1]}ies"
    return f"{verb}es" if plain.endswith(("s", "sh", "ch", "x", "z")) else f"{verb}s"


def possessive(name: str, lang: str) -> str:
    """A name as an owner: "Sam's", in German "Sams" and "Jonas'"."""
    if lang == "en":
        return f"{name}'s"
    return f"{name}'" if name.endswith(("s", "x", "z", "ß")) else f"{name}s"


def retold(text: str, lang: str, owner: str, character: str) -> str:
    """What the owner said of themselves, as a third person would say it."""
    plain = text.replace("\u2019", "'")
    names = {
        "{S}": owner,
        "{C}": character,
        "{P}": possessive(owner, lang),
    }
    # Marks no text holds keep what is done from being done again.
    marks = {name: chr(0xE000 + place) for place, name in enumerate(names)}
    for pattern, replacement in _replacements(lang):
        marked = replacement
        for name, mark in marks.items():
            marked = marked.replace(name, mark)
        plain = pattern.sub(marked, plain)
    plain = _MARKED.sub(lambda match: third(match[1], lang), plain)
    for name, mark in marks.items():
        plain = plain.replace(mark, names[name])
    return plain


@cache
def _replacements(lang: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(pattern, re.IGNORECASE), replacement)
        for pattern, replacement in LANGUAGES[lang].retell
    )


def dated(text: str, said: datetime, lang: str) -> str:
    """The text with the first date it holds made a real one."""
    when = dates.find(text, said, lang)
    if when is None:
        return text
    start, end = when.spans[0]
    rest = dates.When(when.value, when.precision, when.spans[1:])
    kept = dates.without(text[end:], _shifted(rest, end)) if rest.spans else text[end:]
    before, after = text[:start].rstrip(), kept.lstrip()
    return " ".join(filter(None, (before, dates.worded(when, lang), after)))


def _shifted(when: dates.When, by: int) -> dates.When:
    spans = tuple((start - by, end - by) for start, end in when.spans if start >= by)
    return dates.When(when.value, when.precision, spans)


def sentence(text: str) -> str:
    """A text as one sentence: white space single, a capital first, a full stop last."""
    plain = re.sub(r"\s+([,.])", r"\1", " ".join(text.split())).rstrip(" .,;:!")
    return f"{plain[:1].upper()}{plain[1:]}." if plain else ""
