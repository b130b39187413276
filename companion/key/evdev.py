"""A hotkey through the kernel's own events (evdev): in every window, Wayland and console too.

Keyboards come and go. Needs the right to read /dev/input.
"""

from __future__ import annotations

import os
import select
import threading
from typing import TYPE_CHECKING, Any, Protocol

from companion.errors import DeviceError, install
from companion.key.hotkey import KEYS, Switch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from companion.key.hotkey import Chord

LOOK_SECONDS = 3.0
"""How often keyboards that were plugged in are looked for."""

_EV_SYN, _EV_KEY, _SYN_DROPPED = 0, 1, 3
_UP, _DOWN = 0, 1


class Keyboard(Protocol):
    """An open keyboard, as evdev's `InputDevice`."""

    fd: int

    def read(self) -> Iterable[Any]:
        """Events with `type`, `code` and `value`; OSError when it was pulled out."""

    def active_keys(self) -> list[int]:
        """Codes of the keys that are down."""

    def close(self) -> None:
        """Give it back."""


class Kernel:
    """The keyboards that can be read and have the keys of a chord."""

    def __init__(self, chord: Chord) -> None:
        try:
            import evdev
        except ImportError as error:
            raise DeviceError(
                "The hotkey needs evdev, and it is not installed.",
                f'Install it: {install("evdev")}   (or set [key] hotkey = "").',
            ) from error
        self._evdev = evdev
        codes = evdev.ecodes.ecodes
        self.names = {codes[kernel]: name for name, (kernel, _) in KEYS.items()}
        self._codes = {code for code, name in self.names.items() if name in chord.keys}
        self._without: set[str] = set()

    def look(self, known: Iterable[str]) -> dict[str, Keyboard]:
        """Keyboards that are not known yet, by path."""
        there = set(self._evdev.list_devices())
        self._without &= there
        found: dict[str, Keyboard] = {}
        for path in there - set(known) - self._without:
            try:
                device = self._evdev.InputDevice(path)
            except OSError:  # it was pulled out this moment
                continue
            if self._codes & set(device.capabilities().get(_EV_KEY, ())):
                found[path] = device
            else:
                self._without.add(path)
                device.close()
        return found


class Evdev:
    """Listens to every keyboard until it is closed.

    Args:
        chord: The keys.
        press: Called when they go down, in a thread of its own.
        release: Called when one of them comes up, or its keyboard was pulled out.
        kernel: Finds keyboards; the machine's own by default.

    Raises:
        DeviceError: There is no evdev, or no keyboard that may be read.
    """

    def __init__(
        self,
        chord: Chord,
        press: Callable[[], None],
        release: Callable[[], None],
        kernel: Kernel | None = None,
    ) -> None:
        self._kernel = kernel or Kernel(chord)
        self._switch = Switch(chord, press, release)
        self._keyboards = self._kernel.look(())
        if not self._keyboards:
            raise DeviceError(
                "No keyboard can be read below /dev/input, so the hotkey would not work.",
                "Type: sudo usermod -aG input $USER   then log in again.",
            )
        self._down: dict[str, set[str]] = {}
        self._end, self._close = os.pipe()
        self._thread = threading.Thread(target=self._listen, name="key evdev", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        os.close(self._close)
        self._thread.join()
        for path in list(self._keyboards):
            self._forget(path)
        os.close(self._end)

    def _listen(self) -> None:
        while True:
            files = {keyboard.fd: path for path, keyboard in self._keyboards.items()}
            ready = select.select([self._end, *files], [], [], LOOK_SECONDS)[0]
            if self._end in ready:
                return
            for file in ready:
                self._read(files[file])
            if not ready:
                self._keyboards |= self._kernel.look(self._keyboards)
            self._switch.set(set().union(*self._down.values()))

    def _read(self, path: str) -> None:
        keyboard, down = self._keyboards[path], self._down.setdefault(path, set())
        names = self._kernel.names
        try:
            for event in keyboard.read():
                if event.type == _EV_KEY and event.value in (_UP, _DOWN) and event.code in names:
                    (down.add if event.value == _DOWN else down.discard)(names[event.code])
                elif event.type == _EV_SYN and event.code == _SYN_DROPPED:  # too much at once
                    down.clear()
                    down |= {names[code] for code in keyboard.active_keys() if code in names}
        except OSError:  # it was pulled out
            self._forget(path)

    def _forget(self, path: str) -> None:
        self._down.pop(path, None)
        self._keyboards.pop(path).close()
