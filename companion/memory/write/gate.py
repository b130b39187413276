"""Whether a candidate may be kept. Code decides this, never a model.

Refused is what the owner did not say as true: words that do not stand in the line, names and
numbers from nowhere, questions, things imagined, other people's words, games. Held back
(quarantined, never shown to the model) is what was heard badly or tells the assistant how to be.
Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.memory.write.languages import LANGUAGES
from companion.memory.write.objects import pattern
from companion.memory.write.retell import possessive
from companion.memory.write.rules import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.memory.store.line import Line
    from companion.memory.write.candidate import Candidate
    from companion.memory.write.language import Language
    from companion.memory.write.rules import About

HEARD_BADLY = 0.5
"""Below this the transcription is not trusted."""

_PLAY = re.compile(r"\*[^*\n]*\s[^*\n]*\*|\*[^*\n]+\*\s*$|^\s*\*|\(\(|\[\w+ (?:mode|scene)\]")
_QUOTED = re.compile(
    r'"[^"]*"?|\u201c[^\u201d]*\u201d?|\u201e[^\u201c\u201d]*[\u201c\u201d]?|\u00ab[^\u00bb]*\u00bb?'
    r"|(?<!\w)'[^']{3,}'(?!\w)|(?<!\w)\u2018[^\u2019]{3,}\u2019(?!\w)"
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_FILLERS = re.compile(
    r"^(?:(?:hi|hey|hello|so|well|oh|and|ok|okay|yes|yeah|um|uh|but|please|hallo|also|und|ja|ach|"
    r"aber|bitte|na|there)\b[ ,.!]*)*",
    re.IGNORECASE,
)


_OWNER = re.compile(r"(?:i|we|my|our|ich|wir|mein\w*|unser\w*)\b", re.IGNORECASE)
_POLITE = re.compile(
    r"\b(?:can|could|will|would) you (?:(?:please|just|also) )*(?=remind\b)"
    r"|\b(?:kannst|könntest|würdest|erinnerst) du (?=(?:bitte )?mich\b)",
    re.IGNORECASE,
)
_TAG = re.compile(
    r",? (?:ok|okay|alright|please|right|yes|yeah|(?:can|could|will|would) you(?: please)?"
    r"|ja|gut|bitte)\s*[?!.]*$",
    re.IGNORECASE,
)
"""What is asked after a request is no question."""
_LATE = re.compile(r"\b(?:nicht|nie|niemals)\b", re.IGNORECASE)
"""What turns a German sentence round from its end."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a candidate: "active", "quarantined" or "refused", and why."""

    status: str
    reason: str = ""


def judge(candidate: Candidate, line: Line, about: About, *, playing: bool = False) -> Verdict:
    """Whether the owner meant this.

    Args:
        candidate: What may be kept.
        line: The line it cites.
        about: Who speaks, and which names are known.
        playing: The owner and the character are in a game of pretending.
    """
    reason = (
        _not_from(candidate, line)
        or ("role-play" if playing or _PLAY.search(line.text) else "")
        or _unsaid(candidate, line, about)
        or _not_meant(candidate, line.text, about.character)
    )
    if reason:
        return Verdict("refused", reason)
    plain = _folded(line.text)
    _, said = _around(plain, plain.find(_folded(candidate.quote)))
    if pattern(LANGUAGES[candidate.lang].orders).search(said):
        return Verdict("quarantined", "tells the assistant how to be")
    if line.confidence < HEARD_BADLY:
        return Verdict("quarantined", "heard badly")
    return Verdict("active")


def is_playing(earlier: Sequence[str], lang: str) -> bool:
    """Whether a game of pretending goes on after these lines of the owner."""
    language, playing = LANGUAGES[lang], False
    for text in earlier:
        if pattern(language.pretend).search(text):
            playing = True
        if pattern(language.serious).search(text):
            playing = False
    return playing


def _not_from(candidate: Candidate, line: Line) -> str:
    """Why the line is no source of the candidate, "" where it is."""
    if line.speaker != "user" or line.ulid != candidate.turn:
        return "not the owner's line"
    quote = _folded(candidate.quote)
    return "" if quote and quote in _folded(line.text) else "quote is not in the line"


# ── names and numbers ────────────────────────────────────────────────────────────────────────────


def names_and_numbers(text: str) -> set[str]:
    """The words of a text that are names or numbers: not the first one, which is always large."""
    found = _WORD.findall(text)
    large = {word for word in found[1:] if word[:1].isupper()}
    return {_bare(word) for word in large | {w for w in found if any(map(str.isdigit, w))}}


