"""From a press while it speaks to the last sound, on a virtual loudspeaker.

    python benchmarks/interruption.py [--rate 48000] [--times 30]

Plays a tone of a second, presses at a changing moment and looks at the loudspeaker's monitor: the
last sample that is not silent, counted from the press, the sound server's own buffers included.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import threading
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from virtual_sound import VirtualSound, why_not  # noqa: E402

from companion.flow import Cancel  # noqa: E402
from companion.sound.speaker import Speaker  # noqa: E402
from companion.values import Clause, Speech  # noqa: E402

RATE = 22_050
PITCH = 1_000.0


def press(sound: VirtualSound, speaker: Speaker, after: float) -> float:
    """Milliseconds from a press `after` seconds to the last sound."""
    wave = 0.5 * np.sin(2 * np.pi * PITCH * np.arange(RATE) / RATE)
    speech = Speech(Clause("aah", "aah"), wave.astype(np.float32), RATE)
    tape, cancel = sound.listen(), Cancel()
    pressed: list[int] = []
    cancel.then(lambda: pressed.append(len(tape)))
    timer = threading.Timer(after, cancel.set)
    timer.start()
    speaker.play([speech], cancel)
    timer.join()
    tape.wait_until_quiet()
    last = np.flatnonzero(np.abs(tape.so_far()) > 1e-4)[-1]
    return float(1000 * (last - pressed[0]) / sound.rate)


def main() -> None:
    """Press many times and print the median and the worst."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=48_000)
    parser.add_argument("--times", type=int, default=30)
    options = parser.parse_args()
    if why_not():
        sys.exit(why_not())
    with VirtualSound(options.rate) as sound:
        os.environ.update(sound.env)
        speaker = Speaker()
        late = sorted(press(sound, speaker, 0.3 + 0.007 * n) for n in range(options.times))
        speaker.close()
    print(
        f"press → last sound   p50 {statistics.median(late):3.0f} ms"
        f"   p90 {late[int(0.9 * (len(late) - 1))]:3.0f} ms   worst {late[-1]:3.0f} ms"
        f"   n {len(late)}   {options.rate} Hz"
    )


if __name__ == "__main__":
    main()
