"""`companion doctor`: what is missing, and the command that mends it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from companion.cli.shell import SHELL, show, show_json


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Check libraries, settings, models, voices, characters, memory and devices.

    Exit code 0 where a conversation is possible, 69 where something necessary is missing.
    """
    from companion.doctor import examine

    findings = []
    for finding in examine(SHELL.settings, offline=SHELL.offline):
        findings.append(finding)
        if not as_json:
            sign = "ok " if finding.ok else ("BAD" if finding.needed else "-- ")
            cure = f" → {finding.cure}" if finding.cure else ""
            show(f"{sign} {finding.name}: {finding.found}{cure}")
    healthy = all(f.ok or not f.needed for f in findings)
    if as_json:
        show_json({"healthy": healthy, "findings": [asdict(f) for f in findings]})
    raise typer.Exit(0 if healthy else 69)
