"""Watches over microphone and loudspeaker: notices a loss, says so, and takes them up again.

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
from companion.sound.meter import SILENT_DB, Faults, measure
from companion.sound.server import News, hangs, nodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.sound.device import Device
    from companion.sound.inlet import Inlet
    from companion.sound.mic import Microphone
    from companion.sound.speaker import Speaker
    from companion.values import Recording

TICK_SECONDS = 0.25
"""How often the age of the last frame is looked at."""

QUIET_SECONDS = 0.4
"""From this age of the last frame on the server is asked whether it hangs: a microphone counts as
lost only later, and that leaves time for a second question before two seconds are over."""

PATIENT_SECONDS = 0.6
"""How long the second question waits: on a busy machine one answer may come late."""

DOUBTFUL_SECONDS = 0.25
"""Sound from before the server told of another source that may already be from there. It told
after 5 ms; on a busy machine this process may hear of it later."""

RETRY_SECONDS = 1.0
"""How often a lost microphone is looked for."""

_SINK = re.compile(r"Event '(?:new|remove)' on sink #")
_MUTE = "Replies are text meanwhile."
_MOVED = re.compile(r"Event '(?:change|remove)' on source-output #(\d+)")


class Watch:
    """A thread that looks after a microphone.

    Args:
        microphone: An open one.
        tell: Told what the owner should know, in one sentence or two; from the watch's thread.
        speaker: The loudspeaker, if there is one.
    """

    def __init__(
        self,
        microphone: Microphone,
        tell: Callable[[str], None],
        speaker: Speaker | None = None,
    ) -> None:
        self._microphone = microphone
        self._tell = tell
        self._speaker = speaker
        self._moved_at: float | None = None
        self._full = False
        self._heard = False
        self.tries = 0
        self._news = News()
        self._faults = Faults()
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
                self._listen()
                inlet = self._microphone.inlet
                if inlet is None:
                    self._find_again()
                else:
                    self._look_at(inlet)
        finally:
            self._microphone.guarded = False
            self._news.close()

    def _listen(self) -> None:
        """Have the server tell; until it does, presses and releases ask it themselves."""
        if self._heard and not self._news.on and self._speaker is not None:
            self._speaker.make_room()  # its server died: the next reply opens it anew
        self._news.listen()
        if self._news.on and not self._news.heard:
            hangs()  # asking for anything makes news: so it is seen when the news come through
            self._news.wait(TICK_SECONDS)
            if self._news.heard:
                self._moved_at = time.monotonic()  # what was missed until now is looked for
        self._heard = self._news.heard
        looked = self._news.heard and self._moved_at is None
        self._microphone.guarded = looked and self._news.on

    def _wait(self, seconds: float) -> list[str]:
        """What the server tells within `seconds`."""
        if not self._news.on:
            self._stop.wait(seconds)
            return []
        lines = self._news.wait(seconds)
        if self._speaker is not None:
            self._look_at_speaker(self._speaker, lines)
        return lines

    def _look_at_speaker(self, speaker: Speaker, lines: list[str]) -> None:
        """A loudspeaker came or went: the server would play on somewhere else, and not say so."""
        if not any(_SINK.match(line) for line in lines):
            return
        before, lost = speaker.device, ""
        while (device := speaker.device) is not None and _is_gone(device):
            if not speaker.lose():  # else the reply tells by itself that it was lost
                lost = f"The loudspeaker {device.name} was lost. "
            speaker.find_again()
        if device is None and before is None:
            speaker.find_again()
            device = speaker.device
        if device is not before:
            where = f"Sound comes from {device.name} now." if device else _MUTE
            self._tell(lost + where)

    def _look_at(self, inlet: Inlet) -> None:
        """One look at a microphone that is open."""
        lines = self._wait(TICK_SECONDS)
        if _about(inlet, lines) and self._moved_at is None:
            self._moved_at = time.monotonic()
        if self._stop.is_set() or self._microphone.inlet is not inlet:
            return
        if (recording := self._microphone.newest) is not None:
            self._microphone.newest = None
            self._judge(recording)
        self._look_at_length()
        if inlet.ring.age() > QUIET_SECONDS and hangs() and hangs(PATIENT_SECONDS):
            self._wait_for_server(inlet)
        elif not inlet.alive:
            self._lose(0.0)
        elif self._moved_at is not None:
            self._maybe_moved(inlet, self._moved_at)

    def _look_at_length(self) -> None:
        """Say once in a press that it is recorded no further."""
        full = self._microphone.full
        if full and not self._full:
            self._tell(
                f"I have listened for {self._microphone.longest:.0f} s and record no more of it: "
                "end it as always, and I answer what I have ([audio] longest)."
            )
        self._full = full

    def _judge(self, recording: Recording) -> None:
        """Say what a recording shows to be wrong with the microphone."""
        silent = measure(recording).level_db < SILENT_DB
        muted = self._microphone.muted if silent else None
        for text in self._faults.new(recording, muted=muted):
            self._tell(text)

    def _maybe_moved(self, inlet: Inlet, told_at: float) -> None:
        """The server did something to our recording; a source of another name is not ours."""
        try:
            taken = inlet.taken()
        except DeviceError:
            return  # it hangs: then no frames come either, and this is asked again
        self._moved_at = None
        if taken is not None:
            self._lose(DOUBTFUL_SECONDS + time.monotonic() - told_at)

    def _wait_for_server(self, inlet: Inlet) -> None:
        """The server hangs, and may go on; one whose frames arrive is only slow to answer."""
        if inlet.alive:
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
        self.tries += 1
        if self._speaker is not None and not self._news.on:
            self._speaker.make_room()  # PortAudio alone sees a new device only when it begins anew
        try:
            self._microphone.reopen()
        except DeviceError:
            return  # not yet
        self._moved_at = None
        self._tell(f"The microphone {self._microphone.name} is back.")


def _is_gone(device: Device) -> bool:
    """Whether the server no longer has this loudspeaker."""
    try:
        there = {node.number for node in nodes("output")}
    except DeviceError:
        return False  # it hangs; that is told by the next reply
    return device.number >= 0 and device.number not in there


def _about(inlet: Inlet, lines: list[str]) -> bool:
    """Whether the server tells of our own recording."""
    moved = {int(found[1]) for line in lines if (found := _MOVED.match(line))}
    return inlet.source is not None and inlet.source.listener in moved
