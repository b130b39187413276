"""A key, or several together, that work whichever window is in front: names, and what is down.

Knows neither evdev nor pynput: both tell what is down in the names below.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from companion.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

KEYS = {
    "left ctrl": ("KEY_LEFTCTRL", "ctrl_l"),
    "right ctrl": ("KEY_RIGHTCTRL", "ctrl_r"),
    "left alt": ("KEY_LEFTALT", "alt_l"),
    "right alt": ("KEY_RIGHTALT", "alt_r"),
    "left shift": ("KEY_LEFTSHIFT", "shift_l"),
    "right shift": ("KEY_RIGHTSHIFT", "shift_r"),
    "left super": ("KEY_LEFTMETA", "cmd_l"),
    "right super": ("KEY_RIGHTMETA", "cmd_r"),
    "space": ("KEY_SPACE", "space"),
    "enter": ("KEY_ENTER", "enter"),
    "tab": ("KEY_TAB", "tab"),
    "escape": ("KEY_ESC", "esc"),
    "pause": ("KEY_PAUSE", "pause"),
    "scroll lock": ("KEY_SCROLLLOCK", "scroll_lock"),
    "caps lock": ("KEY_CAPSLOCK", "caps_lock"),
    "insert": ("KEY_INSERT", "insert"),
    "home": ("KEY_HOME", "home"),
    "end": ("KEY_END", "end"),
    "menu": ("KEY_COMPOSE", "menu"),
    "play": ("KEY_PLAYPAUSE", "media_play_pause"),
    **{f"f{n}": (f"KEY_F{n}", f"f{n}") for n in range(1, 21)},
    **{c: (f"KEY_{c.upper()}", c) for c in "abcdefghijklmnopqrstuvwxyz0123456789"},
}
"""Our name → the kernel's, and pynput's."""

EITHER = {name: {f"left {name}", f"right {name}"} for name in ("ctrl", "alt", "shift", "super")}
_TYPES = {"space", "enter", "tab", "escape", *"abcdefghijklmnopqrstuvwxyz0123456789"}


class Chord:
    """Keys that have to be down together, as "f9", "right ctrl" or "ctrl+alt+space".

    Raises:
        ConfigError: There is no such key, or it would type something into every window.
    """

    def __init__(self, wanted: str) -> None:
        self.name = wanted.strip().lower()
        self._parts = [_alternatives(part.strip(), wanted) for part in self.name.split("+")]
        if all(part <= _TYPES | EITHER["shift"] for part in self._parts):
            raise ConfigError(
                f'[key] hotkey = "{wanted}": it types something in every other window.',
                'Take one that does not, like "f9" or "right ctrl", or add ctrl, alt or super.',
            )

    @property
    def keys(self) -> set[str]:
        """All keys that count for it."""
        return set().union(*self._parts)

    def is_down(self, down: Collection[str]) -> bool:
        """Whether it is down while these keys are."""
        return all(not part.isdisjoint(down) for part in self._parts)


class Switch:
    """Tells when a chord goes down and comes up.

    Args:
        chord: The keys.
        press: Called when they are down.
        release: Called when one of them came up.
    """

    def __init__(
        self, chord: Chord, press: Callable[[], None], release: Callable[[], None]
    ) -> None:
        self.chord = chord
        self._press = press
        self._release = release
        self._down = False

    def set(self, down: Collection[str]) -> None:
        """These keys are down now."""
        now = self.chord.is_down(down)
        if now != self._down:
            self._down = now
            (self._press if now else self._release)()


def _alternatives(name: str, wanted: str) -> set[str]:
    if name in EITHER:
        return EITHER[name]
    if name in KEYS:
        return {name}
    close = difflib.get_close_matches(name, [*EITHER, *KEYS], 1)
    meant = f'Did you mean "{close[0]}"?' if close else 'Take one like "f9" or "ctrl+alt+space".'
    raise ConfigError(f'[key] hotkey = "{wanted}": there is no key "{name}".', meant)
