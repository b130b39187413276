"""Measures an exported folder as the product hears, on the large held-out list: `python -m training.whisper.exam FOLDER`.

Word error rates in the fitted window, and on the first set also in faster-whisper's full one; how many unseen names are
spelt right; what noise does; what is heard where nobody speaks; and whether the model knows when it is wrong.
`--quick N` takes every Nth clip and leaves the full window out.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jiwer
import numpy as np

from training.whisper import evaluate, quiet, text
from training.whisper.data import RATE, spoken
from training.whisper.heldout import TRAINING_VOICES

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Wave = npt.NDArray[np.float32]

NOISE_SEED = 20261122
LOW_NOISE = 0.001  # of a pause: 60 dB below full scale


@dataclass(frozen=True, slots=True)
class Result:
    """One clip as it was heard: words, the engine's confidence, and how sure it is that nobody spoke."""

    voice: str
    said: str
    heard: str
    name: str
    confidence: float
    silence: float


def auc(positive: list[float], negative: list[float]) -> float:
    """Return how often a value of the first list is above one of the second."""
    above = np.subtract.outer(positive, negative)
    return float((above > 0).mean() + (above == 0).mean() / 2)


class Ear:
    """The product's engine, and beside it the probability that nobody spoke."""

    def __init__(self, folder: Path) -> None:
        """Load the model twice, the second time for what the product does not show."""
        from faster_whisper import WhisperModel

        from companion.stt import Whisper

        self.product = Whisper(folder, threads=1)
        self.model = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
        )

    def hear(self, wave: Wave, said: str = "", voice: str = "", name: str = "") -> Result:
        """Return what the product hears in `wave`."""
        from companion.flow import Cancel
        from companion.values import Recording

        found = self.product.transcribe(Recording(wave), Cancel())
        heard, sure = (text.normal(found.text), found.confidence) if found else ("", 0.0)
        return Result(voice, said, heard, name, sure, self.silence(wave))

    def silence(self, wave: Wave) -> float:
        """Return the model's own probability, in the fitted window, that nobody spoke."""
        import ctranslate2

        mel = self.model.feature_extractor(wave)
        size = (max(evaluate.FLOOR, mel.shape[1] + evaluate.MARGIN) + 7) // 8 * 8
        padded = np.ascontiguousarray(np.pad(mel, ((0, 0), (0, size - mel.shape[1])))[None])
        names = ("<|startoftranscript|>", "<|notimestamps|>")
        prompt = [self.model.hf_tokenizer.token_to_id(name) for name in names]
        engine: Any = self.model.model
        states = engine.encode(ctranslate2.StorageView.from_array(padded))
        found = engine.generate(states, [prompt], max_length=3, return_no_speech_prob=True)
        return float(found[0].no_speech_prob)


def clips(every: int, only: str = "") -> Iterable[tuple[str, str, str, str, Wave]]:
    """Yield (set, voice, words, name, samples) of every so manyth row of the list, or `only` of one set."""
    for name, voice, words, spelt in text.large()[::every]:
        if only in ("", name):
            line = text.written(words, question=text.is_question(words))
            yield name, voice, words, spelt, spoken(line, voice, None).samples


def noisy(wave: Wave, noise: Wave, decibel: float) -> Wave:
    """Return `wave` with `noise`, repeated, so far below it."""
    added = np.resize(noise, len(wave))
    ratio = np.sqrt((wave**2).mean() / ((added**2).mean() + 1e-12))
    return (wave + added * ratio * 10 ** (-decibel / 20)).astype(np.float32)


def errors(results: list[Result]) -> float:
    """Return the word error rate of `results`."""
    return float(jiwer.wer([row.said for row in results], [row.heard for row in results]))


def rate(results: list[Result]) -> str:
    """Return the word error rate of `results`, and the share of names spelt right if there are names."""
    named = [row for row in results if row.name]
    right = sum(_spelt(row) for row in named)
    spelt = (
        f", names spelt right {right} of {len(named)} = {right / len(named):.3f}" if named else ""
    )
    return f"{len(results)} clips, WER {errors(results):.4f}{spelt}"


def _spelt(row: Result) -> bool:
    return row.name in {word.removesuffix("'s") for word in row.heard.split()}


def speech(ear: Ear, every: int, show: int) -> list[Result]:
    """Print one line a set, and one a voice where the voices are unseen; return all results."""
    rows: dict[str, list[Result]] = defaultdict(list)
    for name, voice, words, spelt, wave in clips(every):
        rows[name].append(ear.hear(wave, words, voice, spelt))
    for name, found in list(rows.items()):
        print(f"{name}: {rate(found)}", flush=True)
        wrong = [row for row in found if row.said != row.heard]
        for row in wrong[:show]:
            print(f"    {row.voice}: {row.said} => {row.heard} ({row.confidence:.2f})")
        if name.endswith("unseen"):
            for voice in sorted({row.voice for row in found}):
                print(f"  {voice}: {rate([row for row in found if row.voice == voice])}")
    print(f"names together: {rate(rows['names-person'] + rows['names-pet'] + rows['names-town'])}")
    return [row for found in rows.values() for row in found]


