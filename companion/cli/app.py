"""All verbs together, and how each of them ends.

`run` is one of the three places that catch everything: it turns failures into one or two lines
and an exit code (see `companion.errors`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from companion import __version__
from companion.cli import (
    characters,
    config,
    conversations,
    demo,
    devices,
    doctor,
    init,
    memories,
    models,
    say,
    talk,
    transcribe,
    voices,
)
from companion.cli.shell import SHELL, report
from companion.errors import CompanionError

app = typer.Typer(
    name="companion",
    help="A voice character that lives on your machine and remembers you.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for verb in (talk, demo, say, transcribe, doctor, init):
    verb.register(app)
for name, room in {
    "characters": characters,
    "memories": memories,
    "conversations": conversations,
    "voices": voices,
    "models": models,
    "devices": devices,
    "config": config,
}.items():
    app.add_typer(room.app, name=name)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"companion {__version__}")
        raise typer.Exit


@app.callback()
def options(
    config_file: Annotated[
        Path | None, typer.Option("--config", help="Use this config.toml.", metavar="FILE")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Nothing may touch the network.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Results only.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options before the verb."""
    del version  # has done its work
    SHELL.config, SHELL.offline, SHELL.debug, SHELL.quiet = config_file, offline, debug, quiet


def run(arguments: list[str]) -> int:
    """Run one command; its exit code.

    One of the three places that catch everything: failures become one or two lines.
    """
    try:
        code = app(arguments, prog_name="companion", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:  # the reader has seen enough
        return 0
    except typer.Exit as done:
        return done.exit_code
    except Exception as error:
        if SHELL.debug:
            raise
        return failed(error)
    return code if isinstance(code, int) else 0


def failed(error: Exception) -> int:
    """Say what went wrong; the exit code. What nobody foresaw is our bug."""
    if isinstance(error, CompanionError):
        report(error)
        return error.code
    if hasattr(error, "show"):  # typer's own: a wrong argument
        error.show()
        return int(getattr(error, "exit_code", 2))
    print(f"companion: unexpected problem: {error!r}.", file=sys.stderr)
    print("  This is a bug. Run the same with --debug before the verb.", file=sys.stderr)
    return 70
