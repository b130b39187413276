"""When the first sound will come, foretold from what the engines can do, and how far off that was.

Knows figures; `calibrate` measures them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime  # noqa: TC003 - pydantic reads annotations when it runs
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ValidationError

from companion.errors import CannotCreate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from companion.config import Settings
    from companion.figures import Turn

FILE = "calibration.json"
USUAL_SECONDS = 3.0
USUAL_TOKENS = 60
"""What a turn is foretold for: a sentence, with some memories for it."""
EARLY = 1
"""Tokens that are left to read where the words were understood before the release."""
FLUENT = 1.3
"""The model has to write so much faster than it is spoken, so that no gap is heard."""
SPOKEN = 4.0
"""Tokens that are spoken in a second (150 to 180 words a minute)."""


@dataclass(frozen=True, slots=True)
class Line:
    """Seconds of work for something of a length: `fixed + each * length`."""

    fixed: float
    each: float

    def of(self, length: float) -> float:
        """Seconds of work."""
        return self.fixed + self.each * length

    @classmethod
    def through(cls, one: tuple[float, float], other: tuple[float, float]) -> Line:
        """The line through two measurements (length, seconds); it never falls."""
        each = max(0.0, (other[1] - one[1]) / (other[0] - one[0]))
        return cls(max(0.0, one[1] - each * one[0]), each)


@dataclass(frozen=True, slots=True)
class Threads:
    """How many threads each engine has."""

    hear: int
    read: int
    write: int
    speak: int

    @property
    def settings(self) -> dict[str, tuple[str, int]]:
        """(key, value) of config.toml, by what it is for."""
        return {
            "hear": ("stt.threads", self.hear),
            "read": ("llm.threads_read", self.read),
            "write": ("llm.threads", self.write),
            "speak": ("voice.threads", self.speak),
        }


@dataclass(frozen=True, slots=True)
class Rates:
    """What the engines can do with the threads they have.

    Attributes:
        hear: Seconds of work for seconds of speech.
        read: Tokens of a prompt a second.
        write: Tokens of a reply a second, while nothing else works.
        beside: The same while the voice works.
        clause_tokens: Tokens of a first clause.
        clause_seconds: Seconds until its sound begins to come.
        voice: Seconds of work for a second of sound.
        rest: Seconds that everything else takes.
    """

    hear: Line
    read: float
    write: float
    beside: float
    clause_tokens: float
    clause_seconds: float
    voice: float
    rest: float

    @property
    def fluent(self) -> bool:
        """Whether model and voice keep ahead of what is heard."""
        return self.beside >= FLUENT * SPOKEN and self.voice < 1 / FLUENT


@dataclass(frozen=True, slots=True)
class Asked:
    """What a turn has to do between the release and the first sound.

    Attributes:
        seconds: Speech to transcribe; 0 where that was done while the key was held.
        tokens: Tokens to read.
    """

    seconds: float = USUAL_SECONDS
    tokens: int = USUAL_TOKENS


USUAL = Asked()
UNDERSTOOD_EARLY = Asked(seconds=0.0, tokens=EARLY)


def foretold(rates: Rates, asked: Asked) -> dict[str, float]:
    """Milliseconds of each stage until the first sound."""
    return {
        "stt": 1000 * rates.hear.of(asked.seconds) if asked.seconds else 0.0,
        "prefill": 1000 * asked.tokens / rates.read,
        "decode": 1000 * rates.clause_tokens / rates.write,
        "synth": 1000 * rates.clause_seconds,
        "rest": 1000 * rates.rest,
    }


# ── kept, and compared with the turns that followed ──────────────────────────────────────────────


class Prediction(BaseModel, frozen=True):
    """What was foretold, for what, and when."""

    at: datetime
    rig: int
    rates: Rates

    def of(self, turn: Turn) -> dict[str, float]:
        """What it foretells for the work that this turn had."""
        record = turn.record
        told = foretold(self.rates, Asked(record["heard_s"], record["tokens"].get("evaluated", 0)))
        if record["early"].get("hit") == "all":  # it began before the release, or was over by then
            began = max((s["begin"] for s in record["spans"] if s["stage"] == "stt"), default=0.0)
            told["stt"] = max(0.0, told["stt"] + min(began, 0.0))
        return told


@dataclass(frozen=True, slots=True)
class Off:
    """How far off a prediction was.

    Attributes:
        turns: How many followed it.
        foretold: Median of what it foretells for them, in milliseconds.
        measured: Median of what they took.
        stages: (foretold, measured) by stage.
    """

    turns: int
    foretold: float
    measured: float
    stages: dict[str, tuple[float, float]]

    @property
    def ratio(self) -> float:
        """Measured ÷ foretold."""
        return self.measured / max(self.foretold, 1e-9)


def compared(prediction: Prediction, turns: Iterable[Turn]) -> Off | None:
    """A prediction beside the spoken turns that followed it on its rig; None before there are any.

    A turn of which only a part was transcribed early is left out: nobody noted how much that was.
    """
    from companion.measure.stats import spoken, steps

    later = [turn for turn in spoken(turns) if turn.at > prediction.at]
    mine = [
        turn
        for turn in later
        if turn.rig == prediction.rig and turn.record["early"].get("hit") != "part"
    ]
    if not mine:
        return None
    told = [prediction.of(turn) for turn in mine]
    took = [_grouped(steps(turn), turn.first_sound or 0.0) for turn in mine]
    stages = {name: (_middle(told, name), _middle(took, name)) for name in told[0]}
    whole = float(np.median([sum(one.values()) for one in told]))
    return Off(len(mine), whole, float(np.median([turn.first_sound for turn in mine])), stages)


def _grouped(steps: dict[str, float], first: float) -> dict[str, float]:
    """A turn's steps as they are foretold: what no engine does is the rest."""
    known = {name: steps.get(name, 0.0) for name in ("stt", "prefill", "decode", "synth")}
    return known | {"rest": max(0.0, first - sum(known.values()))}


def _middle(rows: Sequence[dict[str, float]], name: str) -> float:
    return float(np.median([row[name] for row in rows]))


def rest_of(turns: Iterable[Turn], usual: float) -> float:
    """Seconds that everything but the engines took in past turns; `usual` where there are none."""
    from companion.measure.stats import spoken, steps

    found = [_grouped(steps(turn), turn.first_sound or 0.0)["rest"] for turn in spoken(turns)]
    return float(np.median(found)) / 1000 if found else usual


def _path(settings: Settings) -> Path:
    return settings.path(settings.companion.models) / "cache" / FILE


def keep(settings: Settings, prediction: Prediction) -> None:
    """Note a prediction, in the place of the one before.

    Raises:
        CannotCreate: It cannot be written.
    """
    path = _path(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(prediction.model_dump_json(), "utf-8")
    except OSError as error:
        raise CannotCreate(f"{path} cannot be written: {error.strerror}.") from error


def kept(settings: Settings) -> Prediction | None:
    """The prediction that was noted last; None where there is none, or none that can be read."""
    try:
        return Prediction.model_validate_json(_path(settings).read_bytes())
    except (OSError, ValidationError):
        return None


def as_dict(off: Off) -> dict[str, object]:
    """For programs."""
    return asdict(off) | {"ratio": round(off.ratio, 3)}
