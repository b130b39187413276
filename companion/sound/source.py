"""Which source the sound server really records us from.

When a microphone is unplugged, PulseAudio moves its listeners to another source without a word:
once it was the monitor of the loudspeaker, and the companion heard itself. Only the server knows,
so it is asked. Knows no stream.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from companion.errors import DeviceError

_ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Source:
    """One of our recordings as the sound server sees it.

    Attributes:
        listener: The server's number for our recording.
        number: The server's number for the source it comes from.
        name: That source's name.
        monitor: Whether that source is what a loudspeaker plays.
    """

    listener: int
    number: int
    name: str
    monitor: bool


def sources_of_this_process() -> tuple[Source, ...] | None:
    """Where our recordings come from, the newest last; None where no server can be asked.

    Without `pactl` (PulseAudio's or PipeWire's), or with ALSA alone, nobody moves streams about
    or nobody tells.

    Raises:
        DeviceError: The server hangs.
    """
    listeners = _pactl("source-outputs")
    sources = _pactl("sources")
    if listeners is None or sources is None:
        return None
    by_index = {row["index"]: row for row in sources}
    return tuple(
        _source(row["index"], by_index[row["source"]])
        for row in sorted(listeners, key=lambda row: row["index"])
        if row["properties"].get("application.process.id") == str(os.getpid())
        and row["source"] in by_index
    )


def is_still(source: Source) -> bool:
    """Whether the recording still comes from where it came from.

    Raises:
        DeviceError: The server hangs.
    """
    return any(
        (row["index"], row["source"]) == (source.listener, source.number)
        for row in _pactl("source-outputs") or ()
    )


def _source(listener: int, row: dict[str, Any]) -> Source:
    monitor = row["properties"].get("device.class") == "monitor" or row["name"].endswith(".monitor")
    return Source(listener, row["index"], row["name"], monitor)


def _pactl(what: str) -> list[dict[str, Any]] | None:
    pactl = shutil.which("pactl")
    if pactl is None:
        return None
    try:
        done = subprocess.run(
            [pactl, "-f", "json", "list", what],
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            check=False,
            timeout=_ANSWER_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise DeviceError(
            f"The sound server does not answer ({_ANSWER_SECONDS:.0f} s).",
            "Restart PipeWire or PulseAudio; typing works meanwhile.",
        ) from error
    try:
        rows = json.loads(done.stdout)
    except ValueError:
        return None  # no server, or a pactl before 16 that knows no JSON
    return rows if isinstance(rows, list) else None
