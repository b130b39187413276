"""A line of the journal as a memory: how it is shown and exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from companion.memory.record.fields import (
    NAME_CHARACTERS,
    QUOTE_CHARACTERS,
    TEXT_CHARACTERS,
    Entity,
    Quote,
    Record,
    Source,
)
from companion.memory.record.words import pieces, shortened

if TYPE_CHECKING:
    from companion.memory.store.line import Line

IMPORTANCE = 0.4
"""Of an event; what was said is one."""
FROM_LINE = "journal/1"
"""What made a memory of a line, in its lineage."""


def scope_of(character: str) -> str:
    """The scope of what only one character may know; without the line ends a name may have."""
    return f"character:{' '.join(character.split())}"


def of_line(line: Line) -> Record:
    """The line as a memory of the event that it was said."""
    mine = line.speaker == "user"
    scope = scope_of(line.character)
    about = "user" if mine else scope.replace("character", "char", 1)
    # The text of a memory is bounded: the whole of a long line stands in its quotes.
    quotes = tuple(Quote(line.n, part) for part in pieces(line.text, QUOTE_CHARACTERS))
    return Record(
        id=line.ulid,
        kind="event",
        text=shortened(line.text, TEXT_CHARACTERS, "…"),
        lang="und",
        about=(Entity("subject", shortened(line.who, NAME_CHARACTERS), about),),
        sources=(
            Source(line.speaker, line.session, str(line.n), "verbatim", line.confidence, quotes),
        ),
        observed=line.said,
        importance=IMPORTANCE,
        confidence=line.confidence,
        created_by=FROM_LINE,
        scope=scope,
    )
