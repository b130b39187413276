"""What `companion --help` costs beside an interpreter that imports typer: minimum of 7, in turn.

    python benchmarks/help.py

Whatever else the machine does can only add to a minimum. Exit code 1 from the limit on.
"""

from __future__ import annotations

import subprocess
import sys
import time

RUNS = 7
LIMIT = 1.5


def seconds(*arguments: str) -> float:
    """Wall time of one interpreter."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> int:
    """Print both minima and their ratio."""
    ours, floor = [], []
    for _ in range(RUNS):
        ours.append(seconds("-m", "companion", "--help"))
        floor.append(seconds("-c", "import typer"))
    ratio = min(ours) / min(floor)
    print(f"companion --help  {min(ours) * 1000:6.0f} ms (minimum of {RUNS})")
    print(f"import typer      {min(floor) * 1000:6.0f} ms (minimum of {RUNS})")
    print(f"ratio             {ratio:6.2f}    (limit {LIMIT})")
    return int(ratio >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
