"""The microphone: always listening into a short ring, kept from press to release.

Knows no words. What it hears before a press and outside of it is forgotten at once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from companion.errors import DeviceError
from companion.sound.device import find_devices, first_that_opens, list_devices
from companion.sound.inlet import BLOCK_SECONDS, Inlet
from companion.sound.ring import SILENCE_DB, Take
from companion.sound.server import nodes
from companion.values import SPEECH_RATE, Recording

if TYPE_CHECKING:
    from companion.sound.device import Device
    from companion.values import Samples

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
        self.guarded = False  # whether somebody tells when the server takes another source
        self.newest: Recording | None = None  # what was fetched last, for whoever judges it
        self._inlet: Inlet | None = None
        self._home: Device | None = None
        self._presses: deque[_Press] = deque()
        self._before: Samples | None = None
        self._changing = threading.Lock()

    def open(self) -> None:
        """Begin to listen; returns once sound arrives. A microphone that is open is opened again.

        Raises:
            DeviceError: There is no microphone, it cannot be opened, it gives no sound, or the
                sound server would record something else instead.
        """
        self.close()
        first_that_opens(find_devices("input", self.device_name), self._listen_to)

    def reopen(self) -> None:
        """Listen again to the microphone that was lost, and to no other.

        A press that is still held goes on; what was said before is its beginning.

        Raises:
            DeviceError: It is not there, or cannot be opened.
        """
        home = self._home
        found = [one for one in list_devices() if home is not None and one.is_same(home)]
        if not found:
            raise self._gone("does not have it")
        self._listen_to(found[0])

    def _listen_to(self, device: Device) -> None:
        inlet = Inlet(device, self.pre_roll, self.longest)
        with self._changing:
            before, self._inlet, self._home = self._inlet, inlet, device
            for press in self._presses:
                press.go_on(inlet)
        if before is not None:
            before.close()

    def lose(self, doubtful: float = 0.0) -> float | None:
        """Give the microphone up for now: keep what was said, and close.

        Args:
            doubtful: Seconds before now whose sound may come from another source.

        Returns how many seconds are kept of a press that is still held; None where none is.
        """
        kept = None
        with self._changing:
            inlet, self._inlet = self._inlet, None
            for press in self._presses:
                if press.inlet is inlet:
                    press.take.cut(doubtful)
                    kept = len(press.take.so_far()) / SPEECH_RATE if press.is_held else kept
        if inlet is not None:
            inlet.close()
        return kept

    def press(self, *, keep_pre_roll: bool = True) -> None:
        """Begin a recording; one that was let go of and not yet fetched is left as it is.

        Args:
            keep_pre_roll: False where the moment before the press was not the owner's, as when
                they interrupt a reply.

        Raises:
            DeviceError: The microphone is gone, or the sound server took another one.
        """
        before, self._before = self._before, None  # of this press, also where it fails
        self.let_go()
        self.check()
        with self._changing:
            inlet = self._inlet
            if inlet is None:
                raise self._lost()
            keep_pre_roll = keep_pre_roll and before is None
            take = inlet.ring.begin(keep_pre_roll=keep_pre_roll, made=before)
            self._presses.append(_Press(inlet, take))

    def begin_with(self, samples: Samples) -> None:
        """The next recording begins with this, mono at `SPEECH_RATE`, in place of its pre-roll."""
        self._before = samples

    def let_go(self) -> None:
        """The key came up: nothing beyond the tail is recorded. Returns at once."""
        for press in list(self._presses):
            press.let_go(self.tail)

    def so_far(self) -> Recording:
        """What the newest press has recorded up to now.

        What it returns later, and what `release` returns, begins with what it returned before,
        unless the microphone was taken away: then the end of it may have been another's sound.
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
        with self._changing:
            self._presses.popleft()
        press.inlet.ring.end(press.take)
        if slip:
            return Recording(_NOTHING, name)
        if press.inlet is self._inlet and not self.guarded:
            taken = press.inlet.taken()
            if taken:
                raise self._gone(f"took {taken} instead")
        self.newest = Recording(press.take.whole(), name)
        return self.newest

    @property
    def level_db(self) -> float:
        """Level of the last tenth of a second, in dB of full scale."""
        return self._inlet.ring.level_db() if self._inlet else SILENCE_DB

    @property
    def lost(self) -> bool:
        """Whether no sound arrives any more."""
        return self._inlet is None or not self._inlet.alive

    @property
    def full(self) -> bool:
        """Whether the key is still down and nothing more is recorded: it has been too long."""
        presses = list(self._presses)
        return bool(presses) and presses[-1].is_held and presses[-1].take.full and not self.lost

    @property
    def overflows(self) -> int:
        """How often sound got lost on the way in, since the microphone was opened."""
        return self._inlet.ring.overflows if self._inlet else 0

    @property
    def inlet(self) -> Inlet | None:
        """The open stream; None while the microphone is lost."""
        return self._inlet

    @property
    def source(self) -> str:
        """The sound server's name for where the sound comes from; empty where nobody tells."""
        inlet = self._inlet
        return inlet.source.name if inlet and inlet.source else ""

    @property
    def muted(self) -> bool | None:
        """Whether the sound server has it muted; None where nobody tells."""
        try:
            found = [node.muted for node in nodes("input") if node.name == self.source]
        except DeviceError:
            return None
        return found[0] if found else None

    @property
    def name(self) -> str:
        """What the microphone is called; empty before it was opened."""
        return self._home.name if self._home else self.device_name or ""

    def check(self) -> None:
        """Make sure that this is still the microphone that was opened.

        Raises:
            DeviceError: It is gone, or the sound server took another one.
        """
        inlet = self._inlet
        if inlet is None or not inlet.alive:
            raise self._lost()
        taken = None if self.guarded else inlet.taken()
        if taken is not None:
            raise self._gone(f"took {taken} instead" if taken else "ended the recording")

    def close(self) -> None:
        """Stop listening and give the device back."""
        with self._changing:
            inlet, self._inlet = self._inlet, None
        if inlet is not None:
            inlet.close()

    def _lost(self) -> DeviceError:
        return DeviceError(
            f"The microphone {self.name} was lost.".replace("  ", " "),
            "Plug it in again, or type.",
        )

    def _gone(self, what: str) -> DeviceError:
        name = self.source or (self._home.node if self._home else "") or self.name
        return DeviceError(
            f"The microphone {name} is gone: the sound server {what}.",
            "Plug it in again, or type.",
        )


