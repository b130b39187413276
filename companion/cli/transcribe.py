"""`companion transcribe`: the words of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from companion.cli.shell import SHELL, show, show_json


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(transcribe)


def transcribe(
    wav: Annotated[Path, typer.Argument(help="A sound file: WAV, FLAC, OGG …")],
    as_json: Annotated[bool, typer.Option("--json", help="With confidence, as JSON.")] = False,
) -> None:
    """Write down what is said in a recording."""
    from companion.compose import load_whisper
    from companion.flow import Cancel
    from companion.sound.gate import Gate
    from companion.sound.wav import read_wav

    settings = SHELL.settings()
    recording = read_wav(wav)
    verdict = Gate().check(recording)
    heard = load_whisper(settings).transcribe(recording, Cancel()) if verdict.speech else None
    if as_json:
        show_json(
            {
                "audio": str(wav.resolve()),
                "seconds": round(recording.seconds, 3),
                "text": heard.text if heard else "",
                "confidence": round(heard.confidence, 3) if heard else 0.0,
                "speech": verdict.speech,
                "reason": verdict.reason,
            }
        )
    elif heard:
        show(heard.text)
    else:
        SHELL.say(f"No words: {verdict.reason or 'none were understood'}.")
