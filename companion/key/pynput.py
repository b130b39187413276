"""A hotkey through the desktop (pynput): in every window, on X11, macOS and Windows.

On Wayland a program sees only its own keys: there evdev is the way.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from companion.errors import DeviceError, install
from companion.key.hotkey import KEYS, Switch

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.key.hotkey import Chord

END_SECONDS = 2.0
_SAME = {"ctrl": "ctrl_l", "alt": "alt_l", "alt_gr": "alt_r", "shift": "shift_l", "cmd": "cmd_l"}


class Pynput:
    """Listens to the desktop's keyboard until it is closed.

    Args:
        chord: The keys.
        press: Called when they go down, in a thread of pynput's.
        release: Called when one of them comes up.

    Raises:
        DeviceError: There is no pynput, or no desktop it can listen to.
    """

    def __init__(
        self, chord: Chord, press: Callable[[], None], release: Callable[[], None]
    ) -> None:
        if sys.platform == "linux" and os.environ.get("WAYLAND_DISPLAY"):
            raise DeviceError(
                "On Wayland the desktop tells a program only its own keys.",
                'Set [key] through = "evdev", or bind `companion ptt toggle` to a key there.',
            )
        self._switch = Switch(chord, press, release)
        self._names = {theirs: name for name, (_, theirs) in KEYS.items()}
        self._down: set[str] = set()
        keyboard = _keyboard()
        self._listener = keyboard.Listener(on_press=self._press, on_release=self._release)
        self._listener.name = "key pynput"
        self._listener.start()
        self._listener.wait()

    def close(self) -> None:
        """Stop listening."""
        self._listener.stop()
        self._wake()
        self._listener.join(END_SECONDS)

    def _wake(self) -> None:
        """On X11 it would notice its end only with somebody's next key: end its record ourselves.

        Over a line of our own, because one thread at a time may use a line.
        """
        line = getattr(self._listener, "_display_stop", None)
        context = getattr(self._listener, "_context", None)
        if line is not None and context is not None:
            own = type(line)()
            own.record_disable_context(context)
            own.sync()  # the server drops what it has not read of a line that is closed
            own.close()

    def _press(self, key: object) -> None:
        self._down |= self._named(key)
        self._switch.set(self._down)

    def _release(self, key: object) -> None:
        self._down -= self._named(key)
        self._switch.set(self._down)

    def _named(self, key: object) -> set[str]:
        """Our name of one of pynput's keys; nothing for one that has none."""
        theirs = str(getattr(key, "name", None) or getattr(key, "char", None) or "").lower()
        name = self._names.get(_SAME.get(theirs, theirs))
        return {name} if name else set()


def _keyboard() -> Any:  # noqa: ANN401 - a module without types
    try:
        from pynput import keyboard
    except ImportError as error:  # its own way to say that there is no display, too
        raise DeviceError(
            f"The hotkey cannot listen to the desktop: {str(error).splitlines()[0]}.",
            f"Install it ({install('pynput')}) and talk inside a desktop with X11.",
        ) from error
    return keyboard
