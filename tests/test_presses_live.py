"""Forty presses in a row, in a real terminal with a virtual microphone."""

import pytest
import soundfile
from live import ROOT, Talk, ask
from virtual_sound import VirtualSound, why_not

from companion.cli.app import run
from companion.key.calls import NAME, call

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
LINE = ROOT / "models" / "offline" / "demo" / "01.wav"


def test_forty_presses_during_speech_leave_no_recording_and_no_ghost_turn(tmp_path):
    assert run(["--quiet", "init", str(tmp_path / "ws")]) == 0
    with VirtualSound(48_000) as sound, Talk(tmp_path / "ws", sound.environ) as talk:
        talk.wait_for("♪")  # the greeting is spoken
        for _ in range(40):
            call(tmp_path / "ws" / NAME, "start")
            call(tmp_path / "ws" / NAME, "stop")
        talk.wait_for("I heard no speech: too short")  # the last one; those before were overtaken
        assert "Sam: " not in talk.shown
        ask(talk, sound, *soundfile.read(LINE, dtype="float32"))
        talk.wait_for("first sound after")
        assert talk.shown.count("Sam: ") == 1
        talk.key("/quit\n")
        assert talk.end() == 0
