"""Recall: what fits the words just heard, least fitting first, or why nothing does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from companion.memory.hand import as_note
from companion.memory.read import about
from companion.memory.read.words import asks
from companion.memory.recall.found import Found, Span
from companion.memory.recall.known import of_fact
from companion.memory.recall.recalled import Recalled
from companion.memory.record import clean

if TYPE_CHECKING:
    from companion.memory.hand import Hand
    from companion.memory.read import rank
    from companion.memory.recall.search import Search
    from companion.memory.talk import Talk
    from companion.memory.write import Writer
    from companion.values import Note

LOOKED_BACK = 6
"""Lines of the conversation among which the one is who is meant by "she"."""
MOST_PROMISES = 2
"""Promises that are offered at a time once they are due."""


class Recall:
    """Answers what fits some words.

    Args:
        search: Finds and weighs.
        writer: Knows the promises that are due.
        hand: Makes notes of them.
        talk: The conversation that goes on.
        most: Most notes of one recall.
    """

    def __init__(self, search: Search, writer: Writer, hand: Hand, talk: Talk, most: int) -> None:
        self.search = search
        self._writer = writer
        self._hand = hand
        self._talk = talk
        self._most = most
        self._before: tuple[str, tuple[Note, ...]] = ("", ())  # the last recall, and where it was

    def fitting(self, text: str, skip: int | None) -> tuple[tuple[Note, ...], Recalled]:
        """What fits some words, and how well."""
        if not asks(text):
            return self._again(self._promised())
        with self.search.asking(self._meant(clean(text))) as asked:
            promised = self._promised()
            moment, span = self._talk.moment(), self._talk.span(skip)
            answer = self.search.answer(asked, moment, span, self._most)
        told = Recalled(coverage=answer.coverage, cosine=answer.cosine, reason=answer.reason)
        notes = [_note(answer.found, one) for one in answer.chosen]
        self._before = (self._talk.session, tuple(notes))
        known = {note.id for note in notes}
        return (*(one for one in promised if one.id not in known), *notes), told

    def _again(self, promised: tuple[Note, ...]) -> tuple[tuple[Note, ...], Recalled]:
        """What was recalled last in this conversation: "yes" and "ok" go on with it."""
        session, notes = self._before
        kept = [note for note in notes if self._hand.note(note.id)]
        if session != self._talk.session or not kept:
            return promised, Recalled(reason="nothing was asked")
        known = {note.id for note in kept}
        return (*(one for one in promised if one.id not in known), *kept), Recalled()

    def _meant(self, text: str) -> str:
        """The words, with the name of who is meant by "she" or "he" where none is said."""
        if not about.points(text):
            return text
        name = about.meant(text, [line.text for line in self._talk.newest(LOOKED_BACK)])
        return f"{text} ({name})" if name else text

    def found(self, text: str, limit: int) -> tuple[Note, ...]:
        """What fits some words, from everything, best first."""
        with self.search.asking(clean(text)) as asked:
            found = self.search.find(asked, self._talk.moment(), Span())
        return tuple(_note(found, one) for one in found.ranked[:limit])

    def _promised(self) -> tuple[Note, ...]:
        """Promises that are due: offered with every question until they are spoken of."""
        due = self._writer.due(self._talk.moment())
        return tuple(
            replace(self._hand.of_record(one), parts={"due": 1.0}) for one in due[-MOST_PROMISES:]
        )


def _note(found: Found, one: rank.Candidate) -> Note:
    if one.key in found.passages:
        return found.passages[one.key].as_note(one.score, one.parts)
    if one.key in found.facts:
        return of_fact(found.facts[one.key], one.score, one.parts)
    return as_note(found.lines[one.key], one.score, one.parts)
