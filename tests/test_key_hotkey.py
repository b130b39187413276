import os
import struct
import threading

import evdev
import pytest

from companion.errors import ConfigError, DeviceError
from companion.key.evdev import Evdev, Kernel
from companion.key.hotkey import KEYS, Chord, Switch

CODES = evdev.ecodes.ecodes
DOWN, UP, REPEAT = 1, 0, 2


@pytest.mark.parametrize(
    ("wanted", "down", "is_down"),
    [
        ("f9", {"f9"}, True),
        ("F9", {"f9", "left shift"}, True),
        ("f9", {"f8"}, False),
        ("ctrl+alt+space", {"right ctrl", "left alt", "space"}, True),
        ("ctrl + alt + space", {"left ctrl", "space"}, False),
        ("right ctrl", {"right ctrl"}, True),
        ("right ctrl", {"left ctrl"}, False),
        ("super+t", {"left super", "t"}, True),
    ],
)
def test_a_hotkey_is_down_while_all_of_it_is(wanted, down, is_down):
    assert Chord(wanted).is_down(down) is is_down


@pytest.mark.parametrize("wanted", ["space", "a", "shift+a", "enter"])
def test_a_hotkey_that_types_something_is_refused(wanted):
    with pytest.raises(ConfigError, match="types something in every other window"):
        Chord(wanted)


@pytest.mark.parametrize(
    ("wanted", "said"), [("f99", "no key"), ("ctlr+f9", 'Did you mean "ctrl"'), ("", "no key")]
)
def test_an_unknown_key_is_named(wanted, said):
    with pytest.raises(ConfigError, match=said):
        Chord(wanted)


def test_the_kernel_knows_every_key_that_we_name():
    assert not [kernel for kernel, _ in KEYS.values() if kernel not in CODES]


def test_a_switch_tells_each_change_once():
    told = []
    switch = Switch(Chord("ctrl+f9"), lambda: told.append("down"), lambda: told.append("up"))
    for down in ({"left ctrl"}, {"left ctrl", "f9"}, {"left ctrl", "f9"}, {"f9"}, set()):
        switch.set(down)
    assert told == ["down", "up"]


class Keyboard:
    """A keyboard whose events come through a pipe, as the kernel's own structs."""

    FORM = "llHHi"

    def __init__(self):
        self.fd, self._write = os.pipe()
        self.active, self.closed = [], False

    def send(self, kind, code, value):
        os.write(self._write, struct.pack(self.FORM, 0, 0, kind, code, value))

    def key(self, name, value):
        self.send(evdev.ecodes.EV_KEY, CODES[name], value)

    def pull_out(self):
        os.close(self._write)

    def read(self):
        raw = os.read(self.fd, 4096)
        if not raw:
            raise OSError(19, "No such device")
        return [evdev.InputEvent(*parts) for parts in struct.iter_unpack(self.FORM, raw)]

    def active_keys(self):
        return self.active

    def close(self):
        os.close(self.fd)
        self.closed = True


class Machine:
    """Keyboards by path, as `Kernel` finds them."""

    def __init__(self, chord, **keyboards):
        self.names, self.keyboards = Kernel(chord).names, keyboards

    def look(self, known):
        return {path: board for path, board in self.keyboards.items() if path not in known}


@pytest.fixture
def pressed():
    """A keyboard whose F9 is listened to, and what was told, to wait for."""
    keyboard, told = Keyboard(), threading.Semaphore(0)
    words = []

    def tell(word):
        words.append(word)
        told.release()

    chord = Chord("ctrl+f9")
    machine = Machine(chord, one=keyboard)
    listener = Evdev(chord, lambda: tell("down"), lambda: tell("up"), machine)

    def after(count):
        for _ in range(count):
            assert told.acquire(timeout=10)
        return words

    yield keyboard, after
    listener.close()


def test_press_and_release_on_a_keyboard_are_told(pressed):
    keyboard, after = pressed
    keyboard.key("KEY_LEFTCTRL", DOWN)
    keyboard.key("KEY_F9", DOWN)
    assert after(1) == ["down"]
    keyboard.key("KEY_F9", REPEAT)
    keyboard.key("KEY_A", DOWN)
    keyboard.key("KEY_F9", UP)
    assert after(1) == ["down", "up"]


def test_a_keyboard_that_is_pulled_out_lets_go(pressed):
    keyboard, after = pressed
    keyboard.key("KEY_RIGHTCTRL", DOWN)
    keyboard.key("KEY_F9", DOWN)
    assert after(1) == ["down"]
    keyboard.pull_out()
    assert after(1) == ["down", "up"]
    assert keyboard.closed


def test_after_more_than_the_kernel_could_hold_it_looks_at_what_is_down(pressed):
    keyboard, after = pressed
    keyboard.active = [CODES["KEY_LEFTCTRL"], CODES["KEY_F9"]]
    keyboard.send(evdev.ecodes.EV_SYN, evdev.ecodes.SYN_DROPPED, 0)
    assert after(1) == ["down"]
    keyboard.active = []
    keyboard.send(evdev.ecodes.EV_SYN, evdev.ecodes.SYN_DROPPED, 0)
    assert after(1) == ["down", "up"]


def test_without_a_keyboard_the_cure_is_said():
    chord = Chord("f9")
    with pytest.raises(DeviceError, match="usermod -aG input"):
        Evdev(chord, print, print, Machine(chord))


def test_the_machines_own_keyboards_are_asked_without_an_error():
    kernel = Kernel(Chord("f9"))
    found = kernel.look(())
    for keyboard in found.values():
        keyboard.close()
    assert not kernel.look(found)
