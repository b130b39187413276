"""`companion conversations`: look at what was said."""

from __future__ import annotations

from typing import Annotated

import typer

from companion.cli.remembered import AsJson, Character, Owner, as_dict, opened
from companion.cli.screen import plain
from companion.cli.shell import SHELL, show, show_json

app = typer.Typer(help="What was said, conversation by conversation.", no_args_is_help=True)

Name = Annotated[
    str, typer.Argument(metavar="ID", help="A conversation's id or its end; '' is the newest.")
]


@app.command("list")
def list_(character: Character = "", as_name: Owner = "", as_json: AsJson = False) -> None:
    """All conversations, oldest first."""
    with opened(character, as_name, dense=False) as memory:
        found = memory.conversations()
    if as_json:
        rows = [
            {
                "id": c.id,
                "started": c.started.isoformat(),
                "ended": c.ended.isoformat(),
                "lines": c.lines,
                "first": c.first,
            }
            for c in found
        ]
        show_json({"conversations": rows})
        return
    for c in found:
        show(f"{c.id[-4:]}  {c.started:%Y-%m-%d %H:%M}  {c.lines:3} lines  {plain(c.first)[:60]}")
    if not found:
        SHELL.say("There are no conversations yet.")


@app.command("show")
def show_(
    name: Name = "", character: Character = "", as_name: Owner = "", as_json: AsJson = False
) -> None:
    """One conversation, line by line."""
    _lines(name, character, as_name, as_json=as_json, markdown=False)


@app.command()
def export(
    name: Name = "", character: Character = "", as_name: Owner = "", as_json: AsJson = False
) -> None:
    """One conversation as Markdown (or JSON) on stdout."""
    _lines(name, character, as_name, as_json=as_json, markdown=True)


def _lines(name: str, character: str, owner: str, *, as_json: bool, markdown: bool) -> None:
    from companion.errors import MissingInput, UsageError

    with opened(character, owner, dense=False) as memory:
        matches = [c for c in memory.conversations() if c.id.endswith(name.upper())]
        if not matches:
            raise MissingInput(
                f"There is no conversation '{name}'.", "See: companion conversations list"
            )
        if len(matches) > 1 and name:
            found = ", ".join(c.id for c in matches[:5])
            raise UsageError(f"'{name}' fits several conversations: {found}.", "Type more of it.")
        conversation = matches[-1]
        lines = memory.lines(conversation.id)
    if as_json:
        show_json({"conversation": conversation.id, "lines": [as_dict(line) for line in lines]})
        return
    if markdown:
        show(f"# {conversation.started:%A %Y-%m-%d %H:%M}\n")
    for line in lines:
        who, text = plain(line.who), plain(line.text)
        show(f"**{who}:** {text}\n" if markdown else f"{line.said:%H:%M}  {who}: {text}")
