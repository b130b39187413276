"""Microphones where no sound server is asked: PortAudio knows them, and only from its start."""

from __future__ import annotations

import shutil
from contextlib import closing

import pytest
from virtual_sound import ALSA, VirtualSound, wait_for, why_not

from companion.sound.mic import Microphone
from companion.sound.speaker import Speaker
from companion.sound.watch import Watch

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
USB = 'pcm.usb { type pulse device mic hint { show on description "USB PnP" } }\n'


@pytest.fixture
def sound(monkeypatch):
    with VirtualSound(48_000) as device:
        for name, value in device.env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(shutil, "which", lambda _name: None)  # no pactl
        plug(device, USB)
        yield device


def plug(sound, cards: str) -> None:
    """The sound cards there are besides the default.

    At once: PortAudio ends the process where it finds the file empty (`devIdx < numDeviceNames`).
    """
    new = sound.folder / "alsa.new"
    new.write_text(ALSA + cards)
    new.rename(sound.folder / "alsa.conf")


def test_a_card_is_found_again_by_its_name_although_the_loudspeaker_is_open(sound):
    told: list[str] = []
    microphone = Microphone("usb")
    microphone.open()
    with closing(microphone), closing(Speaker()) as speaker:
        watch = Watch(microphone, told.append, speaker)
        watch.start()
        with closing(watch):
            plug(sound, "")
            sound.kill_server()
            wait_for(lambda: any("usb was lost" in words for words in told))
            sound.start()
            wait_for(lambda: watch.tries >= 2, 20)
            assert microphone.lost
            plug(sound, USB)
            wait_for(lambda: any("usb is back" in words for words in told), 20)
        microphone.press()
        wait_for(lambda: microphone.so_far().seconds > 0.3)
