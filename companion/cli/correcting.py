"""`companion memories add|edit|forget|restore`: putting right what a character remembers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.remembered import (
    AsJson,
    Character,
    Id,
    Owner,
    as_dict,
    as_line,
    checked_kind,
    opened,
)
from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.memory import Memory
    from companion.memory.forget import Forgotten
    from companion.memory.forget.purge import Receipt

TOLD = ("fact", "preference", "event", "promise", "relationship")
"""Kinds that can be told by hand; a summary is made of what was said."""
EVERYTHING = "everything"
"""In place of an id: all there is."""
Text = Annotated[str, typer.Argument(metavar="TEXT", help="One sentence that stands alone.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(add)
    app.command()(edit)
    app.command()(forget)
    app.command()(restore)


def add(
    text: Text,
    kind: Annotated[
        str, typer.Option("--kind", help="fact, preference, event, promise or relationship.")
    ] = "fact",
    pinned: Annotated[bool, typer.Option("--pin", help="Always worth telling.")] = False,
    character: Character = "",
    as_name: Owner = "",
    as_json: AsJson = False,
) -> None:
    """Tell it something, such as "Sam is allergic to nuts."."""
    checked_kind(kind, TOLD)
    with opened(character, as_name, dense=False) as memory:
        note = memory.know(text, kind, pinned=pinned)
    if as_json:
        show_json({"memory": as_dict(note)})
    else:
        show(as_line(note))


def edit(
    name: Id, text: Text, character: Character = "", as_name: Owner = "", as_json: AsJson = False
) -> None:
    """Put the words of a memory right; `show --history` has what they were."""
    with opened(character, as_name, dense=False) as memory:
        note = memory.edit(name, text)
    if as_json:
        show_json({"memory": as_dict(note)})
    else:
        show(as_line(note))


def forget(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]…", help='Ids, or their last four; or "everything".'),
    ] = None,
    about: Annotated[
        str, typer.Option("--about", help="All that speaks of this.", metavar="TOPIC")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete for good, unasked.")] = False,
    character: Character = "",
    as_name: Owner = "",
    as_json: AsJson = False,
) -> None:
    """Forget: what goes is shown and hidden, and deleted for good when you say so.

    Without any ID: what is hidden, and waits to be deleted.
    """
    with opened(character, as_name, dense=True) as memory:
        gone = _hide(memory, names or [], about)
        if not as_json:
            _tell(gone)
        if not gone.ids:
            receipt = None
        else:
            receipt = memory.purge(gone.ids) if yes or _sure(len(gone.ids), as_json) else None
    if as_json:
        show_json(
            {
                "forgotten": [as_dict(note) for note in gone.asked],
                "also": [as_dict(note) for note in gone.also],
                "purged": receipt is not None,
                "receipt": _receipt(receipt) if receipt else None,
            }
        )
    elif receipt is not None:
        for sentence in receipt.told():
            show(sentence)
    elif gone.ids:
        SHELL.say("Hidden, not deleted: `companion memories restore ID` brings it back,")
        SHELL.say("`companion memories forget --yes` deletes it for good.")
    if receipt is not None and not receipt.verified:
        raise typer.Exit(74)


def restore(
    name: Id, character: Character = "", as_name: Owner = "", as_json: AsJson = False
) -> None:
    """Bring back what was forgotten and is not yet deleted."""
    with opened(character, as_name, dense=False) as memory:
        notes = memory.restore(name)
    if as_json:
        show_json({"restored": [as_dict(note) for note in notes]})
        return
    for note in notes:
        show(as_line(note))


# ── inside ───────────────────────────────────────────────────────────────────────────────────


def _hide(memory: Memory, names: list[str], about: str) -> Forgotten:
    from companion.memory.forget import Forgotten

    everything = EVERYTHING in names
    wanted = [name for name in names if name != EVERYTHING]
    wanted += [note.id for note in memory.about(about)] if about else []
    wanted += memory.everything() if everything else []
    if wanted:
        return memory.forget(wanted)
    if about or everything:
        return Forgotten()
    return Forgotten(memory.forgotten())


def _tell(gone: Forgotten) -> None:
    """Show what goes."""
    for note in gone.asked:
        show(as_line(note))
    if gone.also:
        SHELL.say("and with it:")
    for note in gone.also:
        show(as_line(note))
    if not gone.ids:
        SHELL.say("There is nothing to forget.")


def _sure(count: int, as_json: bool) -> bool:
    """Ask at a terminal; elsewhere nobody can say yes."""
    if as_json or not sys.stdin.isatty():
        return False
    what = "it" if count == 1 else f"these {count}"
    return typer.confirm(f"Delete {what} for good?", default=False, err=True)


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "at": receipt.at.isoformat(),
        "ids": list(receipt.ids),
        "removed": dict(receipt.removed),
        "searched": receipt.searched,
        "words": receipt.words,
        "left": [{"path": str(one.path), "count": one.count} for one in receipt.left],
        "changed": list(receipt.changed),
        "away": receipt.away,
        "elsewhere": receipt.elsewhere,
        "verified": receipt.verified,
    }
