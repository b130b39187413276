"""`companion stats`: what turns took: the last one as a waterfall, and all of them over time."""

from __future__ import annotations

import csv
import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from companion.cli.shell import SHELL, show, show_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from companion.config import Settings
    from companion.figures import Turn
    from companion.measure.chart import Paper
    from companion.measure.stats import Drift, Spread


NEW, ENOUGH = timedelta(days=3), 3
"""For so long, and from so many turns on, a conversation ends with how far off a prediction was."""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(stats)


def stats(  # noqa: PLR0913, PLR0917 - its options
    last: Annotated[bool, typer.Option("--last", help="The last turn as a waterfall.")] = False,
    back: Annotated[
        int, typer.Option(help="The turn so many before the last one.", metavar="N", min=0)
    ] = 0,
    days: Annotated[
        int, typer.Option(help="Turns of so many days; 0: all.", metavar="N", min=0)
    ] = 28,
    all_: Annotated[
        bool, typer.Option("--all", help="Also turns with other engines, threads or machines.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw it: an .svg or .png.", metavar="FILE")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="One line a turn, as CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """How long turns took: stage by stage, over time, and whether that changed."""
    settings = SHELL.settings()
    turns, broken = _turns(settings)
    if last or back:
        _one(turns, back, plot, as_json=as_json)
        return
    chosen = _chosen(turns, days, all_rigs=all_)
    if broken:
        SHELL.say(f"{broken} lines could not be read and are left out.")
    if plot is not None:
        _plot_all(chosen, plot)
    elif as_csv:
        _csv(chosen)
    elif as_json:
        show_json(_as_dict(chosen, turns) | {"prediction": _prediction(settings, turns)})
    else:
        _tell(chosen, turns, _paper())
        if told := prediction_told(settings, turns):
            show(told)


def _turns(settings: Settings) -> tuple[list[Turn], int]:
    from companion.errors import MissingInput
    from companion.figures import NAME, read_turns

    folder = settings.path(settings.companion.memory)
    turns, broken = read_turns(folder)
    if not turns:
        how = "Talk first" if settings.stats.keep else "Set [stats] keep = true, then talk"
        raise MissingInput(f"No turn is noted in {folder / NAME}.", f"{how}: companion talk")
    return turns, broken


def _chosen(turns: Sequence[Turn], days: int, *, all_rigs: bool) -> list[Turn]:
    """The turns of the period, and of what the newest one ran on; never none."""
    from companion.measure.stats import same_rig

    chosen = list(turns) if all_rigs else same_rig(turns)
    if days:
        since = turns[-1].at - timedelta(days=days)
        chosen = [turn for turn in chosen if turn.at > since]
    return chosen


def _paper() -> Paper:
    from companion.measure.chart import Paper

    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return Paper(shutil.get_terminal_size().columns, colours)


# ── one turn ─────────────────────────────────────────────────────────────────────────────────


def _one(turns: Sequence[Turn], back: int, plot: Path | None, *, as_json: bool) -> None:
    from companion.errors import MissingInput
    from companion.measure.chart import drawn
    from companion.measure.drawing import draw_turn
    from companion.measure.stats import steps
    from companion.measure.waterfall import waterfall

    if back >= len(turns):
        raise MissingInput(f"There are {len(turns)} turns, none {back} before the last.")
    turn = turns[-1 - back]
    fall = waterfall(turn.record)
    if plot is not None:
        draw_turn(fall, about(turn)).save(plot)
        SHELL.say(f"{plot} is written.")
    elif as_json:
        show_json({"turn": turn_as_dict(turn) | {"steps": steps(turn), "gaps_ms": fall.gaps}})
    else:
        show(about(turn))
        show()
        for line in drawn(fall, _paper()):
            show(line)


def about(turn: Turn) -> str:
    """A turn in one line: when, how long, how many tokens."""
    record, tokens = turn.record, turn.record["tokens"]
    spoke = f"you spoke {record['heard_s']:.1f} s" if record["heard_s"] else "you typed"
    parts = [f"{turn.at.astimezone():%-d %B %Y, %H:%M}", spoke]
    if tokens.get("prompt"):
        parts.append(f"{tokens['prompt']} tokens of prompt, {tokens['evaluated']} read anew")
        parts.append(f"{tokens['generated']} written")
    parts.append(f"{record['cpu_s']:.2f} s of processor time")
    return " · ".join(parts + ([] if turn.complete else ["cut short"]))


def turn_as_dict(turn: Turn) -> dict[str, Any]:
    """A turn for programs."""
    head = {"at": turn.at.isoformat(), "rig": turn.rig, "complete": turn.complete}
    return head | turn.record


# ── all of them ──────────────────────────────────────────────────────────────────────────────


def _plot_all(turns: Sequence[Turn], plot: Path) -> None:
    from companion.errors import MissingInput
    from companion.measure.stats import periods
    from companion.measure.trend import draw_trend

    found = periods(turns)
    if not found:
        raise MissingInput("No spoken turn was answered with sound.", "Talk first: companion talk")
    count = sum(period.first_sound.count for period in found)
    draw_trend(found, f"{count} spoken turns, {found[0].name} to {found[-1].name}").save(plot)
    SHELL.say(f"{plot} is written.")


def _csv(turns: Sequence[Turn]) -> None:
    rows = list(_rows(turns))
    names = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(sys.stdout, list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _rows(turns: Sequence[Turn]) -> Iterator[dict[str, Any]]:
    from companion.measure.stats import steps

    for turn in turns:
        whole = turn_as_dict(turn)
        flat = {name: one for name, one in whole.items() if isinstance(one, str | int | float)}
        flat |= {f"{name}_ms": value for name, value in turn.record["ms"].items()}
        flat |= {f"step_{name}_ms": round(value, 1) for name, value in steps(turn).items()}
        yield flat | {f"tokens_{name}": value for name, value in turn.record["tokens"].items()}


def _as_dict(chosen: Sequence[Turn], turns: Sequence[Turn]) -> dict[str, Any]:
    from dataclasses import asdict

    from companion.measure.stats import drift, periods, summary

    moved = drift(turns, _now())
    return {
        "summary": asdict(summary(chosen)),
        "periods": [asdict(period) for period in periods(chosen)],
        "drift": asdict(moved) | {"changed": moved.changed},
        "turns": [turn_as_dict(turn) for turn in chosen],
    }


def new_prediction_told(settings: Settings) -> str:
    """The same after a conversation: while it is new, and some turns have followed it."""
    from companion.errors import StoreError
    from companion.figures import read_turns
    from companion.measure.prediction import compared, kept

    last = kept(settings)
    if last is None or _now() - last.at > NEW:
        return ""
    try:
        turns, _ = read_turns(settings.path(settings.companion.memory))
    except StoreError:  # was told when the turns could not be noted
        return ""
    off = compared(last, turns)
    return prediction_told(settings, turns) if off and off.turns >= ENOUGH else ""


def prediction_told(settings: Settings, turns: Sequence[Turn]) -> str:
    """How far off `companion calibrate` was, as a sentence; "" where it foretold nothing."""
    from companion.cli.calibrate import off_by
    from companion.measure.prediction import compared, kept

    last = kept(settings)
    off = compared(last, turns) if last else None
    return off_by(off) if off else ""


def _prediction(settings: Settings, turns: Sequence[Turn]) -> dict[str, Any] | None:
    from companion.measure.prediction import as_dict, compared, kept

    last = kept(settings)
    off = compared(last, turns) if last else None
    return as_dict(off) if off else None


def _now() -> datetime:
    return datetime.now(UTC)


def _tell(chosen: Sequence[Turn], turns: Sequence[Turn], paper: Paper) -> None:
    """The same for people."""
    from companion.measure.stats import drift, periods, summary
    from companion.measure.waterfall import STAGES

    found = summary(chosen)
    typed = f", {found.typed} of them typed" if found.typed else ""
    other = len(turns) - len(chosen)
    more = f"; {other} older or with other engines, not counted" if other else ""
    show(paper.strong(f"{found.turns} turn{'' if found.turns == 1 else 's'}{typed}{more}"))
    show()
    show(paper.faint(f"{'':24}{'median':>10}{'95th percentile':>18}"))
    if found.first_sound:
        show(paper.strong(_row("first sound", found.first_sound)))
        for name, spread in found.stages.items():
            show(_row(STAGES[name], spread))
    for name in ("prompt", "evaluated", "generated"):
        if name in found.tokens:
            spread = found.tokens[name]
            show(f"{_TOKENS[name]:>22}  {spread.p50:>10.0f}{spread.p95:>18.0f}")
    if found.cpu_s:
        show(f"{'processor time':>22}  {found.cpu_s.p50:>8.2f} s{found.cpu_s.p95:>16.2f} s")
    if found.early:
        early = found.early
        show(
            f"{'understood early':>22}  {early.hits:>10.0%}   saves {early.saved_s:.2f} s a turn, "
            f"wastes {early.wasted_s:.2f} s of a processor"
        )
    if found.gaps:
        show(f"{'gaps in the speech':>22}  {found.gaps:>7.0f} ms a minute")
    rows = periods(chosen)
    if len(rows) > 1:
        _tell_periods(rows, paper)
    show()
    show(said(drift(turns, _now())))


_TOKENS = {
    "prompt": "tokens of the prompt",
    "evaluated": "read anew",
    "generated": "written",
}


def _row(name: str, spread: Spread) -> str:
    from companion.measure.waterfall import duration

    return f"{name:>22}  {duration(spread.p50):>10}{duration(spread.p95):>18}"


def _tell_periods(rows: Sequence[Any], paper: Paper) -> None:
    from companion.measure.chart import bar
    from companion.measure.waterfall import duration

    most = max(row.first_sound.p95 for row in rows)
    show()
    show(paper.faint(f"{'first sound':>22}  █ median  ░ 95th percentile"))
    for row in rows:
        solid = bar(row.first_sound.p50 / most, paper.room)
        light = "░" * max(0, round(row.first_sound.p95 / most * paper.room) - len(solid))
        dyed = paper.dyed(solid, "stt") + paper.faint(light)
        rest = " " * (paper.room - len(solid) - len(light))
        show(f"{row.name:>22}  {dyed}{rest}{duration(row.first_sound.p50):>10}")


def said(drift: Drift) -> str:
    """Whether it became slower, as a sentence."""
    from companion.measure.stats import LEAST
    from companion.measure.waterfall import STAGES

    if drift.ratio is None:
        return (
            f"Whether it became slower cannot be told yet: {drift.newer} spoken turns in the last "
            f"7 days, {drift.older} in the 28 before; {LEAST} of each are needed."
        )
    span = f"{drift.low - 1:+.0%} to {drift.high - 1:+.0%}"
    if not drift.changed:
        return f"No drift: the last 7 days against the 28 before: {drift.ratio - 1:+.0%} ({span})."
    how = "slower" if drift.ratio > 1 else "quicker"
    what = f" Most of it: {STAGES.get(drift.stage, drift.stage)}." if drift.stage else ""
    return (
        f"Drift: the first sound came {abs(drift.ratio - 1):.0%} {how} in the last 7 days than in "
        f"the 28 before ({span}, nine in ten sure).{what}"
    )
