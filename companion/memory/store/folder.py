"""The memory folder, and small files in it: made for its owner's eyes only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from companion.errors import CannotCreate, Forbidden

if TYPE_CHECKING:
    from pathlib import Path


def make(folder: Path) -> None:
    """Make the memory folder, and close it to others.

    Raises:
        Forbidden: This account may not.
        CannotCreate: It cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid == os.getuid():
            folder.chmod(0o700)
    except PermissionError as error:
        raise Forbidden(
            f"The memory folder {folder} may not be made by this account.",
            "Set [companion] memory to another folder.",
        ) from error
    except OSError as error:
        raise CannotCreate(
            f"The memory folder {folder} cannot be made: {error.strerror}.",
            "Set [companion] memory to another folder.",
        ) from error


def write_whole(path: Path, text: str) -> None:
    """Write a small file anew, wholly or not at all; it is on the disk when this returns.

    Raises:
        OSError: It cannot be written.
    """
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fd = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
