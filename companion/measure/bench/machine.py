"""The machine a figure was measured on, and how much of it others used meanwhile."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from companion.measure.bench.compare import processor_seconds

CLEAN = 0.2
"""Cores that others may keep busy before a run is called dirty."""

_LIBRARIES = (
    *("ctranslate2", "faster-whisper", "llama-cpp-python", "onnxruntime", "piper-tts"),
    *("chromadb", "numpy"),
)


def machine() -> dict[str, Any]:
    """Processor, memory, system and the versions of the engines."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(_memory() / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "libraries": {name: found for name in _LIBRARIES if (found := _version(name))},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return 0


def _busy_seconds(stat: Path = Path("/proc/stat")) -> float:
    """Seconds all cores together have worked since the machine was started."""
    try:
        first = stat.read_text("ascii").splitlines()[0].split()
    except (OSError, IndexError):
        return 0.0
    user, nice, system, _idle, _wait, interrupts, soft, stolen = map(int, first[1:9])
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Competition:
    """How many cores other programs kept busy since this was made."""

    began: float = field(default_factory=time.monotonic)
    busy: float = field(default_factory=_busy_seconds)
    ours: float = field(default_factory=processor_seconds)

    @property
    def cores(self) -> float:
        """Cores in use by others; 0 where the system does not say."""
        passed = time.monotonic() - self.began
        others = (_busy_seconds() - self.busy) - (processor_seconds() - self.ours)
        return max(0.0, others / passed) if passed else 0.0

    @property
    def dirty(self) -> bool:
        """Whether that is too much for the clock to be believed."""
        return self.cores > CLEAN
