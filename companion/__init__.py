"""Companion: a voice character that lives on its owner's machine and remembers them."""

import os
import sys
from typing import Any

__version__ = "0.1.0"

ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads beyond the cores were up to 170 times slower
    "OMP_NUM_THREADS": str(os.cpu_count() or 1),
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
    "ANONYMIZED_TELEMETRY": "False",
}
"""What native libraries read when they are loaded; `prepare` sets it before the first is."""


ARENAS = 2
"""From how many pools threads take memory. By itself glibc makes up to eight for each core, and
what is left free in one of them serves no other: 80 MB after a few turns (P26)."""

LARGE = 1 << 20
"""Bytes from which on a block is the system's, and goes back to it when it is free. By itself glibc
raises this to up to 32 MB, and the engines' buffers, of another length in each turn, leave holes
between what stays: 20 MB in 60 turns, and more with each longer sentence (P27)."""

_ALLOCATOR = {
    "MALLOC_ARENA_MAX": (-8, ARENAS),
    "MALLOC_MMAP_THRESHOLD_": (-3, LARGE),
    "MALLOC_TRIM_THRESHOLD_": (-1, 2 * LARGE),  # as glibc has it, had it come to that by itself
}


def prepare() -> None:
    """Set `ENVIRONMENT`, `ARENAS` and `LARGE`, leaving alone what the owner has set."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if sys.platform == "linux":
        _set_allocator()


def _set_allocator() -> None:
    mallopt = _of_the_allocator("mallopt")
    for name, (option, value) in _ALLOCATOR.items():
        if name not in os.environ:
            mallopt(option, value)


def give_back() -> None:
    """Give the system what is free between the blocks in use: some milliseconds."""
    if sys.platform == "linux":
        _of_the_allocator("malloc_trim")(0)


def _of_the_allocator(name: str) -> Any:  # noqa: ANN401 - a function of the C library
    """One of glibc's own functions; elsewhere one that does nothing."""
    import ctypes

    return getattr(ctypes.CDLL(None), name, lambda *_: None)
