"""The program ends in time whatever the sound server does, and leaves the terminal as it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import EXAM
from live import Talk
from virtual_sound import VirtualSound, wait_for, why_not

from companion.cli.app import run

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
AFTER_TWO_CTRL_C = 2.0
AFTER_SIGTERM = 5.0

SERVERS = {
    "works": lambda _sound: None,
    "hangs": lambda sound: sound.stop_server(),
    "was killed": lambda sound: sound.kill_server(),
}
CASES = [(state, server) for state in ("idle", "recording", "speaking") for server in SERVERS]
SOME = [("idle", "was killed"), ("recording", "hangs"), ("speaking", "hangs")]


@pytest.fixture
def workspace(tmp_path):
    assert run(["--quiet", "init", str(tmp_path / "ws")]) == 0
    return tmp_path / "ws"


@pytest.fixture(params=CASES if EXAM else SOME, ids=" ".join)
def talk(request, workspace):
    state, server = request.param
    with VirtualSound(48_000) as sound, Talk(workspace, sound.environ) as talk:
        talk.wait_for("♪" if state == "speaking" else "first sound after")
        if state == "recording":
            talk.key(" ")
            talk.wait_for("listening")
        SERVERS[server](sound)
        yield talk
        sound.go_on()


def gone_after(talk, seconds: float) -> float:
    """Seconds until the program has ended."""
    began = time.monotonic()
    talk.end(seconds + 5)
    return time.monotonic() - began


def test_a_second_ctrl_c_ends_it_within_two_seconds(talk):
    talk.signal(signal.SIGINT)
    talk.signal(signal.SIGINT)
    assert gone_after(talk, AFTER_TWO_CTRL_C) < AFTER_TWO_CTRL_C
    assert talk.process.returncode == 130
    assert talk.terminal_is_as_before()


def test_a_sigterm_ends_it_within_five_seconds(talk):
    talk.signal(signal.SIGTERM)
    assert gone_after(talk, AFTER_SIGTERM) < AFTER_SIGTERM
    assert talk.process.returncode == 143
    assert talk.terminal_is_as_before()


def listeners(sound) -> list[str]:
    """The children of anybody that wait for this server's news."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes()
            mine = str(sound.folder).encode() in (process / "environ").read_bytes()
            found += [process.name] if mine and b"subscribe" in words else []
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nobody_waits_for_the_servers_news_after_it_has_ended(workspace, number):
    with VirtualSound(48_000) as sound, Talk(workspace, sound.environ) as talk:
        talk.wait_for("first sound after")
        assert len(listeners(sound)) == 1
        talk.signal(number)
        talk.end()
        wait_for(lambda: not listeners(sound))


SPEAKS = """
import threading
import numpy as np
from companion.flow import Cancel
from companion.sound.mic import Microphone
from companion.sound.speaker import Speaker
from companion.values import Clause, Speech

speaker, microphone, begun = Speaker(), Microphone(), threading.Event()
microphone.open()
reply = [Speech(Clause("Hm.", "Hm."), np.full(9 * speaker.rate, 0.1, np.float32), speaker.rate)]
speak = threading.Thread(target=speaker.play, args=(reply, Cancel(), begun.set), daemon=True)
speak.start()
begun.wait()
"""


def test_an_exit_while_it_speaks_and_listens_is_no_crash():
    with VirtualSound(48_000) as sound:
        for _ in range(20 if EXAM else 4):
            done = subprocess.run(
                [sys.executable, "-c", SPEAKS],
                env=sound.environ,
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, "")
