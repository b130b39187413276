"""Talking without a key, through a virtual microphone and loudspeaker."""

import shutil
import subprocess
from importlib.util import find_spec

import numpy as np
import pytest
import soundfile
from live import ROOT, Talk
from virtual_sound import why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
DEMO = ROOT / "models" / "offline" / "demo"


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


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng to say the word")
@pytest.mark.skipif(
    find_spec("pymicro_wakeword") is None, reason="needs pymicro-wakeword (extra wake)"
)
def test_after_the_wake_word_a_line_is_answered_and_without_it_nothing_is_heard(
    workspace, sound, tmp_path
):
    line, rate = soundfile.read(DEMO / "02.wav", dtype="float32")
    command = ["espeak-ng", "-v", "en-gb", "-s", "140", "-w", tmp_path / "word.wav", "Alexa"]
    subprocess.run(command, check=True)
    word, word_rate = soundfile.read(tmp_path / "word.wav", dtype="float32")
    chosen = {"COMPANION_FREE__BEGIN": "word", "COMPANION_FREE__WORD": "alexa"}
    with Talk(workspace, {**sound.environ, **chosen}) as talk:
        talk.wait_for("Hands-free: I wait for “Alexa”")
        talk.wait_for("first sound after")  # the greeting
        sound.say(np.concatenate([line, np.zeros(rate, np.float32)]), rate).wait(timeout=20)
        sound.say(word, word_rate).wait(timeout=20)
        talk.wait_for("● listening")
        sound.say(line, rate)
        talk.wait_for("Sam: I have a little dog")
        talk.wait_for("first sound after")
        assert talk.shown.count("Sam: I have") == 1
        talk.key("/quit\n")
        assert talk.end() == 0


@pytest.mark.skipif(find_spec("pywebrtc_audio") is None, reason="needs pywebrtc-audio")
def test_on_an_open_loudspeaker_the_owner_interrupts_and_the_character_does_not(workspace, sound):
    line, rate = soundfile.read(DEMO / "03.wav", dtype="float32")
    sound.hear_the_loudspeaker()
    sound.turn_down(60)
    chosen = {"COMPANION_FREE__BEGIN": "voice", "COMPANION_FREE__INTERRUPT": "true"}
    with Talk(workspace, {**sound.environ, **chosen}) as talk:
        talk.wait_for("first sound after")  # the greeting, from end to end
        talk.key("tell me a short story about a dog\n")
        talk.wait_for("came to listen.\r\n")  # the whole of it
        assert "● listening" not in talk.shown
        talk.key("tell me a short story about a dog\n")
        talk.wait_for("♪")
        sound.say(line, rate)
        talk.wait_for("● listening")
        talk.wait_for("first sound after")
        assert "Juno: There was an" in talk.shown
        talk.key("/quit\n")
        assert talk.end() == 0
