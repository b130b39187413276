"""Kept replies: `NAME.wav` and `NAME.json` for each, within a size and an age.

Stands in front of a loudspeaker and listens to what it is given. Knows no device.
"""

from __future__ import annotations

import json
import time
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

import numpy as np

from companion.errors import CannotCreate, Forbidden, undoing
from companion.sound.resample import resample
from companion.sound.wav import write_wav
from companion.values import Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from companion.flow import Cancel
    from companion.values import Samples, Speech

_DAY = 86_400
_MEGABYTE = 1_000_000
RATE = 22_050
"""Samples a second of a kept reply, where the settings say nothing."""


class Loudspeaker(Protocol):
    """What the keeper stands in front of."""

    def play(
        self,
        speech: Iterable[Speech],
        cancel: Cancel,
        started: Callable[[], None] | None = None,
    ) -> Said:
        """Play, and say which words were heard."""


class Keeper:
    """Plays a reply and keeps what was heard of it.

    Args:
        speaker: Plays the reply.
        folder: Where files go; made when needed, for the owner only.
        megabytes: Most that is kept; the oldest go first.
        days: How long a reply is kept.
        clock: Seconds since 1970.
        rate: Samples a second of the files, whatever the voices have.
    """

    def __init__(
        self,
        speaker: Loudspeaker,
        folder: Path,
        megabytes: int,
        days: int,
        clock: Callable[[], float] = time.time,
        *,
        rate: int = RATE,
    ) -> None:
        self._speaker = speaker
        self._folder = folder
        self._limit = megabytes * _MEGABYTE
        self._age = days * _DAY
        self._clock = clock
        self._rate = rate
        self._heard: list[Speech] = []
        self._said = Said("")
        self._unnamed: list[Path | None] = []  # replies without a line, with sound or not

    def play(
        self,
        speech: Iterable[Speech],
        cancel: Cancel,
        started: Callable[[], None] | None = None,
    ) -> Said:
        """Play the reply, and remember its sound until `label` writes it."""
        self._heard = []
        self._said = self._speaker.play(self._listen(speech), cancel, started)
        return self._said

    def _listen(self, speech: Iterable[Speech]) -> Iterator[Speech]:
        for clause in speech:
            self._heard.append(clause)
            yield clause

    def label(self, lines: list[str]) -> str:
        """Write the last reply with the ids of its lines; its path, or "" where it had no sound.

        Raises:
            CannotCreate: The folder is full or cannot be written.
            Forbidden: An older reply cannot be removed.
        """
        self._unnamed += [] if lines else [None]
        samples = self._sound()[: round(self._said.seconds * self._rate)]
        if not len(samples):
            return ""
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(self._clock()))
        path = _free(self._folder, stamp)
        save(path, samples, self._rate, {"text": self._said.text.strip(), "lines": lines})
        if not lines:
            self._unnamed[-1] = path
        self._tidy()
        return str(path)

    def _sound(self) -> Samples:
        """The whole reply, each voice brought to the rate of the file."""
        runs = groupby(self._heard, lambda one: one.rate)  # a clause may come in pieces
        parts = [(rate, np.concatenate([one.samples for one in run])) for rate, run in runs]
        sounds = [resample(samples, rate, self._rate) for rate, samples in parts]
        return np.concatenate(sounds) if sounds else np.zeros(0, np.float32)

    def drop_last(self) -> None:
        """Remove the last reply that belongs to no line; the next call removes the one before."""
        if self._unnamed and (last := self._unnamed[-1]) is not None:
            _remove(last)
        del self._unnamed[-1:]

    def forget(self, line: str) -> int:
        """Remove every kept reply that belongs to a line; how many those were."""
        mine = [p for p in self._folder.glob("*.json") if line in _lines(p)]
        for path in mine:
            _remove(path.with_suffix(".wav"))
        return len(mine)

    def _tidy(self) -> None:
        """Remove what is too old, then the oldest until the rest is small enough."""
        files = sorted(self._folder.glob("*.wav"), key=lambda p: (p.stat().st_mtime, p.name))
        size = sum(p.stat().st_size for p in files)
        for path in files[:-1]:  # the newest always stays
            old = self._clock() - path.stat().st_mtime > self._age
            if old or size > self._limit:
                size -= path.stat().st_size
                _remove(path)


def save(path: Path, samples: Samples, rate: int, about: dict[str, object]) -> None:
    """Write a reply as `NAME.wav` (16-bit PCM mono) and `NAME.json`, for the owner only.

    Raises:
        CannotCreate: The folder cannot be written.
    """
    facts = {"schema": 1, **about, "rate": rate, "seconds": round(len(samples) / rate, 3)}
    note = path.with_suffix(".json")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_wav(path, samples, rate)
        with undoing(lambda: _remove(path)):  # sound without its facts is found by no line
            note.touch(mode=0o600)
            note.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise CannotCreate(
            f"{note} cannot be written ({error.strerror}).", "Check the folder and its free space."
        ) from error


def _free(folder: Path, stamp: str) -> Path:
    """A file name that is not taken."""
    names = [f"{stamp}.wav", *(f"{stamp}-{n}.wav" for n in range(2, 1000))]
    return next(folder / n for n in names if not (folder / n).exists())


def _lines(path: Path) -> list[str]:
    """The lines that a kept reply belongs to; none where this is the note of something else."""
    try:
        about = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    lines = about.get("lines") if isinstance(about, dict) else None
    return lines if isinstance(lines, list) else []


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
    except OSError as error:
        raise Forbidden(
            f"{path} cannot be removed ({error.strerror}).", "Remove it by hand: it is kept sound."
        ) from error
