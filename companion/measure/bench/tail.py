"""P5: how long the words of a long recording take after the release of the key.

The owner speaks for twelve seconds, with pauses; with a head start what came before the last long
pause is transcribed by then.
"""

from __future__ import annotations

from companion.measure.bench.compare import Cost, in_turn, ratio
from companion.measure.bench.rig import Rig, Sink, shaped, utterance
from companion.measure.bench.row import Bench, Figure, Group, Row, of

SECONDS = 12.0
PAIRS = 3
"""Each pair takes half a minute, because it is spoken."""


def run(bench: Bench) -> dict[str, Figure]:
    """Speak with a head start and without one."""
    rig = Rig(shaped(bench, whisper="base"), utterance(bench.scale * SECONDS), Sink())

    def words(*, ahead: bool) -> Cost:
        found = rig.turn(ahead=ahead)
        return Cost(found.record["ms"]["stt"] / 1000, found.cpu)

    bench.progress("speaking for twelve seconds, again and again")
    pairs = in_turn(
        lambda: words(ahead=True), lambda: words(ahead=False), min(PAIRS, bench.pairs), 1
    )
    rig.close()
    why = "until the words are there, against transcribing all of it at the release; Whisper base"
    return {"P5": of(ratio(pairs), naive=1.0, why=why)}


GROUP = Group("tail", (Row("P5", "words of 12 s of speech, with a head start", 0.5),), run)
