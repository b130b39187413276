"""`companion bench`: what talking costs here, each figure against its floor."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json
from companion.errors import BadData, CannotCreate, MissingInput

if TYPE_CHECKING:
    from collections.abc import Sequence

HOW = "Results are made by: companion bench --json > FILE"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(help="What talking costs here: rows P1 to P30, each against its floor.")(bench)


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Rows or groups, such as P4 or turn; none: a full run.", metavar="NAME"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    pairs: Annotated[int, typer.Option(help="Pairs measured of what is timed.", min=1)] = 7,
    page: Annotated[
        Path | None,
        typer.Option(help="Write the figures as a page, peers' included.", metavar="FILE"),
    ] = None,
    peers: Annotated[
        Path | None,
        typer.Option(help="Folder of the peers' results; else .peers/results.", metavar="FOLDER"),
    ] = None,
    result: Annotated[
        list[Path] | None,
        typer.Option("--from", help="Take these earlier results instead.", metavar="JSON"),
    ] = None,
) -> None:
    """Measure, and show the table."""
    if page is not None:
        _refuse_bad(page)  # before an hour of measuring
    found = _read(result) if result else _measured(names or (), pairs)
    if page is not None:
        from companion.measure.bench.page import write

        write(page, found, peers or _usual())
    if as_json:
        show_json({key: value for key, value in found.items() if key != "schema"})
    elif page is None:
        _table(found)


def _refuse_bad(page: Path) -> None:
    """Say that a page cannot be written there."""
    if page.is_dir() or not os.access(page if page.exists() else page.parent, os.W_OK):
        raise CannotCreate(
            f"{page} cannot be written.",
            "Name a file in a folder that you may write in: --page FILE.",
        )


def _usual() -> Path | None:
    """Where `benchmarks/peers/side_by_side.py` leaves its results."""
    folder = Path(".peers") / "results"
    return folder if folder.is_dir() else None


def _measured(names: Sequence[str], pairs: int) -> dict[str, Any]:
    from companion.measure.bench.run import measure

    return measure(names, SHELL.settings(), SHELL.say, pairs)


def _read(files: Sequence[Path]) -> dict[str, Any]:
    """Several results as one; of a row that is in two of them the last counts."""
    from companion.measure.bench.run import merged

    return merged([_one(file) for file in files])


def _one(file: Path) -> dict[str, Any]:
    """What `companion bench --json` wrote."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MissingInput(f"{file} cannot be read: {error}.", HOW) from error
    if not (isinstance(found, dict) and {"machine", "rows"} <= found.keys()):
        raise BadData(f"{file} is no result of a benchmark: machine and rows are missing.", HOW)
    return found


def _table(found: dict[str, Any]) -> None:
    from companion.measure.bench.shown import number

    for row in found["rows"]:
        ci = f" [{number(row['ci'][0])}, {number(row['ci'][1])}]" if row["ci"] else ""
        mark = {"yes": "met", "no": "NOT met", "unclear": "unclear"}[row["judged"]]
        dirty = "  (others were busy)" if row["dirty"] and not row["counted"] else ""
        unit = f" {row['unit']}" if row["unit"] else ""
        show(
            f"{row['id']:5} {row['what'][:44]:44} {number(row['ours']):>8}{unit}{ci}"
            f"   target {number(row['target'])}   {mark}{dirty}"
        )
        if row["why"]:
            show(f"      {row['why']}")
