"""A scene as files: its sound as it was, captions, and the picture of its turns.

The owner's recording, the pause as it was measured, the reply as it was played; all in one mono
track. Between a reply and the next line stands a pause of our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.errors import CannotCreate
from companion.measure.cascade import Row, draw_scene
from companion.measure.waterfall import waterfall
from companion.pack.demo.captions import Cue, webvtt
from companion.pack.demo.play import OWNER
from companion.sound.ogg import OPUS_RATE, write_opus
from companion.sound.wav import read_sound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.pack.demo.scenes import Scene
    from companion.values import Samples

BREATH = 0.7
"""Seconds between a reply and the owner's next line."""
REACTION = 0.15
"""Seconds between the press that stops a reply and the owner's voice."""
NIGHT = 2.0
"""Seconds between two runs."""
EDGE = 0.4
"""Seconds of silence at both ends."""


@dataclass(frozen=True, slots=True)
class Film:
    """A scene in time.

    Attributes:
        samples: The sound, at `OPUS_RATE`.
        cues: The captions.
        rows: Its turns.
    """

    samples: Samples
    cues: tuple[Cue, ...]
    rows: tuple[Row, ...]


def film(turns: Sequence[dict[str, Any]], name: str) -> Film:
    """What a scene's turns become, one after the other.

    Args:
        turns: The turns as `play` gave them.
        name: The character's.
    """
    reel = _Reel(name)
    for turn in turns:
        reel.add(turn)
    reel.silence(EDGE)
    return Film(np.concatenate(reel.pieces), tuple(reel.cues), tuple(reel.rows))


def write(scene: Scene, made: Film, name: str, folder: Path) -> tuple[Path, Path, Path]:
    """Write NAME.ogg, NAME.vtt and NAME.svg; their paths.

    Raises:
        CannotCreate: One of them cannot be written.
    """
    sound, captions, picture = (folder / f"{scene.name}{end}" for end in (".ogg", ".vtt", ".svg"))
    write_opus(sound, made.samples)
    try:
        captions.write_text(webvtt(made.cues, scene.title), "utf-8")
    except OSError as error:
        raise CannotCreate(f"{captions} cannot be written: {error.strerror}.") from error
    draw_scene(scene.title, (OWNER, name), made.rows).save(picture)
    return sound, captions, picture


class _Reel:
    """A track that grows turn by turn."""

    def __init__(self, name: str) -> None:
        self.pieces: list[Samples] = []
        self.cues: list[Cue] = []
        self.rows: list[Row] = []
        self._name = name
        self._length = 0
        self._run = 0
        self._cut = False

    def add(self, turn: dict[str, Any]) -> None:
        """One turn: line, pause, reply."""
        self._come_to(turn["run"])
        asked = self._sound(Path(turn["audio_in"]))
        self.cues.append(Cue(turn["spoken"], *asked, OWNER))
        answered = (asked[1], asked[1])
        if turn["seconds"]:
            self.silence((turn["ms"]["first_audio"] or 0.0) / 1000)
            answered = self._sound(Path(turn["audio_out"]))
            text = turn["said"] if turn["complete"] else f"{turn['said']} —"
            self.cues.append(Cue(text, *answered, self._name))
        self._cut = not turn["complete"]
        fall = waterfall(turn["record"])
        self.rows.append(Row(turn["spoken"], asked, answered, self._cut, fall))

    def silence(self, seconds: float) -> None:
        """Nothing is heard for so long."""
        self._put(np.zeros(round(seconds * OPUS_RATE), np.float32))

    def _come_to(self, run: int) -> None:
        """The pause before a line."""
        if self._run in {0, run}:
            self.silence(EDGE if not self._run else REACTION if self._cut else BREATH)
        else:
            begin = self._now
            self.silence(NIGHT)
            self.cues.append(Cue("The next day", begin, self._now))
        self._run = run

    def _sound(self, path: Path) -> tuple[float, float]:
        begin = self._now
        self._put(read_sound(path, OPUS_RATE))
        return begin, self._now

    def _put(self, samples: Samples) -> None:
        self.pieces.append(samples)
        self._length += len(samples)

    @property
    def _now(self) -> float:
        return self._length / OPUS_RATE
