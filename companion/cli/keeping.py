"""`companion memories export|reindex|verify`: keeping, moving and checking the whole memory."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.remembered import AsJson, Character, Owner, opened
from companion.cli.shell import SHELL, show, show_json
from companion.errors import BadData, CannotCreate, MissingInput, StoreDamaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from companion.memory import Memory
    from companion.memory.book import Taken


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(export)
    app.command()(reindex)
    app.command()(verify)


def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; without one: shown.")
    ] = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="To show others: no lines, quotes, names or secrets.")
    ] = False,
    character: Character = "",
    as_name: Owner = "",
    as_json: AsJson = False,
) -> None:
    """All memories as one XML document, with their history and with what was said."""
    with opened(character, as_name, dense=False) as memory:
        book = memory.export(redact=redact)
        if file is not None:
            _write(memory, file, book)
    count = book.count("<memory ")
    if as_json:
        place = {"file": str(file.absolute())} if file else {"xml": book}
        show_json({"memories": count, **place})
    elif file is None:
        sys.stdout.write(book)
    else:
        SHELL.say(f"{count} memories are in {file}; forgetting reaches them there too.")


def reindex(character: Character = "", as_name: Owner = "", as_json: AsJson = False) -> None:
    """Build the search by meaning anew from what is kept."""
    with opened(character, as_name, dense=True) as memory:
        with _progress("by meaning") as progress:
            made = memory.reindex(progress)
        for notice in memory.notices():
            SHELL.say(notice)
    if as_json:
        show_json({"indexed": made})
    else:
        show(f"{made} lines, memories and passages are indexed.")


def verify(character: Character = "", as_name: Owner = "", as_json: AsJson = False) -> None:
    """Look whether the memory is sound: journal, indexes and vectors. Changes nothing."""
    with opened(character, as_name, dense=True) as memory:
        verdict = memory.verify()
        for notice in memory.notices():
            SHELL.say(notice)
    if as_json:
        show_json({**asdict(verdict), "sound": verdict.sound})
    else:
        kept = f"{verdict.lines} lines, {verdict.memories} memories, {verdict.passages} passages"
        show(f"{kept}; {verdict.forgotten} forgotten and not yet purged.")
        if verdict.vectors:
            show(f"{verdict.vectors} have vectors of {verdict.embedder}.")
        if verdict.index:
            show(f"The search index {verdict.index}.")
        show("All of it is sound." if verdict.sound else "\n".join(verdict.problems))
    if not verdict.sound:
        raise StoreDamaged(
            f"The memory has {len(verdict.problems)} faults.",
            "`companion memories export FILE` saves what can be read.",
        )


# ── books ────────────────────────────────────────────────────────────────────────────────────


def read_book(memory: Memory, path: Path) -> tuple[Path, Taken]:
    """Take in exported memories."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise MissingInput(f"There is no file {path}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(f"{path} cannot be read: {error}.") from error
    with _progress("memories") as progress:
        return path, memory.read(text, progress)


def as_dict(read: tuple[Path, Taken]) -> dict[str, Any]:
    """What became of a book for `--json`."""
    path, taken = read
    return {"file": str(path.absolute()), **asdict(taken)}


def tell(read: Sequence[tuple[Path, Taken]]) -> None:
    """The same for people."""
    for path, taken in read:
        show(f"{path.name}: {taken.added} memories taken in, {taken.known} were here already")
        for reason in taken.refused:
            SHELL.say(f"  left out: {reason}")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[float], None]]:
    """A bar on a terminal; nothing elsewhere."""
    from rich import progress
    from rich.console import Console

    quiet = SHELL.quiet or not sys.stderr.isatty()
    with progress.Progress(console=Console(stderr=True, quiet=quiet)) as bars:
        task = bars.add_task(what, total=1.0)
        yield lambda share: bars.update(task, completed=share)


def _write(memory: Memory, file: Path, text: str) -> None:
    """Write an export for its owner's eyes only, and note where it is."""
    from companion.memory.forget import exports

    try:
        made = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(made, "w", encoding="utf-8") as out:
            out.write(text)
        exports.remember(memory.folder, file)
    except OSError as error:
        raise CannotCreate(f"{file} cannot be written: {error.strerror}.") from error
