"""P4: how many frames Whisper encodes for the speech it hears, and what that costs in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from companion.flow import Cancel
from companion.measure.bench.row import Bench, Figure, Group, Row
from companion.measure.wer import wer
from companion.values import SPEECH_RATE, Recording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.stt import Whisper

FRAMES_A_SECOND = 100
FULL = 30.0
"""Seconds of the window that faster-whisper always encodes."""


def share(whisper: Whisper, seconds: float) -> float:
    """Frames encoded for speech of this length, of those that it has."""
    from companion.measure.bench.rig import utterance

    samples = utterance(seconds).samples[: round(seconds * SPEECH_RATE)]
    before = whisper.frames_encoded
    whisper.transcribe(Recording(samples), Cancel())
    return (whisper.frames_encoded - before) / (seconds * FRAMES_A_SECOND)


def errors(whisper: Whisper, lines: Sequence[dict[str, str]]) -> float:
    """Word error rate over recordings whose words are known."""
    from companion.sound.wav import read_wav

    said, heard = [], []
    for line in lines:
        found = whisper.transcribe(read_wav(Path(line["audio"])), Cancel())
        said.append(line["text"])
        heard.append(found.text if found else "")
    return wer(" ".join(said), " ".join(heard))


def _guarded(bench: Bench) -> dict[str, Figure]:
    """The shipped Whisper in the fitted window and in the full one."""
    from companion.compose import model_path
    from companion.pack.demo import script
    from companion.stt import Whisper, Window

    lines = [line for part in script() for line in part]
    folder = model_path(bench.settings, "offline/whisper")
    fitted = Whisper(folder, threads=1)
    short, full = errors(fitted, lines), errors(Whisper(folder, 1, window=Window(FULL)), lines)
    more = {"recordings": len(lines), "wer": short, "wer_full_window": full}
    why = "the shipped model, which was trained with short windows, on the demo's recordings"
    worse = short / full if full else 1.0 + short
    return {
        "P4g": Figure(worse, naive=1.0, why=why, more=more),
        "P4f": Figure(fitted.fallbacks / len(lines), more={"recordings": len(lines)}),
    }


def run(bench: Bench) -> dict[str, Figure]:
    """Count frames and errors."""
    from companion.stt import Whisper

    bench.progress("counting frames")
    whisper = Whisper(bench.shapes.tiny, threads=1)
    why = "at the release and without a head start; after one often none are left to encode"
    return {
        "P4": Figure(share(whisper, 4.0), naive=FULL / 4.0, why=why),
        "P4l": Figure(share(whisper, 10.0), naive=FULL / 10.0),
        **_guarded(bench),
    }


GROUP = Group(
    "frames",
    (
        Row("P4", "frames encoded, of those of 4 s of speech", 1.7, counted=True),
        Row("P4l", "frames encoded, of those of 10 s of speech", 1.3, counted=True),
        Row(
            "P4g", "word errors in the fitted window, of those in the full one", 1.03, counted=True
        ),
        Row("P4f", "recordings that were heard again in the full window", 0.03, counted=True),
    ),
    run,
)
