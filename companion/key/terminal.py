"""The keyboard of a terminal, key by key, and the terminal as it was afterwards.

Works in any terminal and therefore sees presses only, never releases. Knows no session.
"""

from __future__ import annotations

import codecs
import os
import select
import sys
import termios
import tty
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPE = "\x1b"


class Terminal:
    """Reads keys one by one while its `with` block lasts.

    Ctrl-C still raises KeyboardInterrupt. The terminal is put back at the end of the block, and
    `restore` does the same from anywhere else, for exits that skip the block.
    """

    def __init__(self, file: int | None = None) -> None:
        self._file = sys.stdin.fileno() if file is None else file
        self._before = termios.tcgetattr(self._file)
        self._text = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self) -> Self:
        tty.setcbreak(self._file)
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()

    def restore(self) -> None:
        """Put the terminal back as it was; harmless when it is gone or already done."""
        try:
            termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)
        except termios.error:
            return

    def pressed(self) -> Iterator[str]:
        """Characters as they are typed, until the terminal is closed.

        An escape sequence (an arrow, say) comes as one string that begins with ESC.
        """
        while raw := self._read():
            text = self._text.decode(raw)
            if text.startswith(_ESCAPE):
                yield text
            else:
                yield from text

    def _read(self) -> bytes:
        select.select([self._file], [], [])
        try:
            return os.read(self._file, 64)
        except OSError:  # the terminal is gone
            return b""


def is_terminal() -> bool:
    """Whether a person can type here."""
    return sys.stdin.isatty() and sys.stdout.isatty()
