"""What the head start is worth, and that it costs no word: P4, P5 and P30 of the table.

    python benchmarks/early.py [--whisper FOLDER] [--threads 1] [--each 60] [--seed 1] [--json]
    python benchmarks/early.py --turns 30      tokens of the prompt read after the release (P6b)

Speaks the held-out sentences (espeak-ng and flite) as one sentence, as a sentence with a hesitation
in it, and as a story of several sentences with pauses; releases the key 0.1, 0.3 and 0.5 s after
the last sound. Each recording is heard as a whole at the release, and with the head start, at
the pace at which it was spoken: what a step takes passes in the recording too. Counted: word
errors, presses whose words were ready, what is encoded after the release for each second of
speech. Measured: seconds from the release to the words, processor seconds while the key was held.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import companion  # noqa: E402

companion.prepare()

from companion.early import Early, Hold  # noqa: E402
from companion.flow import Cancel  # noqa: E402
from companion.measure.wer import distance, words  # noqa: E402
from companion.sound.gate import Gate  # noqa: E402
from companion.stt import Whisper  # noqa: E402
from companion.testing import scripted  # noqa: E402
from companion.trace import Trace  # noqa: E402
from companion.turn import turn  # noqa: E402
from companion.values import SPEECH_RATE, Heard, Recording, Samples  # noqa: E402
from companion.worth import Worth  # noqa: E402
from training.whisper import text  # noqa: E402
from training.whisper.data import spoken  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

DELAYS = (0.1, 0.3, 0.5)
"""Seconds from the last sound to the release."""

KINDS = ("sentence", "hesitation", "story")
BEFORE = 0.3
ROOM = -60.0


@dataclass(frozen=True)
class Press:
    """One recording and what was said in it."""

    kind: str
    words: str
    recording: Recording
    speech: float


@dataclass
class Result:
    """What both ways heard of a press, and what that took."""

    press: Press
    plain: str
    early: str
    plain_s: float
    early_s: float
    plain_encoded: float  # seconds of sound that the encoder was given
    early_encoded: float
    gain: dict[str, Any] = field(default_factory=dict)


def said(line: str, voice: str) -> Samples:
    """A sentence without the silence around it."""
    whole: Samples = spoken(
        text.written(line, question=text.is_question(line)), voice, None
    ).samples
    loud = np.flatnonzero(np.abs(whole) > 0.01 * np.abs(whole).max())
    return whole[loud[0] : loud[-1] + 1]


def presses(each: int, seed: int, room: float = ROOM) -> Iterator[Press]:
    """So many presses of each kind, in noise of so many dB of full scale."""
    rng = np.random.default_rng(seed)
    lines = [(voice, words) for _, voice, words in text.heldout()]
    long = [one for one in lines if len(one[1].split()) >= 6]
    for n in range(each):
        voice, line = lines[rng.integers(len(lines))]
        yield press("sentence", [line], voice, rng, (DELAYS[n % 3], room))
    for n in range(each):
        voice, line = long[rng.integers(len(long))]
        parts, cut = line.split(), int(rng.integers(2, len(line.split()) - 1))
        halves = [" ".join(parts[:cut]), " ".join(parts[cut:])]
        yield press("hesitation", halves, voice, rng, (DELAYS[n % 3], room))
    for n in range(each):
        voice, line = long[rng.integers(len(long))]
        same = [words for other, words in long if other == voice and words != line]
        story = [line, *(same[k] for k in rng.permutation(len(same))[: rng.integers(2, 4)])]
        yield press("story", story, voice, rng, (DELAYS[n % 3], room))


def press(
    kind: str,
    lines: list[str],
    voice: str,
    rng: np.random.Generator,
    end: tuple[float, float],
) -> Press:
    """Lines with pauses of 0.2 to 0.9 s; how late the key is released, and how loud the room is."""
    delay, room = end
    pieces = [np.zeros(round(BEFORE * SPEECH_RATE), np.float32)]
    for line in lines:
        pause = rng.uniform(0.2, 0.9)
        pieces += [said(line, voice), np.zeros(round(pause * SPEECH_RATE), np.float32)]
    pieces[-1] = np.zeros(round(delay * SPEECH_RATE), np.float32)
    sound = np.concatenate(pieces)
    sound = sound + rng.normal(0, 10 ** (room / 20), len(sound)).astype(np.float32)
    speech = len(sound) / SPEECH_RATE - BEFORE - delay
    return Press(kind, " ".join(lines), Recording(sound.astype(np.float32)), speech)


class Microphone:
    """A recording that goes on."""

    level_db = -30.0

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.at = 0.0

    def so_far(self) -> Recording:
        """What was said up to now."""
        return Recording(self.recording.samples[: round(self.at * SPEECH_RATE)])


def held(hold: Hold, microphone: Microphone) -> float:
    """Live through a press; how late the worker is for the release."""
    end, began = microphone.recording.seconds, time.perf_counter()
    for wait in hold.steps():
        now = time.perf_counter()
        microphone.at += max(wait, 0.001) + now - began
        if microphone.at >= end:
            hold.stop()
            return max(0.0, min(microphone.at - wait - end, now - began))
        began = time.perf_counter()
    return 0.0


def encoded(whisper: Whisper) -> float:
    """Seconds of sound that the encoder was given so far."""
    hop: int = whisper._model.feature_extractor.hop_length  # noqa: SLF001 - it is not told otherwise
    return whisper.frames_encoded * hop / SPEECH_RATE


def measured(press: Press, whisper: Whisper, gate: Gate) -> Result:
    """One press in both ways."""
    before, began = encoded(whisper), time.perf_counter()
    plain = whisper.transcribe(press.recording, Cancel())
    plain_s, plain_encoded = time.perf_counter() - began, encoded(whisper) - before
    stages, _ = scripted([], stt=whisper)
    microphone, trace = Microphone(press.recording), Trace()
    hold = Early(stages, gate, microphone, Worth("on")).begin()
    late = held(hold, microphone)
    before, began = encoded(whisper), time.perf_counter()
    hold.catch_up()
    found = hold.finish(press.recording, Cancel(), trace)
    early = found if isinstance(found, Heard) else whisper.transcribe(found, Cancel())
    early_s, early_encoded = time.perf_counter() - began, encoded(whisper) - before
    return Result(
        press,
        plain.text if plain else "",
        early.text if early else "",
        plain_s,
        early_s + late,
        plain_encoded,
        early_encoded,
        trace.early,
    )


def tokens(turns: int, seed: int) -> dict[str, Any]:
    """Tokens of the prompt that are read after the release, for each new one, in a conversation."""
    from companion.compose import Wishes, compose, load_whisper
    from companion.config import load

    shares: dict[str, list[float]] = {}
    some = list(presses((turns + 2) // 3, seed))
    order = np.random.default_rng(seed).permutation(len(some))[:turns]
    for when in ("off", "on"):
        with tempfile.TemporaryDirectory() as folder:
            stored = {"companion": {"memory": folder}, "llm": {"reply": 40}}
            settings = load(ROOT / "config.toml", overrides=stored)
            parts = compose(settings, Wishes(listen=False, speak=False), lambda _: None)
            parts.companion.stt = load_whisper(settings)
            parts.warm()
            gate, found, new = Gate(), 0, 0
            for number in order:
                microphone = Microphone(some[number].recording)
                hold = Early(parts.companion, gate, microphone, Worth(when)).begin()
                held(hold, microphone)
                trace = Trace()
                begin = hold.finish(some[number].recording, Cancel(), trace)
                if turn(parts.companion, begin, Cancel(), trace) is None or not trace.tokens["new"]:
                    continue
                found, new = found + trace.tokens["evaluated"], new + trace.tokens["new"]
                for _ in parts.memory.idle() if parts.memory else ():
                    pass
            shares[when] = [found, new, round(found / new, 3)]
            parts.close()
    return {"what": "tokens read after the release, new ones, share", **shares}


def wer(pairs: list[tuple[str, str]]) -> float:
    """Word errors per word of all pairs."""
    wrong = sum(distance(words(said), words(heard)) for said, heard in pairs)
    return wrong / sum(len(words(said)) for said, _ in pairs)


def difference(results: list[Result], seed: int) -> tuple[float, float]:
    """90 % interval of the difference of both error rates."""
    rng, many = np.random.default_rng(seed), []
    for _ in range(1000):
        some = [results[k] for k in rng.integers(len(results), size=len(results))]
        late = wer([(one.press.words, one.plain) for one in some])
        many.append(wer([(one.press.words, one.early) for one in some]) - late)
    return float(np.quantile(many, 0.05)), float(np.quantile(many, 0.95))


def row(name: str, results: list[Result], seed: int) -> dict[str, Any]:
    """The figures of some presses."""
    saved = sum(one.plain_s - one.early_s for one in results)
    wasted = sum(one.gain["wasted_s"] for one in results)
    speech = sum(one.press.speech for one in results)
    hits = [one.gain["hit"] for one in results]
    return {
        "what": name,
        "presses": len(results),
        "wer_plain": round(wer([(one.press.words, one.plain) for one in results]), 4),
        "wer_early": round(wer([(one.press.words, one.early) for one in results]), 4),
        "difference_90": [round(one, 4) for one in difference(results, seed)],
        "hit_all": round(hits.count("all") / len(hits), 3),
        "hit_part": round(hits.count("part") / len(hits), 3),
        "tail": round(sum(one.early_s for one in results) / sum(one.plain_s for one in results), 3),
        "encoded_plain": round(sum(one.plain_encoded for one in results) / speech, 2),
        "encoded_early": round(sum(one.early_encoded for one in results) / speech, 2),
        "saved_s": round(saved, 3),
        "cpu_s": round(sum(one.gain["cpu_s"] for one in results), 3),
        "wasted_s": round(wasted, 3),
        "saved_per_wasted": round(saved / wasted, 2) if wasted else None,
    }


def main() -> None:
    """Print the figures of each kind of press and of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--whisper", type=Path, default=ROOT / "models" / "offline" / "whisper")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--each", type=int, default=60)
    parser.add_argument("--turns", type=int, default=0, help="only count tokens, in so many turns")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--room", type=float, default=ROOM, help="noise, in dB of full scale")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.turns:
        print(json.dumps(tokens(args.turns, args.seed)))
        return
    whisper, gate = Whisper(args.whisper, threads=args.threads), Gate()
    whisper.warm()
    results = [measured(one, whisper, gate) for one in presses(args.each, args.seed, args.room)]
    kinds = {kind: [r for r in results if r.press.kind == kind] for kind in KINDS}
    rows = [row(name, some, args.seed) for name, some in {"all": results, **kinds}.items()]
    for n, delay in enumerate(DELAYS):
        some = [r for k, r in enumerate(results) if k % args.each % 3 == n]
        rows.append(row(f"released after {delay} s", some, args.seed))
    for one in rows:
        print(json.dumps(one) if args.json else "  ".join(f"{k} {v}" for k, v in one.items()))


if __name__ == "__main__":
    main()
