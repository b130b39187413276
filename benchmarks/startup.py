"""What a start costs: `companion --help` against an interpreter that only imports typer.

Run with `.venv/bin/python benchmarks/startup.py`. Both are started in turn, and the least of each
counts, because whatever else the machine does can only add to it. Exit code 1 above the bound.
"""

from __future__ import annotations

import subprocess
import sys
import time

BOUND = 1.5
TIMES = 7


def seconds(*arguments: str) -> float:
    """The time one start takes."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main() -> int:
    """Measure and tell."""
    pairs = [
        (seconds("-c", "import typer"), seconds("-m", "companion", "--help")) for _ in range(TIMES)
    ]
    typer, ours = (min(column) for column in zip(*pairs, strict=True))
    print(f"import typer      {typer * 1000:6.0f} ms")
    print(f"companion --help  {ours * 1000:6.0f} ms")
    print(f"ratio             {ours / typer:6.2f}   (bound {BOUND}, least of {TIMES})")
    return int(ours / typer >= BOUND)


if __name__ == "__main__":
    sys.exit(main())
