"""Many keys as one: whoever pressed first ends the recording, and a tap on another does too.

A key whose release is seen is held; where it cannot be seen a first press begins and a second one
ends. Knows no device.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

from companion.errors import CompanionError

if TYPE_CHECKING:
    from collections.abc import Callable

REPEAT_SECONDS = 0.1
"""Presses that follow each other faster than a finger can come from a key that is held down."""


class Recorder(Protocol):
    """What a key begins and ends."""

    @property
    def recording(self) -> bool:
        """Whether it records."""

    def press(self) -> None:
        """Begin to record; nothing where there is no microphone."""

    def release(self) -> None:
        """End it, and answer."""

    def drop(self) -> None:
        """End it, and forget what was said."""


class Held:
    """Begins and ends the recordings of one conversation; any thread may call.

    Args:
        recorder: The conversation.
        complain: Told in a sentence what went wrong, and what a key that repeats means.
        clock: Seconds, for taps.
    """

    def __init__(
        self,
        recorder: Recorder,
        complain: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recorder = recorder
        self._complain = complain
        self._clock = clock
        self._lock = threading.Lock()
        self._holder = ""
        self._tapped = float("-inf")
        self._explained = False

    @property
    def recording(self) -> bool:
        """Whether somebody is listened to."""
        return self._recorder.recording

    def press(self, key: str) -> None:
        """A key went down whose release will be seen; another one that is down already counts."""
        with self._lock:
            if not self._recorder.recording:
                self._begin(key)

    def release(self, key: str = "") -> None:
        """A key came up; without a name, all of them did."""
        with self._lock:
            if self._holder and key in ("", self._holder):
                self._end()

    def start(self) -> None:
        """Begin, unless it has begun."""
        self.press("")

    def stop(self) -> None:
        """End, whoever began."""
        with self._lock:
            self._end()

    def toggle(self) -> None:
        """Begin or end, whichever is next."""
        with self._lock:
            if self._recorder.recording:
                self._end()
            else:
                self._begin("")

    def tap(self) -> None:
        """A press of a key whose release cannot be seen; one that is held down repeats itself."""
        now, before = self._clock(), self._tapped
        self._tapped = now
        if now - before >= REPEAT_SECONDS:
            self.toggle()
        elif not self._explained:
            self._explained = True
            self._complain(
                "This terminal does not tell when a key is released: "
                "press once to begin, and once more when you are done."
            )

    def drop(self) -> None:
        """Nobody can tell any more who holds what: forget what is being recorded."""
        with self._lock:
            self._holder = ""
            self._recorder.drop()

    def _begin(self, key: str) -> None:
        try:
            self._recorder.press()
        except CompanionError as error:
            self._complain(str(error))
            return
        self._holder = key if self._recorder.recording else ""

    def _end(self) -> None:
        self._holder = ""
        self._recorder.release()
