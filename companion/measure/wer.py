"""Word error rate: how much of what was spoken was heard.

Pure: text in, numbers out.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOT_WORD = re.compile(r"[^\w']+")


def words(text: str) -> list[str]:
    """The words of a text as they are compared: lower case, without punctuation."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    return [w.strip("'") for w in _NOT_WORD.sub(" ", plain).split() if w.strip("'")]


def distance(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """Fewest substitutions, deletions and insertions from one to the other (Levenshtein)."""
    row = list(range(len(hypothesis) + 1))
    for n, wanted in enumerate(reference, 1):
        previous, row[0] = row[0], n
        for k, got in enumerate(hypothesis, 1):
            change = previous + (wanted != got)
            previous, row[k] = row[k], min(row[k] + 1, row[k - 1] + 1, change)
    return row[-1]


def wer(reference: str, hypothesis: str) -> float:
    """Word errors divided by the words of the reference; 0 where both are empty."""
    wanted = words(reference)
    errors = distance(wanted, words(hypothesis))
    return errors / len(wanted) if wanted else float(errors > 0)