class _Press:
    """One press of the key: its take, and when the key went down and came up."""

    def __init__(self, inlet: Inlet, take: Take) -> None:
        self.inlet = inlet
        self.take = take
        self._pressed = time.monotonic()
        self._released: float | None = None
        self._tail_ends = 0.0
        self._fresh = 0  # frames with which something from after the release has come

    @property
    def is_held(self) -> bool:
        """Whether the key is still down."""
        return self._released is None

    @property
    def held(self) -> float:
        """Seconds from the press to the release, or to now."""
        return (self._released or time.monotonic()) - self._pressed

    def go_on(self, inlet: Inlet) -> None:
        """The microphone is back: a key that is still down records on."""
        if self.is_held and inlet is not self.inlet:
            self.take = inlet.ring.begin(keep_pre_roll=False, made=self.take.whole())
            self.inlet = inlet

    def let_go(self, tail: float) -> None:
        """The key came up; only the first time counts."""
        if self._released is None:
            self._released = time.monotonic()
            self._tail_ends = self._released + tail + 2 * _POLL_SECONDS
            self._fresh = self.take.frames + round(BLOCK_SECONDS * self.take.rate)
            self.take.stop_after(round(tail * self.take.rate))

    def wait_for_tail(self) -> None:
        """Wait until the tail is there, or it is quiet."""
        self.take.so_far()  # what it costs is paid while the tail is waited for
        quiet_db = max(_QUIET_DB, self.take.peak_db - _QUIET_BELOW_DB)
        while not self.take.full and time.monotonic() < self._tail_ends:
            fresh = self.take.frames >= self._fresh
            if fresh and self.inlet.ring.level_db(_QUIET_SECONDS) < quiet_db:
                return
            time.sleep(_POLL_SECONDS)
