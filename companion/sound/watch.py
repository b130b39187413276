"""Watches over the microphone: notices that it is lost, says so, and takes it up again.

A lost microphone sends no error. Either no frames come any more, or, worse, the frames of another
source do: PulseAudio moves its listeners without a word. The first is seen by the age of the last
frame, the second is told by the sound server. Knows no words and no key.
"""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

from companion.errors import DeviceError
from companion.sound.server import News, hangs

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.sound.inlet import Inlet
    from companion.sound.mic import Microphone

TICK_SECONDS = 0.25
"""How often the age of the last frame is looked at."""

DOUBTFUL_SECONDS = 0.25
"""Sound from before the server told of another source that may already be from there. It told
after 5 ms; on a busy machine this process may hear of it later."""

RETRY_SECONDS = 1.0
"""How often a lost microphone is looked for."""

_MOVED = re.compile(r"Event '(?:change|remove)' on source-output #(\d+)")


class Watch:
    """A thread that looks after a microphone.

    Args:
        microphone: An open one.
        tell: Told what the owner should know, in one sentence or two; from the watch's thread.
        make_room: Called before a device is looked for that PortAudio has to be started anew to
            see: ends the streams that would keep it from that, if it can.
    """

    def __init__(
        self,
        microphone: Microphone,
        tell: Callable[[str], None],
        make_room: Callable[[], None] | None = None,
    ) -> None:
        self._microphone = microphone
        self._tell = tell
        self._make_room = make_room
        self._news = News()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sound watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self, seconds: float = 3.0) -> None:
        """Stop watching; waits for a look that is under way, but not for a server that hangs."""
        self._stop.set()
        self._news.stop()
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._news.listen()
                self._microphone.guarded = self._news.on
                inlet = self._microphone.inlet
                if inlet is None:
                    self._find_again()
                else:
                    self._look_at(inlet)
        finally:
            self._microphone.guarded = False
            self._news.close()

    def _wait(self, seconds: float) -> list[str]:
        """What the server tells within `seconds`."""
        if self._news.on:
            return self._news.wait(seconds)
        self._stop.wait(seconds)
        return []

    def _look_at(self, inlet: Inlet) -> None:
        """One look at a microphone that is open."""
        lines = self._wait(TICK_SECONDS)
        told_at = time.monotonic()
        if self._stop.is_set() or self._microphone.inlet is not inlet:
            return
        if not inlet.alive:
            self._silent(inlet)
        elif _about(inlet, lines):
            self._maybe_moved(inlet, told_at)

    def _maybe_moved(self, inlet: Inlet, told_at: float) -> None:
        """The server did something to our recording; a source of another name is not ours."""
        try:
            taken = inlet.taken()
        except DeviceError:
            return  # it hangs: then no frames come, and that is seen
        if taken is not None:
            self._lose(DOUBTFUL_SECONDS + time.monotonic() - told_at)

    def _silent(self, inlet: Inlet) -> None:
        """No frames: either the server hangs, and may go on, or the microphone is gone."""
        if not hangs():
            if not inlet.alive:
                self._lose(0.0)
            return
        self._tell(
            "The sound server does not answer. Restart PipeWire or PulseAudio; typing works "
            "meanwhile."
        )
        while hangs() and not inlet.alive and not self._stop.is_set():
            self._stop.wait(TICK_SECONDS)
        self._stop.wait(TICK_SECONDS)
        if inlet.alive:
            self._tell(f"The microphone {self._microphone.name} is back.")

    def _lose(self, doubtful: float) -> None:
        kept = self._microphone.lose(doubtful)
        name = self._microphone.name
        words = f"; the {kept:.1f} s you said are kept" if kept else ""
        self._tell(f"The microphone {name} was lost{words}. Plug it in again, or type.")

    def _find_again(self) -> None:
        """One try to take a lost microphone up again."""
        self._wait(RETRY_SECONDS)
        if self._stop.is_set() or hangs():
            return
        if self._make_room is not None:
            self._make_room()
        try:
            self._microphone.reopen()
        except DeviceError:
            return  # not yet
        self._tell(f"The microphone {self._microphone.name} is back.")


def _about(inlet: Inlet, lines: list[str]) -> bool:
    """Whether the server tells of our own recording."""
    moved = {int(found[1]) for line in lines if (found := _MOVED.match(line))}
    return inlet.source is not None and inlet.source.listener in moved
