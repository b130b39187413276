"""From the release of the key to the first sound, in a real `companion talk` with virtual devices.

    python benchmarks/first_sound.py [--rate 48000]

A pty presses the key, the demo's recordings are spoken into a virtual microphone, and the
loudspeaker's monitor is recorded. "told" is what the program reports (release → first block
written); "outside" is measured on the recording and includes the sound server's own buffers.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from live import Talk, ask  # noqa: E402
from virtual_sound import VirtualSound, why_not  # noqa: E402

from companion.cli.app import run  # noqa: E402

TOLD = re.compile(r"first sound after (\d+) ms")


def one_turn(talk: Talk, sound: VirtualSound, audio: Path) -> tuple[float, float]:
    """(told, outside) in milliseconds."""
    samples, rate = soundfile.read(audio, dtype="float32")
    tape = sound.listen()
    ask(talk, sound, samples, rate)
    at_release = len(tape)
    before = len(TOLD.findall(talk.shown))
    while len(TOLD.findall(talk.shown)) == before:
        talk.wait_for("first sound after")
    told = float(TOLD.findall(talk.shown)[-1])
    tape.wait_until_quiet()
    loud = np.flatnonzero(np.abs(tape.so_far()[at_release:]) > 0.01)
    return told, 1000 * loud[0] / tape.rate


def main() -> None:
    """Speak the demo's lines and print the median of both figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=48_000)
    rate = parser.parse_args().rate
    if why_not():
        sys.exit(why_not())
    lines = sorted((ROOT / "models" / "offline" / "demo").glob("*.wav"))
    with tempfile.TemporaryDirectory() as folder, VirtualSound(rate) as sound:
        run(["--quiet", "init", folder])
        with Talk(folder, sound.environ) as talk:
            talk.wait_for("first sound after")
            figures = [one_turn(talk, sound, audio) for audio in lines]
            talk.key("/quit\n")
            talk.end()
    for name, column in zip(("told", "outside"), zip(*figures, strict=True), strict=True):
        worst = sorted(column)[int(0.95 * (len(column) - 1))]
        print(
            f"{name:8} p50 {statistics.median(column):5.0f} ms   p95 {worst:5.0f} ms   "
            f"n {len(column)}   {rate} Hz"
        )


if __name__ == "__main__":
    main()
