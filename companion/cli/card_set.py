"""`companion characters set`: one or more fields of a card, from the command line."""

from __future__ import annotations

import difflib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from companion.cards.flavour import V2_FIELDS, V3_FIELDS
from companion.cli.shell import SHELL, show_json
from companion.errors import CardError, MissingInput, UsageError

if TYPE_CHECKING:
    from companion.cards import Card
    from companion.cards.formats.tree import Json

VOICE = "extensions.companion.voice"
LISTS = ("alternate_greetings", "tags", "group_only_greetings", "source")
_ENTRY = r"character_book\.entries\.[^.]+"
_KEYS = re.compile(rf"{_ENTRY}\.(secondary_)?keys")
_ITEM = re.compile(rf"({'|'.join(LISTS)}|{_KEYS.pattern})\.\d+")
"""An item of a list of texts; nothing takes it out."""
_TEXT = re.compile(
    rf"{_ENTRY}\.(content|name|comment)|character_book\.(name|description)"
    r"|extensions\.depth_prompt\.prompt|creator_notes_multilingual\..+"
)
"""A text that stands inside something."""
_WHOLE = re.compile(rf"{_ENTRY}|character_book(\.entries)?|extensions|assets")
"""What is never a text, so that a slip in it is one."""
_QUOTES = ('"', "'")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("set")(set_)


def set_(
    character: Annotated[str, typer.Argument(help="An id or a path.")],
    settings: Annotated[
        list[str],
        typer.Argument(
            metavar="FIELD=VALUE...",
            help="For example personality='dry, warm' or voice.speed=0.9. FIELD=@FILE takes a "
            "file's text, FIELD=@- stdin; FIELD= empties it.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Set fields of a card; everything else in its file stays as it is."""
    from companion import cards
    from companion.cli.card_restore import file_of

    card = cards.load_card(file_of(character))
    pairs = [assignment(setting) for setting in settings]
    for field, value in pairs:
        card = cards.changed(card, field, value, now())
    path = keep_and_save(card)
    if as_json:
        show_json({"id": card.id, "path": str(path.resolve()), "set": dict(pairs)})
    else:
        SHELL.say(f"{', '.join(field for field, _ in pairs)} set in {path}.")
    for field, _ in pairs:
        if said := doubt(field):
            SHELL.say(said)


def doubt(field: str) -> str:
    """What is to be said of a field that no card has; it may be a slip."""
    known = (*V2_FIELDS, *V3_FIELDS)
    name = field.partition(".")[0]
    if name in known:
        return ""
    near = difflib.get_close_matches(name, known, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"{name} is no field that we know; it was set all the same.{meant}"


def now() -> int:
    """The time, for cards that keep the date of their last change."""
    import time

    return int(time.time())


def keep_and_save(card: Card) -> Path:
    """Write a card back to its file, its last version kept."""
    from companion import cards
    from companion.cards import history

    if card.path is None:
        raise MissingInput(
            f"{card.name} is built in and has no file.", "Make your own: companion characters new"
        )
    history.keep(card.path)
    cards.save(card, card.path.resolve())  # a link stays a link
    return card.path


def assignment(setting: str) -> tuple[str, Json]:
    """(field by its full name, value) of FIELD=VALUE, both without halves of characters."""
    from companion.cards.formats.tree import paired
    from companion.cards.repair import writable

    name, equals, text = setting.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"'{setting}' sets nothing.", "Write FIELD=VALUE, like scenario='A cafe.'")
    field = full_name(paired(name.strip()))
    return field, writable(_value(field, paired(_text(text))), "", [])


def full_name(name: str) -> str:
    """The field's whole path; `voice` and `voice.speed` are short for where we keep them."""
    head, dot, rest = name.partition(".")
    return f"{VOICE}{dot}{rest}" if head == "voice" else name


def _text(text: str) -> str:
    if text == "@-":
        return sys.stdin.read()
    if text.startswith("@"):
        try:
            return Path(text[1:]).expanduser().read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise MissingInput(f"{text[1:]} cannot be read: {error}.", "Check the path.") from error
    return text.removeprefix("\\")


def _value(field: str, text: str) -> Json:
    """What a text means for a field: texts are texts; elsewhere a number is a number."""
    from companion.cards import Fields

    if _ITEM.fullmatch(field):
        return text or None
    if _TEXT.fullmatch(field) or (field in Fields.model_fields and field not in LISTS):
        return text
    if not text:
        return None
    value = _other(field, text)
    if isinstance(value, list) or (field not in LISTS and not _KEYS.fullmatch(field)):
        return value
    if _KEYS.fullmatch(field) and text.startswith(_QUOTES) and value != text:
        return [value]
    several = field == "tags" or (field not in LISTS and not text.startswith("/"))
    return [part.strip() for part in text.split(",")] if several else [text]


def _other(field: str, text: str) -> Json:
    """A number, yes or no, a list, object or quoted text as YAML has them; else the text."""
    from companion.cards.formats.yaml import plain, read

    if not text.lstrip().startswith(("[", "{", *_QUOTES)):
        word = plain(text.strip())
        return text if isinstance(word, str) else word
    try:
        found = read(f"value: {text}".encode("utf-8", "replace"), field).raw
    except CardError:
        if _WHOLE.fullmatch(field):
            raise
        return text
    return found["value"] if len(found) == 1 else text
