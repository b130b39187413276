"""A program in a pty whose other end plays a terminal, with kitty's protocol or without."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import signal
import sys
from companion.key.terminal import Terminal

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it

def stopped():
    print("<stopped>", flush=True)

with Terminal() as terminal:
    print("<loading>", flush=True)
    print(f"<hold={terminal.begin(hold='toggle' not in sys.argv)}>", flush=True)
    for key in terminal.keys(stopped):
        print(f"<{key.text!r} {key.phase}>", flush=True)
        if key.text == "q":
            break
print("<end>", flush=True)
"""


class Typewriter:
    """The terminal, and the keys that the program reports of it.

    Args:
        protocol: The flags that the terminal lets be set; None for one without the protocol.
    """

    def __init__(self, *arguments, protocol=0b11111):
        self._protocol = protocol
        self.stack = [0]
        self.focus = False
        self._written = self.shown = ""
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            stdin=self.slave,
            stdout=self.slave,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def key(self, keys):
        os.write(self.master, keys.encode())

    def wait_for(self, text, seconds=30.0):
        """Play the terminal until the program shows `text`; gives what it showed since the last."""
        return self.play(lambda: text in self.shown, seconds, text)

    def play(self, done, seconds=30.0, what="it"):
        """Play the terminal until something is so."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"{what} did not come: {self.shown!r}"
            if select.select([self.master], [], [], 0.02)[0]:
                self._obey(os.read(self.master, 4096).decode())
        shown, self.shown = self.shown, ""
        return shown

    def _obey(self, text):
        self._written += text
        pattern = r"\x1b\[(\?u|c|>(\d+)u|<u|\?1004([hl]))|([^\x1b]+)"
        while found := re.match(pattern, self._written):
            self._written = self._written[found.end() :]
            code, pushed, focus, plain = found.groups()
            self.shown += plain or ""
            if code == "c":
                self.key("\x1b[?62;c")
            elif focus:
                self.focus = focus == "h"
            elif code and self._protocol is not None:
                self._keyboard(code, pushed)

    def _keyboard(self, code, pushed):
        if code == "?u":
            self.key(f"\x1b[?{self.stack[-1]}u")
        elif code == "<u":
            self.stack.pop()
        else:
            self.stack.append(int(pushed) & self._protocol)

    def signal(self, number):
        self.process.send_signal(number)

    def stands_still(self):
        """Whether the program is stopped."""
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        return os.WIFSTOPPED(status)

    def is_as_before(self):
        """Whether settings, keyboard and news of the focus are what they were."""
        settings = termios.tcgetattr(self.slave) == self.before
        return settings and self.stack == [0] and not self.focus

    def ended(self):
        """The exit code, a negative one for a signal; what is still written is obeyed."""
        self.play(lambda: self.process.poll() is not None, what="the end")
        return self.process.returncode
