"""The keyboard of a terminal, key by key, and the terminal as it was afterwards, whatever happens.

A terminal that speaks kitty's protocol tells when a key is released; any other tells presses only,
and nothing here guesses. Knows no session.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import termios
import threading
import time
import tty
from typing import TYPE_CHECKING, Self

from companion.key import guard
from companion.key.codes import ASK, FLAGS, NEEDED, NO_PROTOCOL, Codes, Key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENTER = f"\x1b[>{FLAGS}u\x1b[?1004h"
"""Ask for phases, and for news of the window's focus: `guard.LEAVE` takes both back."""

ANSWER_SECONDS = 0.3
"""How long a terminal may take to say what it is; it was asked before everything was loaded."""

SIGNALS = {"\x03": signal.SIGINT, "\x1a": signal.SIGTSTP, "\x1c": signal.SIGQUIT}
"""What Ctrl-C, Ctrl-Z and Ctrl-\\ mean; with every key told as a code, nobody else does it."""


class Terminal:
    """Reads keys one by one while its `with` block lasts.

    Ctrl-C raises KeyboardInterrupt. The terminal is put back at the end of the block; `restore`
    does the same from anywhere else, and a child of ours does it after a `kill -9`.

    Attributes:
        hold: Whether it tells when a key is released; known after `begin`.
    """

    def __init__(self, file: int | None = None) -> None:
        self._file = sys.stdin.fileno() if file is None else file
        self._out = sys.stdout.fileno() if file is None else file
        self._before = termios.tcgetattr(self._file)
        self._codes = Codes()
        self._guard: subprocess.Popen[bytes] | None = None
        self._changed = threading.RLock()
        self._state = "0"  # as for the guard: as before, settings changed, keyboard changed as well
        self.hold = False

    def __enter__(self) -> Self:
        tty.setcbreak(self._file)
        self._guard = self._guarded()
        self._tell_guard("1")
        if os.environ.get("TERM", "dumb") != "dumb":
            self._write(ASK)
        return self

    def __exit__(self, *_: object) -> None:
        self.give_back()
        guarding, self._guard = self._guard, None
        if guarding and guarding.stdin:
            guarding.stdin.close()
            if self._state == "0":  # else it waits for a terminal that is stopped
                guarding.wait()

    def begin(self, *, hold: bool = True) -> bool:
        """Find out whether releases are told, and have them told.

        Args:
            hold: False where the owner wants one press to begin and the next to end.
        """
        if hold and self._answer() > NO_PROTOCOL:
            with self._changed:
                self._tell_guard("2")
                self._write(ENTER + ASK)
            self.hold = self._codes.phases = self._answer() & NEEDED == NEEDED
            if not self.hold:
                self._write(guard.LEAVE)
                self._tell_guard("1")
        return self.hold

    def keys(self, stopped: Callable[[], None]) -> Iterator[Key]:
        """Keys as they come, until the terminal is closed. Ctrl-Z stops the program meanwhile.

        Args:
            stopped: Called before the program stops and after it goes on. A release may have been
                missed, so nothing may be recorded any more. A key without text follows.
        """
        with _Signals() as signals:
            raw = b""
            while True:
                for key in self._codes.feed(raw):
                    if self.hold and key.text in SIGNALS:
                        _send(SIGNALS[key.text], key)
                    else:
                        yield key
                ready = select.select([self._file, signals.file], [], [])[0]
                if signals.file in ready:
                    stopped()
                    if signals.take() == signal.SIGTSTP:
                        self.give_back()
                        signals.stop()
                        stopped()
                    self.enter_again()
                    yield Key("")
                raw = b""
                if self._file in ready and not (raw := self._read()):
                    return

    def give_back(self) -> None:
        """Put the terminal back as it was, and take what it sent until then out of the way.

        The shell would read the release of the key that ended us as something typed.
        """
        with self._changed:
            if self._state == "2" and select.select([], [self._out], [], 0)[1]:
                self._write(guard.LEAVE + ASK)
                self._tell_guard("1")
                self._answer()
                self._codes = Codes()
                self._codes.phases = self.hold
            self.restore()

    def restore(self) -> None:
        """Put the terminal back as it was, at once; harmless when it is gone or already done."""
        with self._changed:
            if self._state == "0":
                return
            if guard.put_back(self._out, self._before, sequences=self._state == "2"):
                self._tell_guard("0")

    def enter_again(self) -> None:
        """Take the terminal once more: the program was stopped, and goes on."""
        with self._changed:
            tty.setcbreak(self._file)
            if self._state == "0":
                self._tell_guard("2" if self.hold else "1")
                if self.hold:
                    self._write(ENTER)

    def _guarded(self) -> subprocess.Popen[bytes] | None:
        ours = termios.tcgetattr(self._file)
        script = [sys.executable, "-I", "-S", guard.__file__]
        try:
            return subprocess.Popen(
                [*script, guard.pack(ours), guard.pack(self._before)],
                stdin=subprocess.PIPE,
                stdout=self._out,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # neither Ctrl-C nor a closed window reaches it
            )
        except OSError:  # no more processes: then nobody puts it back after a kill
            return None

    def _tell_guard(self, state: str) -> None:
        self._state = state
        if self._guard and self._guard.stdin:
            try:
                os.write(self._guard.stdin.fileno(), state.encode())
            except OSError:  # somebody ended it
                self._guard.poll()

    def _answer(self) -> int:
        """The flags that the terminal says are set; `NO_PROTOCOL` where it knows none."""
        end = time.monotonic() + ANSWER_SECONDS
        raw = b""
        while (flags := self._codes.answer(raw)) is None:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._file], [], [], left)[0]:
                return NO_PROTOCOL
            if not (raw := self._read()):
                return NO_PROTOCOL
        return flags

    def _read(self) -> bytes:
        try:
            return os.read(self._file, 1024)
        except OSError:  # the terminal is gone
            return b""

    def _write(self, text: str) -> None:
        os.write(self._out, text.encode())


class _Signals:
    """Ctrl-Z and `fg` as something to wait for: the handlers only leave a note."""

    def __enter__(self) -> Self:
        self.file, self._note = os.pipe()
        os.set_blocking(self._note, False)
        for number in (signal.SIGTSTP, signal.SIGCONT):
            signal.signal(number, self._write)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGTSTP, signal.SIGCONT):
            signal.signal(number, signal.SIG_DFL)
        os.close(self.file)
        os.close(self._note)

    def _write(self, number: int, _frame: object) -> None:
        os.write(self._note, bytes([number]))

    def take(self) -> int:
        """The signal that came."""
        return os.read(self.file, 1)[0]

    def stop(self) -> None:
        """Stand still until somebody says `fg`; a shell that cannot say it never stops us."""
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._write)


def _send(number: int, key: Key) -> None:
    """Tell everybody in the foreground what a terminal would have told them."""
    if key.phase == "press":
        os.killpg(os.getpgrp(), number)


def is_terminal() -> bool:
    """Whether a person can type here."""
    return sys.stdin.isatty() and sys.stdout.isatty()
