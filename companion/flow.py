"""How a turn is stopped and how its stages overlap and end: `Cancel`, `ahead` and `owned`.

This is the one place of the project where time is bent. It knows nothing of sound or models.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Iterator

T = TypeVar("T")

LOOK_AHEAD = 2
"""Clauses that may be ready before they are asked for. More only costs work that an interruption
throws away, unless they are short."""


def two(items: Collection[object]) -> bool:
    """Whether a look-ahead has made as much as it may, whatever its items are."""
    return len(items) >= LOOK_AHEAD


class Cancel:
    """A turn's stop sign: set once, never cleared, one for each turn."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._then: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def set(self) -> None:
        """Stop the turn. Safe from any thread, and safe to repeat."""
        with self._lock:
            first = not self._event.is_set()
            self._event.set()
            waiting, self._then = self._then, []
        if first:
            for call in waiting:
                call()

    def then(self, call: Callable[[], None]) -> None:
        """Have `call` run when the turn is stopped; at once if it already is."""
        with self._lock:
            if not self._event.is_set():
                self._then.append(call)
                return
        call()

    def wait(self, seconds: float) -> bool:
        """Wait for the stop, at most `seconds`; tells whether it came."""
        return self._event.wait(seconds)

    def __bool__(self) -> bool:
        return self._event.is_set()


def carried(work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    """What a call returns, or the error it ended with, for the thread that waits to raise."""
    try:
        return work(), None
    except BaseException as error:  # noqa: BLE001 - nothing is swallowed: the caller raises it
        return None, error


@contextlib.contextmanager
def owned(items: Iterable[T]) -> Iterator[Iterator[T]]:
    """Items to read within the `with` block; what gives them is closed with it, read or not.

    A generator that is merely dropped may go on holding what it uses, a model or a thread, until
    the garbage collector finds it. So whoever reads one for others closes it.
    """
    source = iter(items)
    try:
        yield source
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            close()


class _Ahead:
    """The look-ahead of one `ahead`: a bounded shelf between a thread and its reader."""

    def __init__(self, cancel: Cancel, full: Callable[[Collection[Any]], bool]) -> None:
        self.cancel = cancel
        self.full = full
        self.ready = threading.Condition()
        self.shelf: deque[object] = deque()
        self.ended = False
        self.closed = False
        self.error: BaseException | None = None
        cancel.then(self.wake)

    def wake(self) -> None:
        with self.ready:
            self.ready.notify_all()

    def run(self, source: Iterable[object]) -> None:
        """Fill the shelf from `source`; runs in the look-ahead thread, which owns `source`."""
        _, self.error = carried(lambda: self._fill(source))
        with self.ready:
            self.ended = True
            self.ready.notify_all()

    def _fill(self, source: Iterable[object]) -> None:
        with owned(source) as items:
            for item in items:
                with self.ready:
                    self.shelf.append(item)
                    self.ready.notify_all()
                    self.ready.wait_for(lambda: self.stopped or not self.full(self.shelf))
                if self.stopped:
                    return

    @property
    def stopped(self) -> bool:
        return self.closed or bool(self.cancel)

    def take(self) -> list[object]:
        """The next item in a list, or an empty list at the end."""
        with self.ready:
            self.ready.wait_for(lambda: self.shelf or self.ended)
            if not self.shelf:
                return []
            item = self.shelf.popleft()
            self.ready.notify_all()
            return [item]


def ahead(
    source: Iterable[T], cancel: Cancel, full: Callable[[Collection[T]], bool] = two
) -> Generator[T]:
    """Run `source` in a thread, a few items before its reader.

    Nothing runs until the first item is asked for. The thread is joined before the generator
    ends, however it ends; an error of `source` is raised here, after the items before it.

    Args:
        source: What to run ahead. From here on its owner is the look-ahead thread.
        cancel: The turn's stop sign; once set, `source` is not asked for more.
        full: Whether enough items are ready and unread.
    """
    shelf = _Ahead(cancel, full)
    thread = threading.Thread(target=shelf.run, args=(source,), name="ahead", daemon=True)
    thread.start()
    try:
        while item := shelf.take():
            yield item[0]  # type: ignore[misc]  # what went in as T comes out as T
    finally:
        shelf.closed = True
        shelf.wake()
        thread.join()
    if shelf.error is not None:
        try:
            raise shelf.error
        finally:
            shelf.error = None  # else it and this frame would hold each other
