"""`companion characters new`: a card of your own, from a few answers or from another card."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.card_set import VOICE
from companion.cli.shell import SHELL, show_json
from companion.errors import CannotCreate, UsageError

if TYPE_CHECKING:
    from companion.cards import Card
    from companion.cards.formats.tree import Json
    from companion.config import Settings

HEAD = """\
# {name}. Every field is explained in docs/characters.md; `companion characters lint {id}` looks it
# over. {{{{user}}}} becomes your name and {{{{char}}}} the character's. Short plain sentences work
# best: they are read aloud.

"""
EXAMPLE = """\
<START>
{{user}}: How are you?
{{char}}: Better now. What was the best part of your day?
"""


QUESTIONS = {
    "description": "Who is {name}? A few sentences",
    "personality": "How is {name}? A few words, like: warm, dry humor",
    "scenario": "Where are you when you talk",
    "first_mes": "What does {name} say first",
}


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("new")(new)


def new(
    name: Annotated[str, typer.Argument(help="What the character is called.")] = "",
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="FIELD=VALUE...", help="As for `set`: voice.model=en_US-juno-low"),
    ] = None,
    template: Annotated[
        str, typer.Option("--from", help="Begin with this card: an id or a path.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Make a character: asks in a terminal, takes FIELD=VALUE elsewhere."""
    from companion.cards import history
    from companion.cards.text import slug
    from companion.cli.card_set import assignment
    from companion.key.terminal import is_terminal

    settings = SHELL.settings()
    asking = is_terminal() and not (as_json or fields)
    name = (name or (_ask("What is the character called") if asking else "")).strip()
    if not name:
        raise UsageError("A character needs a name.", "Run: companion characters new NAME")
    path = settings.path(settings.companion.characters) / f"{slug(name)}.yaml"
    _refuse_taken(path)
    said = dict(assignment(field) for field in fields or ())
    if asking and not template:
        said = _asked(name, settings)
    card = _made(settings, path, template, {"name": name, **said})
    history.put(path, _text(card).encode())
    if as_json:
        show_json({"id": card.id, "name": card.name, "path": str(path.resolve())})
    else:
        SHELL.say(f"{card.name} is in {path}.")
        SHELL.say(f"  companion characters edit {card.id}   then   companion talk {card.id}")


def _ask(question: str) -> str:
    print(f"{question}? ", end="", flush=True)
    return sys.stdin.readline().strip()


def _asked(name: str, settings: Settings) -> dict[str, Json]:
    """What the owner answers; an empty answer leaves the field as it is."""
    asked = {field: _ask(question.format(name=name)) for field, question in QUESTIONS.items()}
    voices = ", ".join(_voices(settings))
    question = f"Whose voice, of {voices}; empty for {settings.voice.model}"
    asked[f"{VOICE}.model"] = _ask(question)
    return {field: answer for field, answer in asked.items() if answer}


def _voices(settings: Settings) -> list[str]:
    from companion.pack.bundled import bundled

    folders = (settings.path(settings.companion.voices), bundled("voices"))
    return sorted({file.stem for folder in folders for file in folder.glob("*.onnx")})


def _refuse_taken(path: Path) -> None:
    from companion.cards.folder import card_files
    from companion.cards.text import slug

    taken = next((file for file in card_files(path.parent) if slug(file.stem) == path.stem), None)
    if taken is not None:
        raise CannotCreate(
            f"There is a character '{path.stem}' already: {taken}.",
            f"Choose another name, or run: companion characters edit {path.stem}",
        )


def _made(settings: Settings, path: Path, template: str, said: dict[str, Json]) -> Card:
    """The new card: the template with what was said put into it."""
    from companion import cards
    from companion.cards.formats.tree import Tree
    from companion.cards.model import from_tree

    plain: dict[str, Json] = {
        "name": "",
        "description": f"{said['name']} is …",
        "personality": "",
        "scenario": "",
        "first_mes": "Hello, {{user}}.",
        "mes_example": EXAMPLE,
        "extensions": {"companion": {"voice": {"model": settings.voice.model}}},
    }
    if template:
        plain = cards.find_card(settings.path(settings.companion.characters), template).data
    card = from_tree(Tree(dict(plain)), path)
    for field, value in said.items():
        card = cards.changed(card, field, value)
    return card


def _text(card: Card) -> str:
    """The card as YAML, with a line for people on top."""
    from companion.cards.formats import yaml_write

    return HEAD.format(name=card.name, id=card.id) + yaml_write.text(card.raw)
