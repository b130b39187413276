"""How fast a reply is written, rendered and heard, and whether its sound is about to run dry.

Measured while it happens: clauses are cut by it, and the next reply begins with what the last one
was like. Knows the clock, and neither model nor loudspeaker: sound counts as heard in real time
from the moment it was rendered.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.flow import owned, two
from companion.speech.clauses import split_clauses

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from companion.flow import Cancel
    from companion.speech.shape import Actions
    from companion.values import Clause, Speech

    Say = Callable[[Iterable[Clause], Cancel], Iterator[Speech]]

MARGIN = 0.15
"""Seconds before the last sound by which the next has to be there: a token may come late."""

SURE = 1.2
"""How much more than expected the second clause of a reply may take, and leave no gap."""

SHORTEST_TOKEN = 3
"""Characters that each token counts for at least: a mark alone tells little of the speed."""

MEMORY = 400.0
"""Characters after which a measurement counts for half: three or four sentences."""

CHARACTER_SECONDS = 1 / 15
RENDER_SHARE = 0.1
"""What a voice is like that was never heard: its pace, and its work for each second of sound."""

ENOUGH_CHARACTERS = 80
ENOUGH_SECONDS = 2.5
"""What is written and rendered ahead, at the least, where clauses are short: five seconds of words
and half of that of sound."""


def enough_words(clauses: Collection[Clause]) -> bool:
    """Whether the model has written as far ahead as it may."""
    letters = sum(len(clause.spoken) for clause in clauses)
    return two(clauses) and letters >= ENOUGH_CHARACTERS


def enough_sound(speech: Collection[Speech]) -> bool:
    """Whether the voice has rendered as far ahead as it may."""
    seconds = sum(len(part.samples) / part.rate for part in speech)
    return two(speech) and seconds >= ENOUGH_SECONDS


def within(speech: Iterable[Speech], seconds: float) -> Iterator[Speech]:
    """Let a reply through up to the clause in which it becomes longer than `seconds`.

    The rest is left to the owner of `speech`: closing it takes time, and the end is not heard yet.
    """
    so_far = 0.0
    for clause in speech:
        yield clause
        so_far += len(clause.samples) / clause.rate
        if so_far >= seconds and clause.last:
            return


class Rate:
    """Seconds a character; the newest measurements count most.

    Args:
        guess: What it is before anything was measured.
    """

    def __init__(self, guess: float) -> None:
        self._guess = guess
        self._seconds = self._characters = 0.0

    def guess(self, seconds: float) -> None:
        """What it is likely to be, until something is measured."""
        self._guess = seconds

    def add(self, seconds: float, characters: int) -> None:
        """One measurement."""
        fade = 0.5 ** (characters / MEMORY)
        self._seconds = self._seconds * fade + max(0.0, seconds)
        self._characters = self._characters * fade + characters

    def of(self, characters: float) -> float:
        """Seconds that so many characters take."""
        known = self._seconds / self._characters if self._characters else self._guess
        return known * characters


class Pace:
    """The speeds of one character's model and voice, and where the reply stands.

    Args:
        clock: Seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # the model's and the voice's look-ahead both come here
        self._write = Rate(0.0)
        self._sound = Rate(CHARACTER_SECONDS)
        self._first = Rate(CHARACTER_SECONDS * RENDER_SHARE)
        self._render = Rate(CHARACTER_SECONDS * RENDER_SHARE)
        self._dry_at = 0.0
        self._live = True
        self._waiting: deque[int] = deque()  # characters of clauses not rendered to their end
        self._now = _Rendered()

    def expect(self, share: float) -> None:
        """What the voice's work is for each second of sound, as far as a first try tells."""
        self._first.guess(CHARACTER_SECONDS * share)
        self._render.guess(CHARACTER_SECONDS * share)

    # ── around the stages of a turn ──────────────────────────────────────────────────────────

    def clauses(
        self, tokens: Iterable[str], actions: Actions = "drop", *, live: bool = True
    ) -> Iterator[Clause]:
        """Cut a new reply into clauses; where its sound would run dry, into shorter ones.

        Args:
            tokens: The reply, cut anywhere; closed with what comes of it.
            actions: What becomes of `*waves*`.
            live: Whether it is being written; else all of it is there.
        """
        self._dry_at, self._live = 0.0, live
        self._waiting.clear()
        with owned(tokens) as source:
            for clause in split_clauses(self._written(source), actions=actions, tempo=self):
                with self._lock:
                    self._waiting.append(len(clause.spoken))
                yield clause

    def speech(self, say: Say, clauses: Iterable[Clause], cancel: Cancel) -> Iterator[Speech]:
        """What a voice says, timed clause by clause."""
        with owned(clauses) as given, owned(say(self._handed(given), cancel)) as said:
            for part in said:
                self._rendered(part)
                yield part
                self._now.since = self._clock()

    def _written(self, source: Iterator[str]) -> Iterator[str]:
        """Time what the model writes. What it reads before its first token is not writing."""
        yield from itertools.islice(source, 1)
        while True:
            asked = self._clock()
            token = next(source, None)
            if token is None:
                return
            self._write.add(self._clock() - asked, max(len(token), SHORTEST_TOKEN))
            yield token

    def _handed(self, clauses: Iterable[Clause]) -> Iterator[Clause]:
        for clause in clauses:
            self._now = _Rendered(len(clause.spoken), self._clock())
            yield clause

    def _rendered(self, part: Speech) -> None:
        """A clause, or a piece of one, is ready to be heard."""
        now, clause, seconds = self._clock(), self._now, len(part.samples) / part.rate
        with self._lock:
            self._dry_at = max(self._dry_at, now) + seconds
            clause.work += now - clause.since
            if not clause.sound:
                self._first.add(clause.work, clause.letters)
            clause.sound += seconds
            if part.last:
                self._render.add(clause.work, clause.letters)
                self._sound.add(clause.sound, clause.letters)
                self._now = _Rendered()
                if self._waiting:
                    self._waiting.popleft()

    # ── asked by the splitter ────────────────────────────────────────────────────────────────

    def runs_dry(self, held: int, more: int) -> bool:
        """Whether the sound is over before a clause of `held` and `more` characters is ready.

        Args:
            held: Characters that could be spoken now.
            more: Characters that are still to be written until the next good place to cut.
        """
        with self._lock:
            now, waiting = self._clock(), sum(self._waiting)
            spent = now - self._now.since if self._now.letters else 0.0
            work = max(self._render.of(waiting) - spent, 0.0)
            sound = max(self._sound.of(waiting) - self._now.sound, 0.0)
            ready = now + max(work, self._writing(more)) + self._first.of(held + more)
            begins = now + max(self._first.of(self._waiting[0]) - spent, 0.0) if waiting else now
            return ready > max(self._dry_at, begins) + sound - MARGIN

    def begins_too_soon(self, held: int, more: int) -> bool:
        """Whether a reply that begins with `held` characters runs dry before `more` are ready."""
        with self._lock:
            over = self._first.of(held) + self._sound.of(held)
            return SURE * (self._writing(more) + self._first.of(more)) > over

    @property
    def keeps_up(self) -> bool:
        """Whether the model writes faster than the voice speaks."""
        return self._writing(1) < self._sound.of(1)

    def _writing(self, characters: int) -> float:
        return self._write.of(characters) if self._live else 0.0


@dataclass(slots=True)
class _Rendered:
    """How far the voice is with its clause: seconds of its work and of its sound."""

    letters: int = 0
    since: float = 0.0
    work: float = 0.0
    sound: float = 0.0
