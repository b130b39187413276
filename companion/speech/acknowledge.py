"""A few words that say at once "I heard you", where the answer itself takes long.

They are spoken once, kept on disk, and played while the turn begins. They belong to no reply:
neither the history nor the memory nor the kept sound ever sees them. Knows no device.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import statistics
import threading
from collections import deque
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from companion.values import Clause, Samples, Speech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from companion.flow import Cancel
    from companion.values import Said

When = Literal["auto", "on", "off"]

SLOW_MS = 2000.0
"""Waiting for which "auto" says something: the words are over by then, so the reply is no later."""

TURNS = 3
"""Whose median counts: one quick answer in between changes nothing."""

KEPT = 24
"""Renderings that are kept; each is about 60 kB."""

START_SECONDS = 0.2
"""If the loudspeaker does not take the words by then, the reply may come first: they are left."""

WORDS = {
    "de": ("Moment.", "Mal überlegen."),
    "en": ("Let me think.", "One moment."),
    "es": ("A ver.", "Un momento."),
    "fr": ("Voyons voir.", "Un instant."),
    "it": ("Vediamo.", "Un momento."),
    "nl": ("Even denken.", "Een moment."),
}
"""What is said, by the voice's language: a second at most; two, for it is not always the same."""


class Voice(Protocol):
    """Words to sound."""

    @property
    def mark(self) -> str:
        """What another voice or another pace would change."""

    def say(self, clauses: Iterable[Clause], cancel: Cancel) -> Iterator[Speech]:
        """Render clauses, one by one."""


class Acknowledgement:
    """Says a few words while a turn begins.

    Args:
        voice: Who says them.
        play: Plays sound, one piece after the other; returns when it was heard.
        folder: Where the renderings are kept.
        when: "auto" after a turn whose first sound came late.
        words: What is said.
    """

    def __init__(
        self,
        voice: Voice,
        play: Callable[[Iterable[Speech], Cancel], Said],
        folder: Path,
        when: When,
        words: tuple[str, ...],
    ) -> None:
        self._voice = voice
        self._play = play
        self._folder = folder
        self._when = when
        self._words = words
        self._next = itertools.cycle(words)
        self._wanted = when == "on"
        self._made: dict[str, Speech] = {}
        self._took: deque[float] = deque(maxlen=TURNS)

    @property
    def speaks(self) -> bool:
        """Whether the next turn begins with such words."""
        return self._wanted and bool(self._made)

    @contextlib.contextmanager
    def during(self, cancel: Cancel, first_sound: Callable[[], float | None]) -> Iterator[None]:
        """Speak at the beginning of this block, which is a turn, where turns are slow.

        Args:
            cancel: The turn's stop sign; it stops these words too.
            first_sound: Milliseconds until the first sound of the reply, asked for at the end;
                None where there was none.

        Raises:
            CompanionError: What cut these words short: the loudspeaker says it only once.
        """
        words = self._made.get(next(self._next)) if self._wanted else None
        said: list[Said] = []
        thread = self._begin(words, cancel, said) if words is not None else None
        try:
            yield
        finally:
            if thread is not None:
                thread.join()
        took = first_sound()
        if self._when == "auto" and took is not None:
            self._took.append(took)
            self._wanted = statistics.median(self._took) > SLOW_MS
        for one in said:
            if one.error is not None:
                raise one.error
        self.ready()

    def ready(self) -> None:
        """Render what will be said, if it is to be said at all.

        Raises:
            EngineError: The voice failed; then nothing will be said.
        """
        for words in self._words if self._wanted else ():
            if words not in self._made:
                self._made[words] = self._sound(words)

    def _begin(self, speech: Speech, cancel: Cancel, said: list[Said]) -> threading.Thread:
        """Play in a thread of its own; on return the loudspeaker is taken, or never will be."""
        taken, late = threading.Event(), threading.Event()

        def once() -> Iterator[Speech]:
            if not late.is_set():
                taken.set()
                yield speech

        def play() -> None:
            said.append(self._play(once(), cancel))

        thread = threading.Thread(target=play, name="acknowledge", daemon=True)
        thread.start()
        if not taken.wait(START_SECONDS):
            late.set()
        return thread

    # ── what was rendered before ─────────────────────────────────────────────────────────────

    def _sound(self, words: str) -> Speech:
        """The words as sound, from the disk where they are there and whole."""
        key = hashlib.sha256(f"{self._voice.mark}\n{words}".encode()).hexdigest()[:24]
        file = self._folder / f"{key}.npy"
        samples, rate = _read(file)
        if not rate:
            samples, rate = self._rendered(words)
            self._keep(file, samples, rate)
        return Speech(Clause("", ""), samples, rate)

    def _rendered(self, words: str) -> tuple[Samples, int]:
        from companion.flow import Cancel

        parts = list(self._voice.say([Clause(words, words)], Cancel()))
        return np.concatenate([part.samples for part in parts]), parts[0].rate

    def _keep(self, file: Path, samples: Samples, rate: int) -> None:
        """Write it down; where that fails, it is rendered again next time."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            old = sorted(self._folder.glob("*.npy"), key=lambda one: one.stat().st_mtime)
            for one in old[: max(len(old) - KEPT + 1, 0)]:
                one.unlink()
            part = file.with_suffix(".part")
            with part.open("wb") as out:
                np.save(out, np.concatenate([[np.float32(rate)], samples]), allow_pickle=False)
            part.chmod(0o600)
            part.replace(file)


def _read(file: Path) -> tuple[Samples, int]:
    """(samples, rate) of a kept rendering; a rate of 0 where there is none that can be used."""
    try:
        kept = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return np.zeros(0, np.float32), 0
    if kept.ndim != 1 or kept.dtype != np.float32 or not np.isfinite(kept).all():
        return np.zeros(0, np.float32), 0
    sound = np.asarray(kept[1:], np.float32)
    usable = len(sound) > 0 and np.abs(sound).max() <= 1
    return sound, int(kept[0]) if usable else 0


def words_for(language: str) -> tuple[str, ...]:
    """What is said in a language, "en-us" as well as "en"; "Hm." where nothing is known of it."""
    return WORDS.get(language.partition("-")[0].lower(), ("Hm.",))


def mark_of(file: Path, *settings: object) -> str:
    """What tells a voice file with these settings from every other, without reading it."""
    about = file.stat()
    return json.dumps([file.name, about.st_size, about.st_mtime_ns, *settings])
