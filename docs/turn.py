"""Makes the picture and the recording of one turn that the README shows, from a real conversation.

    python docs/turn.py

Speaks recordings of the demo into a virtual microphone in front of a real `companion talk`, has
`companion stats` draw the last turn as `turn.svg`, and joins question, the real pause and the
answer, as the loudspeaker gave it, to `turn.ogg`.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests"))

from live import Talk, ask  # noqa: E402
from virtual_sound import VirtualSound, why_not  # noqa: E402

from companion.cli.app import run  # noqa: E402
from companion.figures import read_turns  # noqa: E402
from companion.sound.resample import resample  # noqa: E402

LINES = ("02.wav", "03.wav", "14.wav")
"""What is said; the last one is shown."""
RATE = 48_000
LOUD = 0.01


def conversation(folder: Path, sound: VirtualSound) -> tuple[str, np.ndarray]:
    """What was shown of the last turn, and what the loudspeaker gave from its release on."""
    demo = ROOT / "models" / "offline" / "demo"
    with Talk(folder, sound.environ) as talk:
        talk.wait_for("first sound after")  # the greeting
        for name in LINES:
            samples, rate = soundfile.read(demo / name, dtype="float32")
            tape = sound.listen()
            ask(talk, sound, samples, rate)
            at_release = len(tape)
            talk.wait_for("Sam: ")
            talk.wait_for("first sound after")
            tape.wait_until_quiet()
            heard = tape.so_far()[at_release:]
        talk.key("/quit\n")
        talk.end()
    return talk.shown, heard


def joined(heard: np.ndarray, seconds: float) -> np.ndarray:
    """Question, pause and answer; the pause is the one that was told, without the queues."""
    question, rate = soundfile.read(ROOT / "models/offline/demo" / LINES[-1], dtype="float32")
    loud = np.flatnonzero(np.abs(heard) > LOUD)
    answer = heard[loud[0] : loud[-1] + RATE // 5]
    pause = np.zeros(round(seconds * RATE), np.float32)
    return np.concatenate([resample(question, rate, RATE), pause, answer])


def main() -> None:
    """Write both files."""
    if why_not():
        sys.exit(why_not())
    with tempfile.TemporaryDirectory() as name, VirtualSound(RATE) as sound:
        folder = Path(name)
        run(["--quiet", "init", name])
        shown, heard = conversation(folder, sound)
        config = ["--config", str(folder / "config.toml")]
        run([*config, "stats", "--last", "--plot", str(HERE / "turn.svg")])
        turn = read_turns(folder / "memory_db")[0][-1]
    sample = joined(heard, (turn.first_sound or 0.0) / 1000)
    soundfile.write(HERE / "turn.ogg", sample, RATE, format="OGG", subtype="OPUS")
    said = re.findall(r"(?:Sam|Juno): [^\r\n]*", shown)
    print(json.dumps({"said": said[-2:], "ms": turn.record["ms"]}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
