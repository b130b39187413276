"""P26, P28: the memory that all of it takes, and what it does while nobody talks."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from companion.errors import MissingInput
from companion.measure.bench.bare import Naive
from companion.measure.bench.compare import processor_seconds
from companion.measure.bench.rig import Rig, Sink, shaped, utterance
from companion.measure.bench.row import Bench, Figure, Group, Row
from companion.sound.wav import write_wav
from companion.values import SPEECH_RATE

if TYPE_CHECKING:
    from companion.measure.shapes import Shapes

IDLE_SECONDS = 10.0
MB = 1_000_000


def run(bench: Bench) -> dict[str, Figure]:
    """One companion after a turn."""
    bench.progress("measuring memory")
    rig = Rig(shaped(bench), utterance(1.5), Sink())
    rig.turn(ahead=True)
    rig.turn()
    gc.collect()
    ours = resident()
    idle = _idle(bench.scale * IDLE_SECONDS)
    rig.close()
    return {"P26": _size(bench, ours), "P28": idle}


def resident(process: int | str = "self") -> dict[str, int]:
    """Bytes of a process in memory: its own ("anon"), and of files it maps ("file")."""
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    found = {line.partition(":")[0]: line.split() for line in lines if line.startswith("Rss")}
    return {name: int(found[f"Rss{name.title()}"][1]) * 1024 for name in ("anon", "file")}


def _size(bench: Bench, ours: dict[str, int]) -> Figure:
    bare, naive = _bare(bench.shapes), _naive(bench)
    more = {
        **{f"mb_{name}": value / MB for name, value in ours.items()},
        **{f"bare_mb_{name}": value / MB for name, value in bare.items()},
    }
    why = "after two turns, against the same engines in one script (benchmarks/bare.py)"
    floor = sum(bare.values())
    return Figure(sum(ours.values()) / floor, naive=naive / floor, why=why, more=more)


def _naive(bench: Bench) -> int:
    """What the script with every library's defaults takes, after a turn."""
    wav = bench.home / "said.wav"
    write_wav(wav, utterance(1.5).samples, SPEECH_RATE)
    naive = Naive(bench.shapes, bench.shapes.tiny)
    naive.turn(wav)
    taken = sum(resident(naive.process).values())
    naive.close()
    return taken


def _bare(shapes: Shapes) -> dict[str, int]:
    script = Path(__file__).resolve().parents[3] / "benchmarks" / "bare.py"
    if not script.is_file():
        raise MissingInput(f"There is no {script}.", "Run this in a checkout of Companion.")
    minilm = shapes.folder.parent / "all-minilm-l6-v2"
    models = (shapes.tiny, shapes.llm, shapes.voice, minilm)
    command = [sys.executable, str(script), *map(str, models)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, int] = json.loads(done.stdout)
    return found


def _idle(seconds: float) -> Figure:
    """Processor seconds a second while nobody talks."""
    time.sleep(1.0)  # what a turn left to do is done by then
    spent, began = processor_seconds(), time.perf_counter()
    time.sleep(seconds)
    used = processor_seconds() - spent
    why = "engines loaded and a conversation open; microphone and loudspeaker are not counted here"
    share = 100 * used / (time.perf_counter() - began)
    return Figure(share, why=why, more={"idle_seconds": seconds})


GROUP = Group(
    "size",
    (
        Row("P26", "memory, of the same engines in one script", 1.08, counted=True),
        Row("P28", "of a core while nobody talks", 0.5, "%", counted=True),
    ),
    run,
)
