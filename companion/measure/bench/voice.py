"""P11, P12, P14, P15: how soon a voice begins, whether its sound goes on, and what that costs.

A voice of Piper's medium shape, and a reply that is written as fast as a model of a known speed
writes. The loudspeaker takes sound as fast as it is heard.
"""

from __future__ import annotations

import re
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from companion.flow import Cancel, ahead
from companion.measure.bench.compare import Cost, compare, cost, in_turn, interval, ratio
from companion.measure.bench.rig import Sink
from companion.measure.bench.row import Bench, Figure, Group, Row, of
from companion.speech.clauses import split_clauses
from companion.speech.pace import Pace, enough_sound, enough_words
from companion.speech.piper import Piper
from companion.speech.piper.file import open_voice
from companion.values import Clause

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from companion.config import Settings
    from companion.values import Speech

SENTENCE = (
    "I had a long day at the harbour, but hearing your voice makes it better, "
    "and the kettle is on the stove for us."
)
"""Eight seconds of speech."""

TALK = (
    "Oh, I know that one. I had a long day at the harbour, but hearing your voice makes it better "
    "when the rain comes in from the sea and the lamps are lit along the quay. My brother used to "
    "say that nobody should walk home alone in such a night, because the steps are wet. So I wait "
    "for him with the kettle on the stove until he comes up the stairs and laughs at me."
)
"""Half a minute of speech, with long sentences and few marks."""

SPEED = 1.3
"""How much faster than the voice speaks the model writes: a slow machine that can just keep up."""

TALKS = 3
TOKEN = re.compile(r"\s*\w{1,6}|\s*[^\w\s]")
_SENTENCE_END = re.compile(r"[.!?]\s*$")


@dataclass(frozen=True, slots=True)
class Slow:
    """A model that writes at a steady speed, whatever else happens.

    Attributes:
        text: What it writes.
        rate: Characters a second.
    """

    text: str
    rate: float

    def tokens(self) -> Iterator[str]:
        """Its tokens, none before its time."""
        due = time.perf_counter()
        for token in TOKEN.findall(self.text):
            due = max(due + len(token) / self.rate, time.perf_counter())
            time.sleep(max(0.0, due - time.perf_counter()))
            yield token


@dataclass(frozen=True, slots=True)
class Spoken:
    """One reply, spoken at its own pace.

    Attributes:
        gaps: Milliseconds of silence that nobody meant, for each minute.
        lateness: The end of its sound, of when it could have ended at best.
        first: Seconds to the first sound.
        clauses: How many clauses it came in.
    """

    gaps: float
    lateness: float
    first: float
    clauses: int


class Whole:
    """A voice's graph in one session, with our settings: what Piper itself would run.

    Args:
        model: The voice.
        threads: Threads of the engine.
    """

    def __init__(self, model: Path, threads: int) -> None:
        self.voice: Any = Piper(model, threads)
        self.session = open_voice(model, threads)

    def say(self, text: str) -> int:
        """Render a text sentence by sentence; how many samples."""
        samples = 0
        for phonemes in self.voice._voice.phonemize(text):  # noqa: SLF001 - a benchmark looks inside
            inputs = self.voice._inputs(phonemes)  # noqa: SLF001
            samples += self.session.run(None, inputs)[0].size
        return samples


def run(bench: Bench) -> dict[str, Figure]:
    """Measure all of them."""
    settings = bench.settings
    threads = settings.voice.threads
    bench.progress("loading the voice")
    voice = Piper(bench.shapes.voice, threads)
    voice.warm()
    whole = Whole(bench.shapes.voice, threads)
    found = {
        "P14": _first(bench, voice, whole, split=True),
        "P14s": _first(bench, voice, whole, split=False),
        "P15": of(compare(lambda: _cut(voice), lambda: whole.say(TALK), bench.pairs), naive=1.0),
    }
    return found | _flowing(bench, voice, settings)


