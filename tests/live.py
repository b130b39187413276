"""`companion talk` in a real terminal (a pty) with a virtual microphone and loudspeaker."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Self

import pytest

ROOT = Path(__file__).resolve().parents[1]


def without_network() -> list[str]:
    """What to put in front of a command so that it has no network at all."""
    for words in (["unshare", "-n"], ["unshare", "-rn"]):
        if (
            shutil.which("unshare")
            and subprocess.run([*words, "true"], check=False).returncode == 0
        ):
            return words
    pytest.skip("no network namespaces here: unshare is missing or not allowed")


class Talk:
    """A running `companion talk`; what it writes is in `shown`."""

    def __init__(self, workspace, environment, *arguments, owner="Sam"):
        self.shown = ""
        who = ["--as", owner] if owner else []
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "companion", "talk", *who, *arguments],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            cwd=workspace,
            env={**environment, "PYTHONPATH": str(ROOT)},
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

    def wait_for(self, text, seconds=40.0):
        """Read until `text` is shown (after what was waited for before); gives all so far."""
        end = time.monotonic() + seconds
        start = len(self.shown)
        while text not in self.shown[start:]:
            if not self._read(end):
                raise AssertionError(f"{text!r} was not shown:\n{self.shown[-2000:]}")
        return self.shown

    def _read(self, end):
        ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
        if not ready:
            return False
        try:
            more = os.read(self.master, 4096)
        except OSError:
            return False
        self.shown += more.decode("utf-8", "replace")
        return bool(more)

    def key(self, keys):
        os.write(self.master, keys.encode())

    def signal(self, number):
        self.process.send_signal(number)

    def end(self, seconds=10.0):
        """The exit code; what is still written is read."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self._read(min(end, time.monotonic() + 0.1))
        return self.process.wait(timeout=1)

    def terminal_is_as_before(self):
        return termios.tcgetattr(self.slave) == self.before


def hold(talk, seconds):
    """Press, wait, release."""
    talk.key(" ")
    talk.wait_for("listening")
    time.sleep(seconds)
    talk.key(" ")


def ask(talk, sound, samples, rate):
    """Press, speak a recording into the microphone, release."""
    talk.key(" ")
    talk.wait_for("listening")
    sound.say(samples, rate).wait(timeout=20)
    time.sleep(0.2)  # what the sound server still holds
    talk.key(" ")
