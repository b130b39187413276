"""A companion to measure: real stages, a recording spoken at its pace, a loudspeaker that notes.

The models have random weights (`companion.measure.shapes`). Knows nothing of what is compared.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.measure.bench.compare import processor_seconds
from companion.pack.bundled import bundled
from companion.sound.playback import AUDIBLE, play_to
from companion.values import SPEECH_RATE, Exchange, Heard, Recording, Said, Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from companion.compose import Parts
    from companion.config import Settings
    from companion.events import Event
    from companion.flow import Cancel
    from companion.measure.bench.row import Bench
    from companion.values import Speech

PAUSE = 0.3
"""Seconds between the last word and the release of the key."""

BEFORE = (
    Exchange("Good morning, Juno. How is the lamp?", "It burns well. I cleaned the glass today."),
    Exchange("I walked along the shore.", "Did you find anything the tide had left for you?"),
    Exchange("A green bottle, but no letter in it.", "Keep it. Letters take their time."),
)
"""What was said before each turn that is measured."""

TOLD = (
    "My sister Anna lives in Bergen and paints boats.",
    "I have a brown dog called Biscuit who hates the rain.",
    "I work at the harbour office on weekdays.",
    "My favourite colour is the green of old bottles.",
    "I am learning to play the cello, badly so far.",
    "Next month I travel to Lisbon with my brother.",
    "I drink tea with milk and never with sugar.",
    "My grandmother taught me to bake bread with rye.",
)
"""What the character remembers from the day before."""


def utterance(seconds: float) -> Recording:
    """Recorded speech of about this length, with the pause before the key comes up."""
    from companion.sound.wav import read_wav

    wanted = round(seconds * SPEECH_RATE)
    files = sorted((bundled("models") / "offline" / "demo").glob("*.wav"))
    taken = [np.zeros(0, np.float32)]
    while sum(map(len, taken)) < wanted:
        taken.append(read_wav(files[len(taken) % len(files)]).samples)
    speech = np.concatenate(taken)[:wanted]
    quiet = np.zeros(round(PAUSE * SPEECH_RATE), np.float32)
    return Recording(np.concatenate([speech, quiet]))


@dataclass(slots=True)
class Replay:
    """A microphone into which a recording is spoken, as fast as it was recorded."""

    recording: Recording
    level_db: float = -20.0
    _began: float = 0.0
    _ended: float = 0.0

    def press(self, *, keep_pre_roll: bool = True) -> None:  # noqa: ARG002 - there is none
        """The recording begins."""
        self._began, self._ended = time.monotonic(), 0.0

    def let_go(self) -> None:
        """The key came up."""
        self._ended = self._ended or time.monotonic()

    def so_far(self) -> Recording:
        """What was spoken since the press."""
        passed = (self._ended or time.monotonic()) - self._began
        return Recording(self.recording.samples[: round(passed * SPEECH_RATE)])

    def release(self) -> Recording:
        """All of it."""
        self.let_go()
        return self.recording

    def close(self) -> None:
        """There is no device."""


@dataclass(slots=True)
class Sink:
    """A loudspeaker that takes sound as fast as it comes, or at the pace of sound.

    Attributes:
        pace: How many seconds of sound it takes in a second; 0: any number.
        queue: Seconds of sound it takes before the first must be played.
        first: When the first sound that is not silent was handed over, by `time.perf_counter`.
        gaps: Seconds of silence because nothing had come, between the first sound and the last.
        dry: How often that was.
    """

    rate: int = 22_050
    pace: float = 0.0
    queue: float = 0.2
    first: float = 0.0
    last: float = 0.0
    gaps: float = 0.0
    dry: int = 0
    taken: float = 0.0

    def play(
        self,
        speech: Iterable[Speech],
        cancel: Cancel,
        started: Callable[[], None] | None = None,
    ) -> Said:
        """Take a reply."""
        self.first = self.last = self.gaps = self.taken = 0.0
        self.dry = 0
        said = play_to(self, speech, cancel, lambda: 1.0, started)
        self.last = self.last or time.perf_counter()
        return said

    def write(self, block: Samples) -> None:
        """Take a block; waits while the queue is full."""
        now = time.perf_counter()
        if not self.first and np.abs(block).max(initial=0) > AUDIBLE:
            self.first, self.last = now, now
        if not self.first or not self.pace:
            return
        self.gaps += max(0.0, now - self.last)
        self.dry += now > self.last
        seconds = len(block) / self.rate / self.pace
        self.taken += seconds
        self.last = max(now, self.last) + seconds
        time.sleep(max(0.0, self.last - now - self.queue))

    def cut(self, fade: Samples) -> int:  # noqa: ARG002 - nothing is heard here
        """Nothing is queued."""
        return 0

    def finish(self) -> None:
        """Wait until the queue has been played."""
        if self.pace:
            time.sleep(max(0.0, self.last - time.perf_counter()))


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn took, in seconds.

    Attributes:
        first: From the release to the first sound.
        whole: From the release to the end of the turn.
        cpu: Of the processor, from the press to the end of the turn.
        record: The turn's own figures.
    """

    first: float
    whole: float
    cpu: float
    record: dict[str, Any] = field(default_factory=dict)


