"""What lies between a mouth and a model: rooms, noise, codecs; and sounds in which nobody speaks. All made up."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Wave = npt.NDArray[np.float32]

RATE = 16000
CODECS = (
    ("WAV", "ULAW", 8000),
    ("WAV", "ALAW", 8000),
    ("WAV", "GSM610", 8000),
    ("WAV", "IMA_ADPCM", 16000),
    ("OGG", "VORBIS", 16000),
    ("MP3", "MPEG_LAYER_III", 16000),
)


def _level(wave: npt.NDArray[np.floating]) -> Wave:
    return (wave / (np.abs(wave).max() + 1e-9)).astype(np.float32)


def coloured(length: int, rng: np.random.Generator) -> Wave:
    """Return white to brown noise with a peak of 1."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum /= np.maximum(1, np.arange(len(spectrum))) ** rng.uniform(0, 1)
    return _level(np.fft.irfft(spectrum, length))


def _gusts(length: int, rng: np.random.Generator) -> Wave:
    """Return noise that swells as wind and many voices do, 0.3 to 6 times a second."""
    points = max(4, int(length / RATE * rng.uniform(0.6, 12)))
    swell = np.interp(np.linspace(0, points - 1, length), np.arange(points), rng.random(points))
    return _level(coloured(length, rng) * swell ** rng.uniform(0.5, 3))


def _resonant(length: int, rng: np.random.Generator) -> Wave:
    """Return noise through some moving or standing resonances: fans, machines, crowds far away."""
    spectrum = np.fft.rfft(coloured(length, rng))
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    gain = np.full(len(hertz), 0.03)
    for _ in range(int(rng.integers(1, 6))):
        centre, wide = rng.uniform(80, 6000), rng.uniform(20, 800)
        gain += rng.random() / (1 + ((hertz - centre) / wide) ** 2)
    return _level(np.fft.irfft(spectrum * gain, length))


def _tones(length: int, rng: np.random.Generator) -> Wave:
    """Return notes one after the other, single or several at once, some with a decay as of bells."""
    wave, at = np.zeros(length), 0
    decay, harmonics = rng.uniform(0, 12), int(rng.integers(1, 7))
    while at < length:
        size = min(length - at, int(rng.uniform(0.05, 1.2) * RATE))
        time = np.arange(size) / RATE
        for _ in range(int(rng.integers(1, 4))):
            pitch = 55 * 2 ** rng.uniform(0, 5.5) * (1 + rng.uniform(-0.1, 0.1) * time)
            turn = 2 * np.pi * np.cumsum(pitch) / RATE
            tone = sum(np.sin(k * turn) / k ** rng.uniform(0.5, 2) for k in range(1, harmonics + 1))
            wave[at : at + size] += tone * np.exp(-decay * time)
        at += size + int(rng.uniform(-0.02, 0.4) * RATE) + 1
    return _level(wave)


def _knocks(length: int, rng: np.random.Generator) -> Wave:
    """Return short bursts: keys, steps, knocks, crackle."""
    wave = np.zeros(length, np.float32)
    for _ in range(max(1, int(length / RATE * rng.uniform(0.5, 20)))):
        size = int(rng.integers(20, 3000))
        at = int(rng.integers(0, max(1, length - size)))
        burst = coloured(size, rng) * np.exp(-np.arange(size) / size * rng.uniform(2, 10))
        wave[at : at + size] += (burst * rng.uniform(0.1, 1)).astype(np.float32)[: length - at]
    return _level(wave)


def _hum(length: int, rng: np.random.Generator) -> Wave:
    """Return a hum or an engine: many harmonics of a low pitch that drifts."""
    pitch = rng.uniform(30, 180) * (1 + 0.2 * rng.random() * np.linspace(-1, 1, length))
    turn = 2 * np.pi * np.cumsum(pitch) / RATE
    tone = sum(rng.random() * np.sin(k * turn) / k for k in range(1, int(rng.integers(3, 30))))
    return _level(np.asarray(tone) + rng.uniform(0, 0.5) * coloured(length, rng))


KINDS: tuple[Callable[[int, np.random.Generator], Wave], ...] = (
    coloured,
    _gusts,
    _resonant,
    _tones,
    _knocks,
    _hum,
)


def noise(length: int, rng: np.random.Generator) -> Wave:
    """Return one kind of noise, or two at once, with a peak of 1; steady noise is the most frequent."""
    shares = (0.34, 0.18, 0.18, 0.09, 0.12, 0.09)
    wave = KINDS[int(rng.choice(len(KINDS), p=shares))](length, rng)
    if rng.random() < 0.25:
        wave = _level(wave + rng.random() * KINDS[int(rng.integers(len(KINDS)))](length, rng))
    return wave


def nothing(rng: np.random.Generator) -> Wave:
    """Return half a second to 6 s in which nobody speaks, from digital silence to loud."""
    length = int(rng.uniform(0.5, 6) * RATE)
    if rng.random() < 0.08:
        return np.full(length, rng.choice([0.0, 0.01, -0.002]), np.float32)
    wave = noise(length, rng) * np.float32(10 ** rng.uniform(-4, 0))
    if rng.random() < 0.3:
        wave = room(wave, rng)
    return np.clip(wave, -1, 1)


def room(wave: Wave, rng: np.random.Generator) -> Wave:
    """Return `wave` as it sounds in a room; the direct sound stays where it was."""
    from scipy.signal import fftconvolve

    fade = rng.uniform(0.08, 0.5)  # seconds to fall by 60 dB
    length = int(fade * RATE)
    tail = rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    tail[: int(rng.uniform(0.002, 0.02) * RATE)] = 0
    tail *= 10 ** (-rng.uniform(2, 16) / 20) / np.sqrt((tail**2).sum() + 1e-9)
    for _ in range(int(rng.integers(0, 6))):
        tail[int(rng.uniform(0.001, 0.04) * RATE) % length] += rng.uniform(-0.4, 0.4)
    tail[0] = 1
    return _level(fftconvolve(wave, tail)[: len(wave)])


def coded(wave: Wave, rng: np.random.Generator) -> Wave:
    """Return `wave` after a telephone's or a recorder's codec."""
    import soundfile
    from scipy.signal import resample_poly

    container, kind, rate = CODECS[int(rng.integers(len(CODECS)))]
    given = resample_poly(wave, 1, RATE // rate) if rate < RATE else wave
    file = io.BytesIO()
    soundfile.write(file, np.clip(given, -1, 1), rate, format=container, subtype=kind)
    file.seek(0)
    heard = soundfile.read(file, dtype="float32")[0]
    heard = resample_poly(heard, RATE // rate, 1) if rate < RATE else heard
    return np.pad(heard, (0, max(0, len(wave) - len(heard))))[: len(wave)].astype(np.float32)


def carried(wave: Wave, rng: np.random.Generator) -> Wave:
    """Return speech of peak 1 as it may arrive: in a room, in noise, through a codec, at some level."""
    if rng.random() < 0.35:
        wave = room(wave, rng)
    loud = float(np.sqrt((wave**2).mean())) + 1e-9
    decibel = rng.uniform(4, 30) if rng.random() < 0.6 else rng.uniform(30, 60)
    added = noise(len(wave), rng)
    added *= np.float32(loud * 10 ** (-decibel / 20) / (np.sqrt((added**2).mean()) + 1e-9))
    wave = _level(wave + added)
    if rng.random() < 0.25:
        wave = coded(wave, rng)
    return np.clip(wave * np.float32(10 ** rng.uniform(-1.2, 0)), -1, 1)
