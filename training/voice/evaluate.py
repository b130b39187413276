"""How well a voice is understood beside its teacher, and how fast it speaks.

`python -m training.voice.evaluate juno` reads the 600 committed sentences with the voice and with
the teacher, lets pocketsphinx (which had no part in either) write down both, and prints the paired
difference of the word error rates with its bootstrap interval. What was understood stays in the
cache and is not heard again. Nobody listens here.
"""

import argparse
import hashlib
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import soundfile
from numpy.typing import NDArray
from piper import PiperConfig, PiperVoice, SynthesisConfig

from training.voice.build import HERE, VOICES
from training.voice.corpus import LISTS, bare, held_out

RATE = 16000
ROUNDS = 10_000
TEMPOS = {"half speed": 2.0, "one and a half": 0.667}
AT_TEMPOS = 6  # every so many sentences: 50 of each list
SPEED_ROUNDS = 5
VOICE_FOLDER = Path(__file__).parents[2] / "voices"
Speak = Callable[[str], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Tally:
    """Word errors per sentence."""

    errors: NDArray[np.int64]
    words: NDArray[np.int64]

    def rate(self, part: slice = slice(None)) -> float:
        """The word error rate of some sentences."""
        return float(self.errors[part].sum() / self.words[part].sum())


def load(path: Path) -> PiperVoice:
    """The voice in a session of one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    config = json.loads(Path(f"{path}.json").read_text(encoding="utf-8"))
    return PiperVoice(session=session, config=PiperConfig.from_dict(config))


def student(voice: PiperVoice, settings: SynthesisConfig) -> Speak:
    """Reads a text with the voice."""

    def speak(text: str) -> NDArray[np.float32]:
        return np.concatenate([c.audio_float_array for c in voice.synthesize(text, settings)])

    return speak


def flite(teacher: str, scale: float = 1.0) -> Speak:
    """Reads a text with the teacher, `scale` times as long as it would."""
    stretch = ["--setf", f"duration_stretch={scale}"] if scale != 1.0 else []

    def speak(text: str) -> NDArray[np.float32]:
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            command = ["flite", "-voice", teacher, *stretch, "-t", text, "-o", file.name]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            sound: NDArray[np.float32] = soundfile.read(file.name, dtype="float32")[0]
            return sound

    return speak


class Listener:
    """pocketsphinx with the English model of its wheel."""

    def __init__(self) -> None:
        """Loads the model."""
        from pocketsphinx import Decoder

        self._decoder: Any = Decoder(samprate=RATE, loglevel="FATAL")

    def words(self, sound: NDArray[np.float32]) -> list[str]:
        """What it understood; the sound is given silence, one level and a whisper of noise."""
        silence = np.zeros(int(0.3 * RATE), np.float32)
        padded = np.concatenate([silence, sound * (0.7 / np.abs(sound).max()), silence])
        padded += np.random.default_rng(0).standard_normal(len(padded)) * 2e-4
        pcm = (np.clip(padded, -1, 1) * 32767).astype(np.int16).tobytes()
        self._decoder.reinit_feat()  # forgets the level of the last speaker
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return found.hypstr.split() if found else []


def distance(said: list[str], heard: list[str]) -> int:
    """Words inserted, deleted or replaced."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            change = previous + (word != other)
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, change)
    return row[-1]


def understood(speak: Speak, sentences: list[str], file: Path) -> dict[str, str]:
    """What was understood of each sentence; what `file` already has is not heard again."""
    known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    listener = Listener()
    for sentence in sentences:
        if sentence not in known:
            known[sentence] = " ".join(listener.words(speak(sentence)))
            file.write_text(json.dumps(known, indent=0), encoding="utf-8")
    return known


def listen(speak: Speak, sentences: list[str], file: Path) -> Tally:
    """The errors of one speaker."""
    heard = understood(speak, sentences, file)
    said = [bare(s).split() for s in sentences]
    pairs = zip(said, sentences, strict=True)
    errors = [distance(words, heard[text].split()) for words, text in pairs]
    return Tally(np.array(errors), np.array([len(words) for words in said]))


def interval(ours: Tally, theirs: Tally) -> tuple[float, float]:
    """The middle 90 % of the paired difference over resampled sentences."""
    count = len(ours.words)
    drawn = np.random.default_rng(0).integers(0, count, (ROUNDS, count))
    more = (ours.errors - theirs.errors)[drawn].sum(1) / ours.words[drawn].sum(1)
    low, high = np.percentile(more, [5, 95])
    return float(low), float(high)


