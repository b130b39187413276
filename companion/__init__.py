"""Companion: a voice character that lives on its owner's machine and remembers them."""

import os
import sys

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

_M_ARENA_MAX = -8


def prepare() -> None:
    """Set `ENVIRONMENT` and `ARENAS`, leaving alone what the owner has set."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if sys.platform == "linux" and "MALLOC_ARENA_MAX" not in os.environ:
        _limit_arenas()


def _limit_arenas() -> None:
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # glibc only
        mallopt(_M_ARENA_MAX, ARENAS)
