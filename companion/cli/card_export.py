"""`companion characters export`: a card for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.shell import SHELL, show, show_json
from companion.errors import CannotCreate, UsageError

if TYPE_CHECKING:
    from companion.cards import Kind


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("export")(export)


def export(
    character: Annotated[str, typer.Argument(help="An id or a path.")],
    file: Annotated[
        Path | None, typer.Argument(help="Where to; its suffix says what it becomes.")
    ] = None,
    kind: Annotated[
        str, typer.Option("--to", help="png, charx, yaml, json-v2 or json-v3.", metavar="KIND")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Write a card as PNG, CHARX, JSON or YAML; what does not fit into that is said."""
    from companion import cards
    from companion.cards.write import SUFFIX
    from companion.cli.card_import import as_rows, say_repairs

    settings = SHELL.settings()
    card = cards.find_card(settings.path(settings.companion.characters), character)
    wanted = _kind(kind)
    path = (file or Path(f"{card.id}{SUFFIX[wanted or 'png']}")).expanduser()
    chosen = wanted or cards.kind_of(card, path)
    if path.exists() and not force:
        raise CannotCreate(f"{path} is there already.", "Overwrite it with --force.")
    cards.save(card, path, chosen)
    lost = cards.lost(card, chosen)
    if as_json:
        row = {"id": card.id, "path": str(path.resolve()), "kind": chosen}
        show_json({**row, "lost": as_rows(lost)})
        return
    show(str(path))
    say_repairs(lost)


def _kind(word: str) -> Kind | None:
    from companion import cards

    found = [kind for kind in cards.kinds() if kind == word.lower()]
    if word and not found:
        raise UsageError(
            f"There is no kind of card '{word}'.", f"There are: {', '.join(cards.kinds())}."
        )
    return found[0] if found else None