def _first(bench: Bench, voice: Piper, whole: Whole, *, split: bool) -> Figure:
    """Time to the first sound of a long sentence, of the time for all of it."""
    bench.progress("how soon a sentence begins")
    clauses = list(split_clauses([SENTENCE])) if split else [Clause(SENTENCE, SENTENCE)]

    def first() -> Cost:
        return cost(lambda: next(voice.say(clauses, Cancel())))

    pairs = in_turn(first, lambda: cost(lambda: whole.say(SENTENCE)), bench.pairs)
    return of(ratio(pairs), naive=1.0)


def _cut(voice: Piper) -> None:
    for _ in voice.say(split_clauses([TALK]), Cancel()):
        pass


# ── a reply that is spoken while it is written ───────────────────────────────────────────────


def _flowing(bench: Bench, voice: Piper, settings: Settings) -> dict[str, Figure]:
    seconds = sum(len(one.samples) for one in voice.say(split_clauses([TALK]), Cancel()))
    rate = len(TALK) / (seconds / voice.rate)
    pace = Pace()
    spoken: list[Spoken] = []
    for n in range(TALKS):
        bench.progress(f"speaking while a slow model writes, {n + 1} of {TALKS}")
        spoken.append(speak(voice, pace, Slow(TALK, SPEED * rate)))
    bench.progress("the same without looking ahead")
    naive = _one_by_one(voice, Slow(TALK, SPEED * rate))
    late = [one.lateness for one in spoken]
    gaps = [one.gaps for one in spoken]
    more = {
        "characters_a_second": rate,
        "written_faster_than_spoken": SPEED,
        "clauses": [one.clauses for one in spoken],
        "first_sound_s": [one.first for one in spoken],
        "threads": settings.voice.threads,
    }
    return {
        "P11": Figure(statistics.median(late), interval(late), naive=naive.lateness, more=more),
        "P12": Figure(statistics.median(gaps), interval(gaps), naive=naive.gaps, more=more),
    }


def speak(voice: Piper, pace: Pace, model: Slow) -> Spoken:
    """Speak what a model writes, as a turn does."""
    cancel = Cancel()
    done: list[tuple[float, bool]] = []

    def timed() -> Iterator[Speech]:
        for part in pace.speech(voice.say, clauses, cancel):
            done.append((len(part.samples) / part.rate, part.last))
            yield part

    began = time.perf_counter()
    clauses = ahead(pace.clauses(model.tokens()), cancel, enough_words)
    sink = Sink(voice.rate, pace=1.0)
    sink.play(ahead(timed(), cancel, enough_sound), cancel)
    return _told(sink, began, model, done)


def _one_by_one(voice: Piper, model: Slow) -> Spoken:
    """What a script does: sentence by sentence written, rendered and played."""
    done: list[tuple[float, bool]] = []

    def sentences() -> Iterator[Clause]:
        text = ""
        for token in model.tokens():
            text += token
            if _SENTENCE_END.search(text):
                yield Clause(text, text.strip())
                text = ""

    def timed() -> Iterator[Speech]:
        for part in voice.say(sentences(), Cancel()):
            done.append((len(part.samples) / part.rate, part.last))
            yield part

    began = time.perf_counter()
    sink = Sink(voice.rate, pace=1.0)
    sink.play(timed(), Cancel())
    return _told(sink, began, model, done)


def _told(sink: Sink, began: float, model: Slow, done: list[tuple[float, bool]]) -> Spoken:
    """What came out of a reply.

    At best it ends when all its sound was heard from the first on, or when what the model wrote
    last, had it never waited, was heard.
    """
    sound = sum(seconds for seconds, _ in done)
    first = sink.first - began
    written = len(model.text) / model.rate
    best = max(first + sound, written + done[-1][0])
    return Spoken(
        60_000 * sink.gaps / sink.taken,
        (sink.last - began) / best,
        first,
        sum(ends for _, ends in done),
    )


GROUP = Group(
    "voice",
    (
        Row("P11", "end of a reply that is written slowly, of the best possible", 1.03),
        Row(
            "P12", "silence that nobody meant, written 1.3 times as fast as spoken", 20.0, "ms/min"
        ),
        Row("P14", "first sound of an eight-second sentence, of all of it; cut into clauses", 0.4),
        Row("P14s", "the same of one clause, begun before it is whole", 0.25),
        Row("P15", "work of a reply in clauses and pieces, of the whole text's", 1.1),
    ),
    run,
)
