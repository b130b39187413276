"""Speaks the training texts and stores their log-mel frames: `python -m training.whisper.data DATA CACHE`.

Shards of 1,000 clips appear in CACHE as they are made, so that training can begin with the first ones. A clip's frames
are those of faster-whisper's own feature extractor, one byte each. Run it twice at once with `--part 0/2` and `1/2`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.whisper import speech, text
from training.whisper.heldout import TRAINING_VOICES

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Spoken = tuple[npt.NDArray[np.float32], list[tuple[str, float]], str]  # samples, phones, voice

RATE, HOP, LONGEST = 16000, 160, 640
SHARD, EMPTY = 1000, 40  # clips in a shard, and how many more without speech
LOW, STEP = -1.5, 3.5 / 255
PAUSED = 0.3  # share of the sentences with a pause after one of the first words
FLITE_SHARE = {"slt": 0.28, "rms": 0.28, "kal16": 0.22}
_ESPEAK = TRAINING_VOICES[3:]


def resampled(samples: npt.NDArray[np.float32], ratio: float) -> npt.NDArray[np.float32]:
    """Return `samples` with `ratio` times as many samples."""
    from scipy.signal import resample_poly

    part = Fraction(ratio).limit_denominator(160)
    return resample_poly(samples, part.numerator, part.denominator).astype(np.float32)


def spoken(words: str, voice: str, rng: np.random.Generator | None) -> speech.Utterance:
    """Return `words` at 16 kHz; with a generator, at a random tempo, pitch and vocal-tract length."""
    speed = 1.0
    if voice in speech.FLITE:
        stretch = rng.uniform(0.88, 1.15) if rng is not None else 1.0
        said = speech.flite(words, voice, stretch)
    elif rng is None:
        said = speech.espeak(words, voice, 160, 50)
    else:
        said = speech.espeak(words, voice, int(rng.integers(140, 186)), int(rng.integers(35, 66)))
    if rng is not None and rng.random() < 0.5:
        speed = rng.uniform(0.92, 1.1)
    ratio = RATE / said.rate / speed
    samples = resampled(said.samples, ratio) if abs(ratio - 1) > 0.005 else said.samples
    # kal16 drops half of its first and last pause, and its times do not know it
    late = max(0.0, said.phones[-1][1] - len(said.samples) / said.rate) / 2
    return speech.Utterance(
        samples, RATE, [(name, (end - late) / speed) for name, end in said.phones]
    )


def _noise(length: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return white to brown noise with a peak near 1."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum /= np.maximum(1, np.arange(len(spectrum))) ** rng.uniform(0, 1)
    noise = np.fft.irfft(spectrum, length)
    return (noise / (np.abs(noise).max() + 1e-9)).astype(np.float32)


def _nothing(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return 1 to 5 s in which nobody speaks: silence, hiss, hum, clicks or chirps."""
    length = int(rng.integers(RATE, 5 * RATE))
    wave = np.zeros(length, np.float32)
    if rng.random() < 0.85:
        wave += _noise(length, rng) * np.float32(10 ** rng.uniform(-4, -0.3))
    time = np.arange(length) / RATE
    if rng.random() < 0.35:
        pitch = rng.uniform(40, 2000) * (1 + rng.uniform(-0.1, 0.3) * time)
        tone = sum(
            np.sin(2 * np.pi * k * np.cumsum(pitch) / RATE) / k
            for k in range(1, int(rng.integers(2, 6)))
        )
        wave += (tone * 10 ** rng.uniform(-3, -0.5)).astype(np.float32)
    for _ in range(int(rng.integers(0, 8)) if rng.random() < 0.5 else 0):
        at, size = int(rng.integers(0, length - 800)), int(rng.integers(20, 800))
        wave[at : at + size] += _noise(size, rng) * np.float32(rng.uniform(0.01, 0.8))
    return np.clip(wave, -1, 1)


def paused(written: str, rng: np.random.Generator) -> str:
    """Return `written`, now and then with a comma where the speaker shall pause."""
    words = written.split()
    if len(words) < 3 or rng.random() > PAUSED:
        return written
    at = int(rng.integers(1, min(4, len(words))))
    return f"{' '.join(words[:at])}, {' '.join(words[at:])}"


