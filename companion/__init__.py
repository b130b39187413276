"""Companion: a voice character that lives on its owner's machine and remembers them."""

import os

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


def prepare() -> None:
    """Set `ENVIRONMENT`, leaving alone what the owner has set."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
