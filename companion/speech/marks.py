"""Where in a clause's text the voice is after so many samples.

Knows words and counts only: no engine, no sound.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from companion.speech.shape import Actions, shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from companion.values import Clause

_SILENT = " .,;:!?ˈˌː'\"()-ʲ\u0329"
"""Phonemes that are no sound of their own."""

ACTIONS: tuple[Actions, Actions] = ("drop", "speak")

SNAP = 1
"""Sounds by which a word's end may be off, and still be the end of the voice's nearest word."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One phoneme and the sample at which it ends."""

    phoneme: str
    end: int


def sounds(phonemes: Sequence[str]) -> int:
    """How many of the phonemes are sounds."""
    return sum(phoneme not in _SILENT for phoneme in phonemes)


def word_ends(clause: Clause) -> tuple[tuple[str, int], ...]:
    """Each spoken word, and the characters of `clause.text` that are heard once it was said."""
    places = _places(clause)
    ends: list[tuple[str, int]] = []
    letters = 0
    for word in clause.spoken.split():
        count = sum(map(str.isalnum, word))
        letters += count
        if count:
            ends.append((word, _beyond(clause.text, places[letters - 1])))
    return tuple(ends)


def _beyond(text: str, place: int) -> int:
    """Behind the punctuation that hangs on a word."""
    while place < len(text) and not text[place].isspace() and not text[place].isalnum():
        place += 1
    return place


def _places(clause: Clause) -> list[int]:
    """For every spoken letter and digit, the place in the text behind it."""
    spoken = [letter for letter in clause.spoken if letter.isalnum()]
    for actions in ACTIONS:
        found: list[tuple[str, int]] = []
        place = 0
        for piece in shape([clause.text], actions):
            place += len(piece.text)
            found += [(letter, place) for letter in piece.spoken if letter.isalnum()]
        if [letter for letter, _ in found] == spoken:
            return [place for _, place in found]
    return [len(clause.text) * (index + 1) // len(spoken) for index in range(len(spoken))]


def place_marks(
    clause: Clause, timed: Sequence[Timed], count: Callable[[str], int]
) -> tuple[tuple[int, int], ...]:
    """Map the voice's progress to the clause's text.

    Args:
        clause: The words.
        timed: The phonemes that were spoken, in order.
        count: How many sounds a word has by itself.

    Returns:
        (characters of `clause.text`, samples), both rising; one for each spoken word, the last
        one for the whole text.
    """
    words = word_ends(clause)
    heard = [phoneme for phoneme in timed if phoneme.phoneme not in _SILENT]
    if not words or not heard:
        return ()
    sums = list(accumulate(max(count(word), 1) for word, _ in words))
    breaks = _breaks(timed)
    marks: list[tuple[int, int]] = []
    for (_, place), total in zip(words, sums, strict=True):
        index = _snapped(round(total * len(heard) / sums[-1]), breaks)
        sample = heard[max(index, 1) - 1].end
        if not marks or (place > marks[-1][0] and sample > marks[-1][1]):
            marks.append((place, sample))
        else:  # the voice ran these words together
            marks[-1] = (max(place, marks[-1][0]), marks[-1][1])
    marks[-1] = (len(clause.text), marks[-1][1])
    return tuple(marks)


def _breaks(timed: Sequence[Timed]) -> list[int]:
    """After how many sounds the voice's own words end."""
    breaks: list[int] = []
    count = 0
    for phoneme in timed:
        if phoneme.phoneme not in _SILENT:
            count += 1
        elif phoneme.phoneme == " " and breaks[-1:] != [count]:
            breaks.append(count)
    return [*breaks, count]


def _snapped(index: int, breaks: list[int]) -> int:
    after = bisect_left(breaks, index)
    nearest = min(breaks[max(after - 1, 0) : after + 1], key=lambda end: abs(end - index))
    return nearest if abs(nearest - index) <= SNAP else index
