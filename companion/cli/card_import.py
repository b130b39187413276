"""`companion characters import`: a card, or a lorebook, from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.shell import SHELL, show, show_json
from companion.errors import CannotCreate

if TYPE_CHECKING:
    from companion.cards import Card, Repair


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("import")(import_)


def import_(
    file: Annotated[Path, typer.Argument(help="A PNG, JSON, CHARX, JPEG or YAML file.")],
    name: Annotated[str, typer.Option("--id", help="Its id; the file's name without.")] = "",
    into: Annotated[
        str, typer.Option("--into", help="FILE is a lorebook: make it this character's book.")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of what is there; it is kept.")
    ] = False,
    mend: Annotated[
        bool, typer.Option("--mend-letters", help="Put right texts like cafÃ© for café.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Take a card into the characters folder, as it is; what is odd in it is said."""
    from companion.cards import bring, folder, history
    from companion.cards.text import one_line, slug

    settings = SHELL.settings()
    if into:
        card, repairs = _book(file.expanduser(), into, replace=replace)
    else:
        there = settings.path(settings.companion.characters)
        if replace:
            for path in folder.card_files(there):
                if slug(path.stem) == slug(name or file.stem):
                    history.keep(path)
        card = bring.bring_in(file.expanduser(), there, name, replaces=replace)
        if mend:
            card = _mended(card)
        repairs = card.repairs
    if as_json:
        show_json(_told(card, repairs))
        return
    show(card.id)
    SHELL.say(f"{card.name} is in {card.path}.")
    say_repairs(repairs)
    for note in card.notes:
        SHELL.say(one_line(f"Note: {note}", 300))


def _mended(card: Card) -> Card:
    """A card with its letters put right; what it was is kept, and one that is right is left."""
    from companion.cards.change import with_letters
    from companion.cli.card_set import keep_and_save

    made = with_letters(card)
    if made.raw != card.raw:
        keep_and_save(made)
    return made


def say_repairs(repairs: tuple[Repair, ...]) -> None:
    """Each repair on a line of its own, to stderr."""
    from companion.cards.text import one_line

    for repair in repairs:
        SHELL.say(one_line(f"{repair.code} {repair.place} {repair.said}", 300))


def as_rows(repairs: tuple[Repair, ...]) -> list[dict[str, str]]:
    """Repairs for `--json`."""
    return [{"code": r.code, "place": r.place, "said": r.said} for r in repairs]


def _told(card: Card, repairs: tuple[Repair, ...]) -> dict[str, object]:
    return {
        "id": card.id,
        "name": card.name,
        "path": str(card.path.resolve()) if card.path else None,
        "repairs": as_rows(repairs),
        "notes": list(card.notes),
    }


def _book(file: Path, into: str, *, replace: bool) -> tuple[Card, tuple[Repair, ...]]:
    """Make a lorebook the book of a character."""
    from companion import cards
    from companion.cards.folder import tree_of
    from companion.cards.world import lone_book
    from companion.cli.card_restore import file_of
    from companion.cli.card_set import keep_and_save, now

    book, repairs = lone_book(tree_of(file).raw, file.name)
    card = cards.load_card(file_of(into))
    if card.book_raw and card.book_raw["entries"] and not replace:
        raise CannotCreate(
            f"{card.name} has a lorebook already. Nothing was imported.",
            "Take its place with --replace; the card as it was is kept.",
        )
    made = cards.changed(card, "character_book", book, now())
    keep_and_save(made)
    return made, repairs
