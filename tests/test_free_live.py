"""Talking without a key, through a virtual microphone and loudspeaker."""

import pytest
import soundfile
from live import ROOT, Talk
from virtual_sound import VirtualSound, why_not

from companion.cli.app import run

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
DEMO = ROOT / "models" / "offline" / "demo"


@pytest.fixture
def workspace(tmp_path):
    assert run(["--quiet", "init", str(tmp_path / "ws")]) == 0
    return tmp_path / "ws"


@pytest.fixture
def sound():
    with VirtualSound(48_000) as made:
        yield made


def test_two_spoken_lines_are_answered_and_no_key_is_pressed(workspace, sound):
    with Talk(workspace, {**sound.environ, "COMPANION_FREE__BEGIN": "voice"}) as talk:
        talk.wait_for("Hands-free: I listen all the time")
        talk.wait_for("first sound after")  # the greeting
        for name, words in (("01", "my name is sam"), ("02", "dog called")):
            samples, rate = soundfile.read(DEMO / f"{name}.wav", dtype="float32")
            sound.say(samples, rate)
            talk.wait_for("listening")
            talk.wait_for(words)
            talk.wait_for("first sound after")
        talk.key("/free\n")
        talk.wait_for("Hands-free is off")
        talk.key("/quit\n")
        assert talk.end() == 0
