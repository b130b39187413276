"""What a conversation was about, in a few of the owner's own sentences. Pure.

Made of lines alone, never of other summaries: what is forgotten is then gone from it as well.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.memory.write import dates
from companion.memory.write.gate import is_playing, judge
from companion.memory.write.languages import LANGUAGES, language_of
from companion.memory.write.objects import pattern
from companion.memory.write.retell import dated, retold, sentence
from companion.memory.write.rules import read, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.memory.store.line import Line
    from companion.memory.write.rules import About

WORDS = 60
"""Most words of a summary."""
LEAST = 3
"""Lines of the owner from which a conversation is worth one."""
LONGEST = 25
"""Words of a sentence that is still told."""
_LONG = 4
"""Letters from which a word tells something."""
_MINE = re.compile(r"\b(?:i|i'm|i've|my|we|we're|our|ich|wir|mein\w*|unser\w*)\b", re.IGNORECASE)
_YOURS = re.compile(r"\b(?:you|your|you're|yours|du|dir|dich|dein\w*)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence that could be told again: where it stands, and whether something is kept of it."""

    line: Line
    at: int
    text: str
    known: bool

    @property
    def words(self) -> list[str]:
        """Its words that tell something."""
        found = re.findall(r"[^\W\d_]+", self.text.lower())
        return [word for word in found if len(word) >= _LONG]

    def weight(self, counts: Counter[str]) -> float:
        """What it tells: what is kept of it, and how often the talk comes to its words."""
        own = sum(counts[word] for word in set(self.words))
        return self.known + own / (len(self.text.split()) + 5)


def summary(told: Sequence[Told], about: About) -> str:
    """The most telling of these sentences, retold; "" where there are none.

    Args:
        told: The sentences of one conversation, see `telling`.
        about: Who spoke.
    """
    counts = Counter(word for one in told for word in set(one.words))
    chosen = _fitting(sorted(told, key=lambda one: (-one.weight(counts), one.line.n, one.at)))
    if not chosen:
        return ""
    lang = language_of(" ".join(one.text for one in chosen))
    text = " ".join(
        _retold(one, about) for one in sorted(chosen, key=lambda one: (one.line.n, one.at))
    )
    day = dates.worded(dates.When(told[0].line.said.date().isoformat(), "day"), lang)
    form = LANGUAGES[lang].templates["summary"]
    return form.format(day=day.split(" ", 1)[1], s=about.owner, o=text)


def _fitting(ranked: Sequence[Told]) -> list[Told]:
    """As many as there is room for; what is said twice once."""
    chosen: dict[str, Told] = {}
    room = WORDS
    for one in ranked:
        needs = len(one.text.split())
        if needs <= room and one.text.lower() not in chosen:
            chosen[one.text.lower()] = one
            room -= needs
    return list(chosen.values())


def telling(line: Line, mine: Sequence[Line], about: About) -> list[Told]:
    """The sentences of a line in which the owner tells something of themselves."""
    lang = language_of(line.text)
    earlier = [one.text for one in mine if one.n <= line.n]
    if is_playing(earlier, lang) or "*" in line.text:
        return []
    kept = [one.quote for one in read(line, about) if judge(one, line, about).status == "active"]
    return [
        Told(line, at, text.strip(), any(quote in text for quote in kept))
        for at, text in sentences(line.text)
        if _tells(text.strip(), lang)
    ]


def _tells(text: str, lang: str) -> bool:
    """Whether a sentence states something of the owner: no question, order or politeness."""
    language = LANGUAGES[lang]
    words = len(text.split())
    return (
        2 < words <= LONGEST  # noqa: PLR2004
        and bool(_MINE.search(text))
        and not _YOURS.search(text)
        and not text.endswith("?")
        and not pattern(language.question).match(text)
        and not pattern(language.orders).search(text)
        and not pattern(language.doubtful).search(text)
    )


def _retold(one: Told, about: About) -> str:
    lang = language_of(one.text)
    told = retold(one.text, lang, about.owner, about.character)
    return sentence(dated(told, one.line.said, lang))
