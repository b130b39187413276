"""What is kept of a document: itself, and its passages, each citable by file and heading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.values import Note

if TYPE_CHECKING:
    from datetime import datetime

BETWEEN = " / "
"""What stands between headings."""
SOURCE = 80
"""Characters of a source, so that it costs little of the prompt."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was taken in.

    Attributes:
        id: ULID.
        name: Name of its file.
        path: Where the file was, absolute.
        title: Its own title; "" where it has none.
        kind: "text", "markdown", "pdf", "xml" or "lorebook".
        digest: SHA-256 of the file, in hex.
        taken: When it was taken in, in local time of that place.
        passages: How many passages it has.
    """

    id: str
    name: str
    path: str
    title: str
    kind: str
    digest: str
    taken: datetime
    passages: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document, short enough to be shown whole.

    Attributes:
        seq: Place in the store.
        document: Id of its document.
        n: Its number there, from 1.
        name: Name of the file.
        title: Title of the document, or "".
        heading: Headings above it, outermost first.
        page: Page of a PDF, from 1; 0 where there are none.
        text: Its words.
        taken: When the document was taken in.
    """

    seq: int
    document: str
    n: int
    name: str
    title: str
    heading: str
    page: int
    text: str
    taken: datetime

    @property
    def id(self) -> str:
        """`<document>:<n>`."""
        return f"{self.document}:{self.n}"

    @property
    def source(self) -> str:
        """File and heading: "kestrel.md · Harbour / North pier, page 3"."""
        page = f"page {self.page}" if self.page else ""
        inner = self.heading.split(BETWEEN)
        for headings in (inner, inner[-2:], inner[-1:], ()):
            place = ", ".join(filter(None, (BETWEEN.join(headings), page)))
            source = " · ".join(filter(None, (self.name, place)))
            if len(source) <= SOURCE:
                return source
        return source[: SOURCE - 1] + "…"

    def as_note(self, score: float = 0.0, parts: dict[str, float] | None = None) -> Note:
        """The passage as a note; who says it is the source."""
        source = self.source
        return Note(self.id, self.text, source, self.taken, score, parts or {}, "lore", "", source)

    @property
    def worded(self) -> str:
        """The passage as it is embedded: under its headings."""
        return ": ".join(filter(None, (self.title, self.heading, self.text)))
