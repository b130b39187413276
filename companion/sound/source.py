"""Which source the sound server really records us from.

When a microphone is unplugged, PulseAudio moves its listeners to another source without a word:
once it was the monitor of the loudspeaker, and the companion heard itself. Only the server knows,
so it is asked. Knows no stream.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from companion.sound.server import ask, is_monitor


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
    listeners, sources = ask("list", "source-outputs"), ask("list", "sources")
    if not isinstance(listeners, list) or not isinstance(sources, list):
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
    listeners = ask("list", "source-outputs")
    return isinstance(listeners, list) and any(
        (row["index"], row["source"]) == (source.listener, source.number) for row in listeners
    )


def _source(listener: int, row: dict[str, Any]) -> Source:
    return Source(listener, row["index"], row["name"], is_monitor(row))
