"""What the engines can do on this machine: how fast each hears, reads, writes and speaks.

Every engine is run as the settings name it, with one thread and with more, on the recordings and
the texts that ship. Turns what it finds into threads; what they promise is `prediction`'s.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.errors import EngineError
from companion.flow import Cancel
from companion.measure.prediction import USUAL_SECONDS, Line, Rates, Threads
from companion.values import Prompt, Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from companion.cards import Card
    from companion.config import Settings
    from companion.llm.engine import Llama
    from companion.speech.piper import Piper
    from companion.values import Clause

ROUNDS, TIMES = 2, 3
"""How often all is measured, and a short thing each time. The quickest counts: other programs only
make it slower."""
READ_TOKENS = 192
WRITE_TOKENS = 24
MOST_THREADS = 8
WORTH = 0.93
"""One thread more has to save so much of the time to be worth it; a core is wanted elsewhere."""
CLAUSE = "Oh, what a lovely thing to do!"
"""As long as a reply usually is until its voice begins."""
LONG = (
    "Well, I walked down to the harbour this morning, and there were three boats coming in with "
    "the tide, and one of the fishermen waved to me as if we had known each other for years."
)


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured, by threads.

    Attributes:
        hearing: Seconds of work for seconds of speech.
        reading: Tokens of a prompt a second.
        writing: Tokens of a reply a second.
        beside: The same while the voice works.
        clause: Seconds until the first sound of a first clause is rendered.
        voice: Seconds of work for a second of sound.
        tokens: Tokens of such a clause.
    """

    hearing: Mapping[int, Line]
    reading: Mapping[int, float]
    writing: Mapping[int, float]
    beside: Mapping[int, float]
    clause: Mapping[int, float]
    voice: Mapping[int, float]
    tokens: int

    def rates(self, threads: Threads, rest: float) -> Rates:
        """What these threads come to.

        Args:
            threads: Which.
            rest: Seconds that everything else takes: a recording's end, the memory, the device.
        """
        return Rates(
            hear=self.hearing[threads.hear],
            read=self.reading[threads.read],
            write=self.writing[threads.write],
            beside=self.beside[threads.write],
            clause_tokens=self.tokens,
            clause_seconds=self.clause[threads.speak],
            voice=self.voice[threads.speak],
            rest=rest,
        )


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


