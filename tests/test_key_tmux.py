"""The whole program in a terminal that does not tell releases: tmux."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from tmux import Terminal
from tmux import why_not as why_no_tmux
from virtual_sound import why_not as why_no_sound

from companion.cli.app import run

WHY = why_no_tmux() or why_no_sound()
pytestmark = pytest.mark.skipif(bool(WHY), reason=WHY or "-")
TALK = f"sh -c 'echo $$ > pid; exec {sys.executable} -m companion talk --as Sam'"


def enter(terminal, line):
    terminal.type(line)
    terminal.press("Enter")


def settings(terminal):
    """What `stty` says; the answer to a sum ends it, so that it is whole."""
    enter(terminal, "clear; stty -g; expr 600 + 66")
    return terminal.wait_for("\n666\n").strip().split("\n")[0]


def wait_for_end(process):
    end = time.monotonic() + 20
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < end
        threading.Event().wait(0.02)


@pytest.fixture
def talk(tmp_path, sound, monkeypatch):
    """A conversation that has begun."""
    for name, value in sound.env.items():
        monkeypatch.setenv(name, value)
    assert run(["--quiet", "init", str(tmp_path / "ws")]) == 0
    with Terminal(tmp_path, tmp_path / "ws") as terminal:
        terminal.before = settings(terminal)
        enter(terminal, TALK)
        terminal.wait_for("first sound after")
        terminal.process = int((tmp_path / "ws" / "pid").read_text())
        yield terminal


def test_space_begins_and_ends_and_the_screen_says_so(talk):
    talk.wait_for("Press Space, speak, press it again")
    talk.press("Space")
    talk.wait_for("press Space when you are done")
    talk.press("Space")
    talk.wait_for("no speech", "Press Space, speak, press it again")


def test_the_settings_are_as_before_after_quit(talk):
    enter(talk, "/quit")
    wait_for_end(talk.process)
    assert settings(talk) == talk.before


def test_the_settings_are_as_before_after_a_kill(talk):
    os.kill(talk.process, signal.SIGKILL)
    talk.wait_for("Killed")
    assert settings(talk) == talk.before


def test_ctrl_z_and_back_leaves_no_recording_and_no_turn(talk):
    talk.press("Space")
    talk.wait_for("press Space when you are done")
    talk.press("C-z")
    shown = talk.wait_for("Stopped")
    assert settings(talk) == talk.before
    enter(talk, "fg")
    talk.wait_for("Press Space, speak, press it again")  # what is typed before that is thrown away
    if "the recording was given up" not in shown:  # it stood still before it could say so
        talk.wait_for("the recording was given up")
    enter(talk, "hello juno")
    talk.wait_for("first sound after")
    assert talk.shown().count("Sam:") == 1
