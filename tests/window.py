"""A window with a terminal, kitty on an X server without a screen, and fingers on keys: xdotool."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("Xvfb", "kitty", "xdotool")
OPTIONS = (
    *("linux_display_server=x11", "shell_integration=disabled", "allow_remote_control=yes"),
    *("font_size=8", "update_check_interval=0", "enable_audio_bell=no", "repaint_delay=50"),
)
PROBE = """
import json, os, pathlib, re, sys, termios, tty
before = termios.tcgetattr(0)
tty.setraw(0)
os.write(1, b"\\x1b[?u\\x1b[?1004$p\\x1b[c")
answer = b""
while not re.search(rb"\\x1b\\[\\?[\\d;]*c", answer):
    answer += os.read(0, 100)
termios.tcsetattr(0, termios.TCSANOW, before)
codes = [list(c) if isinstance(c, bytes) else c for c in before[6]]
found = {"settings": [*before[:6], codes], "flags": re.findall(rb"\\?(\\d+)u", answer)[0].decode()}
found["focus"] = re.findall(rb"1004;(\\d)", answer)[0].decode()
pathlib.Path(sys.argv[1]).write_text(json.dumps(found))
"""


def why_not() -> str:
    """Why no window can be opened here; "" where one can."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    return f"needs {', '.join(missing)} (apt: kitty xvfb xdotool)" if missing else ""


class Screen:
    """An X server of its own."""

    def __init__(self, folder):
        read, write = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "900x600x24", "-nolisten", "tcp"],
            pass_fds=[write],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        assert number, "Xvfb did not start"
        self.environ = {
            **os.environ,
            "DISPLAY": f":{number}",
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_SESSION_TYPE": "x11",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "LC_ALL": "C.UTF-8",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_):
        self._server.terminate()
        self._server.wait()

    def fingers(self, *words):
        """What xdotool is to do."""
        done = subprocess.run(
            ["xdotool", *words], env=self.environ, check=True, capture_output=True, text=True
        )
        return done.stdout

    def down(self, key):
        self.fingers("keydown", key)

    def up(self, key):
        self.fingers("keyup", key)

    def press(self, *keys):
        self.fingers("key", *keys)


class Kitty:
    """A kitty window with a shell in `folder`."""

    def __init__(self, screen, folder, environ):
        self._screen = screen
        self._folder = Path(folder)
        self._socket = f"unix:{folder}/kitty.socket"
        self._window = subprocess.Popen(
            ["kitty", "--config", "NONE", *(f"--override={option}" for option in OPTIONS),
             "--listen-on", self._socket, "--directory", str(folder), "sh"],
            env={**screen.environ, **environ, "ENV": "", "PS1": "$ ", "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self.wait_for("$")
        found = self._screen.fingers("search", "--sync", "--onlyvisible", "--class", "kitty")
        self._screen.fingers("windowfocus", "--sync", found.split()[-1])
        return self

    def __exit__(self, *_):
        self._window.terminate()
        self._window.wait()

    def shown(self):
        """What stands in the window."""
        ask = ["kitty", "@", "--to", self._socket, "get-text", "--extent", "all"]
        done = subprocess.run(
            ask, env=self._screen.environ, check=False, capture_output=True, text=True
        )
        return done.stdout

    def wait_for(self, text, seconds=60.0):
        """Look until `text` stands in the window; gives all of it."""
        end = time.monotonic() + seconds
        while text not in (shown := self.shown()):
            if time.monotonic() > end:
                raise AssertionError(f"{text!r} was not shown:\n{shown}")
            time.sleep(0.1)
        return shown

    def type(self, line):
        """A line for the shell."""
        self._screen.fingers("type", "--delay", "5", f"{line}\n")

    def companion(self, arguments):
        """Run the program in the shell; its process is noted in a file."""
        self.type(f"sh -c 'echo $$ > pid; exec {sys.executable} -m companion {arguments}'")

    @property
    def process(self):
        """The process of the program that was run last."""
        return int((self._folder / "pid").read_text())

    def child_of_the_program(self, script):
        """The process that runs `script` for it."""
        children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        lines = {child: Path(f"/proc/{child}/cmdline").read_text() for child in children}
        return next(int(child) for child, line in lines.items() if script in line)

    def wait_for_end(self, process=0):
        """Wait until that program is gone, or another one."""
        end = time.monotonic() + 20
        while Path(f"/proc/{process or self.process}").exists():
            assert time.monotonic() < end, f"it is still there:\n{self.shown()}"
            time.sleep(0.02)

    def keyboard(self, name):
        """The settings of the terminal and what its keyboard and window tell, as found there."""
        script, told = self._folder / "probe.py", self._folder / f"{name}.json"
        script.write_text(PROBE)
        self.type(f"{sys.executable} probe.py {name}.json")
        end = time.monotonic() + 30
        while not (told.exists() and told.read_text()):
            assert time.monotonic() < end, f"the terminal did not tell:\n{self.shown()}"
            time.sleep(0.05)
        return json.loads(told.read_text())
