"""`companion why`: what was recalled for a turn, what each score is made of, and what was used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.remembered import AsJson, Character, Owner, as_dict, as_line, opened, score
from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.memory.recall.recalled import Recalled, Weighed, Why
    from companion.values import Note


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(why)


def why(
    turn: Annotated[
        str, typer.Argument(metavar="[TURN]", help="Id of a line; without one: the last turn.")
    ] = "",
    character: Character = "",
    as_name: Owner = "",
    as_json: AsJson = False,
) -> None:
    """Why it said that: what it recalled, how well that fitted, and what of it was used."""
    from companion.errors import MissingInput

    with opened(character, as_name, dense=False) as memory:
        found = memory.why(turn)
    if found is None:
        what = f"for {turn}" if turn else "yet"
        raise MissingInput(
            f"Nothing was noted {what}.", "`companion conversations show` has the ids of lines."
        )
    if as_json:
        show_json(_as_dict(found))
    else:
        _tell(found)


def _as_dict(found: Why) -> dict[str, Any]:
    recalled = found.recalled
    return {
        "heard": as_dict(found.heard) if found.heard else None,
        "reply": as_dict(found.reply) if found.reply else None,
        "reason": recalled.reason,
        "coverage": round(recalled.coverage, 4),
        "cosine": None if recalled.cosine is None else round(recalled.cosine, 4),
        "block": {
            "start": recalled.start,
            "tokens": recalled.tokens,
            "prompt": recalled.prompt,
        },
        "notes": [_note(one, found, recalled) for one in recalled.notes],
    }


def _note(one: Weighed, found: Why, recalled: Recalled) -> dict[str, Any]:
    note = found.notes.get(one.id)
    about = as_dict(note) if note else {"id": one.id, "text": None, "parts": one.parts or {}}
    return {
        **about,
        "score": round(one.score, 4),
        "place": one.place,
        "overlap": one.used,
        "used": one.id in recalled.used,
        "forgotten": note is None,
    }


def _tell(found: Why) -> None:
    """The same for people."""
    recalled = found.recalled
    for note in filter(None, (found.heard, found.reply)):
        show(as_line(note))
    if recalled.reason:
        show(f"Nothing was recalled: {recalled.reason}.")
    elif recalled.prompt:
        end = recalled.start + recalled.tokens
        show(f"Tokens {recalled.start} to {end} of {recalled.prompt} held what was recalled.")
    close = "" if recalled.cosine is None else f", closest meaning {recalled.cosine:.2f}"
    show(f"Words of the question found: {recalled.coverage:.0%}{close}.")
    for one in recalled.notes:
        _tell_note(one, found.notes.get(one.id), used=one.id in recalled.used)
    if not recalled.used:
        SHELL.say("The reply used none of it.")


def _tell_note(one: Weighed, note: Note | None, *, used: bool) -> None:
    place = f"place {one.place}" if one.place else "did not fit into the prompt"
    how = f"used ({one.used:.0%} of its words)" if used else "not used"
    show(as_line(note) if note else f"{one.id[-12:]:>12}  (forgotten since)")
    show(f"{'':14}{place} · {how} · score {one.score:+.2f} = {score(one.parts or {})}")
