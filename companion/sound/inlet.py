"""One open input stream, and the ring it fills.

Knows no key and no press.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from companion.errors import DeviceError, undoing
from companion.sound.device import OPEN_SECONDS, open_device
from companion.sound.lane import Lane
from companion.sound.ring import Ring
from companion.sound.source import Source, is_still, sources_of_this_process

if TYPE_CHECKING:
    from companion.sound.device import Device, Stream

FIRST_FRAME_SECONDS = 3.0
"""How long a microphone may take to begin."""

LOST_SECONDS = 1.0
"""A microphone that is silent for longer (no frames at all, not even zeros) is gone."""

BLOCK_SECONDS = 0.02
"""How much comes at once. With PortAudio's own 2 ms the callbacks alone took 5 % of a core."""

_BUFFER_SECONDS = 0.05
_POLL_SECONDS = 0.005


class Inlet:
    """A microphone that is open.

    Args:
        device: As found just before.
        pre_roll: Seconds before a press that its ring keeps.
        longest: Seconds of a press that its ring keeps.

    Raises:
        DeviceError: It cannot be opened, gives no sound, or is not what the sound server records.
    """

    def __init__(self, device: Device, pre_roll: float, longest: float) -> None:
        self.device = device
        self.ring = Ring(0, 0)
        self.source: Source | None = None
        self._seconds = (pre_roll, longest)
        self._stream: Stream | None = None
        self._given_up = False
        self._lane = Lane("sound in")
        with undoing(self.close):
            self._stream = self._lane.call(self._open, OPEN_SECONDS)
            self._wait_for_sound()
            self.source = self._source_now()

    @property
    def alive(self) -> bool:
        """Whether sound arrives."""
        return self.ring.age() <= LOST_SECONDS

    @property
    def channels(self) -> int:
        """How many channels it was opened with."""
        return self._stream.channels if self._stream else 0

    def taken(self) -> str | None:
        """What is recorded instead; empty where nothing is, None where all is well.

        Raises:
            DeviceError: The server hangs.
        """
        if self.source is None or is_still(self.source):
            return None
        now = {source.listener: source.name for source in sources_of_this_process() or ()}
        return now.get(self.source.listener, "")

    def close(self) -> None:
        """Give the device back, or leave it to a server that hangs."""
        self._given_up = True
        stream, self._stream = self._stream, None
        if stream is not None and not self._lane.hung:
            with suppress(DeviceError):
                self._lane.call(stream.close, OPEN_SECONDS)
            stream = None
        self._lane.close(stream.close if stream else None)

    def _open(self) -> Stream | None:
        stream = open_device(self.device, self._make)
        if self._given_up:  # the server answered after nobody waited any more
            stream.close()
            return None
        return stream

    def _make(self, sounddevice: Any, rate: int, channels: int) -> Any:  # noqa: ANN401
        pre_roll, longest = self._seconds
        self.ring = Ring(round(pre_roll * rate), round(longest * rate), rate)
        stream = sounddevice.InputStream(
            device=self.device.index,
            samplerate=rate,
            channels=channels,
            dtype="float32",
            blocksize=round(BLOCK_SECONDS * rate),
            latency=_BUFFER_SECONDS,  # with the default the first frame may take two seconds
            callback=self.ring.hear,
        )
        with undoing(stream.close):  # or one that began too late would go on calling
            stream.start()
        return stream

    def _wait_for_sound(self) -> None:
        end = time.monotonic() + FIRST_FRAME_SECONDS
        while not self.ring.frames:
            if time.monotonic() > end:
                raise DeviceError(
                    f"The microphone {self.device.name!r} gives no sound.",
                    "Unplug it and plug it in again, or name another: `companion devices list`.",
                )
            time.sleep(_POLL_SECONDS)

    def _source_now(self) -> Source | None:
        sources = sources_of_this_process()
        if not sources:
            return None
        source, wanted = sources[-1], self.device.node
        if wanted and source.name != wanted:
            raise DeviceError(
                f"The sound server records {source.name} instead of {wanted}.",
                "Choose the microphone in the sound settings, or name it in config.toml.",
            )
        if source.monitor and "monitor" not in self.device.name.casefold():
            raise DeviceError(
                f"The sound server records what a loudspeaker plays ({source.name}).",
                "Plug a microphone in, or choose one in the sound settings.",
            )
        return source
