"""Which models to pull would run well here: an estimate from models of random weights.

A model of 0.5 B parameters and a Whisper base are measured; larger ones take as many times longer
as they have more bytes, because a processor spends its time fetching weights. Knows nothing of how
well a model answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from companion.measure.prediction import UNDERSTOOD_EARLY, USUAL, Line, foretold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from companion.config import Settings
    from companion.measure.prediction import Rates
    from companion.pack.manifest import Manifest, Preset

PATIENCE_MS = 2000.0
"""A first sound that comes later than this feels like waiting; twice as late may it be where the
words were not understood before the key came up, which is rarer."""
MORE = 1.25
"""Bytes in memory for each byte of a file: keys, values and working space."""
BASE_BYTES = 145_216_508
"""Size of Whisper base as it is published; other sizes are compared with it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One preset, and how it would run.

    Attributes:
        name: What to pull.
        about: What it is for.
        size: Bytes to fetch.
        fits: Whether there is memory for it now.
        first_sound: Milliseconds, foretold for a sentence.
        early: The same where it was understood before the key came up.
        write: Tokens a second while the voice works; four are spoken.
        fluent: Whether it keeps ahead of what is heard.
        here: Whether its models are already on this machine.
    """

    name: str
    about: str
    size: int
    fits: bool
    first_sound: float
    early: float
    write: float
    fluent: bool
    here: bool

    @property
    def good(self) -> bool:
        """Whether it can be recommended."""
        quick = self.early <= PATIENCE_MS and self.first_sound <= 2 * PATIENCE_MS
        return self.fits and self.fluent and quick


def of_shapes(settings: Settings, llm: Path, whisper: Path) -> Settings:
    """The settings with the models of random weights in place of their own."""
    return settings.model_copy(
        update={
            "llm": settings.llm.model_copy(update={"model": str(llm.resolve())}),
            "stt": settings.stt.model_copy(update={"model": str(whisper.resolve())}),
        }
    )


def choices(
    manifest: Manifest, rates: Rates, shape_bytes: int, folder: Path, free: int | None
) -> Iterator[Choice]:
    """Every preset of the manifest, estimated.

    Args:
        manifest: What can be pulled.
        rates: What the models of random weights do here.
        shape_bytes: Size of the language model among them.
        folder: The models folder of this workspace.
        free: Bytes of memory that are free now; None where the system does not say.
    """
    for name, preset in manifest.presets.items():
        sizes = _sizes(manifest, preset)
        own = scaled(rates, sizes.get("llm", 0) / shape_bytes, sizes.get("stt", 0) / BASE_BYTES)
        whole = sum(manifest.parts[part].size for part in preset.parts)
        settings = [manifest.parts[part].setting[1] for part in preset.parts]
        yield Choice(
            name=name,
            about=preset.about,
            size=whole,
            fits=free is None or whole * MORE <= free,
            first_sound=sum(foretold(own, USUAL).values()),
            early=sum(foretold(own, UNDERSTOOD_EARLY).values()),
            write=own.beside,
            fluent=own.fluent,
            here=all((folder / one).exists() for one in settings),
        )


def _sizes(manifest: Manifest, preset: Preset) -> dict[str, int]:
    """Bytes of the largest file of each kind: the weights."""
    parts = [manifest.parts[name] for name in preset.parts]
    return {part.kind: max(file.size for file in part.files) for part in parts}


def scaled(rates: Rates, llm: float, stt: float) -> Rates:
    """Rates of models so many times larger; 0 leaves them as they are."""
    llm, stt = llm or 1.0, stt or 1.0
    return replace(
        rates,
        hear=Line(rates.hear.fixed * stt, rates.hear.each * stt),
        read=rates.read / llm,
        write=rates.write / llm,
        beside=rates.beside / llm,
    )


def recommended(found: list[Choice]) -> Choice | None:
    """The largest one that runs well; None where none does."""
    return max((one for one in found if one.good), key=lambda one: one.size, default=None)
