"""The command line: one module a verb, heavy imports inside the verbs."""

from __future__ import annotations

import sys


def main() -> None:
    """Run one command and leave with its exit code."""
    from companion import prepare

    prepare()  # before the first native library is loaded
    from companion.cli.app import run

    sys.exit(run(sys.argv[1:]))
