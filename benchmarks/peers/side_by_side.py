"""First sound after the release of the key: Companion and its peers, in one run on the same files.

    python benchmarks/peers/side_by_side.py [--shapes] [--only pipecat] [--out DIR]

Every side hears the same recordings at the pace of speech, with the same Whisper, GGUF and Piper
files, on the same number of threads, and says the same replies (said.py). All sides are loaded at
once and take turns, file by file, in an order that is turned around each time; only one works at
a time. The figure is the time from the end of the recording, when the key comes up, to the first
sample above -50 dB that leaves the side. It is measured three times: with the key up at once, with
the key up a moment after the last sound, and with each peer's own end-pointing. Writes one JSON
file a peer.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import wave
from pathlib import Path
from typing import Any

import figures
import numpy as np
import pace
from figures import Turns
from running import OURS, Bench, Models, missing

ROOT = Path(__file__).resolve().parents[2]
PEERS = ("naive", "wyoming", "pipecat", "vtuber")
COLUMNS = ("explicit", "late", "default")
WARM_UPS = 2

REPLIES = (
    "Good evening, Sam. I was hoping you would call tonight. How was your day?",
    "That sounds lovely. Pepper would like him, I think, after a while.",
    "I have not been to Oxford in years, but I remember the bells. Do you hear them?",
    "Then you are up before I put out the lamp! What do you bake first?",
    "The sea is calm tonight. I can see the lights of three boats from my window.",
)
"""What everybody says, in turn: as long as replies in talk are."""


def models_of(wish: argparse.Namespace) -> Models:
    """The files that all sides load."""
    if wish.shapes:
        shapes = ROOT / "models" / "cache" / "shapes"
        whisper = shapes / f"whisper-{wish.size}"
        return Models(whisper, shapes / "qwen-0.5b-q4_0.gguf", shapes / "piper-medium.onnx")
    offline = ROOT / "models" / "offline"
    voice = ROOT / "voices" / "en_US-juno-low.onnx"
    return Models(offline / "whisper", offline / "companion.gguf", voice)


def recordings(home: Path, hold: float) -> list[tuple[Path, str]]:
    """The demo's recordings and their words; `hold` seconds of silence are added to each."""
    folder = ROOT / "models" / "offline" / "demo"
    runs = json.loads((folder / "script.json").read_text("utf-8"))["runs"]
    lines = [line for run in runs for line in run]
    return [(held(folder / line["audio"], home, hold), line["text"]) for line in lines]


def held(audio: Path, home: Path, hold: float) -> Path:
    """The recording, with silence at its end as when the key comes up late."""
    samples, rate = pace.read(audio)
    longer = np.concatenate([samples, np.zeros(round(hold * rate), np.int16)])
    with wave.open(str(home / audio.name), "wb") as file:
        file.setparams((1, 2, rate, len(longer), "NONE", ""))
        file.writeframes(longer.tobytes())
    return home / audio.name


def measure(bench: Bench, column: str, names: list[str], wish: argparse.Namespace) -> Turns:
    """Let all sides answer all recordings, in turn."""
    endpoint = "default" if column == "default" else "explicit"
    turns: Turns = {name: [] for name in names}
    lines = recordings(bench.home, wish.hold if column == "late" else 0.0)
    for _ in range(
        wish.rounds
    ):  # anew each time: not every side can talk on when its context is full
        with bench.open(endpoint, names) as sides:
            for number, (audio, words) in enumerate(lines[:WARM_UPS] + lines):
                bench.say(REPLIES[number % len(REPLIES)], words)
                for name in names if number % 2 else reversed(names):
                    turn = sides[name].turn(audio, REPLIES[number % len(REPLIES)])
                    if number >= WARM_UPS:
                        turns[name].append(turn)
                    told = f"{column:9}{audio.stem:4}{name:11}{figures.shown(turn)}"
                    print(told, file=sys.stderr)
    return turns


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", action="store_true", help="models of random weights, true size")
    parser.add_argument("--size", choices=("tiny", "base"), default="tiny", help="of Whisper")
    parser.add_argument("--only", action="append", choices=PEERS, help="measure only this peer")
    parser.add_argument("--column", action="append", choices=COLUMNS, help="measure only this one")
    parser.add_argument("--hold", type=float, default=0.3, help="seconds to a late release")
    parser.add_argument("--rounds", type=int, default=1, help="how often all recordings are said")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--peers", type=Path, default=ROOT / ".peers")
    parser.add_argument("--out", type=Path, default=ROOT / ".peers" / "results")
    return parser.parse_args()


def command(given: list[str]) -> str:
    """How to run it again; where things lie on this machine is left out."""
    kept = list(given)
    for place in ("--peers", "--out"):
        if place in kept:
            at = kept.index(place)
            del kept[at : at + 2]
    return " ".join(["python", "benchmarks/peers/side_by_side.py", *kept])


def main() -> None:
    """Measure, and write one file a peer."""
    wish = parse()
    models = models_of(wish)
    there = []
    for name in wish.only or PEERS:
        why = missing(name, wish.peers)
        print(f"{name}: {why}" if why else f"{name}: found", file=sys.stderr)
        there += [] if why else [name]
    if absent := [str(file) for file in models.files() if not file.exists()]:
        sys.exit(f"Not there: {', '.join(absent)}. Make the shapes with: companion bench shapes")
    if not there:
        sys.exit("No peer is installed. Run: python benchmarks/peers/install.py")
    with tempfile.TemporaryDirectory(prefix="companion-peers-") as home:
        bench = Bench(models, wish.peers.resolve(), wish.threads, Path(home), words=wish.shapes)
        load, turns = figures.Load(), {}
        for column in wish.column or COLUMNS:
            names = ["companion", *there]
            if column == "default":  # these two have no end-pointing
                names = [name for name in names if name not in OURS]
            turns[column] = measure(bench, column, names, wish) if names else {}
        about: dict[str, Any] = {
            "machine": figures.machine() | {"others_cpu": load.others(bench.spent)},
            "command": command(sys.argv[1:]),
            "models": models.names(),
            "threads": wish.threads,
            "hold_s": wish.hold,
            "environment": bench.said_environment(),
        }
        folder = wish.out / ("shapes" if wish.shapes else "offline")
        folder.mkdir(parents=True, exist_ok=True)
        for name in there:
            result = figures.compared(name, bench.known[name], turns) | about
            file = folder / f"{name}.json"
            file.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
            print(figures.sentence(result, file))


if __name__ == "__main__":
    main()
