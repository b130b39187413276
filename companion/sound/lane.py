"""One thread for one sound stream, and a limit to how long it is waited for.

A stream is opened, written, stopped and closed by the one thread that PortAudio wants. When the
sound server hangs, such a call never returns and cannot be interrupted (`abort` on a stopped
PulseAudio was waited for in vain): then its lane is given up, not the conversation.

When the interpreter exits, PortAudio takes its streams away from whoever still plays on one: the
process crashed. So all lanes end before.
"""

from __future__ import annotations

import atexit
import sys
import threading
from functools import cache
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from companion.errors import DeviceError
from companion.flow import carried

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_LEAVE_SECONDS = 0.5
"""How long an exit waits for a call that is under way; a block takes 20 ms."""
_lanes: WeakSet[Lane] = WeakSet()


class _Job:
    """A call on its way through a lane."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        self.result, self.error = carried(self.work)
        self.done.set()


class Lane:
    """A thread that makes calls one after the other.

    Args:
        name: What the thread is called.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        self.hung = False
        _lanes.add(self)

    def call(self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns or raises, from the lane's thread.

        Raises:
            DeviceError: It did not return within `seconds`, or an earlier call did not.
        """
        job = _Job(work)
        if not self.hung:
            self._jobs.put(job)
            self.hung = not job.done.wait(seconds)
            if self.hung:
                _leave_without_portaudio()
        if self.hung:
            raise DeviceError(
                f"The sound server does not answer ({seconds:.0f} s).",
                "Restart PipeWire or PulseAudio; typing works meanwhile.",
            )
        if job.error is not None:
            try:
                raise job.error
            finally:
                job.error = None  # else it and this frame would hold each other
        result: T = job.result
        return result

    def close(self, last: Callable[[], object] | None = None) -> None:
        """End the thread; one that hangs ends when its call returns.

        Args:
            last: Called before the end, then too.
        """
        if last is not None:
            self._jobs.put(_Job(last))
        self._jobs.put(None)
        if not self.hung:
            self._thread.join()

    def leave(self) -> None:
        """End the thread because the interpreter exits; nothing is called any more."""
        if self.hung:  # then PortAudio stays, too
            return
        self.hung = True
        self._jobs.put(None)
        self._thread.join(_LEAVE_SECONDS)
        if self._thread.is_alive():
            _leave_without_portaudio()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()


@cache
def leave_before_portaudio() -> None:
    """From now on all lanes end before PortAudio does; to be called once that is imported."""
    atexit.register(_leave_all)


def _leave_all() -> None:
    for lane in list(_lanes):
        lane.leave()


def _leave_without_portaudio() -> None:
    """Have the interpreter exit without PortAudio's farewell, which hangs or aborts by now."""
    sounddevice = sys.modules.get("sounddevice")
    if sounddevice is not None:
        atexit.unregister(sounddevice._exit_handler)  # noqa: SLF001 - there is no other way
