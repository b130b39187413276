"""What the turns of a comparison come to."""

from __future__ import annotations

import os
import platform
import random
import statistics
import time
from pathlib import Path
from typing import Any

Turns = dict[str, list[dict[str, Any]]]
"""Each side's turns, in the order of the recordings."""

DRAWS, SURE = 2_000, 0.9
DIRTY = 0.2
"""Above this share of the machine that others take, a run is called dirty."""


class Load:
    """How much of the machine others take meanwhile."""

    def __init__(self) -> None:
        self._busy, self._began = self._now(), time.monotonic()

    @staticmethod
    def _now() -> float:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        idle = int(fields[3]) + int(fields[4])
        return (sum(map(int, fields[:8])) - idle) / os.sysconf("SC_CLK_TCK")

    def others(self, ours: list[float]) -> float:
        """The share, 0 to 1. Loading our own sides counts as others': it is said too high."""
        wall = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        return round(max(0.0, self._now() - self._busy - sum(ours)) / wall, 3)


def machine() -> dict[str, Any]:
    """Where this ran."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in info.split("\n") if "model name" in line]
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load": list(os.getloadavg()),
        "date": time.strftime("%Y-%m-%d %H:%M"),
    }


def ratio_of(pairs: list[tuple[float, float]]) -> dict[str, Any]:
    """The median of the paired ratios with a bootstrapped interval."""
    ratios = [ours / theirs for ours, theirs in pairs]
    if not ratios:
        return {"median": None, "ci": None, "n": 0}
    dice = random.Random(5)
    draws = sorted(statistics.median(dice.choices(ratios, k=len(ratios))) for _ in range(DRAWS))
    low, high = draws[int(DRAWS * (1 - SURE) / 2)], draws[int(DRAWS * (1 + SURE) / 2) - 1]
    return {
        "median": round(statistics.median(ratios), 3),
        "ci": [round(low, 3), round(high, 3)],
        "n": len(ratios),
    }


def compared(name: str, known: dict[str, Any], explicit: Turns, waiting: Turns) -> dict[str, Any]:
    """One peer's figures beside ours of the same run."""
    both = list(zip(explicit["companion"], explicit[name], strict=True))
    good = [pair for pair in both if usable(pair[0]) and usable(pair[1])]
    return {
        "peer": name,
        **known,
        "figures": {
            "first_sound_s": column([theirs for _, theirs in good], "first_sound_s"),
            "first_sound_default_endpoint_s": column(
                [turn for turn in waiting.get(name, []) if usable(turn)], "first_sound_s"
            ),
            "stt_s": column([theirs for _, theirs in good], "stt_s"),
            "cpu_s": column([theirs for _, theirs in good], "cpu_s"),
            "left_out": len(both) - len(good),
        },
        "ours": {
            "first_sound_s": column([ours for ours, _ in good], "first_sound_s"),
            "cpu_s": column([ours for ours, _ in good], "cpu_s"),
        },
        "ratio": ratio_of([(a["first_sound_s"], b["first_sound_s"]) for a, b in good]),
        "cpu_ratio": ratio_of([(a["cpu_s"], b["cpu_s"]) for a, b in good if b["cpu_s"]]),
        "turns": [{"audio": a["audio"], "ours": a, "theirs": b} for a, b in both],
    }


def usable(turn: dict[str, Any]) -> bool:
    """Whether a turn had a sound, and said what it should."""
    return turn.get("first_sound_s") is not None and bool(turn["same_reply"])


def column(turns: list[dict[str, Any]], key: str) -> list[float]:
    """One figure of all turns."""
    return [round(turn[key], 4) for turn in turns if turn.get(key) is not None]


def shown(turn: dict[str, Any]) -> str:
    """A turn in one line."""
    first = turn.get("first_sound_s")
    told = "no sound" if first is None else f"{1000 * first:6.0f} ms"
    other = "" if turn["same_reply"] else f"  other reply: {turn.get('reply', '')!r}"
    return f"{told}  cpu {turn['cpu_s']:.2f} s  heard {turn.get('heard', '')!r}{other}"


def sentence(result: dict[str, Any], file: Path) -> str:
    """A peer's result in one line."""
    ours, theirs = result["ours"]["first_sound_s"], result["figures"]["first_sound_s"]
    late = result["figures"]["first_sound_default_endpoint_s"]
    if not theirs:
        return f"{result['peer']}: no turn could be compared, see {file}"
    waits = f", with its own end-pointing {1000 * statistics.median(late):.0f}" if late else ""
    dirty = " (dirty: others used the machine)" if result["machine"]["others_cpu"] > DIRTY else ""
    return (
        f"{result['peer']} {result['version']}: {1000 * statistics.median(theirs):.0f} ms{waits}; "
        f"ours {1000 * statistics.median(ours):.0f}; ratio {result['ratio']['median']} "
        f"{result['ratio']['ci']} of {result['ratio']['n']}{dirty}; {file}"
    )