def speed(voice: PiperVoice, sentences: list[str]) -> tuple[float, float]:
    """Seconds of work per second of sound in all, and the median seconds of work a sentence.

    Each sentence counts with the quickest of some rounds, since other work may be going on.
    """
    speak, taken, spoken = student(voice, SynthesisConfig()), [], 0.0
    for sentence in sentences:
        rounds = []
        for _ in range(SPEED_ROUNDS):
            start = time.perf_counter()
            sound = speak(sentence)
            rounds.append(time.perf_counter() - start)
        taken.append(min(rounds))
        spoken += len(sound) / RATE
    return sum(taken) / spoken, float(np.median(taken))


def line(name: str, tally: Tally) -> str:
    """A row of the table."""
    half = len(tally.words) // len(LISTS)
    parts = tally.rate(slice(half)), tally.rate(slice(half, None)), tally.rate()
    figures = "  ".join(f"{part:.4f}" for part in parts)
    return f"{name:16} {figures}  {np.count_nonzero(tally.errors == 0)}/{len(tally.words)}"


def difference(name: str, ours: Tally, theirs: Tally, part: slice = slice(None)) -> str:
    """Ours minus theirs over the same sentences, in points."""
    ours, theirs = (Tally(t.errors[part], t.words[part]) for t in (ours, theirs))
    low, high = (100 * end for end in interval(ours, theirs))
    more = 100 * (ours.rate() - theirs.rate())
    return f"{name:16} {more:+.2f} points, 90 % interval {low:+.2f} … {high:+.2f}"


def notes(cache: Path, name: str, model: Path | None = None) -> Path:
    """Where it stands what was understood of a speaker."""
    mark = f"-{hashlib.sha256(model.read_bytes()).hexdigest()[:10]}" if model else ""
    return cache / f"{name}{mark}.heard.json"


def compare(ours: Tally, theirs: Tally, names: tuple[str, str]) -> None:
    """The two tables."""
    print("word error rate: everyday, unseen, both; sentences without error")
    print(line(names[0], ours))
    print(line(names[1], theirs))
    half = len(ours.words) // len(LISTS)
    print("voice minus teacher, paired")
    print(difference("everyday", ours, theirs, slice(half)))
    print(difference("unseen", ours, theirs, slice(half, None)))
    print(difference("both", ours, theirs))


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voice", choices=sorted(VOICES))
    parser.add_argument("--every", type=int, default=1, help="only every n-th, for a first look")
    parser.add_argument("--voices", type=Path, default=VOICE_FOLDER)
    parser.add_argument("--cache", type=Path, default=HERE / "cache")
    parser.add_argument("--tempos", action="store_true", help="half and one and a half speed")
    parser.add_argument("--speed-only", action="store_true", help="real-time factor alone")
    return parser.parse_args()


def main() -> None:
    """Measures and prints."""
    chosen = options()
    chosen.cache.mkdir(parents=True, exist_ok=True)
    recipe, sentences = VOICES[chosen.voice], held_out()[:: chosen.every]
    model = chosen.voices / f"{recipe.name}.onnx"
    voice = load(model)
    factor, median = speed(voice, sentences[::AT_TEMPOS])
    print(f"real-time factor {factor:.4f}, median {1000 * median:.1f} ms a sentence, one thread")
    if chosen.speed_only:
        return
    here = notes(chosen.cache, recipe.name, model)
    ours = listen(student(voice, SynthesisConfig()), sentences, here)
    teacher = f"flite-{recipe.teacher}"
    theirs = listen(flite(recipe.teacher), sentences, notes(chosen.cache, teacher))
    compare(ours, theirs, (recipe.name, teacher))
    for name, scale in TEMPOS.items() if chosen.tempos else ():
        print(f"{name}:")
        some, settings = sentences[::AT_TEMPOS], SynthesisConfig(length_scale=scale)
        here = notes(chosen.cache, f"{recipe.name}-{scale}", model)
        ours = listen(student(voice, settings), some, here)
        here = notes(chosen.cache, f"{teacher}-{scale}")
        theirs = listen(flite(recipe.teacher, scale), some, here)
        compare(ours, theirs, (recipe.name, teacher))


if __name__ == "__main__":
    main()
