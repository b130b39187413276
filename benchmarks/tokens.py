"""What a turn costs in tokens, counted: memories after the history and, for comparison, before it.

    python benchmarks/tokens.py

Plays the demo twice and adds up turns 2 to 10: evaluated / new is 1 where only what is new is read.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from typing import Any

TURNS = slice(1, 10)


def turns(*options: str) -> list[dict[str, Any]]:
    """The demo's turns 2 to 10."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "companion", "demo", "--json", "--record", folder]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(done.stdout)["turns"]
    return found[TURNS]


def main() -> None:
    """Print a line for each way."""
    for name, options in (("after the history", []), ("before the history", ["--volatile-first"])):
        costs = [turn["tokens"] for turn in turns(*options)]
        evaluated = sum(cost["evaluated"] for cost in costs)
        new = sum(cost["new"] for cost in costs)
        print(f"memories {name:<19} evaluated {evaluated:5} / new {new:5} = {evaluated / new:.2f}")


if __name__ == "__main__":
    main()
