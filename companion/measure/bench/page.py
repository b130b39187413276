"""The page of figures: our own, the naive script's, each peer's that ran, and the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from companion.measure.bench.beside import Peer, among_rows, peers_of, sections
from companion.measure.bench.shown import line, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

HEAD = """\
# What talking costs

Written by `companion bench --page docs/performance.md`; do not edit. The rows are those of a table
that was made before the product was: each is a ratio to what cannot be avoided (the bare engines,
the tokens that are new, the frames of speech), or counted, or in the unit that stands beside it.
Smaller is better everywhere.

**How.** Two ways are measured in turn (A B B A), {pairs} pairs after two that are not counted; the
figure is the median of the paired ratios, in brackets its 90 % interval (bootstrap). "cpu" is the
same ratio in processor seconds, which other programs cannot lengthen. The models have random
weights and true shapes, made here (`companion/measure/shapes.py`): Whisper tiny in int8, a language
model of 0.5 B parameters in Q4_0, a Piper voice of medium quality. Words and reply are always the
same, so that runs are equal; costs are real, and nothing here says anything of accuracy. "naive" is
`benchmarks/naive.py`: the same files with each library's defaults.
"""


def write(path: Path, found: Mapping[str, Any], peers: Path | None = None) -> None:
    """Write the page.

    Args:
        path: Where to.
        found: What was measured, as `companion bench --json` gives it.
        peers: Folder of the peers' results.
    """
    measured = peers_of(peers)
    parts = [HEAD.format(pairs=_pairs(found["rows"])), _machine(found["machine"])]
    parts += [_table(found["rows"], measured), *sections(measured), _reasons(found["rows"])]
    path.write_text("\n".join(part for part in parts if part), encoding="utf-8")


def _pairs(rows: Iterable[Mapping[str, Any]]) -> int:
    return max((row["more"].get("pairs", 0) for row in rows), default=0) or 7


def _machine(machine: Mapping[str, Any]) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    return (
        f"**Where.** {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}; {libraries}.\n"
    )


def _table(rows: Sequence[Mapping[str, Any]], peers: Sequence[Peer]) -> str:
    theirs = among_rows(rows, peers)
    head = ["row", "what", "ours", "cpu", "naive", *theirs, "target", "met"]
    lines = [line(head), line(["---"] * len(head))]
    for row in rows:
        mark = {"yes": "yes", "no": "**no**", "unclear": "unclear"}[row["judged"]]
        unit = f" {row['unit']}" if row["unit"] else ""
        lines.append(
            line(
                [
                    row["id"],
                    row["what"] + (" (counted)" if row["counted"] else ""),
                    f"{number(row['ours'])}{unit}{_interval(row)}",
                    number(row["cpu"]),
                    number(row["naive"]),
                    *(number(cells.get(row["id"])) for cells in theirs.values()),
                    f"≤ {number(row['target'])}{unit}",
                    mark,
                ]
            )
        )
    return "\n".join(lines) + "\n"


def _interval(row: Mapping[str, Any]) -> str:
    if not row["ci"]:
        return ""
    return f" [{number(row['ci'][0])}, {number(row['ci'][1])}]" + ("*" if row["dirty"] else "")


def _reasons(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = ["## Row by row", ""]
    for row in rows:
        facts = ", ".join(
            f"{name.replace('_', ' ')} {_fact(value)}" for name, value in row["more"].items()
        )
        why = f"{row['why']}. " if row["why"] else ""
        lines.append(f"* **{row['id']}** {why}{facts}{'. ' if facts else ''}`{row['command']}`")
    dirty = any(row["dirty"] and row["ci"] for row in rows)
    note = "\n\\* others kept more than a fifth of a core busy meanwhile.\n" if dirty else "\n"
    return "\n".join(lines) + note


def _fact(value: Any) -> str:  # noqa: ANN401 - whatever a row found worth telling
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return str(value) if isinstance(value, int) else number(value)
