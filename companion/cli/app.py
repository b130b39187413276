"""All verbs together, and how each of them ends.

Only the module of the verb that is asked for is imported, so that `--help` is quick.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from companion import __version__
from companion.cli.shell import SHELL, report
from companion.errors import CompanionError

if TYPE_CHECKING:
    from collections.abc import Iterable

VERBS = {
    "talk": "Talk with a character: hold Space and speak.",
    "demo": "Play spoken scenes from recordings, or make files of them.",
    "why": "Why it said that: what was recalled, and what of it was used.",
    "stats": "How long turns took: stage by stage, over time, as pictures.",
    "bench": "What talking costs here: rows P1 to P30, each against its floor.",
    "calibrate": "Measure this machine, propose threads and models, foretell the first sound.",
    "say": "Speak a text.",
    "transcribe": "Write down what is said in a recording.",
    "doctor": "What is missing, and the command that mends it.",
    "init": "Make a workspace, or unpack one from a bundle.",
    "bundle": "Everything a character needs in one file, for a machine without network.",
}
ROOMS = {
    "characters": "The characters and their cards.",
    "memories": "What a character remembers of you.",
    "conversations": "What was said, conversation by conversation.",
    "voices": "The voices.",
    "models": "Language models and Whisper folders.",
    "devices": "Microphones and loudspeakers.",
    "ptt": "Press and release from another program: start, stop, toggle.",
    "eval": "How good a part is, on data that anybody can get.",
    "config": "Settings of this workspace.",
}
"""One line each, for the overview: `companion --help` must not import what it lists."""


def build(wanted: Iterable[str]) -> typer.Typer:
    """The command line with these verbs; of the others only name and purpose."""
    app = typer.Typer(
        name="companion",
        help="A voice character that lives on your machine and remembers you.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(options)
    chosen = set(wanted)
    for name, purpose in (VERBS | ROOMS).items():
        if name not in chosen:
            app.command(name, help=purpose)(_nothing)
        elif name in VERBS:
            importlib.import_module(f"companion.cli.{name}").register(app)
        else:
            app.add_typer(importlib.import_module(f"companion.cli.{name}").app, name=name)
    return app


def asked_for(arguments: list[str]) -> list[str]:
    """The verb among the arguments; all of them where the shell asks for completions."""
    if any(name.endswith("_COMPLETE") for name in os.environ):
        return [*VERBS, *ROOMS]
    words = iter(arguments)
    for word in words:
        if word == "--config":
            next(words, None)
        elif not word.startswith("-"):
            return [word]
    return []


def _nothing() -> None:
    """Stands for a verb in the overview."""


def _version(wanted: bool) -> None:
    if wanted:
        print(f"companion {__version__}")
        raise typer.Exit


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
        app = build(asked_for(arguments))
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