def _unsaid(candidate: Candidate, line: Line, about: About) -> str:
    """Why the sentence says more than the line, "" where it does not."""
    allowed = f"{line.text} {about.owner} {about.character} {candidate.resolved}"
    sources = {_bare(word) for word in _WORD.findall(allowed)} | about.names
    sources |= {_bare(possessive(about.owner, candidate.lang))}
    language = LANGUAGES[candidate.lang]
    sources |= {_bare(word) for form in language.templates.values() for word in _WORD.findall(form)}
    told = f". {candidate.text} {candidate.object} {candidate.subject}"
    missing = names_and_numbers(told) - sources
    missing = {word for word in missing if not _inflected(word, sources)}
    if candidate.predicate == "birthday":
        missing -= {_bare(word) for word in _WORD.findall(candidate.object)}
    return f"not in the line: {', '.join(sorted(missing))}" if missing else ""


def _inflected(word: str, sources: set[str]) -> bool:
    """Whether a word is one of the line's, with the ending that retelling gives it."""
    return any(word == f"{one}{end}" for one in sources for end in ("s", "'", "'s"))


def _bare(word: str) -> str:
    plain = word.lower().replace("\u2019", "'")
    return plain.removesuffix("'s")


# ── what is meant ────────────────────────────────────────────────────────────────────────────────


def _not_meant(candidate: Candidate, text: str, character: str) -> str:
    """Why the owner did not state this, "" where they did."""
    language = LANGUAGES[candidate.lang]
    plain, quote = _folded(text), _folded(candidate.quote)
    place = plain.find(quote)
    start, sentence = _around(plain, place)
    before = sentence[: place - start]
    wished = candidate.asked or candidate.kind == "promise"
    checks = {
        "said of what is not so": _is_denied(candidate, language),
        "somebody else's words": _is_quoted(plain, place, len(quote))
        or pattern(language.reported).search(before),
        "a question": not candidate.asked and _asks(sentence, candidate, character),
        "imagined or uncertain": pattern(language.doubtful).search(
            _POLITE.sub("", f"{before}{quote}")
        ),
        "part of something else": not wished and _is_bound(before, quote, language),
    }
    return next((reason for reason, found in checks.items() if found), "")


def _is_denied(candidate: Candidate, language: Language) -> bool:
    """Whether the words around the object deny what the candidate affirms."""
    before, what, after = _folded(candidate.quote).lower().partition(candidate.object.lower())
    if candidate.kind in {"promise", "event"} or candidate.asked:
        return False
    if candidate.polarity == "-":
        return candidate.lang == "de" and bool(_LATE.search(what))
    if candidate.lang == "de" and _LATE.search(what + after):
        return True
    return bool(language.negations & set(_WORD.findall(before))) and not candidate.correction


def _is_bound(before: str, quote: str, language: Language) -> bool:
    """Whether "i live in york" goes on from a word before it, as in "where do i live in york"."""
    words = _WORD.findall(before)
    goes_on = words and words[-1].lower() in language.binders and _closely(before)
    return bool(goes_on and _OWNER.match(quote))


def _closely(before: str) -> bool:
    return not before.rstrip(" ").endswith((",", ":", "-", "."))


def _around(text: str, place: int) -> tuple[int, str]:
    """The sentence around a place, and where it begins."""
    found = [(start, one) for start, one in sentences(text) if start <= place]
    return found[-1] if found else (0, text)


def _asks(sentence: str, candidate: Candidate, character: str) -> bool:
    """Whether a sentence is a question: the speech recognition leaves the mark out."""
    language = LANGUAGES[candidate.lang]
    begin = sentence.strip()
    called = pattern(rf"^((?:\w+,? )?){re.escape(character)}\b[ ,]*").sub(r"\1", begin)
    opening = _FILLERS.sub("", called, count=1)
    request = candidate.kind == "promise" and not candidate.by_owner
    if request and _POLITE.match(opening):
        return False
    if pattern(language.question).match(opening):
        return True
    if not begin.endswith("?") or (request and _TAG.search(begin)):
        return False
    before, _, last = begin.rpartition(",")
    asked_after = pattern(language.question).match(last.strip())
    return not (asked_after and _folded(candidate.quote) in before)


def _is_quoted(text: str, place: int, length: int) -> bool:
    return any(
        match.start() <= place and place + length <= match.end() + 1
        for match in _QUOTED.finditer(text)
    )


def _folded(text: str) -> str:
    """Text in which only the words count: white space single, apostrophes plain."""
    return " ".join(text.replace("\u2019", "'").split())
