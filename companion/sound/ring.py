"""What the microphone's callback leaves behind: the last moments, or one take for each press.

Knows no device and no key.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.sound.resample import Resampler
from companion.values import SPEECH_RATE

if TYPE_CHECKING:
    from companion.values import Samples

SILENCE_DB = -120.0
"""Level of no sound at all."""

_LEVEL_SECONDS = 0.1
_FRAME = SPEECH_RATE // 50


class Take:
    """The sound of one press, and how far it has been made mono at `SPEECH_RATE`.

    One thread (PortAudio's) adds blocks, another takes them away; a deque lets both do so at once.

    Args:
        rate: Samples a second of what comes in.
        limit: Frames after which no more is kept; None where only the last moments are.
        before: What was heard just before the press, still being written to for a moment.
        made: What an earlier device recorded of the same press, at `SPEECH_RATE`.
    """

    def __init__(
        self,
        rate: int,
        limit: int | None = None,
        before: Take | None = None,
        made: Samples | None = None,
    ) -> None:
        self.rate = rate
        self.limit = limit
        self.blocks: deque[Samples] = deque()
        self.frames = 0
        self.peak_db = SILENCE_DB
        self._before = before
        self._made = np.zeros(0, np.float32) if made is None else made
        self._stream: Resampler | None = None
        self._over = False
        self._reading = threading.Lock()

    @property
    def full(self) -> bool:
        """Whether nothing more is kept."""
        return self.limit is not None and self.frames >= self.limit

    def stop_after(self, frames: int) -> None:
        """Keep so many frames more, and no longer than it would have been anyway."""
        self.limit = min(self.limit or 0, self.frames + frames)

    def so_far(self) -> Samples:
        """Everything up to now, less the few milliseconds that the resampler holds back.

        What it returns later begins with what it returned before.
        """
        with self._reading:
            # While there is no block of our own, the callback may still be adding to `_before`.
            if not self._over and (self.blocks or self._stream is not None):
                self._make(last=False)
            return self._made

    def whole(self) -> Samples:
        """Everything, to the last sample. The take is then over."""
        self.limit = 0
        with self._reading:
            if not self._over:
                self._make(last=True)
                self._over = True
            return self._made

    def cut(self, seconds: float) -> None:
        """End the take here, and drop the last `seconds` of it."""
        whole = self.whole()
        with self._reading:
            self._made = whole[: max(0, len(whole) - round(seconds * SPEECH_RATE))]

    def _make(self, *, last: bool) -> None:
        blocks = [*self._before.blocks] if self._before else []
        self._before = None
        blocks += [self.blocks.popleft() for _ in range(len(self.blocks))]
        self._stream = self._stream or Resampler(self.rate, SPEECH_RATE)
        pieces = [self._made]
        if blocks:
            pieces.append(self._stream.feed(np.concatenate(blocks).mean(axis=1)))
        if last:
            pieces.append(self._stream.end())
            self._stream = None
        if any(len(piece) for piece in pieces[1:]):
            self._made = np.concatenate(pieces)
            self.peak_db = max(self.peak_db, *(_loudest_db(piece) for piece in pieces[1:]))


class Ring:
    """Where PortAudio's callback puts what it hears.

    The callback takes no lock and does not wait: it works on the take it finds, and others replace
    that take as a whole.

    Args:
        pre_roll: Frames before a press that are kept.
        longest: Frames after which a press is not kept any further.
        rate: Frames a second.

    Attributes:
        tap: Gets each block too, for somebody who listens all the time.
    """

    def __init__(self, pre_roll: int, longest: int, rate: int = SPEECH_RATE) -> None:
        self.rate = rate
        self.frames = 0
        self.overflows = 0
        self._pre_roll = pre_roll
        self._longest = longest
        self._take = Take(rate)
        self._newest: deque[Samples] = deque()
        self._newest_frames = 0
        self._heard_at = time.monotonic()
        self.tap: deque[Samples] | None = None

    def hear(self, samples: Samples, frames: int, _time: object, status: Any) -> None:  # noqa: ANN401
        """PortAudio's callback: copy and leave."""
        self._heard_at = time.monotonic()
        self.overflows += bool(status.input_overflow)
        block = samples.copy()
        self._remember(block)
        self._keep(self._take, block)
        if (tap := self.tap) is not None:
            tap.append(block)
        self.frames += frames

    def _keep(self, take: Take, block: Samples) -> None:
        if take.full:
            return
        take.blocks.append(block)
        take.frames += len(block)
        if take.limit is None:
            while take.frames - len(take.blocks[0]) >= self._pre_roll and len(take.blocks) > 1:
                take.frames -= len(take.blocks.popleft())

    def _remember(self, block: Samples) -> None:
        self._newest.append(block)
        self._newest_frames += len(block)
        while self._newest_frames - len(self._newest[0]) >= _LEVEL_SECONDS * self.rate:
            self._newest_frames -= len(self._newest.popleft())

    def begin(self, *, keep_pre_roll: bool = True, made: Samples | None = None) -> Take:
        """A take of everything from here on, and of the pre-roll, unless another take has that."""
        earlier = self._take
        keep = keep_pre_roll and self._pre_roll and earlier.limit is None
        room = self._longest
        if made is not None:
            room = max(0, room - len(made) * self.rate // SPEECH_RATE)
        self._take = Take(self.rate, room, earlier if keep else None, made)
        return self._take

    def forget(self) -> None:
        """Drop the last moments; a take that goes on is left as it is."""
        if self._take.limit is None:
            self._take = Take(self.rate)

    def end(self, take: Take) -> None:
        """Go back to keeping the last moments, unless another take has begun."""
        if self._take is take:
            self._take = Take(self.rate)

    def age(self) -> float:
        """Seconds since the last frame."""
        return time.monotonic() - self._heard_at

    def level_db(self, seconds: float = _LEVEL_SECONDS) -> float:
        """Level of the newest blocks, about `seconds` of them, direct current taken off."""
        blocks, found = [], 0
        for block in reversed(list(self._newest)):
            if found >= seconds * self.rate:
                break
            blocks.append(block)
            found += len(block)
        if not blocks:
            return SILENCE_DB
        sound = np.concatenate(blocks)
        return _db(np.square(sound - sound.mean(axis=0), dtype=np.float64).mean())


def _loudest_db(samples: Samples) -> float:
    """Level of the loudest 20 ms; a rest shorter than that is left out."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    return _db(frames.var(axis=1).max(initial=0))


def _db(power: float) -> float:
    return float(10 * np.log10(float(power) + 10 ** (SILENCE_DB / 10)))
