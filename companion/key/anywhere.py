"""A hotkey that works in every window, through whatever works on this machine."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Literal

from companion.errors import DeviceError
from companion.key.evdev import Evdev
from companion.key.hotkey import Chord
from companion.key.pynput import Pynput

if TYPE_CHECKING:
    from collections.abc import Callable


def open_hotkey(
    wanted: str,
    through: Literal["auto", "evdev", "pynput"],
    press: Callable[[], None],
    release: Callable[[], None],
) -> Evdev | Pynput:
    """Listen for a hotkey until it is closed.

    Args:
        wanted: The key, as "f9".
        through: What to listen with; "auto" is evdev on Linux, and pynput where that cannot be.
        press: Called when it goes down.
        release: Called when it comes up.

    Raises:
        ConfigError: There is no such key, or it types something.
        DeviceError: Nothing here tells about keys; the hint says what to do.
    """
    chord = Chord(wanted)
    if through == "evdev" or (through == "auto" and sys.platform == "linux"):
        try:
            return Evdev(chord, press, release)
        except DeviceError:
            if through == "evdev" or not _has_x11():
                raise
    return Pynput(chord, press, release)


def _has_x11() -> bool:
    """Whether there is a desktop that tells every program about keys."""
    return bool(os.environ.get("DISPLAY")) and not os.environ.get("WAYLAND_DISPLAY")
