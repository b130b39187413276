"""`companion characters diff`: what is different between two cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from companion.cards.compare import Difference
    from companion.cards.formats.tree import Json

SHORT = 60
"""Letters of a value that are shown on one line."""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("diff")(diff)


def diff(
    one: Annotated[str, typer.Argument(help="An id or a path.")],
    other: Annotated[str, typer.Argument(help="An id or a path.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Compare two cards field by field, whatever form each is in."""
    import dataclasses

    from companion import cards
    from companion.cards.compare import differences

    settings = SHELL.settings()
    folder = settings.path(settings.companion.characters)
    old, new = cards.find_card(folder, one), cards.find_card(folder, other)
    found = differences(old, new)
    if as_json:
        rows = [dataclasses.asdict(difference) for difference in found]
        show_json({"same": not found, "differences": rows})
        return
    for difference in found:
        show("\n".join(_shown(difference)))
    if not found:
        SHELL.say(f"{one} and {other} say the same.")


def _shown(difference: Difference) -> list[str]:
    """One difference as lines: short values on one, long texts as a patch."""
    import difflib

    old, new = _text(difference.old), _text(difference.new)
    head = f"{difference.change} {difference.place}"
    if difference.change == "added":
        return [f"{head}: {_cut(new)}"]
    if difference.change == "removed":
        return [f"{head}: {_cut(old)}"]
    if max(len(old), len(new)) <= SHORT:
        return [f"{head}: {old} → {new}"]
    lines = [*difflib.unified_diff(_lines(old), _lines(new), lineterm="", n=0)]
    return [head, *(f"  {line}" for line in lines[2:] if not line.startswith("@@"))]


def _text(value: Json) -> str:
    import json

    from companion.cards.text import clean

    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHORT else f"{line[:SHORT]}…"


def _lines(text: str) -> list[str]:
    """Lines, and long ones broken after their sentences, so that a patch shows what changed."""
    import re

    return [part for line in text.splitlines() for part in re.split(r"(?<=[.!?]) ", line)]
