"""Writing sound as Ogg Opus, the way it is handed around: small, and every browser plays it.

Knows no device. Opus is written by libsndfile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from companion.errors import CannotCreate

if TYPE_CHECKING:
    from pathlib import Path

    from companion.values import Samples

OPUS_RATE = 24_000
"""Samples a second of what is written: one of those that Opus knows, and enough for a voice."""


def write_opus(path: Path, samples: Samples) -> None:
    """Write mono sound at `OPUS_RATE`, at some 35 kbit/s.

    Raises:
        CannotCreate: The file cannot be written.
    """
    import soundfile  # libsndfile is loaded only where a file is written

    sound = np.clip(np.nan_to_num(samples), -1.0, 1.0)
    try:
        soundfile.write(path, sound, OPUS_RATE, format="OGG", subtype="OPUS")
    except soundfile.LibsndfileError as error:
        raise CannotCreate(
            f"{path} cannot be written ({error.error_string.rstrip('.')}).",
            "Check the folder and its free space.",
        ) from error
