"""The steps of the set-up: commands whose output goes into a log, and what is said meanwhile.

Runs before a single package is installed: the standard library alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class SetupError(Exception):
    """One line says what could not be done, the next one the cure."""


def say(text: str) -> None:
    """One line of progress, on stderr: results go to stdout."""
    print(text, file=sys.stderr, flush=True)


def clock(since: float) -> str:
    """The time since then as m:ss."""
    return "{}:{:02d}".format(*divmod(int(time.monotonic() - since), 60))


def reason(log: Path) -> str:
    """The last error in a log, in its writer's words."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E: ", "ERROR:", "Error:", "error:"))]
    return (errors or lines or ["no output"])[-1][:300]


class Steps:
    """Runs the commands of the set-up: their output into the log, their progress to the screen."""

    def __init__(self, log: Path, total: int, show: Callable[[str], None] = say) -> None:
        self.log = log
        self.total = total
        self.show = show
        self.begun = 0

    def begin(self, title: str) -> None:
        """Name the next step."""
        self.begun += 1
        self.show(f"[{self.begun}/{self.total}] {title}")

    def succeeds(self, command: Sequence[str], **extra: str) -> bool:
        """Run a command; every half minute a line says that it still runs."""
        quiet = {"PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_USER": "0"}
        env = {**os.environ, **quiet, **extra}
        started = time.monotonic()
        with self.log.open("ab") as out:
            out.write(f"\n$ {' '.join(command)}\n".encode())
            out.flush()
            child = subprocess.Popen(
                command, stdin=-3, stdout=out, stderr=out, env=env, start_new_session=True
            )
        try:
            while child.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=30)
                    break
                self.show(f"      … {clock(started)}")
        except KeyboardInterrupt:
            os.killpg(child.pid, signal.SIGTERM)  # a compiler has children of its own
            raise
        return child.returncode == 0

    def run(self, command: Sequence[str], what: str, **extra: str) -> None:
        """Run a command that must succeed.

        Raises:
            SetupError: It did not.
        """
        if not self.succeeds(command, **extra):
            raise SetupError(
                f"Could not install {what}: {reason(self.log)}\nMend that (is the network there?) "
                f"and run the same command again. The whole story is in {self.log}."
            )
