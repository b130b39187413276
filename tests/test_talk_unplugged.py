"""`companion talk` while devices come and go: the conversation goes on, and says what happened."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from live import ROOT, Talk
from virtual_sound import why_not

from companion.cli.app import run

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
SPOKEN = ROOT / "models" / "offline" / "demo" / "01.wav"


@pytest.fixture
def talk(tmp_path, sound):
    assert run(["--quiet", "init", str(tmp_path / "ws")]) == 0
    with Talk(tmp_path / "ws", sound.environ) as talk:
        yield talk


def leave(talk) -> int:
    talk.key("/quit\n")
    return talk.end()


def say(sound) -> None:
    """Speak a question of the demo, and wait for its end."""
    samples, rate = soundfile.read(SPOKEN, dtype="float32")
    sound.say(np.concatenate([samples, np.zeros(rate // 4, np.float32)]), rate).wait(20)


def test_what_was_said_before_the_microphone_was_unplugged_is_answered(talk, sound):
    talk.wait_for("first sound after")
    talk.key(" ")
    talk.wait_for("listening")
    say(sound)
    sound.unplug_microphone()
    talk.wait_for("s you said are kept")
    talk.key(" ")
    talk.wait_for("Sam: ")
    talk.wait_for("first sound after")
    talk.key(" ")
    talk.wait_for("was lost")
    talk.key("hello juno\n")
    talk.wait_for("first sound after")
    sound.plug_microphone()
    talk.wait_for("is back")
    talk.key(" ")
    talk.wait_for("listening")
    say(sound)
    talk.key(" ")
    talk.wait_for("Sam: ")
    assert leave(talk) == 0


def test_a_loudspeaker_unplugged_mid_sentence_is_told_and_the_next_reply_is_heard(talk, sound):
    talk.wait_for("♪")
    sound.remove("spk")
    talk.wait_for("was lost")
    talk.wait_for("Sound comes from")
    sound.add_speaker()
    talk.key("hello juno\n")
    talk.wait_for("first sound after")
    assert leave(talk) == 0


def test_a_server_that_hangs_and_goes_on_leaves_the_conversation_as_it_was(talk, sound):
    talk.wait_for("first sound after")
    talk.key(" ")
    talk.wait_for("listening")
    say(sound)
    sound.stop_server()
    talk.wait_for("does not answer")
    sound.go_on()
    talk.wait_for("is back")
    talk.key(" ")
    talk.wait_for("Sam: ")
    talk.wait_for("first sound after")
    assert leave(talk) == 0


def test_a_server_that_dies_and_comes_back_writes_nothing_across_the_screen(talk, sound):
    talk.wait_for("first sound after")
    sound.kill_server()
    talk.wait_for("was lost")
    sound.start()
    talk.wait_for("is back")
    talk.key("hello juno\n")
    talk.wait_for("first sound after")
    assert leave(talk) == 0
    assert "Expression" not in talk.shown  # PortAudio's own words for it
