"""What can be told of the voices without ears: `python -m training.voice.look` (see README.md).

Pitch, formants and distances that tell them apart, questions, what the noise scales do, whether the
frames add up, and steps at the joins of a reply. `--picture FILE.svg` draws the spectrograms.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from piper import PiperVoice, SynthesisConfig

from companion.flow import Cancel
from companion.speech.clauses import split_clauses
from companion.speech.piper import Piper
from training.voice import picture
from training.voice.build import VOICES
from training.voice.corpus import held_out
from training.voice.evaluate import RATE, VOICE_FOLDER, load
from training.voice.vocoder import HOP

Sound = NDArray[np.float32]
FRAME = 512
LOWEST, HIGHEST = 60, 450  # Hz
MELS, CEPSTRA = 26, 13
ORDER = 18  # of the linear prediction that finds formants
FORMANTS = ((200, 1000), (900, 2600), (2000, 3800))  # where each is looked for, Hz
JOIN = RATE // 200  # 5 ms on each side of a join
REPLY = "Good evening, my friend. The lamp is lit; come in! Is it still raining, or not?"
QUESTIONS = ("Is it the moon", "Are you coming home", "Do you have a room", "Was that your phone")


def spoken(voice: PiperVoice, text: str, **settings: float) -> Sound:
    """The samples of a text, at the voice's own level."""
    chosen = SynthesisConfig(normalize_audio=False, **settings)
    return np.concatenate([c.audio_float_array for c in voice.synthesize(text, chosen)])


def frames(sound: Sound) -> NDArray[np.float64]:
    """Overlapping stretches of 32 ms that are not silence."""
    cut = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float64), FRAME)[:: 2 * HOP]
    power = (cut**2).mean(1)
    return np.asarray(cut[power > power.max() / 300])


