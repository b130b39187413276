"""A microphone that is unplugged, or whose server hangs or dies: noticed, told, taken up again."""

from __future__ import annotations

import os
import shutil
import threading
import time
from contextlib import closing, contextmanager

import numpy as np
import pytest
from test_sound_files import pitch_of, tone
from virtual_sound import VirtualSound, wait_for, why_not

from companion.errors import DeviceError
from companion.flow import Cancel
from companion.sound.mic import Microphone
from companion.sound.speaker import Speaker
from companion.sound.watch import Watch
from companion.values import Clause, Speech

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
NOTICED = 2.0
BACK = 5.0


class Told:
    """What the owner is told, and when."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.watch: Watch | None = None

    def __call__(self, text: str) -> None:
        self.words.append(text)

    def has(self, text: str) -> bool:
        return any(text in words for words in self.words)


@pytest.fixture
def sound(monkeypatch):
    before = set(threading.enumerate())
    with VirtualSound(48_000) as device:
        for name, value in device.env.items():
            monkeypatch.setenv(name, value)
        yield device
    for thread in set(threading.enumerate()) - before:
        thread.join(40)


@pytest.fixture
def told():
    return Told()


@contextmanager
def watched(sound, told, microphone, speaker=None):
    microphone.open()
    told.watch = Watch(microphone, told, speaker)
    told.watch.start()
    wait_for(lambda: microphone.guarded)
    yield
    sound.go_on()
    told.watch.close()
    microphone.close()


@pytest.fixture
def microphone(sound, told):
    microphone = Microphone()
    with watched(sound, told, microphone):
        yield microphone


@pytest.fixture
def speaker(sound, told):
    with closing(Speaker()) as speaker, watched(sound, told, Microphone(), speaker):
        yield speaker


def held(microphone) -> float:
    """Seconds that the key has recorded so far."""
    return microphone.so_far().seconds


def loud(samples) -> np.ndarray:
    at = np.flatnonzero(np.abs(samples) > 0.05)
    return samples[at[0] : at[-1] + 1] if len(at) else samples[:0]


def test_a_microphone_unplugged_mid_sentence_keeps_the_sentence_and_goes_on_with_it(
    sound, microphone, told
):
    microphone.press()
    sound.say(tone(48_000, 5, 500), 48_000)
    wait_for(lambda: held(microphone) > 1.5)
    sound.unplug_microphone()
    assert wait_for(lambda: told.has("was lost")) < NOTICED
    assert told.has(f"the {held(microphone):.1f} s you said are kept")
    kept = held(microphone)
    sound.plug_microphone()
    assert wait_for(lambda: told.has("is back")) < BACK
    sound.say(tone(48_000, 5, 800), 48_000)
    wait_for(lambda: held(microphone) > kept + 1)
    whole = microphone.release().samples
    before, after = whole[: round(kept * 16_000)], whole[round(kept * 16_000) :]
    assert pitch_of(loud(before), 16_000) == pytest.approx(500, abs=5)
    assert pitch_of(loud(after), 16_000) == pytest.approx(800, abs=8)
    assert microphone.source == "mic"


def test_nothing_the_loudspeaker_plays_is_kept_of_a_microphone_that_was_unplugged(
    sound, microphone, told
):
    sound.play(tone(48_000, 8, 2_000), 48_000)
    microphone.press()
    sound.say(tone(48_000, 5, 500), 48_000)
    wait_for(lambda: held(microphone) > 1.5)
    sound.unplug_microphone()  # the server now records the loudspeaker in its place
    wait_for(lambda: told.has("was lost"))
    samples = microphone.release().samples
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    pitch = np.fft.rfftfreq(len(samples), 1 / 16_000)
    ours, theirs = (power[np.abs(pitch - hz) < 20].sum() for hz in (500, 2_000))
    assert theirs < 1e-6 * ours


def test_another_microphone_is_not_taken_without_a_word(sound, microphone, told):
    sound.unplug_microphone()
    sound.add_other_microphone()
    wait_for(lambda: told.has("was lost"))
    wait_for(lambda: told.watch.tries >= 3, 10)
    assert microphone.lost
    with pytest.raises(DeviceError, match="was lost"):
        microphone.press()
    sound.plug_microphone()
    wait_for(lambda: told.has("is back"))
    assert microphone.source == "mic"


@pytest.mark.parametrize("state", ["idle", "recording"])
def test_a_server_that_hangs_is_told_of_and_may_go_on(sound, microphone, told, state):
    if state == "recording":
        microphone.press()
    sound.stop_server()
    assert wait_for(lambda: told.has("does not answer")) < NOTICED
    sound.go_on()
    assert wait_for(lambda: told.has("is back")) < BACK
    microphone.press()
    sound.say(tone(48_000, 1, 500), 48_000)
    wait_for(lambda: microphone.level_db > -20)


class Late:
    """A `pactl` of a busy machine: it answers late, once."""

    def __init__(self, folder) -> None:
        self.due = folder / "due"
        self.due.touch()
        pactl = folder / "pactl"
        late = f'[ "$1" = info ] && rm {self.due} 2>/dev/null && sleep 0.8'
        pactl.write_text(f'#!/bin/sh\n{late}\nexec {shutil.which("pactl")} "$@"\n')
        pactl.chmod(0o755)


@pytest.fixture
def late(microphone, tmp_path, monkeypatch):
    late = Late(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return late


def test_one_late_answer_is_nothing_to_tell_when_sound_arrives_meanwhile(
    sound, microphone, told, late
):
    sound.suspend_microphone()
    wait_for(lambda: not late.due.exists())
    sound.suspend_microphone(on=False)
    frames = microphone.inlet.ring.frames
    wait_for(lambda: microphone.inlet.ring.frames > frames + 1.5 * 48_000)
    assert told.words == []


def test_one_late_answer_does_not_make_a_lost_microphone_a_server_that_hangs(sound, told, late):
    sound.suspend_microphone()
    assert wait_for(lambda: told.has("was lost")) < NOTICED
    sound.suspend_microphone(on=False)
    assert not late.due.exists()
    assert wait_for(lambda: told.has("is back")) < BACK
    assert not told.has("does not answer")


@pytest.mark.parametrize("state", ["idle", "recording"])
def test_a_server_that_dies_is_told_of_and_its_successor_is_used(sound, microphone, told, state):
    if state == "recording":
        microphone.press()
        wait_for(lambda: held(microphone) > 0.5)
    sound.kill_server()
    assert wait_for(lambda: told.has("was lost")) < NOTICED
    assert microphone.release().seconds > (0.5 if state == "recording" else -1)
    sound.start()
    assert wait_for(lambda: told.has("is back")) < BACK
    microphone.press()
    sound.say(tone(48_000, 1, 500), 48_000)
    wait_for(lambda: microphone.level_db > -20)


def test_unplugging_again_and_again_is_noticed_and_mended_each_time(
    sound, microphone, told, counts
):
    noticed, back = [], []
    for _ in range(counts(3, 100)):
        told.words.clear()
        sound.unplug_microphone()
        noticed.append(wait_for(lambda: told.has("was lost")))
        sound.plug_microphone()
        back.append(wait_for(lambda: told.has("is back"), 10))
    assert max(noticed) < NOTICED
    assert max(back) < BACK
    assert threading.active_count() < 10


def test_a_key_that_is_held_too_long_is_told_once(sound, told):
    microphone = Microphone(longest=0.3)
    with watched(sound, told, microphone):
        microphone.press()
        wait_for(lambda: told.has("record no more"))
        wait_for(lambda: microphone.inlet.ring.frames > 2 * 48_000)
        assert len(told.words) == 1
        assert told.has("end it as always")  # it may be a pause, not a key, that ends it
        assert held(microphone) < 0.7


def test_other_programs_that_record_and_stop_are_none_of_our_business(sound, microphone, told):
    inlet = microphone.inlet
    for _ in range(3):
        sound.listen().child.kill()
    asked = time.monotonic()
    wait_for(lambda: time.monotonic() > asked + 0.6)
    assert told.words == []
    assert microphone.inlet is inlet


def saying(seconds: float) -> list[Speech]:
    text = "one two three four five six seven eight nine ten"
    return [Speech(Clause(text, text), tone(22_050, seconds), 22_050)]


def test_a_loudspeaker_unplugged_mid_sentence_ends_it_there_and_is_told(sound, speaker, told):
    threading.Timer(1.0, lambda: sound.remove("spk")).start()
    said = speaker.play(saying(4), Cancel())
    assert "was lost" in str(said.error)
    assert 1 <= len(said.text.split()) < 6
    wait_for(lambda: told.has("Sound comes from"))
    sound.add_speaker()


def test_a_loudspeaker_unplugged_between_two_replies_is_told_with_what_is_used_now(
    sound, speaker, told
):
    sound.remove("spk")
    assert wait_for(lambda: told.has("The loudspeaker Null Output was lost. Sound comes")) < NOTICED
    sound.add_speaker()


def test_without_any_loudspeaker_replies_are_text_and_that_is_said_once(sound, speaker, told):
    sound.remove("spk")
    sound.unplug_microphone()  # which is fed by a loudspeaker
    wait_for(lambda: told.has("Replies are text meanwhile"))
    first, second = (speaker.play(saying(0.2), Cancel()) for _ in range(2))
    assert first.text == second.text == "one two three four five six seven eight nine ten"
    assert (first.complete, second.complete, second.error) == (True, True, None)
    assert "loudspeaker" in str(first.error)
    sound.add_speaker()
    wait_for(lambda: speaker.device is not None)
    tape = sound.listen()
    assert speaker.play(saying(0.3), Cancel()).error is None
    tape.wait_until_quiet()
    sound.add_microphone()


def fetched(sound, microphone, samples) -> None:
    """Press, have `samples` heard, release."""
    microphone.press()
    sound.say(samples, 48_000).wait(10)
    wait_for(lambda: held(microphone) > 1.2)
    microphone.release()


def test_a_microphone_that_is_muted_or_too_loud_or_has_direct_current_is_told_once(
    sound, microphone, told
):
    loud = np.clip(6 * tone(48_000, 1.5, 500), -1, 1) * 0.8 + 0.2
    for _ in range(2):
        fetched(sound, microphone, loud)
    wait_for(lambda: told.has("set too loud"))
    wait_for(lambda: told.has("direct current"))
    sound.mute_microphone()
    for _ in range(2):
        fetched(sound, microphone, loud)
    wait_for(lambda: told.has("is muted in the sound settings"))
    assert len(told.words) == 3


def test_the_first_reply_after_the_server_died_and_came_back_is_heard(sound, speaker, told):
    sound.kill_server()
    wait_for(lambda: told.has("was lost"))
    sound.start()
    wait_for(lambda: told.has("is back"))
    tape = sound.listen()
    assert speaker.play(saying(0.3), Cancel()).error is None
    tape.wait_until_quiet()
