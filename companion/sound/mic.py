"""The microphone: always listening into a short ring, kept from press to release.

Knows no words. What it hears before a press and outside of it is forgotten at once.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.errors import DeviceError
from companion.sound.device import OPEN_SECONDS, Stream, find_device, open_device
from companion.sound.lane import Lane
from companion.sound.resample import Resampler
from companion.sound.source import Source, is_still, sources_of_this_process
from companion.values import SPEECH_RATE, Recording, Samples

if TYPE_CHECKING:
    from companion.sound.device import Device

FIRST_FRAME_SECONDS = 2.0
"""How long a microphone may take to begin."""

LOST_SECONDS = 1.0
"""A microphone that is silent for longer (no frames at all, not even zeros) is gone."""

SHORTEST_PRESS = 0.2
"""Seconds. A shorter press was a slip of the finger."""

_POLL_SECONDS = 0.01
_QUIET_SECONDS = 0.08
_QUIET_BELOW_DB = 30.0
_QUIET_DB = -60.0
_SILENCE_DB = -120.0


class Microphone:
    """A microphone.

    Args:
        device_name: Its name or a part of it; None for the default one.
        pre_roll: Seconds before the press that are kept: people speak as they press.
        tail: Seconds after the release that are kept, unless it is quiet before.
        longest: Seconds after which a press is not recorded any further.
        shortest: Seconds below which a press was a slip of the finger.
    """

    def __init__(
        self,
        device_name: str | None = None,
        pre_roll: float = 0.3,
        tail: float = 0.2,
        longest: float = 60.0,
        shortest: float = SHORTEST_PRESS,
    ) -> None:
        self.device_name = device_name
        self.pre_roll = pre_roll
        self.tail = tail
        self.longest = longest
        self.shortest = shortest
        self._lane: Lane | None = None
        self._stream: Stream | None = None
        self._ring = _Ring(0, 0)
        self._source: Source | None = None
        self._pressed = 0.0

    def open(self) -> None:
        """Begin to listen; returns once sound arrives. A microphone that is open is opened again.

        Raises:
            DeviceError: There is no microphone, it cannot be opened, it gives no sound, or the
                sound server would record a loudspeaker instead.
        """
        self.close()
        device = find_device("input", self.device_name)
        self._lane = lane = Lane("sound in")

        def make() -> Stream:
            stream = self._open(device)
            if self._lane is not lane:  # the server answered after nobody waited any more
                stream.close()
            return stream

        try:
            self._stream = lane.call(make, OPEN_SECONDS)
            self._wait_for_sound(device)
            self._source = self._source_now(device)
        except DeviceError:
            self.close()
            raise

    def press(self, *, keep_pre_roll: bool = True) -> None:
        """Begin a recording.

        Args:
            keep_pre_roll: False where the moment before the press was not the owner's, as when
                they interrupt a reply.

        Raises:
            DeviceError: The microphone is gone, or the sound server took another one.
        """
        self._pressed = time.monotonic()
        self._ring.begin(keep_pre_roll=keep_pre_roll)
        self.check()

    def release(self) -> Recording:
        """End the recording; returns after the tail, or as soon as it is quiet.

        What was said before a microphone got lost is returned; `lost` tells. A press shorter than
        `shortest` gives a recording without samples.

        Raises:
            DeviceError: The sound server took another source meanwhile: what it recorded may be
                anything, and is dropped.
        """
        held = time.monotonic() - self._pressed
        if held >= self.shortest:
            self._wait_for_tail()
        blocks = self._ring.end()
        if held < self.shortest or self._stream is None:
            return Recording(np.zeros(0, np.float32), self.device_name or "")
        taken = self._taken_source()
        if taken:
            raise self._gone(f"took {taken} instead")
        return Recording(_at_speech_rate(blocks, self._stream.rate), self.device_name or "")

    @property
    def level_db(self) -> float:
        """Level of the last tenth of a second, in dB of full scale."""
        return _level_db(self._ring.last(0.1))

    @property
    def lost(self) -> bool:
        """Whether no sound arrives any more."""
        return self._stream is None or self._ring.age() > LOST_SECONDS

    @property
    def overflows(self) -> int:
        """How often sound got lost on the way in."""
        return self._ring.overflows

    @property
    def source(self) -> str:
        """The sound server's name for where the sound comes from; empty where nobody tells."""
        return self._source.name if self._source else ""

    def check(self) -> None:
        """Make sure that this is still the microphone that was opened.

        Raises:
            DeviceError: It is gone, or the sound server took another one.
        """
        if self.lost:
            raise DeviceError(
                f"The microphone {self.device_name or ''} was lost.".replace("  ", " "),
                "Plug it in again, or type.",
            )
        taken = self._taken_source()
        if taken is not None:
            raise self._gone(f"took {taken} instead" if taken else "ended the recording")

    def close(self) -> None:
        """Stop listening and give the device back."""
        lane, self._lane = self._lane, None
        stream, self._stream = self._stream, None
        if lane is None:
            return
        if stream is not None:
            with suppress(DeviceError):  # a server that hangs keeps it
                lane.call(stream.close, OPEN_SECONDS)
        lane.close()

    def _open(self, device: Device) -> Stream:
        def make(sounddevice: Any, rate: int, channels: int) -> Any:  # noqa: ANN401
            self._ring = _Ring(round(self.pre_roll * rate), round(self.longest * rate), rate)
            stream = sounddevice.InputStream(
                device=device.index,
                samplerate=rate,
                channels=channels,
                dtype="float32",
                latency="low",  # with any other the first frame may take two seconds
                callback=self._ring.hear,
            )
            stream.start()
            return stream

        return open_device(device, make)

    def _wait_for_sound(self, device: Device) -> None:
        end = time.monotonic() + FIRST_FRAME_SECONDS
        while not self._ring.frames:
            if time.monotonic() > end:
                raise DeviceError(
                    f"The microphone {device.name!r} gives no sound.",
                    "Unplug it and plug it in again, or name another: `companion devices list`.",
                )
            time.sleep(_POLL_SECONDS)

    def _source_now(self, device: Device) -> Source | None:
        sources = sources_of_this_process()
        if not sources:
            return None
        if sources[-1].monitor and "monitor" not in device.name.casefold():
            raise DeviceError(
                f"The sound server records what a loudspeaker plays ({sources[-1].name}).",
                "Plug a microphone in, or choose one in the sound settings.",
            )
        return sources[-1]

    def _taken_source(self) -> str | None:
        """What is recorded instead of our source; empty where nothing is, None where all is well.

        Raises:
            DeviceError: The server hangs.
        """
        if self._source is None or is_still(self._source):
            return None
        now = {source.listener: source.name for source in sources_of_this_process() or ()}
        return now.get(self._source.listener, "")

    def _gone(self, what: str) -> DeviceError:
        name = self._source.name if self._source else ""
        return DeviceError(
            f"The microphone {name} is gone: the sound server {what}.",
            "Plug it in again, or type.",
        )

    def _wait_for_tail(self) -> None:
        ring = self._ring
        last_frame = ring.frames + round(self.tail * ring.rate)
        end = time.monotonic() + self.tail + 2 * _POLL_SECONDS
        quiet_db = max(_QUIET_DB, ring.peak_db() - _QUIET_BELOW_DB)
        while ring.frames < last_frame and time.monotonic() < end:
            if _level_db(ring.last(_QUIET_SECONDS)) < quiet_db:
                return
            time.sleep(_POLL_SECONDS)


