"""Playing a reply block by block, and which of its words were heard.

Knows no device: sound leaves through an `Outlet`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from companion.errors import CompanionError, DeviceError
from companion.sound.resample import Resampler
from companion.values import Said, Samples, Speech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from companion.flow import Cancel

BLOCK_SECONDS = 0.02
"""How much is written at once, and so how often a reply looks at its stop sign."""

FIRST_BLOCKS = 4
"""How many blocks the first write holds where they are there: a device that begins with one runs
dry when this process has to wait for a core."""

FADE_SECONDS = 0.005
"""A cut that takes this long is not heard as a click."""

AUDIBLE = 1e-4
"""Samples below this (-80 dB) are silence."""

_ROUNDING = 0.001
"""Seconds by which resampling may shorten a clause that was heard to its end."""


class Outlet(Protocol):
    """Where blocks go. Every method may raise `DeviceError`."""

    rate: int
    """Samples a second it takes."""

    def write(self, block: Samples) -> None:
        """Play `block` after what came before; waits while enough is queued."""

    def cut(self, fade: Samples) -> int:
        """Fall silent now, with `fade` where it can still be heard.

        Returns how many of the samples written before will never be heard.
        """

    def finish(self) -> None:
        """Wait until all that was written has been heard."""


class Volume:
    """A gain that moves without clicks."""

    def __init__(self) -> None:
        self._gain: float | None = None

    def apply(self, block: Samples, gain: float) -> Samples:
        """`block` at `gain`, reached over its length; never beyond full scale."""
        before = gain if self._gain is None else self._gain
        self._gain = gain
        ramp = np.linspace(before, gain, len(block), dtype=np.float32)
        return np.asarray(np.clip(block * ramp, -1.0, 1.0), np.float32)


def play_to(
    out: Outlet,
    speech: Iterable[Speech],
    cancel: Cancel,
    volume: Callable[[], float],
    started: Callable[[], None] | None = None,
) -> Said:
    """Play a reply and tell which of its words were heard. Raises no `CompanionError`.

    Args:
        out: Where it is played.
        speech: The reply, clause by clause; its owner closes it.
        cancel: The stop sign, looked at before every block.
        volume: The gain wanted now, asked for every block.
        started: Called once, when the first block that is not silent has been written.
    """
    reply = _Reply(out.rate)
    gain = Volume()
    try:
        for block in reply.blocks(speech, cancel):
            if cancel:
                fade = gain.apply(fade_out(block, out.rate), volume())
                return reply.cut_at(out.cut(fade))
            out.write(gain.apply(block, volume()))
            reply.written += len(block)
            if started is not None and np.abs(block).max(initial=0) > AUDIBLE:
                started()
                started = None
        if cancel:
            return reply.cut_at(out.cut(np.zeros(0, np.float32)))
        out.finish()
    except DeviceError as error:
        return reply.lost(error)
    return reply.whole()


def fade_out(block: Samples, rate: int) -> Samples:
    """The first few milliseconds of `block`, falling to silence along half a cosine."""
    start = block[: max(1, round(FADE_SECONDS * rate))]
    fall = (1 + np.cos(np.linspace(0, np.pi, len(start)))) / 2
    return (start * fall).astype(np.float32)


def told(error: CompanionError) -> CompanionError:
    """An error that goes with what was said: without its trace, which would hold the reply."""
    return error.with_traceback(None)


class _Reply:
    """One reply on its way out: what came in, and how much of it was written."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.written = 0
        self.parts: list[Speech] = []
        self.error: CompanionError | None = None

    def blocks(self, speech: Iterable[Speech], cancel: Cancel) -> Iterator[Samples]:
        """The reply in blocks of one length, the first of more.

        An error upstream ends it, and is kept.
        """
        waiting = np.zeros(0, np.float32)
        size = round(BLOCK_SECONDS * self.rate)
        most = FIRST_BLOCKS * size
        for piece in self._resampled(speech):
            waiting = np.concatenate([waiting, piece])
            while len(waiting) >= size:
                length = min(most, len(waiting) // size * size)
                yield waiting[:length]
                waiting, most = waiting[length:], size
        if len(waiting) and not cancel:
            yield np.concatenate([waiting, np.zeros(size - len(waiting), np.float32)])

    def _resampled(self, speech: Iterable[Speech]) -> Iterator[Samples]:
        stream: Resampler | None = None
        rate = 0
        try:
            for part in speech:
                if stream is not None and part.rate != rate:
                    yield stream.end()
                    stream = None
                stream = stream or Resampler(part.rate, self.rate)
                rate = part.rate
                self.parts.append(part)
                yield stream.feed(part.samples)
        except CompanionError as error:
            self.error = told(error)
        if stream is not None:
            yield stream.end()

    def whole(self) -> Said:
        """All of it was heard, as far as it came."""
        text = "".join(part.clause.text for part in self.parts)
        seconds = sum(len(part.samples) / part.rate for part in self.parts)
        if self.parts and not self.parts[-1].last:  # an error within a clause
            text = heard_text(self.parts, seconds)
        return Said(text, complete=self.error is None, seconds=seconds, error=self.error)

    def cut_at(self, unheard: int) -> Said:
        """The owner cut it short; the last `unheard` samples never left the loudspeaker."""
        seconds = max(0, self.written - unheard) / self.rate
        return Said(heard_text(self.parts, seconds), False, seconds, self.error)  # noqa: FBT003

    def lost(self, error: DeviceError) -> Said:
        """The device went away."""
        cut = self.cut_at(0)
        return Said(cut.text, complete=False, seconds=cut.seconds, error=told(error))


def heard_text(parts: Sequence[Speech], seconds: float) -> str:
    """The words of a reply that were heard when it was cut after `seconds`.

    A clause without sound counts as heard once something after it was heard.
    """
    text, silent = "", ""
    for part in _clauses(parts):
        length = len(part.samples) / part.rate
        if not len(part.samples):
            silent += part.clause.text
        elif seconds >= length - _ROUNDING and part.last:
            text += silent + part.clause.text
            seconds, silent = seconds - length, ""
        else:
            words = heard_words(part, round(max(0.0, seconds) * part.rate))
            return (text + silent + words if words else text).rstrip()
    return text.rstrip()


def _clauses(parts: Sequence[Speech]) -> list[Speech]:
    """Each clause with the sound of all its pieces."""
    whole: list[Speech] = []
    for part in parts:
        if whole and not whole[-1].last:
            sound = np.concatenate([whole[-1].samples, part.samples])
            whole[-1] = replace(whole[-1], samples=sound, last=part.last)
        else:
            whole.append(part)
    return whole


def heard_words(speech: Speech, samples: int) -> str:
    """The whole words of a clause that were heard after `samples` of its sound.

    Of a clause that did not come to its end, only its marks tell them.
    """
    text = speech.clause.text
    if samples >= len(speech.samples) and speech.last:
        return text
    samples, characters = min(samples, len(speech.samples)), 0
    if speech.marks:
        characters = max((heard for heard, at in speech.marks if at <= samples), default=0)
    elif speech.last:
        characters = len(text) * max(0, samples) // len(speech.samples)
    return text[: _last_word_end(text, min(characters, len(text)))]


def _last_word_end(text: str, characters: int) -> int:
    """Where the last word ends that lies wholly in the first `characters`; 0 for none."""
    end = characters
    while 0 < end < len(text) and _in_word(text[end - 1]) and _in_word(text[end]):
        end -= 1
    while end and not _in_word(text[end - 1]):
        end -= 1
    while 0 < end < characters and text[end] in ".,;:!?…":
        end += 1
    return end


def _in_word(character: str) -> bool:
    return character.isalnum() or character in "'’-" or bool(unicodedata.combining(character))
