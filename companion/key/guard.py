"""Puts a terminal back when the program that changed it could not: a child that outlives it.

Reads on standard input whether the terminal is changed ("1") or as it was ("0"). At the end of
that its parent is gone; if it went without putting the terminal back (`kill -9`), this does it.
Runs as a script of its own and imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import termios
from typing import Any

Attributes = list[Any]
"""A terminal's settings, as `termios.tcgetattr` gives them."""

LEAVE = "\x1b[?1004l\x1b[<u"
"""No more news of the window's focus, and the keyboard as it was."""


def pack(attributes: Attributes) -> str:
    """A terminal's settings as text."""
    *flags, characters = attributes
    return json.dumps([*flags, [list(c) if isinstance(c, bytes) else c for c in characters]])


def unpack(text: str) -> Attributes:
    """A terminal's settings from text."""
    *flags, characters = json.loads(text)
    return [*flags, [bytes(c) if isinstance(c, list) else c for c in characters]]


def put_back(terminal: int, before: Attributes, *, sequences: bool) -> bool:
    """Give a terminal its settings and, where it was changed, its keyboard back.

    Returns:
        False where the terminal takes nothing now: it is stopped (Ctrl-S). Nothing waits for it.
    """
    try:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
        if sequences:
            if not select.select([], [terminal], [], 0)[1]:
                return False
            os.write(terminal, LEAVE.encode())
    except (OSError, termios.error):  # the terminal is gone
        return True
    return True


def main(ours: str, before: str) -> None:
    """Wait for the parent to end; then put the terminal on standard output back if it has to be.

    Whoever has the terminal by then may have set it up already: it is left alone unless it is
    still just as the parent had it.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    last = b"0"
    while sign := os.read(0, 64):
        last = sign[-1:]
    if last == b"0":
        return
    with contextlib.suppress(OSError, termios.error):
        still_ours = termios.tcgetattr(1) == unpack(ours)
        if still_ours:
            termios.tcsetattr(1, termios.TCSANOW, unpack(before))
        if last == b"2":
            os.write(1, LEAVE.encode())
        if still_ours:
            termios.tcflush(1, termios.TCIFLUSH)  # codes of keys mean nothing to a shell


if __name__ == "__main__":
    main(*sys.argv[1:])
