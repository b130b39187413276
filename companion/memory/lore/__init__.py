"""Documents about a character's world: taken in, cut to passages, found and cited.

    lore = Lore(journal, people, now)
    imported = lore.take_in(Path("kestrel.md"), progress)
    hits = lore.find(asked, counts, lines)

Each belongs to one owner and one character. Knows nothing of ranking against what was said.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.errors import BadData
from companion.memory.lore import find as finding
from companion.memory.lore.block import People
from companion.memory.lore.cut import cut, one_line
from companion.memory.lore.formats import KINDS, MOST_BYTES, load, read
from companion.memory.lore.passage import Document, Passage
from companion.memory.lore.store import Documents
from companion.memory.record import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from companion.memory.dense.embed import Embedder
    from companion.memory.lore.find import Asked, Hits
    from companion.memory.store.journal import Journal

__all__ = ["KINDS", "MOST_BYTES", "Document", "Imported", "Lore", "Passage", "People"]

DEPTH = 40
"""Passages that are looked at, by words and by meaning each."""
TITLE = 80
"""Characters of the title of a document."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file.

    Attributes:
        document: The document it is now.
        passages: How many passages were written; 0 when it was there already, unchanged.
        skipped: What was left out and why, for people.
    """

    document: Document
    passages: int
    skipped: tuple[str, ...] = ()


class Lore:
    """The documents of one owner and one character.

    Args:
        journal: Whose file this is.
        people: Who is meant by the placeholders of a lorebook.
        stamp: Gives a new ULID and the time, with its zone.
    """

    def __init__(
        self, journal: Journal, people: People, stamp: Callable[[], tuple[str, datetime]]
    ) -> None:
        self._documents = Documents(journal.database, journal.scope)
        self._people = people
        self._stamp = stamp

    def take_in(self, path: Path, progress: Callable[[float], None]) -> Imported:
        """Read a document and keep its passages; the same file a second time changes nothing.

        A file that has changed replaces what it was; one that was forgotten comes back.

        Args:
            path: The file.
            progress: Told the share that is done, 0 to 1.

        Raises:
            MissingInput: There is no such file.
            Forbidden: It may not be read.
            BadData: It is no document that can be read; the message says why, and where.
        """
        place = path.expanduser().absolute()
        data = load(place)
        digest = hashlib.sha256(data).hexdigest()
        known = self._known(digest, str(place))
        if known is not None and known.digest == digest:
            return Imported(self._back(known, place), 0)
        contents = read(data, place.name, self._people, lambda share: progress(0.9 * share))
        blocks = list(cut(contents.blocks))
        if not blocks:
            raise BadData(f"{place.name} holds no text.")
        ulid, moment = self._stamp()
        kept = self._documents.keep(
            Document(
                id=known.id if known else ulid,
                name=clean(place.name),
                path=clean(str(place)),
                title=one_line(contents.title, TITLE),
                kind=KINDS[place.suffix.lower()],
                digest=digest,
                taken=moment,
                passages=len(blocks),
            ),
            blocks,
        )
        progress(1.0)
        return Imported(kept, kept.passages, contents.skipped)

    def documents(self, *, hidden: bool = False) -> list[Document]:
        """What was taken in, oldest first; or what was, and is forgotten."""
        return self._documents.documents(hidden=hidden)

    def named(self, name: str, *, hidden: bool = False) -> list[Document]:
        """The documents with this id, this end of an id, or this file name."""
        every = self.documents(hidden=hidden)
        tail = name.upper()
        return [one for one in every if one.id.endswith(tail) or name in {one.name, one.path}]

    def passage(self, name: str) -> Passage | None:
        """The passage with this id, `<document>:<n>`."""
        document, _, n = name.rpartition(":")
        return next((one for one in self._documents.of(document) if str(one.n) == n), None)

    def passages(self, document: str) -> list[Passage]:
        """All passages of a document, in order."""
        return self._documents.of(document)

    def forget(self, ids: Iterable[str]) -> None:
        """Take documents out of every answer; `restore` brings them back."""
        self._documents.hide(ids)

    def restore(self, ids: Iterable[str]) -> None:
        """Bring forgotten documents back."""
        self._documents.restore(ids)

    def purge(self, ids: Iterable[str]) -> None:
        """Delete documents for good."""
        self._documents.remove(ids)

    def find(self, asked: Asked, counts: Mapping[str, int], lines: int, depth: int = DEPTH) -> Hits:
        """The passages that fit best, by words and by meaning; see `find.find`."""
        return finding.find(self._documents, asked, counts, lines, depth)

    def size(self) -> int:
        """How many passages there are."""
        return self._documents.size()

    def waiting(self) -> int:
        """How many passages have no vector yet, and are found by words alone."""
        return self._documents.waiting()

    def learn(self, embedder: Embedder, count: int) -> bool:
        """Embed the next few passages that are not yet; False: all are."""
        due = self._documents.due(embedder.name, count)
        if due:
            vectors = embedder.embed([one.worded for one in due])
            pairs = zip(due, vectors, strict=True)
            self._documents.keep_vectors([(one.seq, v) for one, v in pairs], embedder.name)
        return bool(due)

    def _known(self, digest: str, path: str) -> Document | None:
        """What this file already is: by its bytes, else by where it is."""
        every = [*self.documents(), *self.documents(hidden=True)]
        same = [one for one in every if one.digest == digest]
        there = [one for one in every if one.path == path]
        return next(iter(same + there), None)

    def _back(self, known: Document, place: Path) -> Document:
        """The document as it was, under its present name."""
        self._documents.restore([known.id])
        self._documents.rename(known.id, clean(place.name), clean(str(place)))
        return self._documents.documents([known.id])[0]
