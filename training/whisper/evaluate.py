"""Measures an exported folder through faster-whisper: `python -m training.whisper.evaluate FOLDER`.

Speaks the committed held-out list and the demo script, hears them with the 30 s path of faster-whisper and with a
window fitted to the speech, and prints word error rates. `--negatives DIR` counts clips without speech that gave words,
`--snr 20 10` measures in white noise, `--piper VOICE.onnx` hears another voice.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jiwer
import numpy as np

from training.whisper import text
from training.whisper.data import RATE, resampled, spoken

if TYPE_CHECKING:
    import numpy.typing as npt

    Clip = tuple[str, str, str, npt.NDArray[np.float32]]  # set, voice, words, samples

FLOOR, MARGIN = 250, 128  # frames: the fitted window is 5 s, or 2.56 s longer than the speech


def full(model: Any, wave: npt.NDArray[np.float32]) -> tuple[str, float]:  # noqa: ANN401 - untyped library
    """Return what faster-whisper's own padded path hears, and the seconds it took."""
    began = time.perf_counter()
    segments, _ = model.transcribe(
        wave,
        language="en",
        beam_size=1,
        temperature=0,
        without_timestamps=True,
        condition_on_previous_text=False,
    )
    heard = " ".join(segment.text.strip() for segment in segments)
    return heard, time.perf_counter() - began


def fitted(model: Any, wave: npt.NDArray[np.float32]) -> tuple[str, float]:  # noqa: ANN401 - untyped library
    """Return what is heard in a window a little longer than the speech, and the seconds it took."""
    import ctranslate2

    began = time.perf_counter()
    mel = model.feature_extractor(wave)
    size = (max(FLOOR, mel.shape[1] + MARGIN) + 7) // 8 * 8
    padded = np.pad(mel, ((0, 0), (0, size - mel.shape[1])))[None]
    names = ("<|startoftranscript|>", "<|notimestamps|>")
    prompt = [model.hf_tokenizer.token_to_id(name) for name in names]
    states = model.model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(padded)))
    found = model.model.generate(states, [prompt], beam_size=1, max_length=200)[0]
    heard = model.hf_tokenizer.decode(found.sequences_ids[0]).strip()
    return heard, time.perf_counter() - began


def heldout() -> list[Clip]:
    """Return the clips of the held-out list, spoken at the voices' normal tempo."""
    found = []
    for name, voice, words in text.heldout():
        said = spoken(text.written(words, question=text.is_question(words)), voice, None)
        found.append((name, voice, words, said.samples))
    return found


def demo() -> list[Clip]:
    """Return the recorded lines of the demo."""
    import soundfile

    script, found = json.loads(text.DEMO.read_text(encoding="utf-8")), []
    for line in (line for run in script["runs"] for line in run):
        samples, rate = soundfile.read(text.DEMO.with_name(line["audio"]), dtype="float32")
        if rate != RATE:
            message = f"{line['audio']} has {rate} Hz, not {RATE}"
            raise ValueError(message)
        found.append(("demo", "demo", text.normal(line["text"]), samples))
    return found


def in_noise(model: Any, decibel: float) -> str:  # noqa: ANN401 - untyped library
    """Return the error rate on `open-seen` in white noise so far below the speech."""
    rng, said, heard = np.random.default_rng(0), [], []
    for _, _, words, wave in (clip for clip in heldout() if clip[0] == "open-seen"):
        loud = float(np.sqrt((wave**2).mean()))
        noise = rng.normal(0, loud * 10 ** (-decibel / 20), len(wave))
        said.append(words)
        heard.append(text.normal(fitted(model, (wave + noise).astype(np.float32))[0]))
    return f"open-seen at {decibel:.0f} dB: WER {jiwer.wer(said, heard):.3f}"


def from_piper(model: Any, voice: Path) -> str:  # noqa: ANN401 - untyped library
    """Return the error rate on the sentences of `open-seen` and `domain-seen` as a Piper voice says them."""
    from piper import PiperVoice

    speaker, said, heard = PiperVoice.load(voice), [], []
    ratio = RATE / speaker.config.sample_rate
    for name, _, words in text.heldout():
        if name in {"open-seen", "domain-seen"}:
            line = text.written(words, question=text.is_question(words))
            wave = np.concatenate([part.audio_float_array for part in speaker.synthesize(line)])
            said.append(words)
            heard.append(text.normal(fitted(model, resampled(wave, ratio))[0]))
    return f"{voice.stem}: {len(said)} clips, WER {jiwer.wer(said, heard):.3f}"


def negatives(model: Any, folder: Path) -> str:  # noqa: ANN401 - untyped library
    """Return how many of the clips without speech gave words."""
    from faster_whisper.audio import decode_audio

    files = sorted(p for p in folder.rglob("*") if p.suffix in {".wav", ".flac", ".ogg", ".mp3"})
    wordy = [path for path in files if text.normal(full(model, decode_audio(str(path)))[0])]
    return f"negatives: words in {len(wordy)} of {len(files)} clips"


def report(model: Any, show: int) -> None:  # noqa: ANN401 - untyped library
    """Print one line per set and per voice of a set."""
    rows: dict[str, list[tuple[str, str, str, str, float, float]]] = defaultdict(list)
    for name, voice, words, wave in heldout() + demo():
        wide, wide_time = full(model, wave)
        tight, tight_time = fitted(model, wave)
        row = (voice, words, wide, tight, wide_time, tight_time)
        rows[name].append(row)
        if name != "demo":
            rows[f"{name} {voice}"].append(row)
    for name, found in rows.items():
        said = [row[1] for row in found]
        wide, tight = ([text.normal(row[n]) for row in found] for n in (2, 3))
        times = [float(np.median([row[n] for row in found])) * 1000 for n in (4, 5)]
        print(
            f"{name}: {len(found)} clips, WER 30 s {jiwer.wer(said, wide):.3f} fitted {jiwer.wer(said, tight):.3f} "
            f"CER {jiwer.cer(said, tight):.3f}, median {times[0]:.0f} and {times[1]:.0f} ms"
        )
        for voice, words, heard, short, *_ in found[: show if " " not in name else 0]:
            print(f"    {voice}: {words} => {heard} / {short}")


def main() -> None:
    """Measure as the arguments say."""
    from faster_whisper import WhisperModel

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--negatives", type=Path)
    parser.add_argument("--snr", type=float, nargs="*", default=[], help="only these noise levels")
    parser.add_argument("--piper", type=Path, nargs="*", default=[], help="only these voices")
    parser.add_argument("--show", type=int, default=3, help="samples to print of each set")
    args = parser.parse_args()
    model = WhisperModel(
        str(args.folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
    )
    for level in args.snr:
        print(in_noise(model, level))
    for voice in args.piper:
        print(from_piper(model, voice))
    if not args.snr and not args.piper:
        report(model, args.show)
    if args.negatives:
        print(negatives(model, args.negatives))


if __name__ == "__main__":
    main()
