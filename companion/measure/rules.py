"""Holds a reply to its rules: each verdict says what was wanted and what was found.

Pure, and without taste: phrases, patterns, counts. Knows nothing of models.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.measure.language import languages
from companion.measure.wer import words
from companion.speech.shape import speakable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.measure.golden import Rules

LETTERS_A_SECOND = 15.0
"""How fast a voice at its own speed reads, measured with the shipped ones."""
LONGEST = 4000
"""Characters of a reply that a pattern is looked for in."""
_CALLS_ITSELF = re.compile(
    r"\b(?i:my name is|my name's|i am called|i'm called|call me)\s+([A-Z][\w'-]+)"
)
_ENDS = re.compile(r"[.!?…][\"'”’)»*]*$")


@dataclass(frozen=True, slots=True)
class Who:
    """Whom the reply is of and to."""

    name: str
    owner: str
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is judged.

    Attributes:
        reply: The reply.
        words: What the owner said before it.
        earlier: The replies before that.
        told: Entries of the lorebook that the model was told.
        flaws: What the checker of the talk saw in the reply.
    """

    reply: str
    words: str
    earlier: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule of one reply."""

    rule: str
    held: bool
    wanted: str
    found: str = ""


def holds(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text` one after the other, in any case."""
    return f" {' '.join(words(phrase))} " in f" {' '.join(words(text))} "


def judge(spoken: Spoken, rules: Rules, who: Who) -> tuple[Verdict, ...]:
    """Every rule that counts for this reply, held or not."""
    return (
        *_lore(spoken, rules),
        *_facts(spoken.reply, rules, who),
        *_measures(spoken.reply, rules, who),
        *_manners(spoken, who),
    )


def _lore(spoken: Spoken, rules: Rules) -> Iterator[Verdict]:
    if rules.told:
        missing = [name for name in rules.told if name not in spoken.told]
        wanted = f"the model was told {_list(rules.told)}"
        yield Verdict("told", not missing, wanted, _list(spoken.told))


def _facts(reply: str, rules: Rules, who: Who) -> Iterator[Verdict]:
    found = [phrase for phrase in rules.any if holds(reply, phrase)]
    if rules.any:
        yield Verdict("facts", bool(found), f"one of {_list(rules.any)}", _list(found))
    if rules.all:
        missing = [phrase for phrase in rules.all if not holds(reply, phrase)]
        wanted = f"each of {_list(rules.all)}"
        yield Verdict("facts", not missing, wanted, f"without {_list(missing)}" if missing else "")
    if rules.never:
        said = [phrase for phrase in rules.never if holds(reply, phrase)]
        yield Verdict("forbidden", not said, f"none of {_list(rules.never)}", _list(said))
    for asked, name in ((rules.says_name, who.name), (rules.says_owner, who.owner)):
        if asked:
            yield Verdict("name", holds(reply, name), f"says {name}")
    if rules.matches:
        match = re.search(rules.matches, reply[:LONGEST], re.IGNORECASE)
        yield Verdict("pattern", bool(match), rules.matches, match[0] if match else "")


def _measures(reply: str, rules: Rules, who: Who) -> Iterator[Verdict]:
    if rules.words:
        fewest, most = rules.words
        count = len(words(reply))
        yield Verdict("length", fewest <= count <= most, f"{fewest} to {most} words", f"{count}")
    if rules.seconds:
        took = len(speakable(reply)) / LETTERS_A_SECOND / who.speed
        wanted = f"at most {rules.seconds:g} s of speech"
        yield Verdict("length", took <= rules.seconds, wanted, f"about {took:.1f} s")
    if rules.language:
        seen = languages(reply)
        yield Verdict("language", rules.language in seen, rules.language, _list(seen))
    if rules.asks:
        yield Verdict("style", "?" in reply, "asks something")


def _manners(spoken: Spoken, who: Who) -> Iterator[Verdict]:
    """What holds for every reply of every character."""
    reply = spoken.reply
    plain = " ".join(reply.split())
    read_out = speakable(reply)
    yield Verdict("style", plain == read_out and bool(read_out), "can be read out", _cut(read_out))
    yield Verdict("style", bool(_ENDS.search(plain)), "ends as a sentence", plain[-20:])
    other = [name for name in _CALLS_ITSELF.findall(reply) if words(name) != words(who.name)[:1]]
    yield Verdict("name", not other, f"calls itself nothing but {who.name}", _list(other))
    part = re.search(rf"(?:^|\n|\s){re.escape(who.owner)}:", reply, re.IGNORECASE)
    yield Verdict("owner", not part, f"does not speak for {who.owner}", part[0] if part else "")
    said = words(reply)
    again = said and said in [words(one) for one in (spoken.words, *spoken.earlier)]
    yield Verdict("fresh", not again, "repeats neither the question nor a reply")
    wanted = "nothing that the checker of the talk minds"
    yield Verdict("checker", not spoken.flaws, wanted, _list(spoken.flaws))


def _list(items: tuple[str, ...] | list[str]) -> str:
    return ", ".join(items)


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004 - for a line of a report
