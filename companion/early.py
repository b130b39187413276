"""A head start on the turn: while the key is held, words are understood and their prompt is read.

Once somebody surely speaks, the model reads what stands before the words in the prompt. At each
pause in the speech what was said so far is transcribed, shown, and the prompt that it would make is
read. At the release the words are taken as they are where nothing was said
after them; else only what came after the last long pause is transcribed. What a pause alone cannot
say is not relied upon: nothing is remembered, told or carried out before the turn begins, and
`turn` gets words instead of sound, that is all. Knows no key, device or engine.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from companion.errors import CompanionError
from companion.events import Hearing
from companion.flow import Cancel
from companion.prompt import Now
from companion.turn import SAY_AGAIN
from companion.values import SPEECH_RATE, Heard, Lore, Recording
from companion.worth import Cost, Gain, Hit, Meter, Worth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from companion.trace import Trace
    from companion.turn import Companion
    from companion.values import Prompt, Samples

LOOK = 0.064
"""Seconds between two looks at what the microphone has."""

PAUSE = 0.1
"""Seconds without a voice after which it is worth transcribing: people who release the key do so
later than that, and few pauses within a sentence are as long (3 in 10 s of read speech)."""

SOON = 0.01
"""Seconds between two looks at least."""

LAST = 0.03
"""Seconds without a voice at the release after which nothing more is expected."""

SHORTEST = 0.2
"""Seconds before which a press may still be a slip of the finger, which costs no model call."""

SAFE = 0.4
"""Seconds without a voice at which what came before is over: it is transcribed for good."""

LONG = 3.0
"""Seconds of speech below which it is transcribed anew from its beginning at each pause. The
window costs no less for shorter speech, and whole sentences are understood better."""

MOST = 12.0
"""Seconds of speech after which a shorter pause (`BRIEF`) will do: what is transcribed again at
each pause must not grow with the recording, or somebody would wait for it at the release."""

BRIEF = 0.2

ENOUGH = 4
"""Chunks of 32 ms that must be voice; fewer are no word."""

CLEAR = 8
"""Chunks that must be voice before anything is read ahead of the first pause."""

SILENT = 0.3
"""Probability of a voice below which a chunk surely holds none: only then nothing was said."""

SURE = 0.5
"""Words that were understood with less confidence than this are transcribed again as a whole."""

MINUTE = 60.0

BATCH = 64
"""Tokens that are read between two looks."""


class Microphone(Protocol):
    """What is asked of the microphone while the key is held."""

    @property
    def level_db(self) -> float:
        """Loudness of the last tenth of a second, in dB below full scale."""

    def so_far(self) -> Recording:
        """Everything since the press."""


class Pauses(Protocol):
    """Where in a recording that still goes on somebody speaks."""

    def hear(self, samples: Samples) -> None:
        """Look at what came since the last time."""

    def voiced(self, since: int = 0, likely: float = 0.5) -> int:
        """How many chunks from a sample on are voice."""

    def spoken(self, likely: float = 0.5) -> int:
        """Samples up to the end of the last voice; 0: none."""


class Verdict(Protocol):
    """Whether a recording holds speech."""

    @property
    def speech(self) -> bool:
        """Whether somebody spoke."""


class Gate(Protocol):
    """Tells speech from silence, also while a recording still goes on."""

    def check(self, recording: Recording) -> Verdict:
        """Whether it holds speech."""

    def pauses(self) -> Pauses:
        """Follows a recording that still goes on."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What was understood of one part of a recording.

    Attributes:
        heard: The words; None where none were understood.
        start: Sample at which the part begins.
        until: Sample at which it ends.
        cost: What it took to understand it.
        late: Whether the key was up by then.
    """

    heard: Heard | None
    start: int
    until: int
    cost: Cost = field(default_factory=Cost)
    late: bool = False

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.until - self.start) / SPEECH_RATE


@dataclass(frozen=True, slots=True)
class Early:
    """Gives each press its head start.

    Attributes:
        companion: Whose turn it will be.
        gate: Tells speech from silence.
        microphone: Where the sound is.
        worth: Whether it pays; where not, only the level is shown.
        look: Seconds between two looks at what the microphone has.
    """

    companion: Companion
    gate: Gate
    microphone: Microphone
    worth: Worth = field(default_factory=Worth)
    look: float = LOOK

    def begin(self) -> Hold:
        """The key went down."""
        return Hold(self, on=self.worth.pays)


@dataclass(slots=True)
class Hold:
    """One press of the key while it lasts, and what was understood of it.

    Attributes:
        early: What it is done with.
        on: Whether words are understood, or only the level is shown.
    """

    early: Early
    on: bool
    _pauses: Pauses | None = None
    _seen: Samples | None = None  # what the pauses were looked for in
    _began: float | None = None  # how much was recorded at the first look
    _speech: bool = False
    _over: list[_Piece] = field(default_factory=list)  # before the last long pause: for good
    _open: _Piece | None = None  # after it, as far as it was transcribed
    _opened: bool = False  # whether what stands before the words was read
    _tokens: int = 0  # how many the model read
    _reading_them: Cost = field(default_factory=Cost)
    _gain: Gain = field(default_factory=Gain)
    _left: Cancel = field(default_factory=Cancel)
    _meter: Meter = field(default_factory=Meter)

    # ── while the key is held ────────────────────────────────────────────────────────────────

    def steps(self) -> Iterator[float]:
        """Small pieces of work; each gives the seconds until the next one is worth doing."""
        reading: Iterator[float] = iter(())
        while not self._left:
            recording = self.early.microphone.so_far()
            try:
                if self.on and self._pauses_after_words(recording, PAUSE):
                    self._transcribe(recording)
                    reading = self._reading()
                elif self.on and not self._opened and self._speaks(recording, CLEAR):
                    self._open_prompt()
                wait = next(reading, self._until_next_look(recording))
            except CompanionError:  # the turn will meet it too, and tell
                self.on, wait = False, self.early.look
            if wait:
                self._show(recording)
            yield wait * max(1.0, recording.seconds / MINUTE)  # a look costs what there is

    def stop(self) -> None:
        """The key came up: what is being read is left. Returns at once; safe from any thread."""
        self._left.set()

    def catch_up(self) -> None:
        """The key came up: what was said last is transcribed while the tail is still recorded."""
        with suppress(CompanionError):  # the turn will meet it too, and tell
            recording = self.early.microphone.so_far()
            if self.on and self._seen is not None and self._pauses_after_words(recording, LAST):
                self._transcribe(recording, late=True)

    def _show(self, recording: Recording) -> None:
        heard = joined(self._pieces)
        level = self.early.microphone.level_db
        self.early.companion.tell(Hearing(heard.text if heard else "", level, recording.seconds))

    def _pauses_after_words(self, recording: Recording, pause: float) -> bool:
        """Whether somebody spoke since the last transcription, and pauses now."""
        self._began = recording.seconds if self._began is None else self._began
        pauses = self._pauses = self._pauses or self.early.gate.pauses()
        with self._meter.work():
            pauses.hear(recording.samples)
        self._seen = recording.samples
        spoken = pauses.spoken()
        quiet = (len(recording.samples) - spoken) / SPEECH_RATE
        self._close(quiet)
        known = self._pieces[-1].until if self._pieces else 0
        return quiet >= pause and spoken > known and self._speaks(recording, ENOUGH)

    def _until_next_look(self, recording: Recording) -> float:
        """Seconds; where a pause has begun, until it would be long enough."""
        spoken = self._pauses.spoken() if self._pauses else 0
        missing = PAUSE - (len(recording.samples) - spoken) / SPEECH_RATE
        return max(SOON, min(missing, self.early.look)) if missing > 0 else self.early.look

    def _speaks(self, recording: Recording, enough: int) -> bool:
        """Whether so many chunks since the last long pause are voice, and the gate agrees."""
        began = recording.seconds if self._began is None else self._began
        held, pauses = recording.seconds - began, self._pauses
        if held < SHORTEST or pauses is None or pauses.voiced(self._start) < enough:
            return False
        self._speech = self._speech or self.early.gate.check(recording).speech
        return self._speech

    def _close(self, quiet: float) -> None:
        """A long pause: what is transcribed before it is transcribed for good."""
        part = self._open
        if part is None or part.heard is None or part.seconds < LONG:
            return
        if quiet >= (SAFE if part.seconds < MOST else BRIEF):
            self._over.append(part)
            self._open = None

    @property
    def _pieces(self) -> list[_Piece]:
        return [*self._over, *([self._open] if self._open else [])]

    @property
    def _start(self) -> int:
        """Sample from which on nothing is transcribed for good."""
        return self._over[-1].until if self._over else 0

    def _transcribe(self, recording: Recording, *, late: bool = False) -> None:
        """Understand what was said since the last long pause."""
        start, until = self._start, len(recording.samples)
        part = replace(recording, samples=recording.samples[start:])
        with self._meter.work("stt") as cost:
            heard = self._understood(part, Cancel())
        self._open = _Piece(heard, start, until, cost, late)

    def _understood(self, recording: Recording, cancel: Cancel) -> Heard | None:
        stt = self.early.companion.stt
        return stt.transcribe(recording, cancel) if stt else None

    def _open_prompt(self) -> None:
        """Read what stands before the words: it is what the turn needs if nothing is recalled."""
        companion, self._opened = self.early.companion, True
        if companion.llm.can_cut:
            now = Now("", (), companion.now())
            prompt = companion.prompt.assemble(companion.persona, companion.history, now)
            end = sum(prompt.volatile) + 1  # the last one is left to what comes next
            self._read(replace(prompt, tokens=prompt.tokens[:end]))

    def _read(self, prompt: Prompt) -> None:
        with self._meter.work("prefill") as cost:
            self._tokens += self.early.companion.llm.read(prompt, self._left)
        self._reading_them.add(cost)

    def _reading(self) -> Iterator[float]:
        """Read the prompt that the words so far would make, a few tokens at a time."""
        heard, companion = joined(self._pieces), self.early.companion
        if heard is None or self._left:
            return
        with self._meter.work("recall"):
            prompt = foreseen(companion, heard)
        end = len(prompt.tokens) - prompt.new if prompt else 0
        while prompt is not None and end < len(prompt.tokens):
            end += BATCH
            self._read(replace(prompt, tokens=prompt.tokens[:end]))
            yield 0.0

    # ── from the release on ───────────────────────────────────────────────────────────────────────

    def finish(self, recording: Recording, cancel: Cancel, trace: Trace) -> Heard | Recording:
        """What the turn begins with: the words, or the recording where they are not sure."""
        heard = None
        if self._pieces and self._goes_on_in(recording):
            heard = self._completed(recording, cancel)
        for stage, began, ended in self._meter.spans:
            trace.add(stage, began, ended)
        trace.spent(self._meter.total.cpu)
        return recording if heard is None or cancel else heard

    def settle(self, trace: Trace) -> None:
        """The turn is over: what the head start was worth to it."""
        known = trace.tokens["new"] - trace.tokens["evaluated"]
        share = min(1.0, max(0, known) / self._tokens) if self._tokens else 0.0
        total, read, words = self._meter.total.cpu, self._reading_them, self._gain
        saved, used = words.saved + share * read.wall, words.cpu + share * read.cpu
        gain = Gain(words.hit, saved, total, total - used)
        trace.early = gain.record
        self.early.worth.learn(gain)

    def _completed(self, recording: Recording, cancel: Cancel) -> Heard | None:
        """All that was said, of which only the end may still have to be transcribed."""
        hit: Hit = "all"
        useful = self._pieces
        if self._spoke_after(useful[-1], recording):
            useful, hit = self._over, "part"
        pieces = list(useful)
        if useful and hit == "part":
            rest = replace(recording, samples=recording.samples[self._start :])
            heard = self._understood(rest, cancel)
            pieces.append(_Piece(heard, self._start, len(recording.samples)))
        doubtful = any(part.heard and part.heard.confidence < SURE for part in pieces)
        whole = None if doubtful else joined(pieces)
        if whole is None:
            useful, hit = [], ""
        self._gain = _worth_of(useful, hit)
        return whole and replace(whole, seconds=recording.seconds)

    def _goes_on_in(self, recording: Recording) -> bool:
        """Whether it begins with what was looked at; not so where a microphone was lost."""
        seen = self._seen
        return seen is not None and np.array_equal(recording.samples[: len(seen)], seen)

    def _spoke_after(self, part: _Piece, recording: Recording) -> bool:
        if self._pauses is None:
            return True
        with self._meter.work():
            self._pauses.hear(recording.samples)
        return self._pauses.voiced(part.until, SILENT) > 0


def _worth_of(pieces: list[_Piece], hit: Hit) -> Gain:
    """What was saved by understanding them; of those after the release, nobody waited less."""
    early = [part.cost for part in pieces if not part.late]
    if len(early) < len(pieces):
        hit = "part" if early else ""
    used = sum(part.cost.cpu for part in pieces)
    return Gain(hit, sum(cost.wall for cost in early), used)


def joined(pieces: Iterable[_Piece]) -> Heard | None:
    """The words of all parts as one; None where there are none."""
    heard = [part.heard for part in pieces if part.heard]
    if not heard:
        return None
    seconds = sum(one.seconds for one in heard)
    sure = sum(one.confidence * one.seconds for one in heard) / seconds
    return Heard(" ".join(one.text for one in heard), sure, seconds)


def foreseen(c: Companion, heard: Heard) -> Prompt | None:
    """The prompt of a turn with these words, where they are talk; leaves no trace anywhere."""
    again = c.history and SAY_AGAIN.match(heard.text)
    notes = () if c.memory is None else c.memory.peek(heard)
    # A model whose context cannot be cut would have to read everything again.
    if again or notes is None or not c.llm.can_cut:
        return None
    lore = c.world.peek(c.persona, c.history, heard.text) if c.world else Lore()
    now = Now(heard.text, notes, c.now(), lore.entries, lore.dropped)
    return c.prompt.assemble(c.persona, c.history, now)
