"""`companion characters`: who is there, and what their cards say."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.cards import Broken, Card

app = typer.Typer(help="The characters and their cards.", no_args_is_help=True)
VERBS = (
    "card_new",
    "card_edit",
    "card_set",
    "card_lint",
    "card_preview",
    "card_say",
    "card_lore",
    "card_restore",
    "card_import",
    "card_export",
    "card_diff",
)
"""The verbs that have a module of their own."""


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Who is there."""
    from companion import cards

    settings = SHELL.settings()
    folder = settings.path(settings.companion.characters)
    found = cards.list_cards(folder)
    if as_json:
        show_json({"folder": str(folder.resolve()), "characters": [_row(c) for c in found]})
        return
    for card in found:
        show(_line(card, active=card.id == settings.companion.character))


@app.command("show")
def show_(
    character: Annotated[str, typer.Argument(help="An id or a path.")],
    user: Annotated[str, typer.Option("--as", help="Your name.", metavar="NAME")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What a card says, as the character hears it."""
    from companion import cards
    from companion.cli.card_import import say_repairs

    settings = SHELL.settings()
    card = cards.find_card(settings.path(settings.companion.characters), character)
    if as_json:
        show_json(_whole(card, user or settings.user.name))
        return
    persona = card.persona(user or settings.user.name)
    show(f"{persona.name} ({card.id})" + (f" · {card.path}" if card.path else ""))
    for label, text in (
        ("Description", persona.description),
        ("Personality", persona.personality),
        ("Scenario", persona.scenario),
        ("Instructions", "\n".join(filter(None, (persona.lead, persona.system)))),
        ("Greeting", persona.greeting),
        *((f"Example {n}", text) for n, text in enumerate(persona.examples, 1)),
        ("Last word", persona.post_history),
        *(("Note", one.text) for one in persona.aside),
        ("Voice", _voice(card)),
        ("For people", printable(card.fields.creator_notes)),
    ):
        if text:
            show(f"\n{label}\n{_indented(text)}")
    say_repairs(card.repairs)
    for note in card.notes:
        SHELL.say(f"Note: {printable(note)}")


def printable(text: str) -> str:
    """Text from a card, without what would steer the terminal."""
    from companion.cards.text import clean

    return clean(text)


def _indented(text: str) -> str:
    import textwrap

    lines = (textwrap.wrap(line, 96) or [""] for line in text.splitlines())
    return "\n".join(f"  {part}" for wrapped in lines for part in wrapped)


def _voice(card: Card) -> str:
    voice = card.voice
    parts = [
        voice.model or "the configured voice",
        f"speed {voice.speed:g}",
        f"gain {voice.gain:g}",
        f"stage directions: {voice.actions}",
        f"greeting: {voice.opening}",
    ]
    if voice.seconds is not None:
        parts.append(f"replies up to {voice.seconds:g} s")
    return ", ".join(parts)


def _line(card: Card | Broken, *, active: bool) -> str:
    from companion.cards import Broken

    mark = "*" if active else " "
    if isinstance(card, Broken):
        return f"{mark} {card.id:<16} cannot be read: {printable(str(card.error))}"
    first = printable(card.fields.personality or card.persona().description).split("\n")[0]
    return f"{mark} {card.id:<16} {card.name}" + (f" · {first[:60]}" if first else "")


def _row(card: Card | Broken) -> dict[str, Any]:
    from companion.cards import Broken
    from companion.cli.card_import import as_rows

    if isinstance(card, Broken):
        code = getattr(card.error, "reason", None)
        where = {"id": card.id, "path": str(card.path.resolve())}
        return {**where, "error": str(card.error), "code": code}
    path = str(card.path.resolve()) if card.path else None
    said = {"notes": list(card.notes), "repairs": as_rows(card.repairs)}
    return {"id": card.id, "name": card.name, "path": path, **said}


def _whole(card: Card, user: str) -> dict[str, Any]:
    import dataclasses

    return {
        **_row(card),
        "persona": dataclasses.asdict(card.persona(user)),
        "voice": card.voice.model_dump(),
        "creator_notes": card.fields.creator_notes,
    }


for verb in VERBS:
    importlib.import_module(f"companion.cli.{verb}").register(app)
