"""`companion memories`: look at what a character remembers."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli import documents
from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.memory import Memory
    from companion.values import Note

app = typer.Typer(help="What a character remembers of you.", no_args_is_help=True)

Character = Annotated[str, typer.Option("--character", "-c", help="Whose memories: id or path.")]
Owner = Annotated[str, typer.Option("--as", help="Memories of this person.", metavar="NAME")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")]
AsJson = Annotated[bool, typer.Option("--json", help="As one JSON object.")]


@contextmanager
def opened(character: str, owner: str, *, dense: bool) -> Iterator[Memory]:
    """The memory of an owner with a character; closed again afterwards."""
    from companion import cards
    from companion.compose import Wishes, open_memory
    from companion.errors import ConfigError

    settings = SHELL.settings()
    who = character or settings.companion.character
    card = cards.find_card(settings.path(settings.companion.characters), who)
    name = owner or settings.user.name or "friend"
    wanted = {"enabled": True} if dense else {"enabled": True, "embedder": "none"}
    settings = settings.model_copy(update={"memory": settings.memory.model_copy(update=wanted)})
    notices: list[str] = []
    memory = open_memory(settings, Wishes(), card, name, notices)
    if memory is None:
        raise ConfigError("The memory is switched off.", "Set [memory] enabled = true.")
    for notice in notices:
        SHELL.say(notice)
    try:
        yield memory
    finally:
        memory.close()


def as_dict(note: Note) -> dict[str, Any]:
    """A remembered line for `--json`."""
    return {
        "id": note.id,
        "who": note.who,
        "text": note.text,
        "said": note.said.isoformat(),
        "kind": note.kind,
        "source": note.source,
        "score": round(note.score, 4),
        "parts": {name: round(value, 4) for name, value in note.parts.items()},
    }


def as_line(note: Note) -> str:
    """A remembered line for people."""
    from companion.cli.screen import plain

    return f"{note.id[-12:]:>12}  {note.said:%Y-%m-%d %H:%M}  {plain(note.who)}: {plain(note.text)}"


@app.command("list")
def list_(
    character: Character = "", as_name: Owner = "", limit: Limit = 50, as_json: AsJson = False
) -> None:
    """The newest lines, newest first."""
    with opened(character, as_name, dense=False) as memory:
        notes = memory.memories(limit)
    _show(notes, as_json=as_json, nothing="Nothing is remembered yet.")


@app.command()
def search(
    words: Annotated[str, typer.Argument(help="What to look for.")],
    character: Character = "",
    as_name: Owner = "",
    limit: Limit = 10,
    as_json: AsJson = False,
) -> None:
    """What fits some words, best first, with its scores."""
    with opened(character, as_name, dense=True) as memory:
        for _ in memory.idle():  # what the last conversation had no time to index
            pass
        notes = memory.search(words, limit)
    if as_json:
        _show(notes, as_json=True, nothing="")
        return
    for note in notes:
        parts = " ".join(f"{name} {value:+.2f}" for name, value in note.parts.items())
        show(f"{as_line(note)}\n{'':14}score {note.score:+.2f} = {parts}")
    if not notes:
        SHELL.say("Nothing fits.")


@app.command("show")
def show_(
    name: Annotated[str, typer.Argument(metavar="ID", help="An id or its last four characters.")],
    character: Character = "",
    as_name: Owner = "",
    as_json: AsJson = False,
) -> None:
    """One memory, as XML."""
    with opened(character, as_name, dense=False) as memory:
        note = memory.get(name)
        xml = memory.to_xml(note.id)
    if as_json:
        show_json({"memory": {**as_dict(note), "xml": xml}})
    else:
        show(xml)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Documents.")],
    character: Character = "",
    as_name: Owner = "",
    as_json: AsJson = False,
) -> None:
    """Take in documents about the character's world: text, Markdown, PDF, XML, JSON lorebooks."""
    with opened(character, as_name, dense=True) as memory:
        taken = documents.take_in(memory, files)
    if as_json:
        made = [
            {**documents.as_dict(one.document), "new": one.passages, "skipped": list(one.skipped)}
            for one in taken
        ]
        show_json({"documents": made})
    else:
        documents.tell(taken)


@app.command("documents")
def documents_(character: Character = "", as_name: Owner = "", as_json: AsJson = False) -> None:
    """The documents that were taken in, oldest first."""
    with opened(character, as_name, dense=False) as memory:
        found = memory.lore.documents()
    documents.listing(found, as_json=as_json)


def _show(notes: tuple[Note, ...], *, as_json: bool, nothing: str) -> None:
    if as_json:
        show_json({"memories": [as_dict(note) for note in notes]})
        return
    for note in notes:
        show(as_line(note))
    if not notes:
        SHELL.say(nothing)
