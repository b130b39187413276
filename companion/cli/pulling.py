"""What `models pull` and `voices pull` share: show what it costs, ask, show how far it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from companion.cli.shell import SHELL, show_json
from companion.errors import Offline, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from companion.pack.hub import Hub
    from companion.pack.pull import Plan


def refuse_offline(what: str) -> None:
    """Stop before anything touches the network, if it must not.

    Raises:
        Offline: `--offline` was given.
    """
    if SHELL.offline:
        raise Offline(
            f"Offline mode: {what} would have to be downloaded.",
            "Run without --offline; or copy the files here and name them in config.toml.",
        )


def pull(plans: list[Plan], hub: Hub, *, yes: bool, as_json: bool) -> None:
    """Show what would be pulled, ask, and pull it.

    Raises:
        UsageError: Nobody is there to ask, and `--yes` was not given.
    """
    left = sum(plan.left for plan in plans)
    _describe(plans, left)
    if any(plan.jobs for plan in plans):
        if not yes:
            _ask()
        paths = _fetch(plans, hub)
    else:
        paths = [path for plan in plans for path in plan.present]
        SHELL.say("Everything is here already.")
    if as_json:
        show_json({"fetched_bytes": left, "files": [str(path.resolve()) for path in paths]})
    _next(plans)


def _describe(plans: list[Plan], left: int) -> None:
    from companion.pack.gguf import gigabytes

    for plan in plans:
        state = gigabytes(plan.part.size) if plan.jobs else "here already"
        SHELL.say(f"{plan.part.about}: {state}")
        SHELL.say(f"  licence: {plan.part.licence}")
        SHELL.say(f"  from: {plan.part.repo} ({plan.part.revision[:12]})")
        if plan.jobs:
            SHELL.say(f"  checked by: {plan.trust}")
    if left:
        SHELL.say(f"To download: {gigabytes(left)}, into {plans[0].folder}")


def _ask() -> None:
    if not sys.stdin.isatty():
        raise UsageError("Nobody is here to agree to the download.", "Add --yes.")
    typer.confirm("Download now?", abort=True, err=True)


def _fetch(plans: list[Plan], hub: Hub) -> list[Path]:
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn
    from rich.text import Text

    from companion.pack.pull import fetch

    day = datetime.now(UTC).date().isoformat()
    console = Console(stderr=True, quiet=SHELL.quiet)
    columns = (*Progress.get_default_columns()[:2], DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as bars:
        tasks: dict[str, Any] = {}

        def progress(name: str, done: int, size: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(Text(name).plain.replace("[", "("), total=size)
            bars.update(tasks[name], completed=done)

        return [path for plan in plans for path in fetch(plan, hub, progress, day=day)]


def _next(plans: list[Plan]) -> None:
    """How to use what was pulled."""
    SHELL.say("To use it:")
    for plan in plans:
        section, value = plan.part.setting
        SHELL.say(f"  companion config set {section}.model {value}")
