"""Where sound meets the system: threads that hang, devices that refuse, servers that are asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

from companion.errors import DeviceError
from companion.sound.device import Device, device_errors, first_that_opens, open_device
from companion.sound.lane import Lane
from companion.sound.mic import Microphone
from companion.sound.source import is_still, sources_of_this_process

sounddevice = pytest.importorskip("sounddevice", reason="needs PortAudio", exc_type=OSError)


def test_a_lane_gives_back_what_its_one_thread_returns():
    lane = Lane("test")
    names = {lane.call(lambda: threading.current_thread().name, 1) for _ in range(3)}
    lane.close()
    assert names == {"test"}


def test_a_lane_raises_what_its_call_raised():
    lane = Lane("test")
    with pytest.raises(ZeroDivisionError):
        lane.call(lambda: 1 // 0, 1)
    lane.close()


def test_a_call_that_hangs_is_given_up_and_not_tried_again():
    lane, freed = Lane("test"), threading.Event()
    with pytest.raises(DeviceError, match="does not answer"):
        lane.call(freed.wait, 0.05)
    with pytest.raises(DeviceError, match="does not answer"):
        lane.call(lambda: None, 60)
    lane.close()
    freed.set()
    lane._thread.join()


def test_a_program_whose_sound_hung_still_exits():
    program = """
import threading
import sounddevice, companion.sound.lane as lane
sounddevice._lib = None  # any farewell to PortAudio would now fail
try:
    lane.Lane("test").call(threading.Event().wait, 0.05)
except lane.DeviceError:
    print("given up")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "given up\n", "")


class Card:
    """A sound card that takes one rate and one number of channels."""

    def __init__(self, rate: int, channels: int) -> None:
        self.taken = (rate, channels)
        self.asked: list[tuple[int, int]] = []
        self.closed = False

    def make(self, module, rate: int, channels: int) -> Card:
        self.asked.append((rate, channels))
        if (rate, channels) != self.taken:
            raise module.PortAudioError("Error opening OutputStream: Invalid sample rate", -9997)
        return self

    def close(self) -> None:
        self.closed = True


def device(rate: int = 96_000, channels: int = 6) -> Device:
    return Device("USB PnP", "output", rate, channels, True, "ALSA", 3)


@pytest.mark.parametrize("taken", [(96_000, 2), (96_000, 6), (48_000, 1), (44_100, 2)])
def test_a_device_is_opened_as_it_is_or_next_best(taken):
    card = Card(*taken)
    stream = open_device(device(), card.make)
    assert (stream.rate, stream.channels) == taken
    assert card.asked[0] == (96_000, 2)
    stream.close()
    assert card.closed


def test_a_device_that_takes_nothing_is_refused_by_name_and_rates():
    told = r"loudspeaker 'USB PnP' could not be opened at 96000, 48000 or 44100 Hz \(.*sample rate"
    with pytest.raises(DeviceError, match=told):
        open_device(device(), Card(8_000, 1).make)


def test_an_error_of_portaudio_is_told_without_its_code():
    error = sounddevice.PortAudioError("Error writing [PaErrorCode -9999]")
    with (
        pytest.raises(DeviceError, match=r"microphone was lost \(Error writing\)"),
        device_errors("input"),
    ):
        raise error


def test_missing_portaudio_is_told_with_its_cure(tmp_path, monkeypatch):
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "sounddevice")
    with pytest.raises(DeviceError, match="apt-get install libportaudio2"):
        Microphone().open()


@pytest.mark.parametrize("text", [None, ""])
def test_missing_settings_of_alsa_are_told_with_their_cure(tmp_path, text):
    if text is not None:
        (tmp_path / "alsa.conf").write_text(text)
    env = {**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "alsa.conf")}
    for words, code in ((["devices", "list"], 69), (["doctor"], 0)):
        command = [sys.executable, "-m", "companion", *words]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == code
        assert "apt-get install --reinstall libasound2-data" in done.stdout + done.stderr
        assert "ALSA lib" not in done.stderr


def test_a_microphone_that_was_never_opened_is_lost_and_records_nothing():
    microphone = Microphone()
    with pytest.raises(DeviceError, match="The microphone was lost"):
        microphone.press()
    assert microphone.release().seconds == 0
    assert (microphone.level_db, microphone.source, microphone.overflows) == (-120, "", 0)


@pytest.fixture
def pactl(tmp_path, monkeypatch):
    """A `pactl` that answers from files, or as a script says."""

    def install(script: str = 'cat "$0.$4"', **answers: object) -> None:
        path = tmp_path / "pactl"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        for what, answer in answers.items():
            (tmp_path / f"pactl.{what.replace('_', '-')}").write_text(json.dumps(answer))
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    return install


def listener(number: int, source: int, process: int) -> dict[str, object]:
    properties = {"application.process.id": str(process)}
    return {"index": number, "source": source, "properties": properties}


def test_our_sources_are_those_of_our_process(pactl):
    ours, other = os.getpid(), os.getpid() + 1
    source = {"index": 5, "name": "usb", "properties": {"device.class": "sound"}}
    monitor = {"index": 6, "name": "spk.monitor", "properties": {"device.class": "monitor"}}
    rows = [listener(9, 6, ours), listener(8, 5, ours), listener(7, 5, other), listener(6, 4, ours)]
    pactl(source_outputs=rows, sources=[source, monitor])
    found = sources_of_this_process()
    assert [(row.name, row.monitor) for row in found] == [("usb", False), ("spk.monitor", True)]
    assert is_still(found[0])
    pactl(source_outputs=[listener(8, 6, ours)])
    assert not is_still(found[0])


@pytest.mark.parametrize("script", ["echo Connection refused", "exit 1", "echo '{}'"])
def test_a_server_that_cannot_be_asked_is_no_error(pactl, script):
    pactl(script)
    assert sources_of_this_process() is None


def test_without_pactl_nobody_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sources_of_this_process() is None


def test_a_server_that_hangs_is_told(pactl):
    pactl("exec sleep 60")
    with pytest.raises(DeviceError, match="does not answer"):
        sources_of_this_process()


def opener(*refusing: str):
    def use(device: Device) -> str:
        if device.name in refusing:
            raise DeviceError(f"{device.name} refused.")
        return device.name

    return use


WAYS = [Device(name, "input", 48_000, 1, True, "ALSA", 0) for name in ("server's", "plain")]


def test_where_the_servers_own_device_cannot_be_opened_the_plain_default_is():
    assert first_that_opens(WAYS, opener()) == "server's"
    assert first_that_opens(WAYS, opener("server's")) == "plain"


def test_where_no_way_opens_the_first_one_tells_why():
    with pytest.raises(DeviceError, match="server's refused"):
        first_that_opens(WAYS, opener("server's", "plain"))
