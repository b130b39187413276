"""The memories of one owner with one character, as they go into a bundle.

What is forgotten is deleted from them for good, whether or not it could be restored here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.errors import StoreDamaged
from companion.pack.bundle import alone, writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACE = ".bundle"
"""In the memory folder, for as long as the bundle is written: forgetting looks there too."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Memories that go along.

    Attributes:
        journal: The file.
        lines: How many lines are in it.
        memories: How many memories.
        documents: How many documents that were taken in.
    """

    journal: Path
    lines: int
    memories: int
    documents: int

    @property
    def told(self) -> str:
        """What it holds, in words."""
        counts = {"lines": self.lines, "memories": self.memories, "documents": self.documents}
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no line"


@contextlib.contextmanager
def taken(folder: Path, owner: str, character: str) -> Iterator[Remembered | None]:
    """The memories, as a journal that is there until this is left; None where there are none.

    Args:
        folder: The memory folder; a conversation may go on in it.
        owner: Whose.
        character: With whom.

    Raises:
        StoreBusy: Another bundle is made of them.
        StoreDamaged: They are damaged, or of a newer version.
        StoreError: They cannot be read.
        CannotCreate: There is no room for a copy.
    """
    if not (folder / "journal.sqlite3").exists():
        yield None
        return
    place = folder / PLACE
    with writing(place):
        place.mkdir(mode=0o700, exist_ok=True)
    fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        alone(fd, place, "Another process makes a bundle of these memories.")
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, place, ignore_errors=True)
            yield _made(folder / "journal.sqlite3", place / "memory_db", owner, character)
    finally:
        os.close(fd)


def _made(journal: Path, place: Path, owner: str, character: str) -> Remembered | None:
    from companion.memory import Memory
    from companion.memory.record import clean
    from companion.memory.store.excerpt import excerpt

    shutil.rmtree(place, ignore_errors=True)  # of one that was killed
    place.mkdir(mode=0o700)
    target = place / journal.name
    if not excerpt(journal, target, clean(owner), clean(character)):
        return None
    memory = Memory(place, owner, character, role="bundle")
    try:
        receipt = memory.purge()
        verdict = memory.verify()
        documents = len(memory.lore.documents())
    finally:
        memory.close()
    if receipt.left or not verdict.sound:
        raise StoreDamaged(
            "The memories cannot be taken along: " + (*verdict.problems, *receipt.told())[0],
            "`companion memories verify` says more; without --with-memories they stay here.",
        )
    return Remembered(target, verdict.lines, verdict.memories, documents)
