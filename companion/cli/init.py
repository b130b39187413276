"""`companion init`: make a workspace, or unpack one from a bundle."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from companion import __version__
from companion.cli.shell import SHELL, show_json
from companion.errors import CannotCreate, ConfigError, UsageError

if TYPE_CHECKING:
    from companion.pack.bundle import Contents

MAKEFILE = """\
# make talk    hold a conversation; where there is neither a microphone nor a terminal, the demo
#
# More words are passed on:  make talk ARGS="--as Sam"

PYTHON ?= {python}
ARGS ?=

.PHONY: talk
talk:
\t@$(PYTHON) -m companion.bootstrap here $(ARGS)
"""
"""Of an unpacked workspace; the program itself is the one that unpacked it."""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(init)


def init(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="The new workspace.")] = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="Unpack what `companion bundle` wrote.", metavar="FILE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Make a workspace: settings, characters, voices, and room for models and memories.

    What is already there is left alone. With --from nothing may be there yet: every file of the
    bundle is checked, and all of them are unpacked or none; no network is needed.
    """
    if from_ is not None:
        _unpack(from_.expanduser(), folder, as_json=as_json)
        return
    if folder is None:
        raise UsageError("Where should the workspace be?", "Run: companion init DIR")
    made = _make(folder)
    root = folder.resolve()
    if as_json:
        show_json({"workspace": str(root), "made": made})
    else:
        SHELL.say(f"{root} is a Companion workspace. Go there and type: companion talk")


def _make(folder: Path) -> list[str]:
    """Make what is not there yet, and say what that was."""
    from companion.pack.bundled import bundled

    made: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _make_room(folder)
        for name in ("config.toml", "characters", "voices"):
            if not (folder / name).exists():
                _copy(bundled(name), folder / name)
                made.append(name)
    except OSError as error:
        raise CannotCreate(
            f"{folder} cannot be made a workspace: {error.strerror} ({error.filename}).",
            "Choose another folder.",
        ) from error
    return made


def _make_room(folder: Path) -> None:
    for name in ("memory_db", "audio_out"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    (folder / "models").mkdir(exist_ok=True)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    else:
        shutil.copyfile(source, target)


def _unpack(archive: Path, folder: Path | None, *, as_json: bool) -> None:
    from companion.cli.bundle import progress, tell
    from companion.cli.leave import in_order
    from companion.pack.unbundle import look, unpack

    target = (folder or Path(archive.stem)).expanduser()
    with in_order(), progress("unpacking", look(archive).size) as more:
        contents = unpack(archive, target, more, _finish)
    root = target.resolve()
    made = sorted(path.name for path in root.iterdir())
    if as_json:
        about = contents.model_dump(mode="json", by_alias=True)
        show_json({"workspace": str(root), "made": made, "contents": about})
        return
    tell(contents, SHELL.say)
    SHELL.say(_next(contents, root))


def _finish(folder: Path) -> None:
    """Make a workspace of what was unpacked, before it is in its place."""
    from companion.pack.portable import check

    try:
        check(folder)
    except ConfigError as error:
        raise ConfigError(
            f"The settings in the bundle do not fit Companion {__version__}: {error}",
            "Install the version that made it: companion bundle --list FILE says which.",
        ) from error
    _make_room(folder)
    (folder / "memory_db").chmod(0o700)
    (folder / "characters").mkdir(exist_ok=True)
    python = shlex.quote(sys.executable).replace("$", "$$")
    (folder / "Makefile").write_text(MAKEFILE.format(python=python), "utf-8")


def _next(contents: Contents, root: Path) -> str:
    from companion.cards.text import one_line

    whose = f", with the memories of {one_line(contents.owner, 60)}" if contents.owner else ""
    return (
        f"All {len(contents.files)} files are as they were packed. {root} is a Companion workspace"
        f"{whose}. Go there and type: make talk"
    )
