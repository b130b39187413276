"""What a conversation was about, in a few of the owner's own sentences. Pure.

Made of lines alone, never of other summaries: what is forgotten is then gone from it as well.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from companion.memory.write import dates
from companion.memory.write.gate import is_playing
from companion.memory.write.languages import LANGUAGES, language_of
from companion.memory.write.retell import dated, retold, sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.memory.line import Line
    from companion.memory.write.rules import About

WORDS = 60
"""Most words of a summary."""
LEAST = 3
"""Lines of the owner from which a conversation is worth one."""
_LONG = 4
"""Letters from which a word tells something."""


def summary(lines: Sequence[Line], about: About) -> str:
    """The most telling of the owner's lines, retold; "" where there is too little to tell.

    Args:
        lines: The lines of one conversation, in order.
        about: Who speaks.
    """
    mine = [line for line in lines if line.speaker == "user"]
    telling = [line for line in mine if _tells(line, mine)]
    if len(mine) < LEAST or not telling:
        return ""
    lang = language_of(" ".join(line.text for line in telling))
    counts = Counter(word for line in telling for word in set(_words(line.text)))
    ranked = sorted(telling, key=lambda line: (-_weight(line, counts), line.n))
    kept: list[Line] = []
    room = WORDS
    for line in ranked:
        needs = len(line.text.split())
        if needs <= room:
            kept.append(line)
            room -= needs
    told = [_retold(line, about) for line in sorted(kept, key=lambda line: line.n)]
    if not told:
        return ""
    day = dates.worded(dates.When(mine[0].said.date().isoformat(), "day"), lang)
    text = LANGUAGES[lang].templates["summary"]
    return text.format(day=day.split(" ", 1)[1], s=about.owner, o=" ".join(told))


def _retold(line: Line, about: About) -> str:
    lang = language_of(line.text)
    return sentence(dated(retold(line.text, lang, about.owner, about.character), line.said, lang))


def _tells(line: Line, mine: Sequence[Line]) -> bool:
    """Whether a line states something: no question, order or game."""
    lang = language_of(line.text)
    language = LANGUAGES[lang]
    playing = is_playing([one.text for one in mine if one.n < line.n], lang)
    asks = line.text.rstrip().endswith("?") or re.match(
        language.question, line.text.strip(), re.IGNORECASE
    )
    orders = re.search(language.orders, line.text, re.IGNORECASE)
    return not (playing or asks or orders or "*" in line.text) and len(_words(line.text)) > 1


def _weight(line: Line, counts: Counter[str]) -> float:
    """How much a line tells: its long words, each by how often the conversation comes to it."""
    words = set(_words(line.text))
    own = sum(counts[word] for word in words)
    return own / (len(line.text.split()) + 5)


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"[^\W\d_]+", text.lower()) if len(word) >= _LONG]
