"""P21: the first turn after a start, against the turns that follow."""

from __future__ import annotations

import statistics

from companion.flow import Cancel
from companion.measure.bench.compare import Cost, interval
from companion.measure.bench.rig import BEFORE, Rig, Sink, shaped, utterance
from companion.measure.bench.row import Bench, Figure, Group, Row
from companion.prompt import Now

SECONDS = 2.0
STARTS = 3
LATER = 5
"""Turns after the first; their median counts."""


def run(bench: Bench) -> dict[str, Figure]:
    """Start a few times and speak."""
    found = [_start(bench, number) for number in range(1, STARTS + 1)]
    ratios = [first.wall / later.wall for first, later in found]
    spent = statistics.median(first.cpu / later.cpu for first, later in found)
    more = {
        "first_turn_s": [first.wall for first, _ in found],
        "later_turns_s": [later.wall for _, later in found],
    }
    why = f"{STARTS} starts, each against the median of the {LATER} turns after it"
    return {"P21": Figure(statistics.median(ratios), interval(ratios), spent, why=why, more=more)}


def _start(bench: Bench, number: int) -> tuple[Cost, Cost]:
    """What the first turn took to its first sound, and the later ones."""
    bench.progress(f"start {number} of {STARTS}")
    rig = Rig(shaped(bench), utterance(SECONDS), Sink())
    _held(rig)
    try:
        first, *later = (rig.turn() for _ in range(1 + LATER))
    finally:
        rig.close()
    walls, spent = [one.first for one in later], [one.cpu for one in later]
    return Cost(first.first, first.cpu), Cost(statistics.median(walls), statistics.median(spent))


def _held(rig: Rig) -> None:
    """The model has read what was said before, as it has in every turn but the first."""
    character = rig.parts.companion
    now = Now("Good morning.", (), character.now(), (), ())
    rig.parts.llm.read(character.prompt.assemble(character.persona, list(BEFORE), now), Cancel())


GROUP = Group("warm", (Row("P21", "first turn after a start, of the later ones", 1.1),), run)
