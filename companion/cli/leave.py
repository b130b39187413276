"""Leaving in time, whatever native code does: the watchdog of the command line.

The first Ctrl-C, SIGTERM or SIGHUP ends the program in order. Native code can hang (a stopped
sound server, a locked file) and then no signal reaches Python; so after `GRACE` seconds, or at a
second signal, the process leaves by `os._exit`. What was said is committed before anything is
answered, so nothing is lost by that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

GRACE = 1.5
"""Seconds that an orderly end may take: two Ctrl-C at once are one signal, and mean two seconds."""
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


_SIGNS = frozenset({0, *CODES})


class Leave(BaseException):
    """Raised in the main thread by SIGTERM and SIGHUP."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Watchdog:
    """Watches for signals while its `with` block lasts, and until the process ends after it.

    Args:
        restore: Puts the terminal back; called before a forced exit.
    """

    def __init__(self, restore: Callable[[], None]) -> None:
        self._restore = restore
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._code = 130

    def __enter__(self) -> Self:
        for number in CODES:
            signal.signal(number, _raise)
        # The C-level handler writes here even while the main thread is stuck in native code.
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave_soon()

    def leave_soon(self) -> None:
        """From here on the process has `GRACE` seconds left; it may use fewer."""
        with contextlib.suppress(OSError):
            os.write(self._write, b"\0")

    def _watch(self) -> None:
        self._note(self._sign())
        timer = threading.Timer(GRACE, self._out)
        timer.daemon = True
        timer.start()
        while True:
            again = self._sign()
            if again != b"\0":  # a second signal: at once
                self._note(again)
                self._out()

    def _sign(self) -> bytes:
        """The next signal to leave, or the word that it is time; Ctrl-Z and others are neither."""
        while (sign := os.read(self._read, 1))[0] not in _SIGNS:
            pass
        return sign

    def _note(self, sign: bytes) -> None:
        self._code = CODES.get(signal.Signals(sign[0]), 0) if sign[0] else 0

    def _out(self) -> NoReturn:
        self._restore()
        os._exit(self._code)


@contextlib.contextmanager
def in_order() -> Iterator[None]:
    """SIGTERM and SIGHUP end what is inside as Ctrl-C does: what is half done is taken away.

    Raises:
        SystemExit: One of them came.
    """
    before = {number: signal.signal(number, _raise) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except Leave as leave:
        raise SystemExit(leave.code) from leave
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, _frame: FrameType | None) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Leave(CODES[signal.Signals(number)])
