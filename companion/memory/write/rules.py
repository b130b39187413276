"""Finds what a line says by rules, one after the other; each finding names its rule.

What a rule finds is only a candidate: whether the owner meant it is for
`companion.memory.write.gate` to say. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from companion.memory.write import dates, objects, retell
from companion.memory.write.calendars import CALENDARS
from companion.memory.write.candidate import Candidate
from companion.memory.write.german import THINGS
from companion.memory.write.language import (
    PREFERENCES,
    Language,
    Rule,
    functional,
)
from companion.memory.write.languages import LANGUAGES, language_of
from companion.memory.write.objects import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from companion.memory.store.line import Line

BARE = "@bare"
"""Predicate of a correction that says only the right word."""
LONGEST = 2000
"""Characters of a line that are read: three minutes of speech. What is pasted is no talk."""
_MONTHS = "|".join(CALENDARS["de"].names)
_SENTENCE = re.compile(
    r"(?:[^.!?;\n…]|(?<=\d)\.(?=\d)|(?<=\b[A-Z])\.|(?<=\b(?:Dr|Mr|St))\."
    r"|(?<=[\d ][apAP])\.(?=[mM]\b)|(?<=[\d ][apAP]\.[mM])\.(?= (?:[a-z]|\w+day\b)|,)"
    rf"|(?<=\d)\.(?= ?(?i:{_MONTHS})\b))+[.!?…]*"
)
"""A full stop ends none in "Dr. Roe", "9 a.m. tomorrow" and "5. Mai"."""
_BESIDE = re.compile(r"\b(?:now|second|third|another|jetzt|zweite\w*|weitere\w*)\b", re.IGNORECASE)
_TOO = re.compile(r",? (?:too|as well|auch)\b", re.IGNORECASE)
"""What corrects nothing but is so beside it, or from now on."""
_PLACE = re.compile(r"^(?:on|in|am|im Jahr|im) ")
_TOKEN = re.compile(r"(?<!\?P)<[\w']+>")
_RETOLD = frozenset(["event", "promise", "likes", "prefers", "afraid_of"])
_THINGS = {"color": "colour", "movie": "film", "meal": "food", "dish": "food", "series": "show"}


@dataclass(frozen=True, slots=True)
class About:
    """What a line is read with.

    Attributes:
        owner: Name of the one who speaks.
        character: Name of the one who listens.
        names: Names that are known already, in lower case.
    """

    owner: str
    character: str
    names: frozenset[str] = frozenset()


def read(line: Line, about: About) -> list[Candidate]:
    """What a line of the owner may say, in the order in which it is said."""
    text = line.text[:LONGEST].replace("\u2019", "'")
    reader = _Reader(line, about, LANGUAGES[language_of(text)], text)
    found = list(reader.facts()) or list(reader.bare())
    noted = reader.noted(found)
    return _unique(noted)


def sentences(text: str) -> list[tuple[int, str]]:
    """The sentences of a text and where each begins."""
    return [(match.start(), match[0]) for match in _SENTENCE.finditer(text) if match[0].strip()]


def _unique(found: list[Candidate]) -> list[Candidate]:
    kept: dict[tuple[str, ...], Candidate] = {}
    for one in found:
        if one.predicate == "event" and any(
            one.quote in other.quote or other.quote in one.quote for other in kept.values()
        ):
            continue  # a particular rule has said it
        kept.setdefault((one.subject, one.predicate, one.object.lower(), one.polarity), one)
    return list(kept.values())


@cache
def compiled(lang: str, character: str) -> tuple[tuple[Rule, re.Pattern[str]], ...]:
    """The rules of a language as patterns, for a conversation with this character."""
    language = LANGUAGES[lang]
    made = []
    for rule in language.rules:
        form = _TOKEN.sub(lambda token: language.tokens[token[0]], rule.pattern)
        form = form.replace("{character}", re.escape(character))
        made.append((rule, re.compile(rf"(?<!\w)(?:{form})", re.IGNORECASE)))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Found:
    """A match of a rule, and what it says."""

    rule: Rule
    match: re.Match[str]
    text: str
    object: str
    end: int
    when: dates.When | None = None


class _Reader:
    """Reads one line."""

    def __init__(self, line: Line, about: About, language: Language, text: str) -> None:
        self.line = line
        self.about = about
        self.language = language
        self.text = text
        self.said: datetime = line.said
        self.person = ""  # whom "he" and "she" mean
        self.told: tuple[int, str, str] = (-1, "", "")  # where, of whom and whether so, found last
        self.corrects = bool(pattern(language.corrects).search(text.strip()))
        self.right_until = next(  # "no", "sorry" are about the sentence that they open
            (start + len(one) for start, one in sentences(text) if len(one.split()) > 2),  # noqa: PLR2004
            len(text),
        )

    def facts(self) -> Iterator[Candidate]:
        """What the rules find."""
        for start, sentence in sentences(self.text):
            self.told = (-1, "", "")
            matches = [
                (match.start(), order, rule, match)
                for order, (rule, pattern) in enumerate(
                    compiled(self.language.code, self.about.character)
                )
                for match in pattern.finditer(sentence)
            ]
            for _, _, rule, match in sorted(matches, key=lambda one: one[:2]):
                for found in self._objects(rule, match):
                    candidate = self._candidate(found)
                    if candidate is not None:
                        named = candidate.kind == "relationship"
                        who = candidate.object if named else candidate.subject
                        self.told = (found.end, who, candidate.polarity)
                        yield self._placed(candidate, start + match.start(), start + found.end)

    def bare(self) -> Iterator[Candidate]:
        """A correction that says only the right word: "no, I meant Lisbon"."""
        match = pattern(self.language.bare).search(self.text.strip())
        if match is None or not self.corrects:
            return
        text = objects.cut(match["o"], self.language)
        if text and len(text.split()) <= 4 and not pattern(self.language.bad).match(text):  # noqa: PLR2004
            yield Candidate(
                self.line.ulid,
                match[0].strip(),
                text,
                "fact",
                self.about.owner,
                BARE,
                text,
                method="rule:meant" if match["meant"] else "rule:correction",
                lang=self.language.code,
                correction=True,
            )

    def noted(self, found: list[Candidate]) -> list[Candidate]:
        """The findings, and what the owner asked to remember though no rule knows it."""
        lead = rf"^\s*(?:hey |ok |okay )?{re.escape(self.about.character)}[ ,]+"
        match = pattern(self.language.remember).search(pattern(lead).sub("", self.text))
        if match is None:
            return found
        inner = match["o"].strip(" .!,")
        asked = [replace(one, asked=True) if one.quote in inner else one for one in found]
        if not inner or any(one.asked for one in asked):
            return asked
        return [*asked, note(self.line, inner, self.about, self.language.code)]

    # ── what a match says ────────────────────────────────────────────────────────────────────

    def _objects(self, rule: Rule, match: re.Match[str]) -> Iterator[_Found]:
        """Each object of a match, cut to size, with the date that goes with it."""
        raw = objects.cut(match["o"], self.language)
        when = self._when(rule, match, raw)
        end = match.start("o") - 0 + len(raw)
        text = (
            objects.outside(raw, when, match.start("o")) if when is not None and rule.dated else raw
        )
        last = max(end, match.end() if raw == match["o"] else end)
        parts = objects.split(text, rule, self.language)
        if all(objects.tells(part, rule, self.language) for part in parts):
            yield from (_Found(rule, match, match.string, part, last, when) for part in parts)

    def _when(self, rule: Rule, match: re.Match[str], raw: str) -> dates.When | None:
        """The date said with a match: in its words, before it, or after it."""
        if not rule.dated:
            return None
        sentence, begin = match.string, match.start("o")
        for text, offset in (
            (raw, begin),
            (sentence[match.start() : begin], match.start()),
            (sentence[: match.start()], 0),
            (sentence[match.end("o") :], match.end("o")),
        ):
            when = dates.find(text, self.said, self.language.code, past=rule.past)
            if when is not None:
                spans = tuple((a + offset, b + offset) for a, b in when.spans)
                return replace(when, spans=spans)
        return None

    # ── who it is about ──────────────────────────────────────────────────────────────────────

    def _subject(self, match: re.Match[str]) -> tuple[str, str] | None:
        """Whom a match is about, and how a sentence begins that says so; None for nobody known."""
        groups = match.groupdict()
        if objects.of_others(match, self.language):
            self.person = ""
            return None
        if groups.get("known"):
            word = groups["known"]
            known = word.lower() in self.about.names
            named = word[0].isupper() and word.lower() not in self.language.not_names
            return (objects.title(word), objects.title(word)) if known or named else None
        if joint := groups.get("and"):  # "I live in York and work …": who the verb before was of
            who = self._going_on(match.start())
            speaks = "rel" not in groups
            return (who, who) if who and joint and speaks == (who == self.about.owner) else None
        if groups.get("pron"):
            return (self.person, self.person) if self.person else None
        if groups.get("rel") and "who" in groups:
            kin = " ".join(filter(None, (groups.get("kind"), groups["rel"])))
            return self._relative(kin, groups["who"])
        return self.about.owner, self.about.owner

    def _going_on(self, place: int) -> str:
        """Of whom the words right before "and" tell something; "" where they tell nothing."""
        end, who, polarity = self.told
        return who if polarity == "+" and 0 <= place - end <= len(" ,") else ""

    def _relative(self, word: str, name: str | None) -> tuple[str, str] | None:
        owner = retell.possessive(self.about.owner, self.language.code)
        if name is None:
            label = f"{owner} {word}"
            return label, label
        if name.lower() in self.language.not_names:
            return None
        shown = objects.title(name)
        with_word = self.language.templates["@with"].format(
            s=shown,
            owner=owner.removesuffix("'s") if self.language.code == "en" else owner,
            word=word,
        )
        return shown, with_word

    def _candidate(self, found: _Found) -> Candidate | None:
        rule, match = found.rule, found.match
        subject = self._subject(match)
        if subject is None or (rule.needs and found.when is None):
            return None
        value = self._value(rule, found)
        if not value:
            return None
        predicate, word = self._predicate(rule, match)
        if self._is_no_name(rule, value):
            return None
        if rule.predicate == "@rel":
            self.person = value
        elif match.groupdict().get("rel"):
            self.person = subject[0]
        text = self._worded(found, subject[1], value, word)
        return Candidate(
            self.line.ulid,
            "",
            retell.sentence(text),
            kind_of(predicate, relation=rule.predicate == "@rel"),
            subject[0],
            predicate,
            value,
            rule.polarity,
            "one" if functional(predicate) else "many",
            f"rule:{predicate}",
            1.0,
            *self._since(rule, found.when),
            lang=self.language.code,
            changed=rule.changed,
            by_owner=rule.mine,
            resolved=dates.worded(found.when, self.language.code) if found.when else "",
        )

    def _is_no_name(self, rule: Rule, value: str) -> bool:
        """Whether a word stands where a name should, as in "my dog is dead"."""
        word = value.lower()
        if rule.predicate == "called":  # somebody may want to be called Boss
            return word in self.language.not_names
        named = rule.predicate in {"@rel", "name"}
        return named and word in self.language.not_names | self.language.relations.keys()

    def _value(self, rule: Rule, found: _Found) -> str:
        text = found.object
        if verb := found.match.groupdict().get("verb"):  # in German it goes to the end
            text = f"{text} {verb.lower().removesuffix('n')}n"
        if rule.predicate == "birthday":
            return dates.day_and_month(text, self.said, self.language.code)
        if rule.proper:
            return objects.title(text)
        if rule.predicate in _RETOLD:
            return retell.retold(text, self.language.code, self.about.owner, self.about.character)
        return text

    def _predicate(self, rule: Rule, match: re.Match[str]) -> tuple[str, str]:
        """The predicate of a match, and its word."""
        if rule.predicate == "@rel":
            word = match["rel"]
            return self.language.relations[word.lower()], word
        if rule.predicate == "@own":
            word = match["thing"].lower()
            return word.replace(" ", "_"), word
        if rule.predicate == "@fav":
            word = match["thing"].lower()
            plain = THINGS.get(word, word) if self.language.code == "de" else word
            return f"favourite_{_THINGS.get(plain, plain)}", word
        return rule.predicate, ""

    def _since(self, rule: Rule, when: dates.When | None) -> tuple[str, str, str]:
        """Valid from, its precision, and when it is due."""
        if when is None:
            return "", "", ""
        return (
            ("", "", when.value)
            if rule.predicate == "promise"
            else (when.value, when.precision, "")
        )

    def _worded(self, found: _Found, subject: str, value: str, word: str) -> str:
        rule, lang = found.rule, self.language.code
        templates = self.language.templates
        minus = "-" if rule.polarity == "-" else ""
        template = rule.text or templates[f"{minus}{rule.predicate}"]
        when = dates.worded(found.when, lang) if found.when else ""
        text = template.format(
            s=subject,
            S=retell.possessive(subject, lang),
            o=value,
            word=word,
            an="an" if value[:1].lower() in "aeiou" else "a",
            when=when,
        )
        if when and "{when}" not in template:
            text = templates["since"].format(text=text, when=_PLACE.sub("", when))
        return text

    def _placed(self, one: Candidate, start: int, end: int) -> Candidate:
        """The candidate with its words, literally as they stand in the line."""
        quote = self.line.text[start:end].strip()
        corrects = self.corrects and start < self.right_until
        wrong = pattern(self.language.instead).search(self.text[end:])
        return replace(
            one,
            quote=quote,
            correction=corrects
            and not one.changed
            and not _BESIDE.search(quote)
            and not _TOO.match(self.text[end:]),
            instead=wrong["o"] if wrong and corrects else "",
        )


def note(line: Line, words: str, about: About, lang: str) -> Candidate:
    """What the owner asked to remember, where no rule knows what it says."""
    told = retell.retold(words, lang, about.owner, about.character)
    text = retell.dated(told, line.said, lang)
    when = dates.find(told, line.said, lang)
    if not re.search(rf"\b{re.escape(about.owner)}\b", text):
        text = LANGUAGES[lang].templates["note"].format(s=about.owner, o=text)
    return Candidate(
        line.ulid, words, retell.sentence(text), "fact", about.owner, "note", words,
        method="rule:remember", lang=lang, asked=True,
        resolved=dates.worded(when, lang) if when else "",
    )  # fmt: skip


def kind_of(predicate: str, *, relation: bool = False) -> str:
    """What kind of memory a predicate makes."""
    if relation:
        return "relationship"
    if predicate in {"event", "promise"}:
        return predicate
    preference = predicate in PREFERENCES or predicate.startswith("favourite_")
    return "preference" if preference else "fact"
