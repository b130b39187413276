"""Why a reply was what it was: watches each turn, and answers for the last or an earlier one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from companion.memory.recall.recalled import Recalled, Recalls, Why, weighed, witnessed
from companion.memory.store.memo import NAMED

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.memory.hand import Hand
    from companion.memory.store.journal import Journal
    from companion.memory.store.line import Line
    from companion.values import Heard, Note, Prompt, Said


class Witness:
    """Sees what is recalled, told and said.

    Args:
        journal: Where the recall is kept with its line.
        hand: Finds lines and memories by their ids.
        told: Called with the id of each memory that a reply used.
    """

    def __init__(self, journal: Journal, hand: Hand, told: Callable[[str], None]) -> None:
        self._journal = journal
        self._recalls = Recalls(journal)
        self._hand = hand
        self._told = told
        self._asked = ""
        self._notes: tuple[Note, ...] = ()
        self._recalled: Recalled | None = None
        self._line = ""

    def recalled(self, heard: Heard, notes: tuple[Note, ...], told: Recalled) -> tuple[Note, ...]:
        """Take note of a recall; gives the notes as they are."""
        self._asked, self._notes = heard.text, notes
        self._recalled = replace(told, notes=weighed(notes))
        return notes

    def saw(self, line: str, prompt: Prompt, said: Said) -> None:
        """Take note of what became of it; kept with the owner's `line`, nowhere in private ("").

        Raises:
            StoreError: It cannot be kept.
        """
        self._line = line
        if self._recalled is None:
            return
        self._recalled = witnessed(self._recalled, self._notes, prompt, said, self._asked)
        if line:
            self._recalls.keep(line, self._recalled)
            for name in self._recalled.used:
                if name.startswith(NAMED):
                    self._told(name.removeprefix(NAMED))

    @property
    def used(self) -> tuple[str, ...]:
        """Ids of what the last reply used of what was said or is known; documents stay."""
        lore = {note.id for note in self._notes if note.kind == "lore"}
        used = () if self._recalled is None else self._recalled.used
        return tuple(one for one in used if one not in lore)

    def forget(self) -> None:
        """The conversation's own notes go."""
        self._asked, self._notes, self._recalled, self._line = "", (), None, ""

    def why(self, name: str = "") -> Why | None:
        """What was recalled for a turn, by the id of one of its lines; "" is the last turn.

        None where there is no such turn, or nothing was noted.

        Raises:
            MissingInput: There is no such line.
            UsageError: There are several; they are named.
        """
        if not name and self._recalled is not None and not self._line:  # in private
            return Why(None, None, self._recalled, {note.id: note for note in self._notes})
        lines = [self._hand.line(name)] if name else self._journal.lines([self._recalls.last()])
        if not lines:
            return None
        line = _asking(self._journal.session(lines[0].session), lines[0])
        recalled = self._recalls.of(line.seq)
        if recalled is None:
            return None
        found = {one.id: self._hand.note(one.id) for one in recalled.notes}
        notes = {
            one.id: replace(note, score=one.score, parts=one.parts or {})
            for one in recalled.notes
            if (note := found[one.id]) is not None
        }
        return Why(self._hand.note(line.id), self._reply(line), recalled, notes)

    def _reply(self, line: Line) -> Note | None:
        found = self._hand.note(f"{line.session}:{line.n + 1}")
        return None if found is None or found.who == line.who else found


def _asking(session: list[Line], line: Line) -> Line:
    """The owner's line of the turn to which `line` belongs."""
    before = [one for one in session if one.speaker == "user" and one.n <= line.n]
    return before[-1] if before else line