def shaped(bench: Bench, **models: str) -> Settings:
    """The settings with models of random weights, in the folder of the benchmark.

    Args:
        bench: Where.
        models: "whisper": "tiny" or "base".
    """
    shapes, home = bench.shapes, bench.home
    voices = home / "voices"
    voices.mkdir(exist_ok=True)
    asked = ("en_US-juno-low.onnx", "en_US-tam-low.onnx", "en_US-wren-low.onnx")  # by the cards
    for name in asked:
        for end in ("", ".json"):
            link = voices / f"{name}{end}"
            link.unlink(missing_ok=True)
            link.symlink_to(Path(f"{shapes.voice}{end}").resolve())
    whisper = getattr(shapes, models.get("whisper", "tiny"))
    given = bench.settings
    folders = given.companion.model_copy(
        update={"memory": home / "memory_db", "voices": voices, "character": "juno"}
    )
    return given.model_copy(
        update={
            "companion": folders,
            "stt": given.stt.model_copy(update={"model": str(whisper.resolve())}),
            "llm": given.llm.model_copy(update={"model": str(shapes.llm.resolve())}),
            "memory": given.memory.model_copy(update={"index": ""}),
        }
    )


class Rig:
    """A composed companion in a session, with a recording for a microphone.

    Args:
        settings: As `shaped` gives them.
        recording: What is spoken.
        sink: The loudspeaker.
    """

    def __init__(self, settings: Settings, recording: Recording, sink: Sink) -> None:
        from companion.compose import Wishes, compose, load_whisper
        from companion.early import Early
        from companion.session import Session
        from companion.sound.gate import Gate
        from companion.worth import Worth

        self.sink = sink
        self.settings = settings
        self.events: list[Event] = []
        wishes = Wishes(owner="Sam", listen=False, loudspeaker=sink)
        self.parts: Parts = compose(self.settings, wishes, self.events.append)
        self.whisper = load_whisper(self.settings)
        self.parts.companion.stt = self.parts.whisper = self.whisper
        self.microphone = Replay(recording)
        self._remember()
        self.parts.warm()
        companion, gate = self.parts.companion, Gate()
        # Without `tidy`: what is done between two turns would be measured with the next one.
        self.session = Session(companion, gate, microphone=self.microphone)
        self.early = Early(companion, gate, self.microphone, Worth("on"))
        self.session.start(greeting=False)

    def _remember(self) -> None:
        """What was told the day before."""
        memory = self.parts.memory
        if memory is not None:
            for words in TOLD:
                memory.hear(Heard(words))
                memory.say(Said("I will remember that.", complete=True, seconds=1.0))
            for _ in memory.idle():
                pass

    def turn(self, *, ahead: bool = False) -> Turn:
        """Speak, and wait until the reply is over.

        Args:
            ahead: Whether a head start is made while the key is held.
        """
        self.prepare()
        self.session.early = self.early if ahead else None
        spent = processor_seconds()
        self.session.press()
        time.sleep(self.microphone.recording.seconds)
        released = time.perf_counter()
        self.session.release()
        self.session.wait()
        whole = time.perf_counter() - released
        cpu = processor_seconds() - spent
        first = self.sink.first - released if self.sink.first else whole
        return Turn(first, whole, cpu, self._record())

    def _record(self) -> dict[str, Any]:
        from companion.events import Answered

        answered = [event for event in self.events if isinstance(event, Answered)]
        return answered[-1].record if answered else {}

    def prepare(self) -> None:
        """The same history before every turn, and nothing left to tidy up."""
        self.session.wait()
        self.parts.companion.history[:] = BEFORE
        self.events.clear()

    def close(self) -> None:
        """Give everything back."""
        self.session.close()
        self.parts.close()
