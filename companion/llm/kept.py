"""What a model has read of a character's card, kept on the disk: reading it again costs a turn.

A file holds numbers of the model only, no words and no tokens, and of a card and the constant
entries of its lorebook only: nothing that was said. Its name is made of all that must be the same
for it to fit. One that is damaged, or of another model, is as good as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILES = 16
"""Most cards kept; those used longest ago go first."""
BYTES = 256 * 1024 * 1024
"""Most bytes of all of them."""

_MAGIC = b"card1\n"
_DIGEST = 32
_ENDS = 64 * 1024


def identity(path: Path) -> str:
    """What tells one model file from another without reading all of it."""
    status = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_ENDS))
        file.seek(max(0, status.st_size - _ENDS))
        digest.update(file.read(_ENDS))
    return f"{status.st_size} {status.st_mtime_ns} {digest.hexdigest()}"


class Kept:
    """A folder of kept beginnings, for one model with one way to run it.

    Args:
        folder: Where they are; made when the first is kept.
        belongs: All that must be the same for a beginning to fit: model, library, sizes.
        files: Most files.
        most: Most bytes of all files.
    """

    def __init__(self, folder: Path, belongs: str, files: int = FILES, most: int = BYTES) -> None:
        self._folder = folder
        self._belongs = belongs
        self._files = files
        self._most = most

    def load(self, tokens: Sequence[int]) -> bytes | None:
        """The state after these tokens; None where it is not kept or damaged."""
        path = self._path(tokens)
        try:
            raw = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        start = len(_MAGIC) + _DIGEST
        state = memoryview(raw)[start:]
        if raw[:start] != _MAGIC + hashlib.sha256(state).digest():
            return None
        return bytes(state)

    def save(self, tokens: Sequence[int], state: bytes) -> None:
        """Keep the state after these tokens; a disk that is full or closed is no reason to stop."""
        if len(state) > self._most:
            return
        path = self._path(tokens)
        half = path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_MAGIC + hashlib.sha256(state).digest())
                    file.write(state)
                half.replace(path)
            finally:
                half.unlink(missing_ok=True)
            self._tidy()

    def _tidy(self) -> None:
        """Delete what is too much, the longest unused first; and what a crash left half written."""
        found = [(path, path.stat()) for path in self._folder.iterdir() if path.is_file()]
        found.sort(key=lambda one: one[1].st_mtime_ns, reverse=True)
        files, size = 0, 0
        for path, status in found:
            files, size = files + 1, size + status.st_size
            if files > self._files or size > self._most:
                path.unlink(missing_ok=True)

    def _path(self, tokens: Sequence[int]) -> Path:
        name = hashlib.sha256(f"{self._belongs}|{list(tokens)}".encode()).hexdigest()
        return self._folder / f"{name[:32]}.state"
