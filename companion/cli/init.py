"""`companion init`: make a workspace."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from companion.cli.shell import SHELL, show_json
from companion.errors import CannotCreate


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(init)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new workspace.")],
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Make a workspace: settings, characters, voices, and room for models and memories.

    What is already there is left alone.
    """
    from companion.pack.bundled import bundled

    made: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("memory_db", "audio_out"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        (folder / "models").mkdir(exist_ok=True)
        for name in ("config.toml", "characters", "voices"):
            if not (folder / name).exists():
                _copy(bundled(name), folder / name)
                made.append(name)
    except OSError as error:
        raise CannotCreate(
            f"{folder} cannot be made a workspace: {error.strerror} ({error.filename}).",
            "Choose another folder.",
        ) from error
    root = folder.resolve()
    if as_json:
        show_json({"workspace": str(root), "made": made})
    else:
        SHELL.say(f"{root} is a Companion workspace. Go there and type: companion talk")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    else:
        shutil.copyfile(source, target)
