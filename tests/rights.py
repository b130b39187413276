"""File permissions that count, also for root: what root is allowed beyond them is put down."""

from __future__ import annotations

import contextlib
import ctypes
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = 0x20080522
"""Of the kernel's structure."""
DAC = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: reading and writing what the modes forbid."""


@contextlib.contextmanager
def mode(path: Path, bits: int) -> Iterator[None]:
    """Give a file or folder other permissions for a while, and mean them."""
    before, rights = path.stat().st_mode, _rights()
    path.chmod(bits)
    put_down()
    try:
        yield
    finally:
        _set(rights)
        path.chmod(before)


def put_down() -> None:
    """From here on this process is allowed no more than the modes of files say."""
    rights = _rights()
    rights[0] &= ~DAC
    _set(rights)


def _rights() -> ctypes.Array[ctypes.c_uint32]:
    """What this thread may: in effect, permitted and inherited, two words of each, mixed."""
    rights = (ctypes.c_uint32 * 6)()
    _ask("capget", rights)
    return rights


def _set(rights: ctypes.Array[ctypes.c_uint32]) -> None:
    _ask("capset", rights)


def _ask(name: str, rights: ctypes.Array[ctypes.c_uint32]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)((ctypes.c_uint32 * 2)(VERSION, 0), rights):
        raise OSError(ctypes.get_errno(), f"{name} failed")
