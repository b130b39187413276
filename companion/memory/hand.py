"""The memory by hand: looking at what is kept, one line or memory at a time.

Knows nothing of recall, of the turn, or of an embedder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.errors import MissingInput, UsageError
from companion.memory.record import of_line, serialise
from companion.memory.ulid import LENGTH
from companion.values import Note

if TYPE_CHECKING:
    from datetime import datetime

    from companion.memory.journal import Journal
    from companion.memory.line import Line


@dataclass(frozen=True, slots=True)
class Conversation:
    """One session: when it was, how long, and how it began."""

    id: str
    started: datetime
    ended: datetime
    lines: int
    first: str


class Hand:
    """What a person does with the memory besides talking.

    Args:
        journal: The lines.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def newest(self, limit: int) -> tuple[Note, ...]:
        """The newest lines, newest first."""
        return tuple(as_note(line) for line in self._journal.newest(limit))

    def conversations(self) -> tuple[Conversation, ...]:
        """All conversations, oldest first."""
        made = []
        for session, count, first, last in self._journal.sessions():
            start, end = self._journal.lines([first, last])
            made.append(Conversation(session, start.said, end.said, count, start.text))
        return tuple(made)

    def to_xml(self, name: str) -> str:
        """What has this id, as XML."""
        return serialise(of_line(self.line(name)))

    def line(self, name: str) -> Line:
        """The line with this id.

        Raises:
            MissingInput: There is none.
            UsageError: There are several; they are named.
        """
        matches = self._journal.by_id([name]) or self._journal.ending(name.upper())
        if len(name) > LENGTH:
            matches = matches[:1]
        if not matches:
            raise MissingInput(
                f"There is no memory {name!r} of {self._journal.owner}"
                f" with {self._journal.character}.",
                "`companion memories list` shows what there is.",
            )
        if len(matches) > 1:
            found = ", ".join(line.ulid for line in matches[:5])
            raise UsageError(f"{name!r} fits {len(matches)} memories: {found}.", "Type more of it.")
        return matches[0]


def as_note(line: Line, score: float = 0.0, parts: dict[str, float] | None = None) -> Note:
    """A line as a note."""
    return Note(line.id, line.text, line.who, line.said, score, parts or {})
