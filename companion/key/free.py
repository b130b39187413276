"""Hands-free: a voice presses the key, and a silence releases it.

Half-duplex unless somebody may interrupt: while the character thinks or speaks, and for a moment
after, nothing is listened to. Knows no detector, device or engine.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from companion.values import SPEECH_RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from companion.values import Samples

NAME = "voice"
"""What holds the key."""

CHUNK_SECONDS = 0.032
LOOK_SECONDS = 0.032

LOST_SECONDS = 5.0
"""Without any sound for so long, a recording ends: the microphone did not come back."""

_KEPT_SECONDS = 1.2
"""Of what was said over the character's voice, until it was noticed that somebody speaks."""

_NOTHING = np.zeros(0, np.float32)

Action = Literal["", "press", "release"]


@dataclass(frozen=True, slots=True)
class Rules:
    """When a turn begins and ends.

    Attributes:
        silence: Seconds without a voice that end it.
        likely: Probability above which a chunk of 32 ms is a voice.
        goes_on: The same, once somebody speaks: soft endings of words belong to them.
        enough: So many of the last `within` chunks begin a turn. Nine recorded noises, two and a
            half minutes of an office among them, never have more than 2; 46 of 49 single words
            and all of 35 sentences have 5, within 0.13 s of the first.
        within: Of how many.
        after: Seconds after the character spoke for which nothing is listened to.
        over: So many of the last `over_within` chunks interrupt the character: what is left of its
            own voice never has them (tests/test_sound_echo.py).
        over_within: Of how many.
        patience: Seconds after a wake word in which somebody should begin to speak.
    """

    silence: float = 0.6
    likely: float = 0.5
    goes_on: float = 0.35
    enough: int = 5
    within: int = 12
    after: float = 0.4
    patience: float = 4.0
    over: int = 6
    over_within: int = 12