class Others:
    """What other programs take of the processors, from now on: they make every figure worse."""

    def __init__(self) -> None:
        self._before = self._busy()

    @property
    def share(self) -> float:
        """Of all processors, 0 to 1; 0 where the system does not say."""
        all_, idle, own = (b - a for a, b in zip(self._before, self._busy(), strict=True))
        return max(0.0, min(1.0, (all_ - idle - own) / all_)) if all_ else 0.0

    @staticmethod
    def _busy() -> tuple[float, float, float]:
        """Ticks of all processors, of them idle, and our own."""
        try:
            ticks = [float(n) for n in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        except (OSError, ValueError):
            return 0.0, 0.0, 0.0
        own = time.process_time() * os.sysconf("SC_CLK_TCK")
        return sum(ticks), ticks[3] + ticks[4], own


def candidates(count: int) -> list[int]:
    """Numbers of threads to try: 1, 2, 3, 4, 6, 8 as far as there are processors."""
    return [n for n in (1, 2, 3, 4, 6, MOST_THREADS) if n <= count]


def proposed(found: Found) -> Threads:
    """The threads that are quickest here, and no more of them than help.

    The model writes while the voice speaks: what counts for it is how it writes then, and for the
    voice are left the processors that the model does not take.
    """
    write = _enough({n: 1 / rate for n, rate in found.beside.items()})
    left = max(1, max(found.clause) - write)
    return Threads(
        hear=_enough({n: line.of(USUAL_SECONDS) for n, line in found.hearing.items()}),
        read=_enough({n: 1 / rate for n, rate in found.reading.items()}),
        write=write,
        speak=_enough({n: seconds for n, seconds in found.clause.items() if n <= left}),
    )


def _enough(seconds: Mapping[int, float]) -> int:
    """The fewest threads from which on more do not help."""
    best = min(seconds)
    for count in sorted(seconds):
        if seconds[count] < WORTH * seconds[best]:
            best = count
    return best


def measure(settings: Settings, card: Card, progress: Callable[[str], None]) -> Found:
    """Measure the engines of the settings.

    Raises:
        ModelMissing: One of them is not there.
        EngineError: One of them failed.
    """
    heard: dict[int, list[Sequence[float]]] = {}
    thought: dict[int, list[Sequence[float]]] = {}
    quiet, counts = _voice(settings, card, 1), candidates(cores())
    for turn in range(1, ROUNDS + 1):  # in turns, so that a burst of other work hits all alike
        for count in counts:
            progress(f"round {turn} of {ROUNDS}, {count} of {cores()} processors …")
            speaker = _voice(settings, card, count)
            heard.setdefault(count, []).append((*_hearing(settings, count), *_speaking(speaker)))
            thought.setdefault(count, []).append(_thinking(settings, count, quiet))
    work = {
        count: [min(column) for column in zip(*rows, strict=True)] for count, rows in heard.items()
    }
    rate = {
        count: [max(column) for column in zip(*rows, strict=True)]
        for count, rows in thought.items()
    }
    lengths = [recording.seconds for recording in recordings()]
    return Found(
        hearing={n: Line.through(*zip(lengths, row[:2], strict=True)) for n, row in work.items()},
        reading={n: row[0] for n, row in rate.items()},
        writing={n: row[1] for n, row in rate.items()},
        beside={n: row[2] for n, row in rate.items()},
        clause={n: row[2] for n, row in work.items()},
        voice={n: row[3] for n, row in work.items()},
        tokens=_tokens(settings),
    )


# ── hearing ──────────────────────────────────────────────────────────────────────────────────────


def _hearing(settings: Settings, threads: int) -> list[float]:
    """Seconds that a short recording takes, and a long one."""
    from companion.compose import load_whisper

    stt = settings.stt.model_copy(update={"threads": threads})
    whisper = load_whisper(settings.model_copy(update={"stt": stt}))
    whisper.warm()
    return [_quickest(partial(whisper.transcribe, one, Cancel())) for one in recordings()]


def recordings() -> tuple[Recording, Recording]:
    """A recording that ships, and three of them as one."""
    from companion.pack.demo import script
    from companion.sound.wav import read_wav

    found = [read_wav(Path(line["audio"])) for line in script()[0][:3]]
    return found[0], Recording(np.concatenate([one.samples for one in found]))


# ── speaking ─────────────────────────────────────────────────────────────────────────────────────


def _voice(settings: Settings, card: Card, threads: int) -> Piper:
    from companion.casting import load_voice

    with_threads = settings.voice.model_copy(update={"threads": threads})
    return load_voice(settings.model_copy(update={"voice": with_threads}), card)


def _speaking(voice: Piper) -> tuple[float, float]:
    """Seconds until a first clause begins to sound, and of work for a second of sound."""
    voice.warm()
    first = _quickest(lambda: next(voice.say(_clauses(CLAUSE), Cancel())))
    began = time.perf_counter()
    length = sum(len(part.samples) / part.rate for part in voice.say(_clauses(LONG), Cancel()))
    return first, (time.perf_counter() - began) / max(length, 1e-9)


def _clauses(text: str) -> Iterator[Clause]:
    from companion.speech.clauses import split_clauses

    return iter(split_clauses([text]))


class _busy:  # noqa: N801 - used like a function
    """The voice speaks as long as the `with` block lasts."""

    def __init__(self, voice: Piper) -> None:
        self._voice = voice
        self._stop = Cancel()
        self._thread = threading.Thread(target=self._speak, name="calibrate", daemon=True)

    def _speak(self) -> None:
        while not self._stop:
            for _ in self._voice.say(_clauses(LONG), self._stop):
                pass

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


# ── reading and writing ──────────────────────────────────────────────────────────────────────────


def _thinking(settings: Settings, threads: int, voice: Piper) -> tuple[float, float, float]:
    """Tokens a second that the model reads, that it writes, and that it writes beside the voice."""
    llm = settings.llm.model_copy(update={"threads": threads, "threads_read": threads})
    with closing(_model(settings.model_copy(update={"llm": llm}))) as model:
        read, write = _reading(model), _writing(model)
        with _busy(voice):
            return read, write, _writing(model)


def _tokens(settings: Settings) -> int:
    """Tokens of a first clause."""
    with closing(_model(settings)) as model:
        return len(model.encode(CLAUSE, special=False))


def _model(settings: Settings) -> Llama:
    from companion.compose import load_llm

    return load_llm(settings)


def _reading(model: Llama) -> float:
    """Tokens of a prompt that it reads in a second."""
    tokens = _prompt(model).tokens
    seconds = []
    for _ in range(2):
        model.forget()
        began = time.perf_counter()
        read = model.read(Prompt(tokens, len(tokens)), Cancel())
        seconds.append((time.perf_counter() - began) / max(read, 1))
    return 1 / min(seconds)


def _prompt(model: Llama, ask: str = "") -> Prompt:
    """As many tokens as are to be read, and what is asked, with the template's around them."""
    before, after = model.chat.frame(["user"])
    words = model.encode(f"{LONG} " * 8, special=False)[:READ_TOKENS]
    words = [*words, *model.encode(ask, special=False)] if ask else words
    around = [model.encode(part, special=True) for part in (before, after)]
    tokens = (*around[0], *words, *around[1])
    return Prompt(tokens, len(tokens))


def _writing(model: Llama) -> float:
    """Tokens of a reply that it writes in a second; the first one is not counted.

    Raises:
        EngineError: It writes nothing.
    """
    waits: list[float] = []
    for number in range(8):
        last = 0.0
        for _ in model.stream(_prompt(model, f" Tell me about number {number}."), Cancel()):
            now = time.perf_counter()
            if last:
                waits.append(now - last)
            last = now
        if len(waits) >= WRITE_TOKENS:
            break
    if not waits:
        what = "The model answers nothing: how fast it writes cannot be measured."
        raise EngineError("llm", what, "Choose another: [llm] model, or `companion models pull`.")
    return 1 / float(np.percentile(waits, 25))


def _quickest(work: Callable[[], object]) -> float:
    """Seconds that `work` takes where nothing else is in its way."""
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
