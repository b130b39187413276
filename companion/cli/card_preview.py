"""`companion characters preview`: the exact prompt, part by part, and what was left out of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.cards import Card
    from companion.cards.persona import Opening
    from companion.config import Settings
    from companion.prompt import Assembler
    from companion.prompt.preview import Share
    from companion.values import Prompt


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("preview")(preview)


def preview(
    character: Annotated[str, typer.Argument(help="An id or a path.")],
    words: Annotated[str, typer.Option("--words", help="What you would say.")] = "Hello.",
    user: Annotated[str, typer.Option("--as", help="Your name.", metavar="NAME")] = "",
    greeting: Annotated[int, typer.Option("--greeting", min=0, help="Which greeting.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The exact prompt of a first turn by section, its tokens, and what was left out."""
    from companion import cards
    from companion.cards.persona import Opening
    from companion.compose import model_path
    from companion.llm.vocabulary import Vocabulary
    from companion.prompt.preview import shares
    from companion.prompting import assembler

    settings = SHELL.settings()
    card = cards.find_card(settings.path(settings.companion.characters), character)
    reader = Vocabulary(model_path(settings, settings.llm.model))
    builder = assembler(settings, reader)
    opening = Opening(user or settings.user.name, greeting=greeting)
    prompt, left_out = built(settings, card, opening, words, builder)
    parts = shares(prompt.sections, reader.count)
    if as_json:
        show_json(_whole(card, settings, parts, prompt, left_out))
    else:
        _show(settings, parts, prompt, left_out)


def built(
    settings: Settings, card: Card, opening: Opening, words: str, builder: Assembler
) -> tuple[Prompt, tuple[str, ...]]:
    """The prompt of a first turn, at a time that is always the same, and what was left out."""
    from datetime import UTC, datetime

    from companion.prompt import Now
    from companion.values import Lore
    from companion.worlds import opened

    persona = card.persona(opening=opening)
    world = opened(settings, card, opening, builder.count)
    lore = world.tell(persona, (), words) if world else Lore()
    noon = datetime(2000, 1, 1, 12, tzinfo=UTC)
    prompt = builder.assemble(persona, [], Now(words, (), noon, lore.entries))
    return prompt, (*prompt.dropped, *lore.dropped)


def _show(
    settings: Settings, parts: tuple[Share, ...], prompt: Prompt, left_out: tuple[str, ...]
) -> None:
    from companion.cli.characters import printable

    for share in parts:
        name = share.section if share.part == share.section else f"{share.section} · {share.part}"
        show(f"── {name} · {share.tokens} tokens")
        show(printable(share.text))
    room = settings.llm.context - settings.llm.reply
    show(f"── {len(prompt.tokens)} of {room} tokens, {room - len(prompt.tokens)} free")
    if left_out:
        show(printable(f"Left out: {', '.join(left_out)}."))


def _whole(
    card: Card,
    settings: Settings,
    parts: tuple[Share, ...],
    prompt: Prompt,
    left_out: tuple[str, ...],
) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "tokens": len(prompt.tokens),
        "context": settings.llm.context,
        "reply": settings.llm.reply,
        "sections": [dataclasses.asdict(share) for share in parts],
        "dropped": list(left_out),
        "stops": list(prompt.stops),
    }
