"""`companion devices`: microphones and loudspeakers."""

from __future__ import annotations

from typing import Annotated

import typer

from companion.cli.shell import SHELL, show, show_json

app = typer.Typer(help="Microphones and loudspeakers.", no_args_is_help=True)


@app.callback()
def room() -> None:
    """Microphones and loudspeakers."""


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """The devices that can be used; * marks the system's choice."""
    from companion.sound.device import list_devices

    devices = list_devices()
    if as_json:
        rows = [
            {
                "name": d.name,
                "kind": d.kind,
                "rate": d.rate,
                "channels": d.channels,
                "default": d.default,
                "api": d.api,
            }
            for d in devices
        ]
        show_json({"devices": rows})
        return
    for d in devices:
        mark = "*" if d.default else " "
        kind = "microphone" if d.kind == "input" else "loudspeaker"
        show(f"{mark} {kind:<11}  {d.name}  ({d.rate} Hz, {d.channels} channels, {d.api})")
    if not devices:
        SHELL.say("No sound device found. `companion talk --text` works without one.")
