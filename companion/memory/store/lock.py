"""One process at a time: an exclusive lock on the memory folder.

The lock is on the folder itself (its inode), so that neither renaming nor deleting a file inside
gives it to somebody else; the kernel frees it when its holder ends, however that ends. The file
`lock` only says who holds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING

from companion.errors import Forbidden, StoreBusy, StoreError, undoing

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 1.0
"""Seconds to wait for a holder that is just leaving."""


class FolderLock:
    """Holds a folder until `close`.

    Args:
        folder: An existing folder.
        role: What this process is, for the message the next one shows.

    Raises:
        StoreBusy: Another process holds the folder; the message names its id and role.
        Forbidden: The folder cannot be opened.
    """

    def __init__(self, folder: Path, role: str) -> None:
        self._file = folder / "lock"
        try:
            self._fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except PermissionError as error:
            raise Forbidden(
                f"The memory folder {folder} may not be read by this account.",
                "Change its owner, or set [companion] memory to another one.",
            ) from error
        with undoing(lambda: os.close(self._fd)):
            self._take(folder)
            self._sign(role)

    def _take(self, folder: Path) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    raise StoreBusy(
                        f"The memories in {folder} are in use by {self._holder()}.",
                        "Close it, or use it there.",
                    ) from error
                time.sleep(0.02)
            else:
                return

    def _holder(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            pid, role = self._file.read_text("utf-8").split(maxsplit=1)
            return f"another process (pid {int(pid)}, {role.strip()})"
        return "another process"

    def _sign(self, role: str) -> None:
        try:
            fd = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except PermissionError as error:
            raise Forbidden(
                f"{self._file} may not be written by this account.",
                "Change the owner of the memory folder, or set [companion] memory to another one.",
            ) from error
        except OSError as error:
            raise _unwritable(self._file, error) from error
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(f"{os.getpid()} {role}\n")
        except OSError as error:
            raise _unwritable(self._file, error) from error

    @property
    def held(self) -> bool:
        """Whether it holds the folder."""
        return self._fd >= 0

    def close(self) -> None:
        """Give the folder back; safe to repeat."""
        if self.held:
            os.close(self._fd)
            self._fd = -1


def _unwritable(file: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{file} cannot be written: {error.strerror}.",
        "See that there is space on the disk and that the folder may be written.",
    )
