"""Runs benchmarks and tells what came out, in the form of `companion bench --json`.

In a run of several each has a process of its own: what one has loaded neither weighs on the next
nor keeps it warm.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.errors import EngineError
from companion.measure.bench.catalogue import default_groups, group
from companion.measure.bench.compare import PAIRS
from companion.measure.bench.machine import Competition, machine
from companion.measure.bench.row import Bench, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from companion.config import Settings

SCHEMA = 1
LONGEST = 1800.0
"""Seconds after which a group is given up."""


def measure(
    names: Sequence[str],
    settings: Settings,
    progress: Callable[[str], None],
    pairs: int = PAIRS,
) -> dict[str, Any]:
    """Measure these, or all of a full run.

    Raises:
        MissingInput: There is no such row or group.
    """
    wanted = list(names) or default_groups()
    for name in wanted:
        group(name)
    if len(wanted) == 1:
        rows = _here(wanted[0], settings, progress, pairs)
    else:
        rows = [row for name in wanted for row in _apart(name, settings, progress, pairs)]
    return merged([{"machine": machine(), "rows": rows}])


def _here(
    name: str, settings: Settings, progress: Callable[[str], None], pairs: int
) -> list[dict[str, Any]]:
    """One group in this process."""
    chosen = group(name)
    with tempfile.TemporaryDirectory(prefix="companion-bench-") as home:
        bench = Bench(settings, Path(home), pairs, progress=progress)
        competition = Competition()
        figures = chosen.run(bench)
        others = round(competition.cores, 2)
    command = f"companion bench {chosen.name}"
    rows = [told(row, figures[row.id], command) for row in chosen.rows if row.id in figures]
    return [row | {"others": others, "dirty": competition.dirty} for row in rows]


def _apart(
    name: str, settings: Settings, progress: Callable[[str], None], pairs: int
) -> list[dict[str, Any]]:
    """One group in a process of its own."""
    progress(f"measuring {name}")
    command = [*companion(settings), "bench", name, "--json", "--pairs", str(pairs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
    if done.returncode:
        problem = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise EngineError("bench", f"{name} ended with code {done.returncode}: {problem}")
    found: list[dict[str, Any]] = json.loads(done.stdout)["rows"]
    return found


def companion(settings: Settings) -> list[str]:
    """The command line of a process of its own with the same settings, up to its verb."""
    chosen = ["--config", str(settings.file)] if settings.file.is_file() else []
    return [sys.executable, "-m", "companion", *chosen]


def merged(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several results as one; of a row that is in two of them the last counts."""
    rows = {row["id"]: row for found in results for row in found["rows"]}
    ranked = sorted(rows.values(), key=lambda row: _place(row["id"]))
    return {"schema": SCHEMA, "machine": results[-1]["machine"], "rows": ranked}


def _place(row: str) -> tuple[int, str]:
    """P2 before P10, and P6 before P6b."""
    return int("".join(character for character in row if character.isdigit()) or 0), row
