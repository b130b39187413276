"""The whole program in a real window, with fingers on real keys."""

import os
import signal

import pytest
import soundfile
from virtual_sound import why_not as why_no_sound
from window import ROOT, Kitty, Screen, why_not

from companion.cli.app import run

WHY = why_not() or why_no_sound()
pytestmark = pytest.mark.skipif(bool(WHY), reason=WHY or "-")


@pytest.fixture
def screen(tmp_path):
    with Screen(tmp_path) as made:
        yield made


@pytest.fixture
def kitty(tmp_path, sound, screen):
    """A conversation that has begun, and how the keyboard was before."""
    assert run(["--quiet", "init", str(tmp_path / "ws")]) == 0
    with Kitty(screen, tmp_path / "ws", sound.env) as window:
        window.before = window.keyboard("before")
        window.companion("talk --as Sam")
        window.wait_for("Hold Space")
        window.wait_for("first sound after")
        yield window


def test_what_is_said_while_space_is_held_is_answered(kitty, screen, sound):
    screen.down("space")
    kitty.wait_for("let go when you are done")
    sound.say(*soundfile.read(ROOT / "models/offline/demo/01.wav", dtype="float32")).wait(20)
    assert "Sam:" not in kitty.shown()
    screen.up("space")
    kitty.wait_for("my name is sam")


def test_the_keyboard_is_as_before_after_quit(kitty, screen):
    screen.down("space")
    kitty.wait_for("let go")
    screen.up("space")
    kitty.wait_for("no speech")
    kitty.type("/quit")
    kitty.wait_for_end()
    assert kitty.keyboard("after") == kitty.before


def test_the_keyboard_is_as_before_after_ctrl_c(kitty, screen):
    screen.press("ctrl+c")
    kitty.wait_for_end()
    assert kitty.keyboard("after") == kitty.before
    assert "not found" not in kitty.shown()  # no key of ours was left for the shell


def test_the_keyboard_is_as_before_after_a_kill_while_space_is_held(kitty, screen):
    screen.down("space")
    kitty.wait_for("let go")
    guard = kitty.child_of_the_program("guard.py")
    os.kill(kitty.process, signal.SIGKILL)
    kitty.wait_for_end(guard)
    screen.up("space")
    screen.press("Return")  # ends the line of what the key had sent until then
    assert kitty.keyboard("after") == kitty.before


def test_ctrl_z_and_back_leaves_no_recording_and_no_turn(kitty, screen):
    screen.down("space")
    kitty.wait_for("let go")
    screen.press("ctrl+z")
    kitty.wait_for("Stopped")
    screen.up("space")
    assert kitty.keyboard("meanwhile") == kitty.before
    kitty.type("fg")
    kitty.wait_for("the recording was given up")
    screen.down("space")
    kitty.wait_for("let go")
    screen.up("space")
    kitty.wait_for("no speech: too")
    assert "Sam:" not in kitty.shown()
