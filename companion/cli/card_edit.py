"""`companion characters edit`: a card as YAML, in the owner's own editor.

What is typed stands in a file of its own from the first moment on, and leaves it only when it
has become the card: a slip, a crash or a full disk loses nothing.
"""

from __future__ import annotations

import re
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.editor import open_in_editor
from companion.cli.shell import SHELL, report, show_json
from companion.errors import CannotCreate, CardError, CompanionError

if TYPE_CHECKING:
    from companion.cards import Card
    from companion.cards.sheet import Sheet

AT_ONCE = 0.3
"""Seconds in which nobody reads a card, let alone types."""

_LINE = re.compile(r"\bline (\d+)")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("edit")(edit)


def edit(
    character: Annotated[str, typer.Argument(help="An id or a path.")],
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew where an unfinished edit was kept.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="What came of it, as JSON.")] = False,
) -> None:
    """Edit a card in your editor ($VISUAL or $EDITOR), its texts as blocks of YAML."""
    from companion.cards import history
    from companion.cards.sheet import sheet_of
    from companion.cli.card_restore import file_of

    path = file_of(character)
    sheet = sheet_of(path)
    draft = history.draft_of(path).with_suffix(sheet.suffix)
    if draft.is_file() and not fresh:
        SHELL.say(f"An edit of {path.name} that did not become the card is opened again.")
        if path.stat().st_mtime_ns > draft.stat().st_mtime_ns:
            SHELL.say("  The card was changed after that; saved, this takes the place of it.")
        SHELL.say(f"  To begin anew: {_command(character)} --fresh")
    else:
        history.put(draft, sheet.text)
    began = time.monotonic()
    card = _edited(sheet, draft, f"`{_command(character)}` opens it again.")
    draft.unlink(missing_ok=True)
    if card is None:
        SHELL.say("Nothing was changed.")
        if time.monotonic() - began < AT_ONCE:
            SHELL.say("  An editor that comes back at once has to be told to wait: code --wait")
    else:
        SHELL.say(f"{path} is as you wrote it. `restore` takes it back.")
        _point_at(card)
    if as_json:
        show_json({"path": str(path.resolve()), "changed": card is not None})


def _command(character: str) -> str:
    return f"companion characters edit {shlex.quote(character)}"


def _edited(sheet: Sheet, draft: Path, again: str) -> Card | None:
    """The card as it was typed and saved; None where it was left as it is.

    Raises:
        CompanionError: It cannot be a card as it is and was not edited further; it is kept.
    """
    from companion.cards import save
    from companion.cli.card_set import now
    from companion.key.terminal import is_terminal

    line = 0
    while True:
        try:
            open_in_editor(draft, line)
            typed = draft.read_bytes()
            return sheet.save(typed, save, now()) if typed != sheet.text else None
        except CompanionError as error:
            kept = f"What you typed is kept in {draft}."
            if not (isinstance(error, CardError) and is_terminal()):
                raise _with(error, kept, again) from error
            if not _wants_to_go_on(error, kept):
                raise CardError(f"{sheet.path.name} is unchanged.", f"{kept} {again}") from error
            found = _LINE.search(str(error))
            line = int(found[1]) if found else 0


def _wants_to_go_on(error: CardError, kept: str) -> bool:
    """Say what is wrong, and ask whether the editor is to be opened again."""
    report(error)
    SHELL.say(f"  {kept}")
    print("Open it again, at that line? [Y/n] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in {"", "y", "yes"}


def _with(error: CompanionError, kept: str, again: str) -> CompanionError:
    """The same error, and where the text is."""
    if isinstance(error, CardError):
        return CardError(Exception.__str__(error), f"{kept} {again}", error.reason, error.place)
    if isinstance(error, CannotCreate):
        return CannotCreate(Exception.__str__(error), kept)
    return error


def _point_at(card: Card) -> None:
    """What `lint` would say of it, as far as it matters; nothing is refused for it."""
    from companion.cli.card_lint import examine
    from companion.cli.characters import printable

    findings = examine(SHELL.settings(), card).findings
    for finding in findings:
        if finding.level != "note":
            SHELL.say(printable(f"  {finding.level} {finding.place or '/'}: {finding.said}"))
