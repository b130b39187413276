"""`companion characters lore`: a character's lorebook, tried on words."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.cards import Card
    from companion.lore import Book, Message, Told, Why

LETTERS_A_TOKEN = 4
"""What a token is taken for: no model is loaded to try a lorebook."""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    lore = typer.Typer(help="The lorebook of a card.", no_args_is_help=True)
    lore.command("test")(try_on)
    app.add_typer(lore, name="lore")


def try_on(
    character: Annotated[str, typer.Argument(help="An id or a path, also of a lorebook.")],
    words: Annotated[
        list[str],
        typer.Argument(help="What you say. Several texts are a conversation; yours is the last."),
    ],
    turn: Annotated[int, typer.Option(help="Number of the turn, which chance depends on.")] = 1,
    user: Annotated[str, typer.Option("--as", help="Your name.", metavar="NAME")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Which entries words call up, and why each of the others is not."""
    import time

    from companion import worlds
    from companion.cards.persona import Opening

    settings = SHELL.settings()
    card, book, notes = _found(settings.path(settings.companion.characters), character)
    owner = user or settings.user.name or "friend"
    lorebook = worlds.lorebook(settings, card, book, Opening(owner), _tokens)
    began = time.perf_counter()
    told = lorebook.told(_talk(card, owner, words), turn, {}, everyone=True)
    took = 1000 * (time.perf_counter() - began)
    if as_json:
        cost = {"tokens": told.tokens, "limit": lorebook.limit, "ms": round(took, 2)}
        show_json(_whole(told, book, notes) | cost)
        return
    _show(told, book)
    room = f"about {told.tokens} of {lorebook.limit} tokens" if lorebook.limit is not None else ""
    SHELL.say(f"{len(told.entries)} of {len(book.entries)} entries told, {room}; {took:.1f} ms.")
    for note in (*notes, *told.notices):
        SHELL.say(f"Note: {_clean(note)}")


def _found(folder: Path, character: str) -> tuple[Card, Book, tuple[str, ...]]:
    """The card and its lorebook; for the path of a lorebook, that one with the built-in card."""
    from companion import cards, worlds
    from companion.errors import CardError
    from companion.lore import parse_book

    try:
        card = cards.find_card(folder, character)
    except CardError as error:
        with contextlib.suppress(CardError):
            return cards.DEFAULT_CARD, worlds.read_book(Path(character).expanduser()), ()
        raise error from None
    book, notes = parse_book(card.book_raw, sillytavern=card.sillytavern)
    if not book.entries:
        SHELL.say(f"{card.name} has no lorebook, or an empty one.")
    return card, book, notes


def _talk(card: Card, owner: str, words: list[str]) -> tuple[Message, ...]:
    """The texts as a conversation in which the owner has the last word."""
    from companion.lore import Message

    people = (("user", owner), ("assistant", card.called))
    said = [Message(*people[back % 2], text) for back, text in enumerate(reversed(words))]
    return tuple(reversed(said))


def _tokens(text: str) -> int:
    return -(-len(text) // LETTERS_A_TOKEN)


def _show(told: Told, book: Book) -> None:
    from companion.lore.explain import sentence

    for why in sorted(told.why, key=lambda why: not why.told):
        mark = "told" if why.told else " -  "
        show(f"{mark} {_clean(why.name)}: {_clean(sentence(why))}")
    for placed in told.entries:
        show(f"\n{_clean(placed.name)} ({_place(placed.place, placed.depth, placed.role)})")
        show("\n".join(f"  {line}" for line in _clean(placed.text).splitlines()))
    if book.sillytavern:
        SHELL.say("Keys and options mean what they mean in SillyTavern, which made this book.")


def _place(place: str, depth: int, role: str) -> str:
    return f"{depth} messages up, as {role}" if place == "at_depth" else place.replace("_", " ")


def _clean(text: str) -> str:
    from companion.cli.characters import printable

    return printable(text)


def _whole(told: Told, book: Book, notes: tuple[str, ...]) -> dict[str, Any]:
    import dataclasses

    return {
        "book": {"name": book.name, "entries": len(book.entries), "sillytavern": book.sillytavern},
        "told": [dataclasses.asdict(placed) for placed in told.entries],
        "entries": [_why(why) for why in told.why],
        "left_out": list(told.left_out),
        "notes": [*notes, *told.notices],
    }


def _why(why: Why) -> dict[str, Any]:
    import dataclasses

    from companion.lore.explain import sentence

    return {**dataclasses.asdict(why), "why": sentence(why)}
