"""`companion characters say`: what a character says first, in its own voice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.shell import SHELL, show, show_json
from companion.errors import MissingInput

if TYPE_CHECKING:
    from companion.cards import Card
    from companion.config import Settings
    from companion.values import Said


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("say")(say)


def say(
    character: Annotated[str, typer.Argument(help="An id or a path.")],
    greeting: Annotated[
        int, typer.Option("--greeting", "-g", help="Which: 0 is first_mes, 1 the next.", min=0)
    ] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a WAV instead.", metavar="WAV")
    ] = None,
    user: Annotated[str, typer.Option("--as", help="Your name.", metavar="NAME")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
) -> None:
    """Speak a character's greeting with its voice, stage directions as the card wants them."""
    from companion import cards

    settings = SHELL.settings()
    card = cards.find_card(settings.path(settings.companion.characters), character)
    text = _greeting(card, greeting, user or settings.user.name)
    if not as_json:
        show(text)
    said = _spoken(settings, card, text, out)
    if as_json:
        figures = {"seconds": said.seconds, "complete": said.complete}
        path = str(out.resolve()) if out else None
        show_json({"id": card.id, "greeting": greeting, "text": text, **figures, "path": path})


def _greeting(card: Card, number: int, user: str) -> str:
    """The greeting as it is said.

    Raises:
        MissingInput: The card has no such greeting.
    """
    from companion.cards import macros
    from companion.cards.text import clean

    texts = [card.fields.first_mes, *card.fields.alternate_greetings]
    text = texts[number] if number < len(texts) else ""
    said = clean(macros.expand(text, card.called, user or "friend", aloud=True))
    if not said:
        raise MissingInput(
            f"{card.id} has no greeting {number}.",
            f"It has {len(texts)}, counted from 0." if any(texts) else "Write first_mes.",
        )
    return said


def _spoken(settings: Settings, card: Card, text: str, out: Path | None) -> Said:
    from companion import casting
    from companion.compose import open_speaker
    from companion.flow import Cancel, ahead
    from companion.sound.keep import save
    from companion.sound.wav import WavSpeaker
    from companion.speech.clauses import split_clauses

    voice = casting.with_asides(settings, card, casting.load_voice(settings, card))
    cancel = Cancel()
    clauses = split_clauses([text], actions=casting.actions(card))
    speech = ahead(voice.say(clauses, cancel), cancel)
    if out is None:
        said = open_speaker(settings).play(speech, cancel)
    else:
        speaker = WavSpeaker(settings.audio.rate)
        said = speaker.play(speech, cancel)
        save(out, speaker.samples, speaker.rate, {"text": text, "character": card.id})
    if said.error is not None:
        raise said.error
    return said
