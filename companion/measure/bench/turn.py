"""P1, P2, P29, P30: a whole turn, against its bare engines and against every library's defaults.

Four ways in turn: without a head start, with one, the bare engines, the naive script. The recording
is spoken at its own pace; the release is when it is over, the sound when the first sample that is
not silent is handed over. The reply is always the same.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from companion.measure.bench.bare import Bare, Naive
from companion.measure.bench.compare import WARM_UPS, Cost, ratio
from companion.measure.bench.rig import Rig, Sink, shaped, utterance
from companion.measure.bench.row import Bench, Figure, Group, Row, of
from companion.values import SPEECH_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from companion.measure.bench.bare import Floor
    from companion.measure.bench.rig import Turn

SECONDS = 4.0
"""Length of what is said."""

Round = dict[str, "Turn | Floor | Cost"]


def run(bench: Bench) -> dict[str, Figure]:
    """Measure all four in turn."""
    from companion.sound.wav import write_wav

    bench.progress("loading the engines")
    recording = utterance(bench.scale * SECONDS)
    wav = bench.home / "said.wav"
    write_wav(wav, recording.samples, SPEECH_RATE)
    rig = Rig(shaped(bench), recording, Sink())
    bare = Bare(rig)
    naive = Naive(bench.shapes, bench.shapes.tiny)
    try:
        rounds = list(_rounds(bench, rig, bare, (naive, wav)))
    finally:
        naive.close()
        bare.close()
        rig.close()
    return figures(rounds)


def _rounds(bench: Bench, rig: Rig, bare: Bare, other: tuple[Naive, Path]) -> Iterator[Round]:
    naive, wav = other

    def script() -> Cost:
        found = naive.turn(wav)
        return Cost(found["first"], found["cpu"])

    ways: dict[str, Callable[[], Turn | Floor | Cost]] = {
        "plain": rig.turn,
        "floor": bare.turn,
        "ahead": lambda: rig.turn(ahead=True),
        "naive": script,
    }
    for n in range(-WARM_UPS, bench.pairs):
        bench.progress(f"turn {n + 1} of {bench.pairs}" if n >= 0 else "warming up")
        order = list(ways) if n % 2 == 0 or n == -WARM_UPS else list(ways)[::-1]
        found = {name: ways[name]() for name in order}
        if n >= 0:
            yield found


def _cost(found: Turn | Floor | Cost) -> Cost:
    return found if isinstance(found, Cost) else Cost(found.first, found.cpu)


def figures(rounds: list[Round]) -> dict[str, Figure]:
    """The rows, from what each round found."""
    pairs = {
        (a, b): ratio([(_cost(one[a]), _cost(one[b])) for one in rounds])
        for a in ("plain", "ahead", "naive")
        for b in ("floor", "naive")
    }
    spent = {name: pairs[name, "floor"].cpu for name in ("plain", "ahead", "naive")}
    parts = {
        f"floor_{name}": statistics.median(one["floor"].parts[name] for one in rounds)  # type: ignore[union-attr]
        for name in ("stt", "recall", "llm", "voice")
    }
    naive = pairs["naive", "floor"].middle
    plain, ahead = pairs["plain", "floor"], pairs["ahead", "floor"]
    return {
        "P1": of(plain, naive=naive, more={"first_sound_s": plain.first, **parts}),
        "P1s": of(ahead, naive=naive, more={"first_sound_s": ahead.first}),
        "P2": of(
            pairs["ahead", "naive"], naive=1.0, more={"naive_s": pairs["ahead", "naive"].second}
        ),
        "P2p": of(pairs["plain", "naive"], naive=1.0),
        "P29": _spent(spent["plain"], spent["naive"], rounds, "plain"),
        "P29s": _spent(spent["ahead"], spent["naive"], rounds, "ahead"),
        **_worth([one["ahead"] for one in rounds]),  # type: ignore[misc]
    }


def _spent(ours: float, naive: float, rounds: list[Round], way: str) -> Figure:
    seconds = {"cpu_s": statistics.median(_cost(one[way]).cpu for one in rounds)}
    return Figure(ours, naive=naive, why="processor seconds of the whole turn", more=seconds)


def _worth(turns: list[Turn]) -> dict[str, Figure]:
    """What the head start was worth, from the turns' own figures."""
    told = [turn.record.get("early") or {} for turn in turns]
    saved = sum(one.get("saved_s", 0.0) for one in told)
    wasted = sum(one.get("wasted_s", 0.0) for one in told)
    hits = sum(one.get("hit") == "all" for one in told)
    more = {"saved_s": saved / len(told), "wasted_cpu_s": wasted / len(told)}
    why = "processor seconds spent in vain while the key was held, for each second saved after it"
    missed = 1 - hits / len(told)
    return {
        "P30": Figure(wasted / saved if saved else 99.0, why=why, more=more),
        "P30h": Figure(missed, more={"presses": len(told), "hits": hits}),
    }


GROUP = Group(
    "turn",
    (
        Row("P1", "first sound, of the bare engines' sum; no head start", 1.03),
        Row("P1s", "first sound, of the bare engines' sum; with a head start", 0.75),
        Row("P2", "first sound, of every library's defaults; with a head start", 0.35),
        Row("P2p", "first sound, of every library's defaults; no head start", 0.35),
        Row("P29", "processor seconds of a turn, of the bare engines'; no head start", 1.05),
        Row("P29s", "processor seconds of a turn, of the bare engines'; with a head start", 1.4),
        Row("P30", "processor seconds wasted for each second saved", 2.0),
        Row("P30h", "presses whose head start was of no use", 0.4),
    ),
    run,
)
