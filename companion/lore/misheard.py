"""Names that speech recognition spelled with one wrong letter.

Off unless a book asks for it: five letters or more, and one letter left out, put in, changed, or
two neighbours swapped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST = 5
"""Letters of a name that may be misheard."""

_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Misheard:
    """Names, found by what is left of them when one letter is gone."""

    names: list[tuple[str, int]] = field(default_factory=list)
    _by_rest: dict[str, list[int]] = field(default_factory=dict)

    def add(self, name: str, at: int) -> None:
        """Find this name too; `at` is what `found` gives for it."""
        if len(name) < SHORTEST:
            return
        for rest in _rests(name):
            self._by_rest.setdefault(rest, []).append(len(self.names))
        self.names.append((name, at))

    def found(self, text: str) -> Iterator[tuple[int, str]]:
        """Each name that a word of the text is nearly, with that word."""
        if not self.names:
            return
        done: set[int] = set()
        for word in dict.fromkeys(_WORD.findall(text)):
            if len(word) < SHORTEST - 1:
                continue
            near = {n for rest in _rests(word) for n in self._by_rest.get(rest, ())} - done
            for n in sorted(near):
                name, at = self.names[n]
                if word != name and nearly(name, word):
                    done.add(n)
                    yield at, word


def _rests(word: str) -> set[str]:
    return {word} | {word[:n] + word[n + 1 :] for n in range(len(word))}


def nearly(one: str, other: str) -> bool:
    """Whether two words differ by one letter, or by two neighbours that changed places."""
    if len(one) > len(other):
        one, other = other, one
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(other) - len(one) > 1:
        return False
    if len(other) > len(one):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1]
    return one[at + 1 :] == other[at + 1 :] or (swapped and one[at + 2 :] == other[at + 2 :])
