"""What a real `companion talk` shows while somebody speaks and while it answers."""

from __future__ import annotations

import pytest
import soundfile
from live import ROOT, Talk
from virtual_sound import VirtualSound, why_not

from companion.cli.app import run

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
OXFORD = ROOT / "models" / "offline" / "demo" / "03.wav"


def test_level_words_reply_and_first_sound_are_seen_as_they_happen(tmp_path):
    assert run(["--quiet", "init", str(tmp_path)]) == 0
    samples, rate = soundfile.read(OXFORD, dtype="float32")
    with VirtualSound(48_000) as sound:
        environ = {**sound.environ, "COMPANION_STT__AHEAD": "on"}
        with Talk(tmp_path, environ) as talk:
            talk.wait_for("first sound after")  # the greeting
            talk.key(" ")
            talk.wait_for("● ▁")
            sound.say(samples, rate)
            talk.wait_for("▆")
            talk.wait_for("sister")  # … and the key is still held
            assert "Sam: " not in talk.shown
            talk.key(" ")
            talk.wait_for("Sam: ")
            talk.wait_for(" ms · ")
            talk.wait_for("first sound after")
            talk.key("/stats\n")
            assert "the model writes" in talk.wait_for("The whole turn")
            talk.key("/quit\n")
            assert talk.end() == 0
