"""`companion memories`: what a character remembers, and putting it right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli import correcting, documents, keeping
from companion.cli.remembered import (
    AsJson,
    Character,
    Id,
    Limit,
    Owner,
    as_dict,
    as_line,
    checked_kind,
    list_notes,
    opened,
    score,
)
from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.memory.record import Record

app = typer.Typer(help="What a character remembers of you.", no_args_is_help=True)


@app.command("list")
def list_(
    character: Character = "",
    as_name: Owner = "",
    limit: Limit = 50,
    as_json: AsJson = False,
    kind: Annotated[
        str, typer.Option("--kind", help="Only these: line, fact, preference, promise …")
    ] = "",
    forgotten: Annotated[
        bool, typer.Option("--forgotten", help="What is forgotten and not yet deleted.")
    ] = False,
) -> None:
    """The newest lines and memories, newest first."""
    from companion.memory.record.fields import KINDS

    checked_kind(kind, ("", "line", *KINDS))
    with opened(character, as_name, dense=False) as memory:
        if forgotten:
            notes = tuple(n for n in memory.forgotten() if kind in {"", n.kind})[:limit]
        else:
            notes = memory.memories(limit, kind)
    nothing = "Nothing waits to be deleted." if forgotten else "Nothing is remembered yet."
    list_notes(notes, as_json=as_json, nothing=nothing)


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
        list_notes(notes, as_json=True, nothing="")
        return
    for note in notes:
        show(f"{as_line(note)}\n{'':14}score {note.score:+.2f} = {score(note.parts)}")
    if not notes:
        SHELL.say("Nothing fits.")


@app.command("show")
def show_(
    name: Id,
    character: Character = "",
    as_name: Owner = "",
    as_json: AsJson = False,
    history: Annotated[
        bool, typer.Option("--history", help="Every version, oldest first.")
    ] = False,
) -> None:
    """One memory, as XML."""
    from companion.memory.record import serialise

    with opened(character, as_name, dense=False) as memory:
        note = memory.get(name)
        xml = memory.to_xml(note.id)
        versions = memory.history(note.id) if history else ()
    if as_json:
        every = {"history": [_version(one) for one in versions]} if history else {}
        show_json({"memory": {**as_dict(note), "xml": xml}, **every})
    else:
        show("\n".join(map(serialise, versions)) if history else xml)


@app.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Documents, or exported memories.")
    ],
    character: Character = "",
    as_name: Owner = "",
    as_json: AsJson = False,
) -> None:
    """Take in exported memories, or documents about the character's world.

    Documents are text, Markdown, PDF, XML and JSON lorebooks.
    """
    books = [path for path in files if documents.is_book(path)]
    papers = [path for path in files if path not in books]
    with opened(character, as_name, dense=bool(papers)) as memory:
        read = [keeping.read_book(memory, path) for path in books]
        taken = documents.take_in(memory, papers)
    if as_json:
        made = [
            {**documents.as_dict(one.document), "new": one.passages, "skipped": list(one.skipped)}
            for one in taken
        ]
        show_json({"documents": made, "books": list(map(keeping.as_dict, read))})
    else:
        keeping.tell(read)
        documents.tell(taken)


@app.command("documents")
def documents_(character: Character = "", as_name: Owner = "", as_json: AsJson = False) -> None:
    """The documents that were taken in, oldest first."""
    with opened(character, as_name, dense=False) as memory:
        found = memory.lore.documents()
    documents.listing(found, as_json=as_json)


def _version(record: Record) -> dict[str, Any]:
    """One version of a memory for `--json`."""
    from companion.memory.record import serialise

    return {
        "v": record.v,
        "status": record.status,
        "text": record.text,
        "created_by": record.created_by,
        "xml": serialise(record),
    }


correcting.register(app)
keeping.register(app)