def _clip(words: str, rng: np.random.Generator) -> Spoken:
    draw, voice = rng.random(), ""
    for name, share in FLITE_SHARE.items():
        draw -= share
        if not voice and draw < 0:
            voice = name
    voice = voice or _ESPEAK[int(rng.integers(len(_ESPEAK)))]
    said = spoken(paused(words, rng), voice, rng)
    before, after = (int(rng.uniform(0, 0.35) * RATE) for _ in range(2))
    wave = np.pad(said.samples / (np.abs(said.samples).max() + 1e-6), (before, after))
    wave += _noise(len(wave), rng) * np.float32(10 ** rng.uniform(-4.5, -2.3))
    wave *= np.float32(10 ** rng.uniform(-1, -0.05))
    phones = [("", before / RATE)] + [(name, before / RATE + end) for name, end in said.phones]
    return np.clip(wave, -1, 1), phones, voice


def labels(phones: list[tuple[str, float]], frames: int) -> npt.NDArray[np.str_]:
    """Return the phone that sounds in the middle of each encoder position (20 ms)."""
    ends = np.array([end for _, end in phones])
    index = np.searchsorted(ends, (np.arange((frames + 1) // 2) + 0.5) * 0.02)
    names = [*(name for name, _ in phones), ""]
    return np.array([names[i] for i in index], dtype="U8")


def features(extractor: Any, wave: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:  # noqa: ANN401 - untyped
    """Return one byte per log-mel value, (frames, 80)."""
    mel = extractor(wave, padding=HOP)[:, : (len(wave) + HOP - 1) // HOP]
    return np.clip((mel.T - LOW) / STEP + 0.5, 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Maker:
    """How the clips of a shard are made: `speak` a text, make `nothing`, and how many of the latter a shard has."""

    speak: Callable[[str, np.random.Generator], Spoken]
    nothing: Callable[[np.random.Generator], npt.NDArray[np.float32]]
    empty: int
    extractor: Any

    def shard(self, rows: list[tuple[str, str]], seed: int) -> dict[str, npt.NDArray[Any]]:
        """Return a shard of `rows` and of clips without speech, without those that are too long."""
        rng = np.random.default_rng(seed)
        mels, phones, lengths, kinds, texts = [], [], [], [], []
        for words, written in rows + [("", "")] * self.empty:
            if words:
                wave, spans, voice = self.speak(written, rng)
            else:
                wave, spans, voice = self.nothing(rng), [("", 99.0)], "nobody"
            mel = features(self.extractor, wave)
            if len(mel) > LONGEST:
                continue
            mels.append(mel)
            phones.append(labels(spans, len(mel)))
            lengths.append(len(mel))
            kinds.append(voice)
            texts.append(written)
        return {
            "mel": np.concatenate(mels),
            "phones": np.concatenate(phones),
            "frames": np.array(lengths),
            "voice": np.array(kinds),
            "text": np.array(texts),
        }


def write(target: Path, made: dict[str, npt.NDArray[Any]]) -> None:
    """Write a shard, whole or not at all."""
    half = target.with_suffix(".tmp")
    with half.open("wb") as file:
        np.savez(file, **made)
    half.rename(target)


def main() -> None:
    """Write the shards of one part."""
    from faster_whisper.feature_extractor import FeatureExtractor

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--part", default="0/1")
    parser.add_argument(
        "--only-own", type=int, help="so many sentences of our templates, no corpora"
    )
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    first, stride = (int(part) for part in args.part.split("/"))
    if args.only_own:
        rows = text.own_words(args.data, args.seed, args.only_own)
    else:
        rows = text.training(args.data, args.seed, own=9000, loose=4000)
    maker = Maker(_clip, _nothing, EMPTY, FeatureExtractor(feature_size=80))
    for number in range(first, (len(rows) + SHARD - 1) // SHARD, stride):
        target = args.cache / f"shard-{args.seed}-{number:03}.npz"
        if target.exists():
            continue
        part = rows[number * SHARD : (number + 1) * SHARD]
        write(target, maker.shard(part, args.seed * 1000 + number))


if __name__ == "__main__":
    main()
