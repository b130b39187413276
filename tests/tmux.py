"""A real terminal that can be typed into and looked at: tmux, with a server of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[1]
VI = shutil.which("vim.tiny") or shutil.which("vim.basic") or shutil.which("vi")
QUIET_VI = "-u NONE -N -n -i NONE"  # nobody's settings, no swap files


def why_not() -> str:
    """Why there is no such terminal here; "" when there is."""
    missing = [name for name, at in (("tmux", shutil.which("tmux")), ("vi", VI)) if not at]
    return f"needs {', '.join(missing)} (apt: tmux vim-tiny)" if missing else ""


class Terminal:
    """One window with a shell in `folder`."""

    def __init__(self, home: Path, folder: Path, name: str = "one"):
        self._socket = home / "tmux.socket"
        self._name = name
        environment = {
            **os.environ,
            "EDITOR": f"{VI} {QUIET_VI}",
            "VISUAL": "",
            "TERM": "screen",
            "ENV": "",
            "PS1": "$ ",
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
        }
        size = ["-x", "110", "-y", "45"]
        self._tmux(
            ["-f", "/dev/null", "new-session", "-d", "-s", name, *size, "sh"], folder, environment
        )

    def _tmux(self, arguments, folder=None, environment=None):
        command = ["tmux", "-S", str(self._socket), *arguments]
        done = subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_):
        self._tmux(["kill-session", "-t", self._name])

    def companion(self, arguments):
        """Run the program in the shell."""
        self.type(f"{sys.executable} -m companion {arguments}")
        self.press("Enter")

    def type(self, text):
        self._tmux(["send-keys", "-t", self._name, "-l", text])

    def press(self, *keys):
        self._tmux(["send-keys", "-t", self._name, *keys])

    def shown(self):
        """What stands on the screen, wrapped lines joined."""
        return self._tmux(["capture-pane", "-p", "-J", "-t", self._name])

    def wait_for(self, *texts, seconds=60.0):
        """Look until all of `texts` stand on the screen; gives the screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            shown = self.shown()
            if all(text in shown for text in texts):
                return shown
            time.sleep(0.05)
        raise AssertionError(f"{texts} were not shown:\n{self.shown()}")
