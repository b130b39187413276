"""`companion bundle`: everything a character needs in one file, for a machine without network."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.shell import SHELL, show, show_json
from companion.errors import MissingInput, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from companion.cards import Card
    from companion.config import Settings
    from companion.pack.bundle import Contents

NAMES = {"llm": "language model", "stt": "Whisper", "hashes": "hashes of what was pulled"}
"""What kinds of files are called, where not by their own names."""
WITHOUT = "Left out: the memories, and documents that were taken in; --with-memories takes them."
WITH = (
    "What {owner} and {name} said and what is remembered of it is in it: {counts}.\n"
    "Whoever has the file can read that, and what you forget later stays in it: keep it safe."
)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(bundle)


def bundle(  # noqa: PLR0913, PLR0917 - its options
    file: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="The file to write, or a folder for it.")
    ],
    character: Annotated[str, typer.Option("--character", "-c", help="Who: an id or a path.")] = "",
    with_memories: Annotated[
        bool, typer.Option("--with-memories", help="Take the memories along, too.")
    ] = False,
    as_name: Annotated[
        str, typer.Option("--as", help="The memories of this person.", metavar="NAME")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
    list_: Annotated[
        bool, typer.Option("--list", help="Write nothing: show what the bundle FILE holds.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Put models, voices, a character and settings into one file; memories only when said so.

    `companion init --from FILE` unpacks it, on a machine without network too.
    """
    from companion import cards

    if list_:
        _list(file.expanduser(), as_json=as_json)
        return
    if as_name and not with_memories:
        raise UsageError("--as says whose memories go along.", "Add --with-memories.")
    settings = SHELL.settings()
    who = character or settings.companion.character
    card = cards.find_card(settings.path(settings.companion.characters), who)
    target = file.expanduser()
    target = target / f"companion-{card.id}.tar" if target.is_dir() else target
    owner = (as_name or settings.user.name or "friend") if with_memories else ""
    contents, counts = _write(settings, card, target, owner, force=force)
    if as_json:
        size = target.stat().st_size
        show_json({"file": str(target.resolve()), "bytes": size, "contents": _as_dict(contents)})
        return
    tell(contents, SHELL.say)
    if contents.owner:
        SHELL.say(WITH.format(owner=owner, name=card.name, counts=counts))
    SHELL.say(f"There: companion init --from {target.name}")
    show(str(target))


def _write(
    settings: Settings, card: Card, target: Path, owner: str, *, force: bool
) -> tuple[Contents, str]:
    """Write the bundle; what is in it, and how many memories."""
    from datetime import UTC, datetime

    from companion import __version__
    from companion.cli.leave import in_order
    from companion.compose import model_path
    from companion.pack import bundle as archive
    from companion.pack.contents import gather

    found = gather(settings, card, lambda name: model_path(settings, name), owner)
    items, left_out, counts = found.items, found.left_out, ""
    with in_order(), contextlib.ExitStack() as stack:
        if owner:
            journal, counts = stack.enter_context(_memories(settings, card, owner))
            items = [*items, archive.Item("memory_db/journal.sqlite3", "memories", journal)]
        else:
            left_out = [*left_out, WITHOUT]
        about = archive.Contents(
            made_with=__version__,
            made=datetime.now(UTC).astimezone().date().isoformat(),
            character=card.id,
            name=card.name,
            owner=owner,
            left_out=tuple(left_out),
        )
        with progress("packing", sum(item.size for item in items)) as more:
            return archive.write(target, about, items, more, force=force), counts


@contextlib.contextmanager
def _memories(settings: Settings, card: Card, owner: str) -> Iterator[tuple[Path, str]]:
    from companion.pack.remembered import taken

    with taken(settings.path(settings.companion.memory), owner, card.id) as found:
        if found is None:
            raise MissingInput(
                f"Nothing is remembered of {owner} with {card.name}.",
                "Name the person with --as, or leave --with-memories out.",
            )
        yield found.journal, found.told


# ── what `init --from` shows too ─────────────────────────────────────────────────────────────


@contextlib.contextmanager
def progress(what: str, size: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere; it is told how many bytes more are done."""
    from rich import progress as bars
    from rich.console import Console

    console = Console(stderr=True, quiet=SHELL.quiet or not sys.stderr.isatty())
    columns = (*bars.Progress.get_default_columns()[:2], bars.DownloadColumn())
    with bars.Progress(*columns, bars.TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task(what, total=size)
        yield lambda more: bar.advance(task, more)


def tell(contents: Contents, line: Callable[[str], None]) -> None:
    """What a bundle holds, and what of the workspace is not in it, for people."""
    from companion.cards.text import one_line
    from companion.pack.gguf import gigabytes

    made = f"made {contents.made} with Companion {contents.made_with}"
    line(one_line(f"{contents.name}, {gigabytes(contents.size)}, {made}:", 200))
    for file in contents.files:
        kind = NAMES.get(file.kind, file.kind)
        licence = f"  {one_line(file.licence, 60)}" if file.licence else ""
        line(f"  {kind:<15} {gigabytes(file.bytes):>9}  {file.path}{licence}")
    for what in contents.left_out:
        line(one_line(what, 300))


def _list(file: Path, *, as_json: bool) -> None:
    from companion.cards.text import one_line
    from companion.pack.unbundle import look

    contents = look(file)
    if as_json:
        show_json({"file": str(file.resolve()), "contents": _as_dict(contents)})
        return
    tell(contents, show)
    if contents.owner:
        show(one_line(f"Memories of {contents.owner} are in it.", 200))


def _as_dict(contents: Contents) -> dict[str, object]:
    return contents.model_dump(mode="json", by_alias=True)
