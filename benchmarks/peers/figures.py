"""What the turns of a comparison come to."""

from __future__ import annotations

import os
import platform
import random
import statistics
import time
from pathlib import Path
from typing import Any

Turn = dict[str, Any]
Turns = dict[str, list[Turn]]
"""Each side's turns, in the order of the recordings."""

KEYS = {
    "first_sound_s": "explicit",
    "first_sound_late_release_s": "late",
    "first_sound_default_endpoint_s": "default",
}
"""What a result calls the columns."""

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


def compared(name: str, known: dict[str, Any], turns: dict[str, Turns]) -> dict[str, Any]:
    """One peer's figures beside ours of the same run, by the column they were measured for."""
    result: dict[str, Any] = {"peer": name, **known, "figures": {}, "ours": {}, "left_out": 0}
    for key, where in KEYS.items():
        sides = turns.get(where, {})
        theirs = sides.get(name, [])
        both = list(zip(sides.get("companion", theirs), theirs, strict=True))
        good = [pair for pair in both if usable(pair[0]) and usable(pair[1])]
        result["left_out"] += len(both) - len(good)
        result["figures"][key] = column([one for _, one in good], "first_sound_s")
        if "companion" in sides:
            result["ours"][key] = column([one for one, _ in good], "first_sound_s")
            result[f"ratio_{where}"] = ratio_of(pairs_of(good, "first_sound_s"))
            result[f"cpu_ratio_{where}"] = ratio_of(pairs_of(good, "cpu_to_first_sound_s"))
    explicit = turns.get("explicit", {})
    result["figures"]["stt_s"] = column(explicit.get(name, []), "stt_s")
    for key in ("cpu_s", "cpu_to_first_sound_s"):
        result["figures"][key] = column(explicit.get(name, []), key)
        result["ours"][key] = column(explicit.get("companion", []), key)
    result["turns"] = {
        where: {side: some[side] for side in ("companion", name) if side in some}
        for where, some in turns.items()
    }
    return result


def pairs_of(turns: list[tuple[Turn, Turn]], key: str) -> list[tuple[float, float]]:
    """(ours, theirs) of one figure, where both have it."""
    return [(ours[key], theirs[key]) for ours, theirs in turns if ours.get(key) and theirs.get(key)]


def usable(turn: Turn) -> bool:
    """Whether a turn had a sound, and said what it should."""
    return turn.get("first_sound_s") is not None and bool(turn["same_reply"])


def column(turns: list[Turn], key: str) -> list[float]:
    """One figure of all turns."""
    return [round(turn[key], 4) for turn in turns if turn.get(key) is not None]


def shown(turn: Turn) -> str:
    """A turn in one line."""
    first = turn.get("first_sound_s")
    told = "no sound" if first is None else f"{1000 * first:6.0f} ms"
    other = "" if turn["same_reply"] else f"  other reply: {turn.get('reply', '')!r}"
    used = turn.get("cpu_to_first_sound_s") or 0.0
    return (
        f"{told}  cpu {used:.2f} of {turn['cpu_s']:.2f} s  heard {turn.get('heard', '')!r}{other}"
    )


def sentence(result: dict[str, Any], file: Path) -> str:
    """A peer's result in one line."""
    told = []
    for key, where in KEYS.items():
        theirs, ours = result["figures"][key], result["ours"].get(key)
        if theirs:
            told.append(f"{where} {1000 * statistics.median(theirs):.0f} ms")
        if theirs and ours:
            ratio = result[f"ratio_{where}"]
            told[-1] += f" (ours {1000 * statistics.median(ours):.0f}; {ratio['median']}"
            cpu = result[f"cpu_ratio_{where}"]["median"]
            told[-1] += f" {ratio['ci']} of {ratio['n']}"
            told[-1] += f"; {cpu} in processor seconds)" if cpu else ")"
    dirty = "; dirty: others used the machine" if result["machine"]["others_cpu"] > DIRTY else ""
    return f"{result['peer']} {result['version']}: {', '.join(told) or 'nothing'}{dirty}; {file}"
