"""Programs of ours that run in a process of their own, because they may crash or import torch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def start(module: str, *arguments: str) -> subprocess.Popen[str]:
    """Run `python -m module arguments`; what it prints comes back through pipes."""
    here = str(Path(__file__).parents[3])
    paths = os.pathsep.join(p for p in (here, os.environ.get("PYTHONPATH", "")) if p)
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