def names(ear: Ear, show: int) -> None:
    """Print how many of the names that choices are made on are spelt right: each by two training voices."""
    rows = []
    for at, (_, words, name) in enumerate(text.dev_names()):
        for voice in (TRAINING_VOICES[(2 * at + 4 * k) % len(TRAINING_VOICES)] for k in range(2)):
            line = text.written(words, question=text.is_question(words))
            rows.append(ear.hear(spoken(line, voice, None).samples, words, voice, name))
    print(f"names to choose by: {rate(rows)}", flush=True)
    for row in [row for row in rows if not _spelt(row)][:show]:
        print(f"    {row.voice}: {row.said} => {row.heard} ({row.confidence:.2f})")


def late(ear: Ear, every: int, seconds: float) -> None:
    """Print the error rates with and without a pause in low noise before the first word."""
    rng, rows, delayed = np.random.default_rng(NOISE_SEED), [], []
    hiss = rng.normal(0, LOW_NOISE, round(seconds * RATE)).astype(np.float32)
    for _, voice, words, _, wave in clips(every, "open-seen"):
        rows.append(ear.hear(wave, words, voice))
        delayed.append(ear.hear(np.concatenate([hiss, wave]), words, voice))
    print(f"open-seen at once: {rate(rows)}; after {seconds:g} s: {rate(delayed)}", flush=True)


def full_window(ear: Ear, every: int) -> None:
    """Print the error rates of the two windows on the same clips."""
    said, tight, wide = [], [], []
    for _, voice, words, _, wave in clips(every, "open-seen"):
        said.append(words)
        tight.append(ear.hear(wave, words, voice).heard)
        wide.append(text.normal(evaluate.full(ear.model, wave)[0]))
    short, long = jiwer.wer(said, tight), jiwer.wer(said, wide)
    print(f"open-seen: fitted {short:.4f}, full {long:.4f}, ratio {short / long:.3f}", flush=True)


def in_noise(ear: Ear, every: int, negatives: Path | None, decibel: float) -> list[Result]:
    """Print the error rate on `open-seen` in white noise, and in recorded noise."""
    rng = np.random.default_rng(NOISE_SEED)
    kinds = {"white": [rng.normal(0, 1, 8 * RATE).astype(np.float32)]}
    if negatives:
        kinds["recorded"] = [wave for _, wave in quiet.recorded(negatives) if len(wave) > 3 * RATE]
    found: list[Result] = []
    for kind, noises in kinds.items():
        heard = [
            ear.hear(noisy(wave, noises[i % len(noises)], decibel), words, voice)
            for i, (_, voice, words, _, wave) in enumerate(clips(every, "open-seen"))
        ]
        print(f"open-seen in {kind} noise, {decibel:.0f} dB: {rate(heard)}", flush=True)
        found += heard
    return found


def nobody(ear: Ear, negatives: Path | None) -> list[Result]:
    """Print how many clips without speech gave words, and which."""
    made = [ear.hear(wave, voice=kind) for kind, wave in quiet.generated()]
    found = [("generated", made)]
    if negatives:
        real = [ear.hear(wave, voice=kind) for kind, wave in quiet.recorded(negatives)]
        found += [("recorded", real), ("both", made + real)]
    for kind, rows in found:
        wordy = [f"{row.voice}: {row.heard}" for row in rows if row.heard]
        print(
            f"no speech, {kind}: no words in {1 - len(wordy) / len(rows):.3f} of {len(rows)} clips"
        )
        if kind != "both":
            print("    " + "; ".join(wordy), flush=True)
    return found[-1][1]


def knows(spoke: list[Result], silent: list[Result]) -> None:
    """Print whether the two probabilities tell what they say they tell."""
    right = [row.confidence for row in spoke if row.said == row.heard]
    wrong = [row.confidence for row in spoke if row.said != row.heard]
    print(f"confidence, {len(right)} right and {len(wrong)} wrong: AUC {auc(right, wrong):.3f}")
    for low, high in ((0, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 1.01)):
        part = [row for row in spoke if low <= row.confidence < high]
        if part:
            share = sum(row.said == row.heard for row in part) / len(part)
            print(f"    {low} to {min(high, 1)}: {len(part)} clips, {share:.2f} without an error")
    found = auc([row.silence for row in silent], [row.silence for row in spoke])
    print(f"no-speech probability, {len(silent)} without and {len(spoke)} with: AUC {found:.4f}")


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--negatives", type=Path, help="folder of recordings without speech")
    parser.add_argument("--quick", type=int, default=1, metavar="N")
    parser.add_argument("--show", type=int, default=0, help="errors to print of each set")
    parser.add_argument("--choose", action="store_true", help="only the names to choose by")
    args = parser.parse_args()
    ear = Ear(args.folder)
    names(ear, args.show)
    if args.choose:
        return
    late(ear, 5 * args.quick, 2)
    spoke = speech(ear, args.quick, args.show)
    spoke += in_noise(ear, args.quick, args.negatives, 10)
    knows(spoke, nobody(ear, args.negatives))
    if args.quick == 1:
        full_window(ear, args.quick)


if __name__ == "__main__":
    main()
