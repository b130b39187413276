"""`companion ptt`: press and release from another program, a desktop's own shortcut above all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.shell import SHELL, show_json
from companion.errors import DeviceError

if TYPE_CHECKING:
    from companion.key.held import Held

app = typer.Typer(help="Press and release from another program.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Whether it records now, as JSON.")]

LISTENING, IDLE, DEAF = "listening", "idle", "deaf"
"""What a conversation answers: it records, it does not, it cannot."""


@app.callback()
def room() -> None:
    """Press and release the key of the conversation that runs in this workspace."""


@app.command()
def start(as_json: Json = False) -> None:
    """Begin to record, as if the key went down."""
    _call("start", as_json)


@app.command()
def stop(as_json: Json = False) -> None:
    """End it, and have it answered."""
    _call("stop", as_json)


@app.command()
def toggle(as_json: Json = False) -> None:
    """Begin or end, whichever is next."""
    _call("toggle", as_json)


def answer(word: str, held: Held, *, listens: bool) -> str:
    """Do in a conversation what `companion ptt WORD` asks; what goes back."""
    if not listens:
        return DEAF
    {"start": held.start, "stop": held.stop, "toggle": held.toggle}[word]()
    return LISTENING if held.recording else IDLE


def _call(word: str, as_json: bool) -> None:
    from companion.key.calls import NAME, call

    state = call(SHELL.settings().root / NAME, word)
    if state == DEAF:
        raise DeviceError("The conversation that runs here has no microphone.", "Type there.")
    if as_json:
        show_json({"recording": state == LISTENING})
    else:
        SHELL.say(state)
