"""Sounds in which nobody speaks, for measuring only: other generators than those of `wear.py`, and recorded noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    Wave = npt.NDArray[np.float32]

RATE, SEED, EACH = 16000, 20261122, 8
PIECE, SHORTEST = 5 * RATE, RATE // 4
DTMF = ((697, 770, 852, 941), (1209, 1336, 1477, 1633))


def _white(time: Wave, rng: np.random.Generator) -> Wave:
    return rng.normal(0, 10 ** rng.uniform(-4, -0.8), len(time))


def _dither(time: Wave, rng: np.random.Generator) -> Wave:
    return np.round(rng.random(len(time)) * rng.choice([0, 1, 2])) / 32768


def _pink(time: Wave, rng: np.random.Generator) -> Wave:
    rows = [
        np.repeat(rng.normal(0, 1, len(time) // 2**k + 1), 2**k)[: len(time)] for k in range(11)
    ]
    return np.sum(rows, axis=0) * 10 ** rng.uniform(-4, -1.3)


def _brown(time: Wave, rng: np.random.Generator) -> Wave:
    walk = np.cumsum(rng.normal(0, 1, len(time)))
    walk -= np.linspace(walk[0], walk[-1], len(walk))
    return walk / np.abs(walk).max() * 10 ** rng.uniform(-2.5, -0.3)


def _mains(time: Wave, rng: np.random.Generator) -> Wave:
    wave = np.sin(2 * np.pi * rng.choice([50, 60, 100, 120]) * time)
    return np.clip(wave * rng.uniform(1, 4), -1, 1) * 10 ** rng.uniform(-2.5, -0.5)


def _keypad(time: Wave, rng: np.random.Generator) -> Wave:
    low, high = (rng.choice(row, int(time[-1] * 4) + 2) for row in DTMF)
    key, within = (time * 4).astype(int), time * 4 % 1
    tone = np.sin(2 * np.pi * low[key] * time) + np.sin(2 * np.pi * high[key] * time)
    return tone * (within < rng.uniform(0.3, 0.8)) * rng.uniform(0.05, 0.4)


def _plucked(time: Wave, rng: np.random.Generator) -> Wave:
    wave = np.zeros(len(time))
    for start in range(0, len(time) - 800, int(RATE * rng.uniform(0.2, 0.6))):
        period = int(RATE / (110 * 2 ** (rng.integers(0, 30) / 12)))
        string = rng.uniform(-1, 1, period)
        for at in range(start, min(len(time) - period, start + 60 * period), period):
            wave[at : at + period] += string
            string = 0.497 * (string + np.roll(string, 1))
    return wave * rng.uniform(0.05, 0.4)


def _knocking(time: Wave, rng: np.random.Generator) -> Wave:
    wave = np.zeros(len(time))
    for moment in rng.uniform(0, time[-1], int(rng.integers(1, 12))):
        after = np.clip(time - moment, 0, None)
        ring = np.sin(2 * np.pi * rng.uniform(80, 900) * after) * np.exp(
            -rng.uniform(20, 120) * after
        )
        wave += ring * rng.uniform(0.1, 0.8)
    return wave


def _rain(time: Wave, rng: np.random.Generator) -> Wave:
    drops = (rng.random(len(time)) < 10 ** rng.uniform(-3.5, -1.5)) * rng.normal(0, 1, len(time))
    return np.convolve(drops, np.exp(-np.arange(80) / rng.uniform(2, 20)), "same") * rng.uniform(
        0.05, 0.5
    )


def _wind(time: Wave, rng: np.random.Generator) -> Wave:
    smooth = np.convolve(rng.normal(0, 1, len(time)), np.hanning(int(rng.uniform(20, 200))), "same")
    gust = 1 + np.sin(2 * np.pi * rng.uniform(0.1, 1.5) * time + rng.uniform(0, 6))
    return smooth / np.abs(smooth).max() * gust * 10 ** rng.uniform(-2, -0.4)


def _bird(time: Wave, rng: np.random.Generator) -> Wave:
    chirp = np.sin(
        2 * np.pi * np.cumsum(3000 + 900 * np.sin(2 * np.pi * rng.uniform(3, 20) * time)) / RATE
    )
    return chirp * (np.sin(2 * np.pi * rng.uniform(0.5, 3) * time) > 0.3) * rng.uniform(0.02, 0.4)


def _motor(time: Wave, rng: np.random.Generator) -> Wave:
    speed = rng.uniform(15, 60) * (1 + 0.15 * np.sin(2 * np.pi * rng.uniform(0.05, 0.5) * time))
    saw = 2 * (np.cumsum(speed) / RATE % 1) - 1
    return (saw + rng.normal(0, 0.2, len(time))) * 10 ** rng.uniform(-2, -0.6)


def _beeps(time: Wave, rng: np.random.Generator) -> Wave:
    square = np.sign(np.sin(2 * np.pi * rng.uniform(300, 2500) * time))
    return square * (time * rng.uniform(0.7, 3) % 1 < 0.4) * rng.uniform(0.02, 0.4)


def _sweep(time: Wave, rng: np.random.Generator) -> Wave:
    hertz = np.geomspace(rng.uniform(60, 500), rng.uniform(800, 7000), len(time))
    return np.sin(2 * np.pi * np.cumsum(hertz) / RATE) * rng.uniform(0.05, 0.6)


_STEADY = (_white, _dither, _pink, _brown, _mains, _rain, _wind, _motor)
_SUDDEN = (_keypad, _plucked, _knocking, _bird, _beeps, _sweep)
MAKERS: tuple[Callable[[Wave, np.random.Generator], Wave], ...] = (*_STEADY, *_SUDDEN)


def generated() -> Iterator[tuple[str, Wave]]:
    """Yield (kind, samples): eight clips of each kind, 0.5 to 6 s, the same every time."""
    rng = np.random.default_rng(SEED)
    for maker in MAKERS:
        for _ in range(EACH):
            time = np.arange(int(rng.uniform(0.5, 6) * RATE)) / RATE
            yield maker.__name__[1:], np.clip(maker(time, rng), -1, 1).astype(np.float32)


def recorded(folder: Path) -> Iterator[tuple[str, Wave]]:
    """Yield (file, samples) of the recordings in `folder`, in pieces of 5 s."""
    from faster_whisper.audio import decode_audio

    for path in sorted(p for p in folder.iterdir() if p.suffix in {".wav", ".flac", ".mp3"}):
        wave = decode_audio(str(path))
        for start in range(0, len(wave), PIECE):
            if len(wave) - start >= SHORTEST:
                yield path.stem, wave[start : start + PIECE]