class _Take:
    """Blocks of sound in the order they came."""

    def __init__(self, *, recording: bool = False) -> None:
        self.blocks: deque[Samples] = deque()
        self.frames = 0
        self.recording = recording


class _Ring:
    """What the microphone's callback leaves behind: the last moments, or a whole press.

    The callback takes no lock: it works on the take it finds, and the reader replaces the take as
    a whole. A deque is copied in one step of the interpreter.
    """

    def __init__(self, pre_roll: int, longest: int, rate: int = SPEECH_RATE) -> None:
        self.rate = rate
        self.frames = 0
        self.overflows = 0
        self._pre_roll = pre_roll
        self._longest = pre_roll + longest
        self._take = _Take()
        self._heard_at = time.monotonic()

    def hear(self, samples: Samples, frames: int, _time: object, status: Any) -> None:  # noqa: ANN401
        """PortAudio's callback: copy and leave."""
        self._heard_at = time.monotonic()
        self.frames += frames
        self.overflows += bool(status.input_overflow)
        take = self._take
        if take.recording and take.frames >= self._longest:
            return
        take.blocks.append(samples.copy())
        take.frames += frames
        while not take.recording and self._spare(take):
            take.frames -= len(take.blocks.popleft())

    def _spare(self, take: _Take) -> bool:
        """Whether the oldest block is older than the pre-roll; the newest stays, for the level."""
        return len(take.blocks) > 1 and take.frames - len(take.blocks[0]) >= self._pre_roll

    def begin(self, *, keep_pre_roll: bool) -> None:
        """Keep everything from here on, and the pre-roll."""
        if keep_pre_roll and self._pre_roll:
            self._take.recording = True
        else:
            self._take = _Take(recording=True)

    def end(self) -> list[Samples]:
        """Everything kept; the ring begins anew, so that nothing is heard twice."""
        take, self._take = self._take, _Take()
        return list(take.blocks)

    def age(self) -> float:
        """Seconds since the last frame."""
        return time.monotonic() - self._heard_at

    def last(self, seconds: float) -> list[Samples]:
        """The newest blocks, about `seconds` of them."""
        blocks = list(self._take.blocks)
        found = 0
        for number, block in enumerate(reversed(blocks), 1):
            found += len(block)
            if found >= seconds * self.rate:
                return blocks[-number:]
        return blocks

    def peak_db(self) -> float:
        """Level of the loudest block."""
        return max((_level_db([block]) for block in list(self._take.blocks)), default=_SILENCE_DB)


def _level_db(blocks: list[Samples]) -> float:
    if not blocks:
        return _SILENCE_DB
    sound = np.concatenate(blocks)
    power = float(np.square(sound - sound.mean(axis=0), dtype=np.float64).mean())
    return float(10 * np.log10(power + 10 ** (_SILENCE_DB / 10)))


def _at_speech_rate(blocks: list[Samples], rate: int) -> Samples:
    """Blocks of (frames, channels) as one sound, mono at `SPEECH_RATE`."""
    stream = Resampler(rate, SPEECH_RATE)
    pieces = [stream.feed(block.mean(axis=1)) for block in blocks]
    return np.concatenate([*pieces, stream.end()])
