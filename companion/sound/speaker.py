"""The loudspeaker: one output stream at the device's own rate, written in blocks of 20 ms.

Knows the words only as they come with the sound, to tell which of them were heard.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.errors import CompanionError, DeviceError, undoing
from companion.flow import Cancel
from companion.sound.device import (
    OPEN_SECONDS,
    device_errors,
    find_devices,
    first_that_opens,
    open_device,
)
from companion.sound.lane import Lane
from companion.sound.playback import BLOCK_SECONDS, play_to, told
from companion.values import Clause, Said, Samples, Speech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from companion.sound.device import Device
    from companion.sound.playback import Outlet

QUEUE_SECONDS = 0.2
"""Sound queued in the device, for when this process has to wait for a core. The "low" 9 ms of
PulseAudio is less than one block and leaves gaps. More neither begins later (nothing waits for a
full queue) nor ends later (a cut drops it)."""

_LEAD_IN_SECONDS = 0.006
"""Silence before a reply: PulseAudio swallows the first 4 ms of a stream that begins."""

WRITE_SECONDS = 2.0
"""How long a block may wait before the sound server counts as hung."""


class Speaker:
    """A loudspeaker.

    Args:
        device_name: Its name or a part of it; None for the default one.
        volume: Gain, 1 for as it was rendered. It and `muted` may be set at any time.

    Raises:
        DeviceError: There is no such loudspeaker, or it cannot be opened.

    Attributes:
        underflows: How often the device ran out of sound within a reply.
        overheard: Puts somebody who has to know what is played before the device.
    """

    def __init__(self, device_name: str | None = None, volume: float = 1.0) -> None:
        self.device_name = device_name
        self.volume = volume
        self.muted = False
        self.underflows = 0
        self.overheard: Callable[[Outlet], Outlet] | None = None
        self._busy = threading.Lock()
        self._line: _Line | None = _line_to(device_name)
        self._complained = False
        self.rate = self._line.rate

    def play(
        self,
        speech: Iterable[Speech],
        cancel: Cancel,
        started: Callable[[], None] | None = None,
    ) -> Said:
        """Play a reply and tell which of its words were heard.

        Never raises a `CompanionError`: one that cut the reply short comes with what was said,
        also when the device is lost. A lost device is looked for again by the next reply; as long
        as there is none, replies are text, whose words count as heard, and that is said once.

        Args:
            speech: The reply, clause by clause; its owner closes it.
            cancel: The stop sign; the last sound is written at most two blocks after it is set.
            started: Called once, when the first block that is not silent has been written.
        """
        with self._busy:
            try:
                line = self._opened()
            except DeviceError as error:
                return self._as_text(speech, cancel, error)
            with undoing(self._drop):  # a fault upstream must leave no half word in the queue
                out = self.overheard(line) if self.overheard else line
                said = play_to(out, speech, cancel, self._gain, started)
            self.underflows += line.take_underflows()
            if isinstance(said.error, DeviceError):
                self._drop()
            return said

    def cue(self, samples: Samples, rate: int) -> None:
        """Play a short sound that belongs to no reply, and wait for its end."""
        said = self.play([Speech(Clause("", ""), samples, rate)], Cancel())
        if said.error is not None:
            raise said.error

    @property
    def device(self) -> Device | None:
        """The loudspeaker that is open; None while there is none."""
        line = self._line
        return line.device if line else None

    def lose(self) -> bool:
        """The loudspeaker is gone: end what it plays; tells whether that was a reply."""
        line = self._line
        if line is not None:
            line.gone = True
        idle = self._busy.acquire(blocking=False)
        if idle or self._busy.acquire(timeout=WRITE_SECONDS):
            self._drop()
            self._busy.release()
        return not idle

    def find_again(self) -> str:
        """The name of the loudspeaker that is used from now on; "" where there is none."""
        with self._busy:
            try:
                return self._opened().device.name
            except DeviceError:
                return ""

    def make_room(self) -> None:
        """Give the device back for now, if nothing is played: the next reply opens it again."""
        if self._busy.acquire(blocking=False):
            self._drop()
            self._busy.release()

    def close(self) -> None:
        """Give the device back."""
        with self._busy:
            self._drop()

    def _as_text(self, speech: Iterable[Speech], cancel: Cancel, why: DeviceError) -> Said:
        """A reply that nobody can hear is read; why is said with the first of them."""
        parts: list[Speech] = []
        error: CompanionError | None = None if self._complained else told(why)
        self._complained = True
        try:
            for part in speech:
                if cancel:
                    break
                parts.append(part)
        except CompanionError as problem:
            error = told(problem)
        text = "".join(part.clause.text for part in parts)
        return Said(text, complete=not cancel and error in (None, why), error=error)

    def _gain(self) -> float:
        return 0.0 if self.muted else self.volume

    def _opened(self) -> _Line:
        if self._line is None:
            self._line = _line_to(self.device_name)
            self._complained = False
            self.rate = self._line.rate
        return self._line

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()


def _line_to(device_name: str | None) -> _Line:
    return first_that_opens(find_devices("output", device_name), _Line)


class _Line:
    """The stream to one loudspeaker: the `Outlet` that has a device behind it."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.gone = False

        def make(sounddevice: Any, rate: int, channels: int) -> Any:  # noqa: ANN401
            return sounddevice.OutputStream(
                device=device.index,
                samplerate=rate,
                channels=channels,
                dtype="float32",
                latency=QUEUE_SECONDS,
            )

        self._lane = Lane("sound out")
        try:
            self._stream = self._lane.call(lambda: open_device(device, make), OPEN_SECONDS)
        except DeviceError:
            self._lane.close()
            raise
        self.rate = self._stream.rate
        self._silence = np.zeros(round(BLOCK_SECONDS * self.rate), np.float32)
        self._capacity = 0
        self._underflows = 0

    def write(self, block: Samples) -> None:
        """Queue a block; waits while the queue is full."""
        self._do(lambda stream: self._write(stream, block))

    def cut(self, fade: Samples) -> int:  # noqa: ARG002 - what is queued before it is dropped
        """Drop the queue.

        Without the fade: PortAudio cannot change what is queued, and a fade behind it would be
        heard 200 ms later.
        """
        return int(self._do(self._abort))

    def finish(self) -> None:
        """Push the queue out with silence: some systems drop it when a stream is stopped."""
        for _ in range(self._capacity // len(self._silence) + 2):
            self.write(self._silence)
        self._do(self._abort)

    def take_underflows(self) -> int:
        """How often the device ran dry since this was last asked."""
        count, self._underflows = self._underflows, 0
        return count

    def close(self) -> None:
        """Give the device back, or leave it to a server that hangs."""
        if self._lane.hung:
            self._lane.close(self._stream.close)
            return
        with suppress(DeviceError):
            self._lane.call(self._stream.close, WRITE_SECONDS)
        self._lane.close()

    def _do(self, work: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - sounddevice has no types
        def guarded() -> Any:  # noqa: ANN401
            if self.gone:
                raise DeviceError(
                    f"The loudspeaker {self.device.name} was lost.", "Plug it in again, or read."
                )
            with device_errors("output"):
                return work(self._stream.stream)

        return self._lane.call(guarded, WRITE_SECONDS)

    def _write(self, stream: Any, block: Samples) -> None:  # noqa: ANN401
        if stream.stopped:
            stream.start()
            self._capacity = stream.write_available
            stream.write(self._frames(np.zeros(round(_LEAD_IN_SECONDS * self.rate), np.float32)))
            stream.write(self._frames(block))
            return
        ran_dry = stream.write_available >= self._capacity  # PulseAudio does not always tell
        ran_dry |= bool(stream.write(self._frames(block)))
        self._underflows += ran_dry

    def _frames(self, block: Samples) -> Samples:
        return np.repeat(block[:, None], self._stream.channels, axis=1)

    def _abort(self, stream: Any) -> int:  # noqa: ANN401
        if stream.stopped:
            return 0
        unheard = max(0, self._capacity - stream.write_available)
        stream.abort(ignore_errors=False)
        return int(unheard)
