"""`companion say`: speak a text with a character's voice."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.shell import SHELL, show_json
from companion.errors import UsageError

if TYPE_CHECKING:
    from companion.stages import Loudspeaker


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(say)


def say(
    text: Annotated[str, typer.Argument(help="What to say; '-' reads stdin.")],
    character: Annotated[
        str, typer.Option("--character", "-c", help="Whose voice: an id or a path.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a WAV instead.", metavar="WAV")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
) -> None:
    """Speak a text."""
    from companion import cards
    from companion.casting import load_voice
    from companion.compose import open_speaker
    from companion.flow import Cancel, ahead
    from companion.sound.keep import save
    from companion.sound.wav import WavSpeaker
    from companion.speech.clauses import split_clauses
    from companion.trace import Trace

    settings = SHELL.settings()
    words = sys.stdin.read() if text == "-" else text
    if not words.strip():
        raise UsageError("There is nothing to say.", "Give a text, or '-' and text on stdin.")
    who = character or settings.companion.character
    card = cards.find_card(settings.path(settings.companion.characters), who)
    voice = load_voice(settings, card)
    speaker: Loudspeaker = WavSpeaker(settings.audio.rate) if out else open_speaker(settings)
    cancel, trace = Cancel(), Trace()
    speech = ahead(voice.say(split_clauses([words]), cancel), cancel)
    said = speaker.play(speech, cancel, trace.started)
    if said.error is not None:
        raise said.error
    if out and isinstance(speaker, WavSpeaker):
        save(out, speaker.samples, speaker.rate, {"text": words.strip(), "character": card.id})
    if as_json:
        first = trace.ms["first_audio"]
        show_json({"text": words, "seconds": said.seconds, "first_audio_ms": first})
