"""Documents about a character's world: taken in with progress, and listed.

A part of `companion memories`.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.progress import Progress, TaskID

    from companion.memory import Memory
    from companion.memory.lore import Document, Imported

BEGINNING = 4096
"""Bytes in which the first element of a book of memories stands."""


def is_book(path: Path) -> bool:
    """Whether a file is a book of memories, rather than a document."""
    from companion.memory.record import NAMESPACE

    if path.suffix.lower() != ".xml" or not path.is_file():
        return False
    with path.open("rb") as file:
        return NAMESPACE.encode() in file.read(BEGINNING)


def take_in(memory: Memory, paths: Sequence[Path]) -> list[Imported]:
    """Take in documents, each with its progress, and make them ready to be found by meaning.

    Raises:
        CompanionError: One of them cannot be read; those before it are kept.
    """
    from rich import progress
    from rich.console import Console

    quiet = SHELL.quiet or not sys.stderr.isatty()
    taken = []
    with progress.Progress(console=Console(stderr=True, quiet=quiet)) as bars:
        for path in paths:
            task = bars.add_task(_plain(path.name), total=1.0)
            taken.append(memory.take_in(path, partial(_advance, bars, task)))
            _advance(bars, task, 1.0)
        whole = memory.lore.waiting()
        task = bars.add_task("for search by meaning", total=whole, visible=whole > 0)
        for _ in memory.idle():
            bars.update(task, completed=whole - memory.lore.waiting())
    return taken


def _advance(bars: Progress, task: TaskID, share: float) -> None:
    bars.update(task, completed=share)


def tell(taken: Sequence[Imported]) -> None:
    """What became of the files, for people."""
    from companion.cli.screen import plain

    for one in taken:
        how = f"{one.passages} passages" if one.passages else "unchanged"
        show(f"{one.document.id[-4:]}  {plain(one.document.name)}: {how}")
        for left in one.skipped:
            SHELL.say(f"  left out: {plain(left)}")


def as_dict(document: Document) -> dict[str, Any]:
    """A document for `--json`."""
    return {
        "id": document.id,
        "file": document.path,
        "title": document.title,
        "kind": document.kind,
        "sha256": document.digest,
        "taken": document.taken.isoformat(),
        "passages": document.passages,
    }


def listing(documents: Sequence[Document], *, as_json: bool) -> None:
    """Show what was taken in, oldest first."""
    from companion.cli.screen import plain

    if as_json:
        show_json({"documents": [as_dict(one) for one in documents]})
        return
    for one in documents:
        title = f" ({plain(one.title)})" if one.title else ""
        day = f"{one.taken:%Y-%m-%d %H:%M}"
        show(f"{one.id[-4:]}  {day}  {one.passages:5} passages  {plain(one.name)}{title}")
    if not documents:
        SHELL.say("No documents were taken in. `companion memories import FILE` takes one in.")


def _plain(name: str) -> str:
    """A file name that the progress display does not take for its own markup."""
    return name.replace("[", "(")
