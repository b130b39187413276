"""What the oldest turns were about, in a few of the owner's own sentences, for when they have left.

For models whose context cannot be moved: there many turns leave at once. Made of the conversation
alone each time, so that what is forgotten there is gone from it as well. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from companion.prompt import wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.values import Exchange

WORDS = 40
"""Most words of it."""
LONGEST = 20
"""Words of a sentence that is still told."""
_TELLING = 4
"""Letters from which a word tells something."""
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")


def earlier(turns: Sequence[Exchange], user: str, words: int = WORDS) -> str:
    """A line with the most telling sentences of the owner, in order; "" where there are none."""
    told = [text.strip() for turn in turns for text in _SENTENCE.findall(turn.user)]
    told = [text for text in dict.fromkeys(told) if _tells(text)]
    often = Counter(word for text in told for word in set(_words(text)))
    kept: set[str] = set()
    for text in sorted(told, key=lambda text: _weight(text, often), reverse=True):
        if (length := len(text.split())) <= words:
            kept.add(text)
            words -= length
    if not kept:
        return ""
    line = " ".join(text if text[-1] in ".!" else f"{text}." for text in told if text in kept)
    return f"<earlier>{wording.escape(user)} said: {wording.escape(line)}</earlier>\n"


def _words(text: str) -> list[str]:
    return [w for w in re.findall(r"[^\W\d_]+", text.lower()) if len(w) >= _TELLING]


def _tells(text: str) -> bool:
    return not text.endswith("?") and bool(_words(text)) and len(text.split()) <= LONGEST


def _weight(text: str, often: Counter[str]) -> float:
    """Words that the talk comes back to count more; long sentences do not count for length."""
    return sum(often[word] for word in set(_words(text))) / (len(text.split()) + 3)
