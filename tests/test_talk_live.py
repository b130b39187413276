import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile
from live import ROOT, Talk, ask, hold
from virtual_sound import VirtualSound, why_not

from companion.cli.app import run

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
DEMO = ROOT / "models" / "offline" / "demo"


@pytest.fixture
def workspace(tmp_path):
    assert run(["--quiet", "init", str(tmp_path / "ws")]) == 0
    return tmp_path / "ws"


@pytest.fixture(params=[44_100, 48_000])
def sound(request):
    with VirtualSound(request.param) as made:
        yield made


@pytest.fixture
def sound48():
    with VirtualSound(48_000) as made:
        yield made


def line(number=1):
    samples, rate = soundfile.read(DEMO / f"{number:02}.wav", dtype="float32")
    return samples, rate


def pitch(samples, rate):
    """Median pitch of the voiced 50 ms frames, by autocorrelation, in Hz."""
    size, found = rate // 20, []
    for at in range(0, len(samples) - size, size):
        frame = samples[at : at + size] - samples[at : at + size].mean()
        correlation = np.fft.irfft(np.abs(np.fft.rfft(frame, 2 * size)) ** 2)
        low, high = rate // 400, rate // 70
        lag = low + int(correlation[low:high].argmax())
        if np.abs(frame).max() > 0.02 and correlation[lag] > 0.5 * correlation[0]:
            found.append(rate / lag)
    return float(np.median(found))


def test_a_spoken_question_is_answered_on_the_loudspeaker(workspace, sound):
    with Talk(workspace, sound.environ) as talk:
        talk.wait_for("first sound after")  # the greeting
        tape = sound.listen()
        ask(talk, sound, *line())
        talk.wait_for("Sam: ")
        talk.wait_for("first sound after")
        tape.wait_until_quiet()
        heard = tape.sound()
        talk.key("/quit\n")
        assert talk.end() == 0
    assert np.abs(heard).max() > 0.02
    assert len(heard) > 0.3 * tape.rate
    assert 120 < pitch(heard, tape.rate) < 320  # Juno's voice, at either rate


def test_a_press_without_speech_is_not_answered(workspace, sound48):
    with Talk(workspace, sound48.environ) as talk:
        talk.wait_for("first sound after")
        hold(talk, 0.4)
        talk.wait_for("no speech")
        talk.key("/quit\n")
        assert talk.end() == 0


def test_typed_words_and_commands_work_while_voice_is_on(workspace, sound48):
    with Talk(workspace, sound48.environ) as talk:
        talk.wait_for("first sound after")
        talk.key("hello juno\n")
        talk.wait_for("Sam: hello juno")
        talk.wait_for("first sound after")
        talk.key("/undo\n")
        talk.wait_for("taken back")
        talk.key("/volume 30\n")
        talk.wait_for("Volume 30%")
        talk.key("/mute\n")
        talk.wait_for("off")
        talk.key("/help\n")
        talk.wait_for("/again")
        talk.key("/quit\n")
        assert talk.end() == 0
        assert talk.terminal_is_as_before()


def test_the_owners_name_is_asked_once_and_kept(workspace, sound48):
    with Talk(workspace, sound48.environ, owner="") as talk:
        talk.wait_for("What is your name?")
        talk.key("Robin\n")
        talk.wait_for("first sound after")
        talk.key("hello\n")
        talk.wait_for("Robin: hello")
        talk.key("/quit\n")
        assert talk.end() == 0
    assert 'name = "Robin"' in (workspace / "config.toml").read_text()
    with Talk(workspace, sound48.environ, owner="") as talk:
        assert "What is your name?" not in talk.wait_for("first sound after")
        talk.key("\x04")
        assert talk.end() == 0


def test_a_press_while_it_speaks_cuts_the_sound_and_the_history(workspace, sound48):
    with Talk(workspace, sound48.environ) as talk:
        talk.wait_for("♪")  # the greeting has begun
        tape = sound48.listen()
        talk.key(" ")
        talk.wait_for(" —")  # it was cut short
        talk.wait_for("listening")
        talk.key(" ")
        talk.wait_for("no speech")
        talk.key("/quit\n")
        assert talk.end() == 0
    assert len(tape.sound()) < 1.0 * tape.rate


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_the_terminal_as_it_was_and_nothing_lost(workspace, sound48, number, code):
    with Talk(workspace, sound48.environ) as talk:
        talk.wait_for("first sound after")
        talk.key("my kite is called windhover\n")
        talk.wait_for("Juno: ")
        talk.signal(number)
        assert talk.end() == code
        assert talk.terminal_is_as_before()
    assert "windhover" in remembered(workspace)


def test_a_closed_terminal_ends_it_and_nothing_is_lost(workspace, sound48):
    with Talk(workspace, sound48.environ) as talk:
        talk.wait_for("first sound after")
        talk.key("my kite is called windhover\n")
        talk.wait_for("Juno: ")
        talk.signal(signal.SIGHUP)
        assert talk.end() == 129
    assert "windhover" in remembered(workspace)


def test_a_stopped_sound_server_does_not_keep_it_from_leaving(workspace, sound48):
    with Talk(workspace, sound48.environ) as talk:
        talk.wait_for("first sound after")
        talk.key("my kite is called windhover\n")
        talk.wait_for("Juno: ")
        sound48.stop_server()
        talk.signal(signal.SIGINT)
        code = talk.end()
        sound48.go_on()
        assert code == 130
        assert talk.terminal_is_as_before()
    assert "windhover" in remembered(workspace)


def remembered(workspace):
    import io
    from contextlib import redirect_stdout

    before = Path.cwd()
    os.chdir(workspace)
    try:
        out = io.StringIO()
        with redirect_stdout(out):
            assert run(["memories", "list", "--as", "Sam", "--json"]) == 0
    finally:
        os.chdir(before)
    return json.dumps(json.loads(out.getvalue()))