def pitches(sound: Sound) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hz of each voiced stretch, and how periodic it is (0 to 1), by autocorrelation."""
    cut = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float64), 2 * FRAME)[:: 2 * HOP]
    cut = cut[(cut**2).mean(1) > (cut**2).mean(1).max() / 100]
    window = np.hanning(2 * FRAME)
    whole = _autocorrelation(cut * window) / _autocorrelation(window[None])
    whole /= whole[:, :1]
    shortest, longest = RATE // HIGHEST, RATE // LOWEST
    near = whole[:, shortest:longest]
    best = near.argmax(1)
    # the first peak that is nearly as high as the highest: no octave below
    first = (near > 0.9 * near.max(1, keepdims=True)).argmax(1)
    step = np.array([row[a : a + 12].argmax() for row, a in zip(near, first, strict=True)])
    clear = near[np.arange(len(best)), best]
    return (RATE / (shortest + first + step))[clear > 0.6], clear[clear > 0.6]


def _autocorrelation(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    spectrum = np.abs(np.fft.rfft(rows, 4 * FRAME)) ** 2
    return np.asarray(np.fft.irfft(spectrum)[:, : 2 * FRAME])


def formants(sound: Sound) -> list[float]:
    """Medians of the first three resonances over the sound, by linear prediction."""
    found: list[list[float]] = [[], [], []]
    for frame in frames(sound):
        bent = np.append(frame[0], frame[1:] - 0.97 * frame[:-1]) * np.hamming(FRAME)
        lags = np.correlate(bent, bent, "full")[FRAME - 1 : FRAME + ORDER]
        matrix = lags[np.abs(np.subtract.outer(np.arange(ORDER), np.arange(ORDER)))]
        weights = np.linalg.solve(matrix + 1e-6 * lags[0] * np.eye(ORDER), lags[1:])
        roots = np.roots(np.append(1, -weights))
        sharp = roots[(roots.imag > 0) & (np.abs(roots) > 0.85)]
        hertz = np.sort(np.angle(sharp)) * RATE / (2 * np.pi)
        for heard, (low, high) in zip(found, FORMANTS, strict=True):
            heard.extend(hertz[(hertz > low) & (hertz < high)][:1])
    return [float(np.median(heard)) for heard in found]


def cepstra(sound: Sound) -> NDArray[np.float64]:
    """What a simple speaker recogniser sees: mean and spread of the mel-cepstra but the level."""
    spectra = np.abs(np.fft.rfft(frames(sound) * np.hanning(FRAME))) ** 2
    mel = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), MELS + 2)
    hertz = 700 * (10 ** (mel / 2595) - 1)
    grid = np.fft.rfftfreq(FRAME, 1 / RATE)[:, None]
    up, down = (grid - hertz[:-2]) / np.diff(hertz)[:-1], (hertz[2:] - grid) / np.diff(hertz)[1:]
    logs = np.log(spectra @ np.clip(np.minimum(up, down), 0, None) + 1e-9)
    order = np.outer(np.arange(MELS) + 0.5, np.arange(1, CEPSTRA))
    made = logs @ np.cos(np.pi * order / MELS)
    return np.concatenate([made.mean(0), made.std(0)])


def told_apart(heard: list[list[Sound]]) -> tuple[NDArray[np.float64], float]:
    """Distances between the voices in units of the distance within one, and right guesses.

    A guess is the nearest mean of the voices; the means are of the other half of the sentences.
    """
    points = np.array([[cepstra(sound) for sound in sounds] for sounds in heard])
    points /= points.std((0, 1))
    known, asked = points[:, ::2], points[:, 1::2]
    means = known.mean(1)
    within = np.linalg.norm(known - means[:, None], axis=2).mean()
    between = np.linalg.norm(means[:, None] - means[None], axis=2) / within
    away = np.linalg.norm(asked[:, :, None] - means, axis=3)
    right = away.argmin(2) == np.arange(len(heard))[:, None]
    return between, float(right.mean())


def rises(voice: PiperVoice) -> list[float]:
    """How many times higher a question ends than the same words as a statement."""

    def last(text: str) -> float:
        hertz, _ = pitches(spoken(voice, text, noise_scale=0.0)[-int(0.2 * RATE) :])
        return float(np.median(hertz[-3:])) if len(hertz) else float("nan")

    return [last(f"{text}?") / last(f"{text}.") for text in QUESTIONS]


def breath(voice: PiperVoice, sentences: list[str], scale: float) -> float:
    """Share of voiced sound that is not periodic, at a noise_scale."""
    clear = [pitches(spoken(voice, s, noise_scale=scale, noise_w_scale=0.0))[1] for s in sentences]
    return 1 - float(np.concatenate(clear).mean())


def aligned(voice: PiperVoice, text: str, **settings: float) -> NDArray[np.int64]:
    """Samples of each phoneme; they must add up to the sound.

    Raises:
        ValueError: They do not.
    """
    chosen = SynthesisConfig(normalize_audio=False, **settings)
    found: list[int] = []
    for chunk in voice.synthesize(text, chosen, include_alignments=True):
        lengths = [a.num_samples for a in chunk.phoneme_alignments or ()]
        if sum(lengths) != len(chunk.audio_float_array):
            raise ValueError(f"{sum(lengths)} of {len(chunk.audio_float_array)} samples: {text}")
        found += lengths
    return np.array(found)


def rhythm(voice: PiperVoice, sentences: list[str], scale: float) -> float:
    """How far a noise_w moves the lengths of phonemes (spread of the logarithm)."""
    moved = []
    for text in sentences:
        even, uneven = (aligned(voice, text, noise_w_scale=w) for w in (0.0, scale))
        sounding = even > 2 * HOP
        moved.append(np.log(uneven[sounding] / even[sounding]))
    return float(np.concatenate(moved).std())


def joins(model: Path) -> tuple[float, float, float]:
    """Largest steps from sample to sample of a spoken reply: at its joins, inside, and its peak."""
    clauses = [each.samples for each in Piper(model).say(split_clauses([REPLY]), Cancel())]
    ends = np.cumsum([len(samples) for samples in clauses])[:-1]
    sound = np.concatenate(clauses)
    steps = np.abs(np.diff(sound))
    at = max(float(steps[end - JOIN : end + JOIN].max()) for end in ends)
    return at, float(steps.max()), float(np.abs(sound).max())


def describe(name: str, folder: Path, sentences: list[str]) -> list[Sound]:
    """Prints what one voice is like, and returns its sentences."""
    model = folder / f"{VOICES[name].name}.onnx"
    voice = load(model)
    sounds = [spoken(voice, s) for s in sentences]
    hertz = np.concatenate([pitches(sound)[0] for sound in sounds])
    low, middle, high = np.percentile(hertz, [10, 50, 90])
    level = 20 * np.log10(np.sqrt(np.mean(np.concatenate(sounds) ** 2)))
    print(f"{name}: pitch {middle:.0f} Hz (10-90 %: {low:.0f}-{high:.0f})", end="; ")
    print("formants", *(f"{f:.0f}" for f in formants(np.concatenate(sounds[:10]))), end=" Hz; ")
    print(f"level {level:.1f} dBFS, peak {max(np.abs(s).max() for s in sounds):.2f}")
    print("  questions end higher, times:", *(f"{r:.2f}" for r in rises(voice)))
    few = sentences[:8]
    print(
        "  not periodic:", *(f"noise_scale {s}: {breath(voice, few, s):.3f}" for s in (0, 0.667, 2))
    )
    print("  lengths move:", *(f"noise_w {w}: {rhythm(voice, few, w):.3f}" for w in (0.8, 1.6)))
    total = sum(len(aligned(voice, s)) for s in sentences)
    print(f"  {total} phoneme lengths of {len(sentences)} sentences add up to the samples")
    at, inside, peak = joins(model)
    print(f"  largest step at joins {at:.4f}, inside {inside:.4f}, peak {peak:.2f}")
    return sounds


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voices", type=Path, default=VOICE_FOLDER)
    parser.add_argument("--every", type=int, default=20, help="only every n-th sentence")
    parser.add_argument("--picture", type=Path, help="an SVG file")
    options = parser.parse_args()
    sentences = held_out()[:: options.every]
    heard = [describe(name, options.voices, sentences) for name in VOICES]
    between, right = told_apart(heard)
    for name, row in zip(VOICES, between, strict=True):
        print(f"{name:6} is away from", *(f"{n} {d:.2f}" for n, d in zip(VOICES, row, strict=True)))
    print(f"the nearest mean names the voice in {100 * right:.0f} % of the sentences")
    if options.picture:
        models = {n: options.voices / f"{r.name}.onnx" for n, r in VOICES.items()}
        options.picture.write_text(picture.spectrograms(models, REPLY), encoding="utf-8")


if __name__ == "__main__":
    main()
