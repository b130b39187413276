"""`companion talk` and the keys that are not its terminal's."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from live import ROOT, Talk
from virtual_sound import why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


def ptt(workspace, word):
    """`companion ptt WORD` in that workspace, as another program runs it."""
    return subprocess.run(
        [sys.executable, "-m", "companion", "ptt", word],
        cwd=workspace,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_program_presses_and_releases(workspace, sound):
    with Talk(workspace, sound.environ) as talk:
        talk.wait_for("first sound after")
        assert "listening" in ptt(workspace, "start").stderr
        talk.wait_for("● listening")
        assert "idle" in ptt(workspace, "stop").stderr
        talk.wait_for("no speech")
        assert "listening" in ptt(workspace, "toggle").stderr
        assert "idle" in ptt(workspace, "toggle").stderr
        talk.wait_for("no speech")
        talk.key("/quit\n")
        assert talk.end() == 0
    assert ptt(workspace, "toggle").returncode == 69


def test_a_conversation_without_a_microphone_says_so(workspace, sound):
    with Talk(workspace, sound.environ, "--text") as talk:
        talk.wait_for("first sound after")
        done = ptt(workspace, "start")
        assert done.returncode == 69
        assert "no microphone" in done.stderr
        talk.key("/quit\n")
        assert talk.end() == 0


def test_a_hotkey_that_cannot_work_is_said_and_the_rest_works(workspace, sound):
    unset = {"COMPANION_KEY__HOTKEY": "f9", "COMPANION_KEY__THROUGH": "pynput", "DISPLAY": ""}
    with Talk(workspace, {**sound.environ, **unset}) as talk:
        talk.wait_for("cannot listen to the desktop")
        talk.wait_for("first sound after")
        talk.key("/quit\n")
        assert talk.end() == 0


def test_without_a_terminal_it_listens_until_it_is_told_to_end(workspace, sound):
    talk = subprocess.Popen(
        [sys.executable, "-m", "companion", "talk", "--listen", "--json", "--as", "Sam"],
        cwd=workspace,
        env={**sound.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    stuck = threading.Timer(90, talk.kill)
    stuck.start()
    seen = iter(talk.stdout.readline, "")
    assert any('"Answered"' in line for line in seen)
    assert ptt(workspace, "start").returncode == 0
    assert any('"Listening"' in line for line in seen)
    assert ptt(workspace, "stop").returncode == 0
    assert any('"NothingHeard"' in line for line in seen)
    talk.send_signal(signal.SIGTERM)
    assert talk.wait() == 143
    stuck.cancel()
    talk.stdout.close()
