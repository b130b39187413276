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
from companion.sound.ring import Ring, Take
from companion.sound.source import Source, is_still, sources_of_this_process
from companion.values import Recording

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
_NOTHING = np.zeros(0, np.float32)


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
        self._ring = Ring(0, 0)
        self._presses: deque[_Press] = deque()
        self._source: Source | None = None

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
        """Begin a recording; one that was let go of and not yet fetched is left as it is.

        Args:
            keep_pre_roll: False where the moment before the press was not the owner's, as when
                they interrupt a reply.

        Raises:
            DeviceError: The microphone is gone, or the sound server took another one.
        """
        self.let_go()
        press = _Press(self._ring, self._ring.begin(keep_pre_roll=keep_pre_roll))
        self.check()
        self._presses.append(press)

    def let_go(self) -> None:
        """The key came up: nothing beyond the tail is recorded. Returns at once."""
        for press in self._presses:
            press.let_go(self.tail)

    def so_far(self) -> Recording:
        """What the newest press has recorded up to now.

        What it returns later, and what `release` returns, begins with what it returned before.
        """
        presses = list(self._presses)
        samples = presses[-1].take.so_far() if presses else _NOTHING
        return Recording(samples, self.device_name or "")

    def release(self) -> Recording:
        """End the oldest recording; returns after the tail, or as soon as it is quiet.

        What was said before a microphone got lost is returned; `lost` tells. A press shorter than
        `shortest` gives a recording without samples.

        Raises:
            DeviceError: The sound server took another source meanwhile: what it recorded may be
                anything, and is dropped.
        """
        name = self.device_name or ""
        if not self._presses:
            return Recording(_NOTHING, name)
        press = self._presses[0]
        press.let_go(self.tail)
        slip = press.held < self.shortest
        if not slip:
            press.wait_for_tail()
        self._presses.popleft()
        press.ring.end(press.take)
        if slip or self._stream is None:
            return Recording(_NOTHING, name)
        taken = self._taken_source()
        if taken:
            raise self._gone(f"took {taken} instead")
        return Recording(press.take.whole(), name)

    @property
    def level_db(self) -> float:
        """Level of the last tenth of a second, in dB of full scale."""
        return self._ring.level_db()

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
            self._ring = Ring(round(self.pre_roll * rate), round(self.longest * rate), rate)
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


class _Press:
    """One press of the key: its take, and when the key went down and came up."""

    def __init__(self, ring: Ring, take: Take) -> None:
        self.ring = ring
        self.take = take
        self._pressed = time.monotonic()
        self._released: float | None = None
        self._tail_ends = 0.0

    @property
    def held(self) -> float:
        """Seconds from the press to the release, or to now."""
        return (self._released or time.monotonic()) - self._pressed

    def let_go(self, tail: float) -> None:
        """The key came up; only the first time counts."""
        if self._released is None:
            self._released = time.monotonic()
            self._tail_ends = self._released + tail + 2 * _POLL_SECONDS
            self.take.stop_after(round(tail * self.ring.rate))

    def wait_for_tail(self) -> None:
        """Wait until the tail is there, or it is quiet."""
        self.take.so_far()  # what it costs is paid while the tail is waited for
        quiet_db = max(_QUIET_DB, self.take.peak_db - _QUIET_BELOW_DB)
        while not self.take.full and time.monotonic() < self._tail_ends:
            if self.ring.level_db(_QUIET_SECONDS) < quiet_db:
                return
            time.sleep(_POLL_SECONDS)