class Turns:
    """Tells when to press and when to release, from one chunk to the next.

    Args:
        rules: When.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._recent: deque[bool] = deque(maxlen=rules.within)
        self._over: deque[bool] = deque(maxlen=rules.over_within)
        self._ours = False
        self._spoken = False
        self._quiet = 0
        self._wait = 0

    def hear(self, likely: float, *, recording: bool, busy: bool) -> Action:
        """What to do after one more chunk.

        Args:
            likely: Probability that it is a voice.
            recording: Whether somebody is being recorded, whoever began that.
            busy: Whether the character thinks or speaks.
        """
        if self._ours and recording:
            return self._goes_on(likely)
        if self._ours or recording or busy:  # ended by a key, begun by one, or half-duplex
            self.rest()
        elif self._wait:
            self._wait -= 1
        else:
            self._recent.append(likely >= self._rules.likely)
            if sum(self._recent) >= self._rules.enough:
                return self._begin(spoken=True)
        return ""

    def hear_over(self, likely: float) -> Action:
        """What to do after one more chunk that was heard while the character speaks."""
        self._over.append(likely >= self._rules.likely)
        return self._begin(spoken=True) if sum(self._over) >= self._rules.over else ""

    def wake(self) -> Action:
        """The wake word was said: a turn begins before anything else is."""
        return self._begin(spoken=False)

    def rest(self) -> None:
        """No turn of ours goes on, and for a moment none begins."""
        self._ours = False
        self._recent.clear()
        self._over.clear()
        self._wait = _chunks(self._rules.after)

    @property
    def ready(self) -> bool:
        """Whether a turn could begin now."""
        return not self._ours and not self._wait

    def _begin(self, *, spoken: bool) -> Action:
        self._ours, self._spoken, self._quiet = True, spoken, 0
        self._recent.clear()
        self._over.clear()
        return "press"

    def _goes_on(self, likely: float) -> Action:
        if likely >= self._rules.goes_on:
            self._spoken, self._quiet = True, 0
            return ""
        self._quiet += 1
        limit = self._rules.silence if self._spoken else self._rules.patience
        if self._quiet < _chunks(limit):
            return ""
        self.rest()
        return "release"


def _chunks(seconds: float) -> int:
    return math.ceil(round(seconds / CHUNK_SECONDS, 6))


# ── what listens ─────────────────────────────────────────────────────────────────────────────────


class Sound(Protocol):
    """Everything the microphone hears."""

    def read(self) -> Samples:
        """What came since the last time."""

    def forget(self) -> None:
        """Drop what came, and what a recording that begins now would have from before it."""


class Ear(Protocol):
    """Tells a voice from other sound."""

    def hear(self, samples: Samples) -> list[float]:
        """How likely each chunk is a voice."""

    def forget(self) -> None:
        """What comes next does not go on from what was."""


class WakeWord(Protocol):
    """Waits for a word."""

    def heard(self, samples: Samples) -> bool:
        """Whether it was said in what came since the last time."""


class Echo(Protocol):
    """Takes the loudspeaker's sound out of the microphone's."""

    playing: bool
    """Whether there is any."""

    def clean(self, samples: Samples) -> Samples:
        """What the microphone heard, without it."""


@dataclass(frozen=True, slots=True)
class Interrupting:
    """What it takes to interrupt the character.

    Attributes:
        echo: Takes the character's voice out.
        begin_with: Told what a recording begins with: what was said until it was noticed.
    """

    echo: Echo
    begin_with: Callable[[Samples], None]


class Key(Protocol):
    """What is pressed and released."""

    @property
    def recording(self) -> bool:
        """Whether somebody is listened to."""

    def press(self, key: str) -> None:
        """Begin."""

    def release(self, key: str = "") -> None:
        """End, if that key began."""


class Free:
    """Presses and releases the key of a conversation.

    Args:
        sound: What the microphone hears.
        ear: Tells a voice from other sound.
        key: What is pressed.
        busy: Whether the character thinks or speaks.
        rules: When a turn begins and ends.
        word: After which word only; None needs none.

    Attributes:
        on: Whether a turn may begin; one that has begun comes to its end.
        interrupting: What it takes to interrupt the character; None: nobody can.
    """

    def __init__(
        self,
        sound: Sound,
        ear: Ear,
        key: Key,
        busy: Callable[[], bool],
        *,
        rules: Rules | None = None,
        word: WakeWord | None = None,
    ) -> None:
        self._sound, self._ear, self._key, self._busy = sound, ear, key, busy
        self._turns = Turns(rules or Rules())
        self._word = word
        self.interrupting: Interrupting | None = None
        self._kept = _NOTHING
        self._heard_at = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="hands-free", daemon=True)
        self.on = True

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _listen(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self.look()

    def look(self, now: float | None = None) -> None:
        """Do what is to be done after what was heard since the last time."""
        now = time.monotonic() if now is None else now
        samples = self._sound.read()
        recording, busy = self._key.recording, self._busy()
        if len(samples):
            self._heard_at = now
        elif recording and now - self._heard_at > LOST_SECONDS:
            self._key.release(NAME)
        if not recording and (busy or not self.on):
            self._meanwhile(samples)
        elif not recording and self._word is not None:
            self._wait_for_word(self._word, samples)
        else:
            for likely in self._ear.hear(samples):
                self._do(self._turns.hear(likely, recording=self._key.recording, busy=busy))

    def _meanwhile(self, samples: Samples) -> None:
        """The character thinks or speaks, or nobody wants to be listened to."""
        over = self.interrupting
        playing = over is not None and over.echo.playing
        left = over.echo.clean(samples) if over and playing else samples  # to keep pace with it
        if over and playing and self.on:
            self._hear_over(over, left)
        else:
            self._kept = _NOTHING
            self._turns.rest()
            self._ear.forget()

    def _hear_over(self, over: Interrupting, samples: Samples) -> None:
        """Listen to what is left without the character's voice."""
        if self._word is not None:
            self._wait_for_word(self._word, samples)
            return
        self._kept = np.concatenate([self._kept, samples])[-round(_KEPT_SECONDS * SPEECH_RATE) :]
        for likely in self._ear.hear(samples):
            action = self._turns.hear_over(likely)
            if action == "press":
                over.begin_with(self._kept)
            self._do(action)

    def _wait_for_word(self, word: WakeWord, samples: Samples) -> None:
        if word.heard(samples):
            self._sound.forget()  # the word is no part of what is said after it
            self._ear.forget()
            self._do(self._turns.wake())

    def _do(self, action: Action) -> None:
        if action == "press":
            self._key.press(NAME)
        elif action == "release":
            self._key.release(NAME)
