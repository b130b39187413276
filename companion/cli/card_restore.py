"""`companion characters restore`: a card as it was before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json
from companion.errors import MissingInput


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("restore")(restore)


def restore(
    character: Annotated[str, typer.Argument(help="An id or a path.")],
    version: Annotated[
        int | None, typer.Argument(help="Its number; without one, the last before now.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Only show which there are.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Make a card what it was before its last change, or at any version that was kept."""
    from companion.cards import history

    path = file_of(character)
    if listed:
        _list(path, as_json=as_json)
        return
    number = version if version is not None else _before(path)
    made = history.bring_back(path, number)
    if as_json:
        show_json({"path": str(made.resolve()), "restored": number})
    else:
        SHELL.say(f"{made} is version {number} again. What it was is kept: restore takes it back.")


def file_of(character: str) -> Path:
    """The file of a card, also of one that cannot be read or is gone and has versions.

    Raises:
        MissingInput: Nobody of that name is or was there.
    """
    from companion import cards
    from companion.cards import history

    settings = SHELL.settings()
    folder = settings.path(settings.companion.characters)
    given = Path(character).expanduser()
    try:
        path = cards.card_path(folder, character)
        missing: MissingInput | None = None
    except MissingInput as error:
        path, missing = None, error
    if path is not None and path.is_file():
        return path
    gone = history.forgotten(given.parent if "/" in character else folder, given.stem)
    if gone is None:
        raise missing or MissingInput(
            f"There is no card file for '{character}'.",
            "Make one: companion characters new NAME",
        )
    return gone


def _before(path: Path) -> int:
    """The newest version that is not what the card is now."""
    from companion.cards import history

    now = path.read_bytes() if path.is_file() else None
    for version in reversed(history.versions(path)):
        if version.path.read_bytes() != now:
            return version.number
    raise MissingInput(f"No other version of {path.name} was kept.", "It was never changed here.")


def _list(path: Path, *, as_json: bool) -> None:
    from datetime import UTC, datetime

    from companion.cards import history

    rows: list[dict[str, Any]] = [
        {
            "version": version.number,
            "kept": datetime.fromtimestamp(version.kept, UTC).isoformat(timespec="seconds"),
            "bytes": version.size,
            "path": str(version.path.resolve()),
        }
        for version in history.versions(path)
    ]
    if as_json:
        show_json({"path": str(path.resolve()), "versions": rows})
        return
    for row in rows:
        show(f"{row['version']:>4}  {row['kept']}  {row['bytes']:>9,} bytes")
    if not rows:
        SHELL.say(f"{path.name} was never changed here.")
