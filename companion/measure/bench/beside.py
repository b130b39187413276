"""What the peers took, beside us: from the files that `benchmarks/peers/` writes.

A file holds one peer's turns and ours of the same run, on the same recordings and models.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from companion.measure.bench.shown import line, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

COLUMNS = (("first_sound_s", "explicit"), ("first_sound_late_release_s", "late"))
OWN_END = "first_sound_default_endpoint_s"
WINDOW = {"P4": 7.5, "P4l": 3.0}
"""Frames that faster-whisper encodes as it comes, 30 s whatever the speech: all peers use it so."""

FIRST = COLUMNS[0][0]
SHAPED = "qwen-0.5b"
"""In the name of the language model where the peers ran on the models of this benchmark."""

HEAD = """\
## First sound beside others

Seconds from the release of the key to the first sample that is not silent, in one run on the same
recordings, model files and replies (`benchmarks/peers/README.md` has what is the same, and how each
was set); medians. All are told when the speech ends: with the last sample of the recording or 0.3 s
later ("late release"). "own end" is with the end-pointing that they come with, from the end of the
recording. "cpu" is the ratio of processor seconds from the release to the first sound. Ratios are
paired, turn by turn, in brackets their 90 % interval.
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer on one set of models."""

    told: dict[str, Any]

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.told["peer"])

    @property
    def models(self) -> str:
        """What all ran on."""
        return ", ".join(self.told.get("models", ()))

    @property
    def shaped(self) -> bool:
        """Whether these are the models of this benchmark."""
        return SHAPED in self.models

    def middle(self, side: str, key: str) -> float | None:
        """The median of a figure, theirs ("figures") or ours ("ours")."""
        values = self.told.get(side, {}).get(key)
        return statistics.median(values) if isinstance(values, list) and values else None

    def ratio(self, where: str, kind: str = "ratio") -> Mapping[str, Any]:
        """Ours to theirs in one of the columns: of seconds, or of processor seconds."""
        found = self.told.get(f"{kind}_{where}")
        return found if isinstance(found, dict) else {}


def peers_of(folder: Path | None) -> list[Peer]:
    """What was measured; what several runs tell of one peer on the same models is put together."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for file in sorted(folder.rglob("*.json")) if folder is not None else ():
        one = json.loads(file.read_text("utf-8"))
        if isinstance(one, dict) and "peer" in one:
            key = (one["peer"], ", ".join(one.get("models", ())))
            found[key] = _together(found.get(key, {}), one)
    return [Peer(one) for one in found.values()]


def _together(before: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    """Two results of one peer: of a figure that both have, the later counts.

    Settings and command are those of the run that it was told when speech ends.
    """
    parts = {}
    for side in ("figures", "ours"):
        told = {key: values for key, values in one.get(side, {}).items() if values}
        parts[side] = before.get(side, {}) | told
    same = ("settings", "command", "machine") if before.get("figures", {}).get(FIRST) else ()
    return before | one | parts | {key: before[key] for key in same if key in before}


def among_rows(
    rows: Sequence[Mapping[str, Any]], peers: Sequence[Peer]
) -> dict[str, dict[str, float]]:
    """The rows in which a peer has a figure, by peer; only of those that ran on these models.

    A peer's P1 is ours times what it took of ours in its run; P2 is against the naive script there.
    """
    shaped = [peer for peer in peers if peer.shaped and peer.name != "naive"]
    naive = next((peer for peer in peers if peer.shaped and peer.name == "naive"), None)
    floor = naive.middle("figures", FIRST) if naive else None
    ours = {row["id"]: row["ours"] for row in rows}
    found: dict[str, dict[str, float]] = {}
    for peer in shaped:
        cells = dict(WINDOW)
        first = peer.middle("figures", FIRST)
        # Ours is with the key up 0.3 s after the last word, as in their "late" column.
        times = (peer.ratio("late") or peer.ratio("explicit")).get("median")
        if times:
            cells |= {"P1s": ours["P1s"] / times} if "P1s" in ours else {}
        if first and floor:
            cells["P2"] = first / floor
        found[peer.name] = cells
    return found


def sections(peers: Sequence[Peer]) -> Iterator[str]:
    """A table for each set of models."""
    for n, models in enumerate(dict.fromkeys(peer.models for peer in peers)):
        columns = [f"with {models}", *_HEADS, "late release", *_HEADS[1:], "own end", "settings"]
        lines = [line(columns), line(["---"] * len(columns))]
        lines += [_one(peer) for peer in peers if peer.models == models]
        yield "\n".join([*([] if n else [HEAD]), *lines, "", _note(peers, models)])


_HEADS = ("first sound", "ours then", "ours ÷ theirs", "cpu")


def _one(peer: Peer) -> str:
    who = f"{peer.name} {peer.told.get('version', '')}".strip()
    same = [cell for column in COLUMNS for cell in _same_run(peer, *column)]
    settings = peer.told.get("settings", "")
    shown = settings if isinstance(settings, str) else _settings(settings)
    return line([who, *same, number(peer.middle("figures", OWN_END)), shown])


def _same_run(peer: Peer, key: str, where: str) -> list[str]:
    """Theirs, ours of the same run, and the two ratios."""
    ratio = peer.ratio(where)
    between = f" [{number(ratio['ci'][0])}, {number(ratio['ci'][1])}]" if ratio.get("ci") else ""
    return [
        number(peer.middle("figures", key)),
        number(peer.middle("ours", key)),
        f"{number(ratio.get('median'))}{between}",
        number(peer.ratio(where, "cpu_ratio").get("median")),
    ]


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _note(peers: Sequence[Peer], models: str) -> str:
    """The command, and whether others used the machine."""
    one = next(peer.told for peer in peers if peer.models == models)
    others = one.get("machine", {}).get("others_cpu", 0.0)
    busy = f" Others used {100 * others:.0f} % of the machine." if others > 0.2 else ""  # noqa: PLR2004
    return f"`{one['command']}`{busy}\n" if one.get("command") else ""
