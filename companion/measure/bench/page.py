"""The page of figures: our own, the naive script's, each peer's that ran, and the target."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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


def number(value: float | None) -> str:
    """A figure as people read it."""
    if value is None:
        return ""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 4  # noqa: PLR2004
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text and digits > 2 else text  # noqa: PLR2004


def write(path: Path, found: Mapping[str, Any], peers: Path | None = None) -> None:
    """Write the page.

    Args:
        path: Where to.
        found: What was measured, as `companion bench --json` gives it.
        peers: Folder of the peers' results.
    """
    measured = _peers(peers)
    parts = [HEAD.format(pairs=_pairs(found["rows"])), _machine(found["machine"])]
    parts += [_table(found["rows"], measured), _reasons(found["rows"])]
    parts += [_beside(measured)] if measured else []
    path.write_text("\n".join(part for part in parts if part), encoding="utf-8")


def _pairs(rows: Iterable[Mapping[str, Any]]) -> int:
    return max((row["more"].get("pairs", 0) for row in rows), default=0) or 7


def _machine(machine: Mapping[str, Any]) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    return (
        f"**Where.** {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}; {libraries}.\n"
    )


def _table(rows: Iterable[Mapping[str, Any]], peers: Mapping[str, Mapping[str, Any]]) -> str:
    names = [name for name in peers if any(peers[name].get("rows", {}))]
    head = ["row", "what", "ours", "cpu", "naive", *names, "target", "met"]
    lines = [_line(head), _line(["---"] * len(head))]
    for row in rows:
        theirs = [number(peers[name].get("rows", {}).get(row["id"])) for name in names]
        mark = {"yes": "yes", "no": "**no**", "unclear": "unclear"}[row["judged"]]
        unit = f" {row['unit']}" if row["unit"] else ""
        lines.append(
            _line(
                [
                    row["id"],
                    row["what"] + (" (counted)" if row["counted"] else ""),
                    f"{number(row['ours'])}{unit}{_interval(row)}",
                    number(row["cpu"]),
                    number(row["naive"]),
                    *theirs,
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


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


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


# ── peers ────────────────────────────────────────────────────────────────────────────────────


def _peers(folder: Path | None) -> dict[str, dict[str, Any]]:
    """What each peer measured, by its name."""
    if folder is None or not folder.is_dir():
        return {}
    found = (json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json")))
    return {one["peer"]: one for one in found if "peer" in one}


def _beside(peers: Mapping[str, Mapping[str, Any]]) -> str:
    """First sound beside the peers', in seconds."""
    head = ["who", *["first sound", "ours then", "ours ÷ theirs", "cpu"] * 2, "own end", "settings"]
    head[5] = "late release"
    lines = [_BESIDE, _line(head), _line(["---"] * len(head))]
    for name, peer in peers.items():
        own = _middle(peer.get("figures", {}).get("first_sound_default_endpoint_s"))
        at_once, late = (_same_run(peer, *which) for which in _COLUMNS)
        who = f"{name} {peer.get('version', '')}".rstrip()
        lines.append(_line([who, *at_once, *late, own, str(peer.get("settings", ""))]))
    return "\n".join(lines) + "\n"


def _same_run(peer: Mapping[str, Any], key: str, where: str) -> list[str]:
    """Theirs, ours of the same run, and the two ratios."""
    ratio = peer.get(f"ratio_{where}") or {}
    between = f" [{number(ratio['ci'][0])}, {number(ratio['ci'][1])}]" if ratio.get("ci") else ""
    return [
        _middle(peer.get("figures", {}).get(key)),
        _middle(peer.get("ours", {}).get(key)),
        f"{number(ratio.get('median'))}{between}",
        number((peer.get(f"cpu_ratio_{where}") or {}).get("median")),
    ]


_COLUMNS = (("first_sound_s", "explicit"), ("first_sound_late_release_s", "late"))

_BESIDE = """\
## First sound beside others

Seconds from the release of the key to the first sample that is not silent, in one run on the same
recordings, model files and replies (`benchmarks/peers/README.md` has what is the same, and how each
was set). All are told when the speech ends: with the last sample of the recording, or 0.3 s later
("late release"). "own end" is with the end-pointing that they come with, from the end of the
recording. "cpu" is the ratio of processor seconds from the release to the first sound.
"""


def _middle(values: Any) -> str:  # noqa: ANN401 - another program's JSON
    if not isinstance(values, list) or not values:
        return number(values) if isinstance(values, int | float) else ""
    ranked = sorted(values)
    return number(ranked[len(ranked) // 2])
