"""What the verbs about memories share: whose memory is opened, and how a memory is shown."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json
from companion.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from companion.memory import Memory
    from companion.values import Note

Character = Annotated[str, typer.Option("--character", "-c", help="Whose memories: id or path.")]
Owner = Annotated[str, typer.Option("--as", help="Memories of this person.", metavar="NAME")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")]
AsJson = Annotated[bool, typer.Option("--json", help="As one JSON object.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="An id or its last four characters.")]


@contextmanager
def opened(character: str, owner: str, *, dense: bool) -> Iterator[Memory]:
    """The memory of an owner with a character; closed again afterwards."""
    from companion import cards
    from companion.compose import Wishes, open_memory

    settings = SHELL.settings()
    who = character or settings.companion.character
    card = cards.find_card(settings.path(settings.companion.characters), who)
    name = owner or settings.user.name or "friend"
    wanted = {"enabled": True} if dense else {"enabled": True, "embedder": "none"}
    settings = settings.model_copy(update={"memory": settings.memory.model_copy(update=wanted)})
    SHELL.refuse_other_machines(settings)
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


def checked_kind(kind: str, kinds: Sequence[str]) -> None:
    """Refuse a kind of memories that there is not.

    Raises:
        UsageError: It is none of these; the hint names them.
    """
    if kind not in kinds:
        there = ", ".join(filter(None, kinds))
        raise UsageError(f"There is no kind '{kind}' here.", f"Kinds: {there}.")


def as_dict(note: Note) -> dict[str, Any]:
    """A remembered line or memory for `--json`."""
    return {
        "id": note.id,
        "who": note.who,
        "text": note.text,
        "said": note.said.isoformat(),
        "kind": note.kind,
        "until": note.until,
        "source": note.source,
        "score": round(note.score, 4),
        "parts": {name: round(value, 4) for name, value in note.parts.items()},
    }


def as_line(note: Note) -> str:
    """A remembered line or memory for people."""
    from companion.cli.screen import plain

    head = note.kind if note.kind not in ("line", "lore") else note.who
    until = f" (until {note.until})" if note.until else ""
    date = f"{note.said:%Y-%m-%d %H:%M}"
    return f"{note.id[-12:]:>12}  {date}  {plain(head)}: {plain(note.text)}{until}"


def score(parts: dict[str, float]) -> str:
    """What a score is made of, for people."""
    return " ".join(f"{name} {value:+.2f}" for name, value in parts.items())


def list_notes(notes: tuple[Note, ...], *, as_json: bool, nothing: str) -> None:
    """Show some lines or memories, or say that there are none."""
    if as_json:
        show_json({"memories": [as_dict(note) for note in notes]})
        return
    for note in notes:
        show(as_line(note))
    if not notes:
        SHELL.say(nothing)
