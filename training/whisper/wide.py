"""Speaks the texts of the second training: `python -m training.whisper.wide DATA CACHE`.

More voices (accents and variants of espeak-ng, other pitches of flite), rooms, noise, codecs, and one clip in 14 in
which nobody speaks. Shards as `training.whisper.data` writes them; with a seed of its own.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.whisper import speech, wear, wider
from training.whisper.data import RATE, Maker, resampled, write
from training.whisper.data import paused as with_pause

if TYPE_CHECKING:
    from training.whisper.data import Spoken

SHARD, EMPTY = 1000, 70
ACCENTS = ("en-us", "en-gb", "en-us-nyc", "en-029", "en-gb-rp") + 3 * ("en-gb-scotland",)
ACCENTS += ("en-gb-lancaster", "en-gb-west")
VARIANTS = tuple(
    "m1 m2 m3 m5 m6 m7 m8 f1 f2 f3 f4 klatt klatt2 klatt3 klatt4 klatt6 adam Alex Andy Annie anika "
    "antonio aunty belinda boris caleb david ed edward gustave Hugo iven john linda Lee Mario max Michael "
    "miguel norbert pablo paul pedro quincy rob robert sandro shelby steph steph3 travis victor zac".split()
)
"""m4 and f5 stay unseen, and so does flite's awb."""

SHARES = (("slt", 0.2), ("rms", 0.2), ("kal16", 0.1))
BARE = 0.15  # share of espeak-ng's clips without a variant


def voice(rng: np.random.Generator) -> str:
    """Return who speaks a clip."""
    draw = rng.random()
    for name, share in SHARES:
        draw -= share
        if draw < 0:
            return name
    accent = ACCENTS[int(rng.integers(len(ACCENTS)))]
    return accent if rng.random() < BARE else f"{accent}+{VARIANTS[rng.integers(len(VARIANTS))]}"


def _spoken(words: str, who: str, rng: np.random.Generator) -> speech.Utterance:
    """Return `words` at 16 kHz at a random tempo, pitch and vocal-tract length."""
    if who in speech.FLITE:
        shift = float(np.exp(rng.uniform(-0.35, 0.35)))
        said = speech.flite(words, who, rng.uniform(0.8, 1.2), shift)
    else:
        said = speech.espeak(words, who, int(rng.integers(135, 215)), int(rng.integers(20, 81)))
    speed = rng.uniform(0.86, 1.16) if rng.random() < 0.7 else 1.0
    samples = resampled(said.samples, RATE / said.rate / speed)
    late = max(0.0, said.phones[-1][1] - len(said.samples) / said.rate) / 2
    phones = [(name, (end - late) / speed) for name, end in said.phones]
    return speech.Utterance(samples, RATE, phones)


def _clip(words: str, rng: np.random.Generator) -> Spoken:
    who = voice(rng)
    said = _spoken(with_pause(words, rng), who, rng)
    before, after = (int(rng.uniform(0, 0.4) * RATE) for _ in range(2))
    wave = np.pad(said.samples / (np.abs(said.samples).max() + 1e-6), (before, after))
    phones = [("", before / RATE)] + [(name, before / RATE + end) for name, end in said.phones]
    return wear.carried(wave.astype(np.float32), rng), phones, who


def main() -> None:
    """Write the shards that are missing."""
    from faster_whisper.feature_extractor import FeatureExtractor

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--sentences", type=int, default=60000)
    parser.add_argument("--spelling", action="store_true", help="more names and loose words")
    parser.add_argument(
        "--dictionary", type=Path, help="a word list of the system, for more names and words still"
    )
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    shares = wider.SPELLING if args.spelling else wider.MIXED
    shares = wider.LEXICAL if args.dictionary else shares
    rows = wider.training(args.data, args.seed, args.sentences, shares, args.dictionary)
    maker = Maker(_clip, wear.nothing, EMPTY, FeatureExtractor(feature_size=80))
    for first in range(0, len(rows), SHARD):
        target = args.cache / f"shard-{args.seed}-{first // SHARD:03}.npz"
        if not target.exists():
            seed = args.seed * 1000 + first // SHARD
            write(target, maker.shard(rows[first : first + SHARD], seed))


if __name__ == "__main__":
    main()
