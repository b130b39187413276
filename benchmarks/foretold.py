"""How far off `companion calibrate` is: it foretells, then real turns follow with virtual devices.

    python benchmarks/foretold.py [--shapes]

A new workspace is calibrated (`--write`), the demo's lines are spoken into a virtual microphone in
front of `companion talk`, and `companion stats` compares. With `--shapes` the engines are models of
random weights with true shapes: a language model of 0.5 B parameters, Whisper base, and a voice of
medium quality.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import soundfile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from live import Talk, ask  # noqa: E402
from virtual_sound import VirtualSound, why_not  # noqa: E402

from companion.cli.app import run  # noqa: E402
from companion.measure.shapes import make  # noqa: E402

LINES = sorted((ROOT / "models" / "offline" / "demo").glob("*.wav"))[:8]
PATIENCE = 120.0


def companion(folder: Path, *words: str) -> dict:
    """What a verb answers as JSON, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "companion", "--quiet", *words, "--json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def with_shapes(folder: Path) -> None:
    """Put the models of random weights into the settings, and their voice into the card."""
    shapes = make(progress=print)
    names = {"llm.model": shapes.llm, "stt.model": shapes.base, "voice.model": shapes.voice}
    for name, path in names.items():
        run(["--quiet", "--config", str(folder / "config.toml"), "config", "set", name, str(path)])
    card = folder / "characters" / "juno.yaml"
    text = re.sub(r"en_US-juno-low", str(shapes.voice), card.read_text("utf-8"))
    card.write_text(text, "utf-8")


def talk_through(folder: Path, sound: VirtualSound) -> None:
    """Speak the lines, and wait for each answer."""
    with Talk(folder, sound.environ) as talk:
        talk.wait_for("first sound after", PATIENCE)  # the greeting
        for audio in LINES:
            samples, rate = soundfile.read(audio, dtype="float32")
            ask(talk, sound, samples, rate)
            talk.wait_for("first sound after", PATIENCE)
        talk.key("/quit\n")
        talk.end()


def main() -> None:
    """Calibrate, talk, and print what was foretold and what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shapes", action="store_true")
    shapes = parser.parse_args().shapes
    if why_not():
        sys.exit(why_not())
    with tempfile.TemporaryDirectory() as name, VirtualSound(48_000) as sound:
        folder = Path(name)
        run(["--quiet", "init", name])
        if shapes:
            with_shapes(folder)
        found = companion(folder, "calibrate", "--write")
        talk_through(folder, sound)
        off = companion(folder, "stats")["prediction"]
    print(f"other programs while it calibrated: {found['others']:.0%} of the processors")
    print(f"foretold {off['foretold']:.0f} ms, measured {off['measured']:.0f} ms", end="")
    print(f" ({off['ratio'] - 1:+.0%}), {off['turns']} turns")
    for stage, (told, took) in off["stages"].items():
        print(f"  {stage:8} foretold {told:6.0f} ms   measured {took:6.0f} ms")


if __name__ == "__main__":
    main()
