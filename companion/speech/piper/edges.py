"""Where a clause begins and ends: no silence before the first word, a pause after the last.

Knows samples only, which may come in pieces.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from companion.values import Samples

LEAD_IN = 0.03
"""Seconds of silence left before a reply; the rest of the voice's own is cut off."""

SILENCE = 0.003
"""Level (-50 dB) below which a voice that has not begun yet is silent; full scale is 1."""

SENTENCE_PAUSE = 0.18
CLAUSE_PAUSE = 0.07
PHRASE_PAUSE = 0.06
"""Seconds of silence that follow a sentence, a mark within it and a phrase at the least. A voice
that was trained on single sentences, as ours were, leaves none by itself. What is held back on the
way to the loudspeaker when the next clause is late is then silence, and no end of a word."""

FADE_SECONDS = 0.003
"""Over which a clause that begins or ends loud comes and goes: what follows it may be late."""

CLOSERS = " \t\n\"'”’»)]"
"""What may stand behind the last mark of a clause."""

KNEE = 0.8
"""Level above which peaks are rounded instead of clipped."""


def pause_after(spoken: str) -> float:
    """Seconds of silence that the punctuation asks for."""
    last = spoken.rstrip(CLOSERS)[-1:]
    if not last:
        return 0.0
    return SENTENCE_PAUSE if last in ".!?…" else CLAUSE_PAUSE if last in ",;:—" else PHRASE_PAUSE


def trimmed(pieces: Iterable[Samples], rate: int) -> tuple[int, Iterator[Samples]]:
    """Sound without the silence before its first word, but for `LEAD_IN`.

    Returns:
        How many samples were cut off, and the rest. Of sound that is nothing but silence,
        nothing is cut.
    """
    source = iter(pieces)
    quiet: list[Samples] = []
    for piece in source:
        quiet.append(piece)
        loud = np.flatnonzero(np.abs(piece) > SILENCE)
        if len(loud):
            before = sum(map(len, quiet[:-1])) + int(loud[0])
            cut = max(before - round(LEAD_IN * rate), 0)
            return cut, itertools.chain([np.concatenate(quiet)[cut:]], source)
    return 0, iter(quiet)


def paused(
    pieces: Iterable[Samples], length: int, pause: float, rate: int
) -> Iterator[tuple[Samples, bool]]:
    """Sound with at least so many seconds of silence at its end, and no click at either.

    Args:
        pieces: The sound.
        length: Samples of all of it.
        pause: Seconds; sound that is nothing but silence gets none.
        rate: Samples a second.

    Yields:
        Each piece as it comes, and whether it is the last.
    """
    quiet = given = 0
    heard = False
    for piece in pieces:
        samples = piece if heard or not len(piece) else _risen(piece, rate)
        loud = np.flatnonzero(np.abs(piece) > SILENCE)
        quiet = len(piece) - 1 - int(loud[-1]) if len(loud) else quiet + len(piece)
        heard = heard or bool(len(loud))
        given += len(piece)
        if given < length:
            yield samples, False
            continue
        if heard and not quiet:
            samples = _risen(samples[::-1], rate)[::-1]
        missing = round(pause * rate) - quiet if heard else 0
        yield np.pad(samples, (0, max(missing, 0))), True


def _risen(samples: Samples, rate: int) -> Samples:
    """Faded in, if it begins loud."""
    if not abs(samples[0]) > SILENCE:
        return samples
    length = min(round(FADE_SECONDS * rate), len(samples))
    rise = (1 - np.cos(np.linspace(0, np.pi, length, dtype=np.float32))) / 2
    return np.concatenate([samples[:length] * rise, samples[length:]])


def limited(samples: Samples, gain: float) -> Samples:
    """Apply the gain; round what would be louder than full scale, so that nothing crackles."""
    louder = samples * np.float32(gain)
    level = np.abs(louder)
    over = level > KNEE
    if over.any():
        room = 1 - KNEE
        rounded = KNEE + room * np.tanh((level[over] - KNEE) / room)
        louder[over] = np.sign(louder[over]) * rounded
    return np.ascontiguousarray(louder, np.float32)
