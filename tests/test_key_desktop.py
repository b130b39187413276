import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from window import ROOT, Screen, why_not

from companion.errors import DeviceError
from companion.key.anywhere import open_hotkey
from companion.key.hotkey import KEYS, Chord
from companion.key.pynput import Pynput


@pytest.fixture
def screen(tmp_path, monkeypatch):
    with Screen(tmp_path) as made:
        monkeypatch.setenv("DISPLAY", made.environ["DISPLAY"])
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield made


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
def test_a_hotkey_is_held_whichever_window_is_in_front(screen):
    down, up = threading.Event(), threading.Event()
    listener = Pynput(Chord("ctrl+f9"), down.set, up.set)
    screen.down("F9")
    screen.down("Control_L")
    assert down.wait(10)
    assert not up.is_set()
    screen.up("F9")
    assert up.wait(10)
    screen.up("Control_L")
    listener.close()
    assert not listener._listener.is_alive()


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
@pytest.mark.skipif(bool(list(Path("/dev").glob("input/event*"))), reason="has keyboards")
def test_where_no_keyboard_can_be_read_the_desktop_is_asked(screen):
    down = threading.Event()
    listener = open_hotkey("f9", "auto", down.set, lambda: None)
    screen.press("F9")
    assert down.wait(10)
    listener.close()
    assert not listener._listener.is_alive()


def test_on_wayland_the_way_that_works_is_named(monkeypatch):
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with pytest.raises(DeviceError, match='through = "evdev"'):
        Pynput(Chord("f9"), print, print)


def test_without_a_desktop_it_says_so():
    script = (
        "from companion.errors import DeviceError\n"
        "from companion.key.hotkey import Chord\n"
        "from companion.key.pynput import Pynput\n"
        "try:\n    Pynput(Chord('f9'), print, print)\n"
        "except DeviceError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "DISPLAY": ":4711", "PYTHONPATH": str(ROOT)}
    environment.pop("WAYLAND_DISPLAY", None)
    child = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert "inside a desktop" in child.stdout


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
def test_the_desktop_knows_every_key_that_we_name(screen):
    from pynput import keyboard

    known = {key.name for key in keyboard.Key} | {"ctrl_l", "alt_l", "shift_l", "cmd_l"}
    assert not [name for _, name in KEYS.values() if len(name) > 1 and name not in known]
