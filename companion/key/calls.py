"""Calls from other programs, `companion ptt` above all: a local socket that only its owner may use.

One word in, one line back. Knows no command line.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from companion.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

NAME = ".talk.socket"
"""The socket's name in a workspace."""

SECONDS = 2.0
"""How long one side waits for the other: all of it happens on one machine."""

_LONGEST_PATH = 100  # bytes; the system's limit is a little above that
_WORD = 64


class Calls:
    """Answers calls until it is closed.

    Args:
        path: Where the socket is made; one left behind by a dead process is replaced.
        answers: What to do for each word; gives the line that goes back.

    Raises:
        DeviceError: Another conversation answers there, or the socket cannot be made.
    """

    def __init__(self, path: Path, answers: Mapping[str, Callable[[], str]]) -> None:
        self._path = path
        self._answers = answers
        self._socket = _listening(path)
        self._inode = path.stat().st_ino
        self._end, self._close = os.pipe()
        self._thread = threading.Thread(target=self._listen, name="key calls", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nobody any more, and take the socket away."""
        os.close(self._close)
        self._thread.join()
        self._socket.close()
        os.close(self._end)
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()

    def _listen(self) -> None:
        ends = [self._end, self._socket.fileno()]
        while self._end not in select.select(ends, [], [])[0]:
            with suppress(OSError):  # a caller that left, or says nothing
                caller, _ = self._socket.accept()
                with caller:
                    caller.settimeout(SECONDS)
                    self._answer(caller)

    def _answer(self, caller: socket.socket) -> None:
        if not _is_owner(caller):
            return
        word = caller.recv(_WORD).decode("ascii", "replace").strip()
        answer = self._answers.get(word)
        line = answer() if answer else f"unknown word; known: {', '.join(self._answers)}"
        caller.sendall(f"{line}\n".encode())


def call(path: Path, word: str) -> str:
    """Say one word to the conversation that listens there; its answer.

    Raises:
        DeviceError: Nobody listens there, or it does not answer.
    """
    nobody = DeviceError(
        "No conversation is running in this workspace.", "Start one: companion talk"
    )
    if not path.exists():
        raise nobody
    with socket.socket(socket.AF_UNIX) as line, _address(path) as address:
        line.settimeout(SECONDS)
        try:
            line.connect(address)
        except OSError as error:
            raise nobody from error
        try:
            line.sendall(f"{word}\n".encode())
            answer = line.recv(1024).decode("utf-8", "replace").strip()
        except OSError as error:
            raise DeviceError("The conversation here does not answer.", "Is it busy?") from error
    if not answer:
        raise DeviceError("The conversation here belongs to another user.", "Start your own.")
    return answer


def _listening(path: Path) -> socket.socket:
    if _is_answered(path):
        raise DeviceError(
            f"Another conversation answers `companion ptt` already ({path}).",
            "This one has only its own keys.",
        )
    line = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with _address(path) as address:
            path.unlink(missing_ok=True)
            line.bind(address)
        line.listen(8)
    except OSError as error:
        line.close()
        raise DeviceError(
            f"`companion ptt` cannot reach this conversation: {path}: {error.strerror}.",
            "Set [key] calls = false, or make the folder writable.",
        ) from error
    finally:
        os.umask(before)
    return line


def _is_answered(path: Path) -> bool:
    """Whether somebody answers there now."""
    with socket.socket(socket.AF_UNIX) as line, suppress(OSError), _address(path) as address:
        line.settimeout(SECONDS)
        line.connect(address)
        return True
    return False


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """The socket's address; a long path goes by its folder, where the system can do that."""
    if len(os.fsencode(path)) <= _LONGEST_PATH or sys.platform != "linux":
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _is_owner(caller: socket.socket) -> bool:
    """Whether the same user calls; elsewhere the rights of the file say so alone."""
    if sys.platform != "linux":
        return True
    form = "3i"  # process, user, group
    peer = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(form))
    return bool(struct.unpack(form, peer)[1] == os.geteuid())
