"""P19, P20: what a start costs: the import, and until it can answer."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from companion.measure.bench.compare import Cost, Ratio, in_turn, interval, processor_seconds, ratio
from companion.measure.bench.rig import Sink, shaped
from companion.measure.bench.row import Bench, Figure, Group, Row, of

if TYPE_CHECKING:
    from pathlib import Path

OURS = "import companion"
WHOLE = "import companion.compose"
FLOOR = "import numpy"
HEAVY = ("torch", "chromadb", "av", "transformers", "llama_cpp", "onnxruntime", "ctranslate2")
"""What an import of ours must not load."""

STARTS = 3
LOADED = """
import json, sys, time
began = time.perf_counter()
import companion
companion.prepare()
from pathlib import Path
from companion import config
from companion.config import Settings
settings = Settings.model_validate_json(Path(sys.argv[1]).read_text()).model_copy(
    update={"root": Path(sys.argv[2])}
)
from companion.measure.bench.start import loads
print(json.dumps(loads(settings, sys.argv[3])))
"""
"""A program that loads one engine, or all; the settings come as JSON."""


def run(bench: Bench) -> dict[str, Figure]:
    """Imports and starts."""
    return _imports(bench) | _ready(bench)


def _seconds(*command: str) -> Cost:
    """What a Python program takes from its start to its end."""
    import time

    spent, began = processor_seconds(), time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    return Cost(time.perf_counter() - began, processor_seconds() - spent)


def _against_numpy(code: str, pairs: int) -> Ratio:
    return ratio(in_turn(lambda: _seconds("-c", code), lambda: _seconds("-c", FLOOR), pairs))


def _imports(bench: Bench) -> dict[str, Figure]:
    bench.progress("starting interpreters")
    ours, whole = (_against_numpy(code, bench.pairs) for code in (OURS, WHOLE))
    ask = f"{WHOLE}, sys; print(*(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    return {
        "P19": of(ours, why="`import companion`, against an interpreter that imports numpy"),
        "P19c": of(whole, why="`import companion.compose`: settings, cards and templates as well"),
        "P19e": Figure(float(len(loaded)), why="of torch, chromadb, av and the engines' libraries"),
    }


# ── until it can answer ──────────────────────────────────────────────────────────────────────


def loads(settings: Any, what: str) -> dict[str, float]:  # noqa: ANN401 - read from JSON
    """Seconds that loading takes: of "whisper", "llm", "voice", "memory", or "all" as talk does."""
    import time

    began = time.perf_counter()
    _load(settings, what)
    return {what: time.perf_counter() - began}


def _load(settings: Any, what: str) -> None:  # noqa: ANN401 - read from JSON
    from companion import cards
    from companion.casting import load_voice
    from companion.compose import Wishes, compose, load_embedder, load_llm, load_whisper

    if what == "whisper":
        load_whisper(settings).warm()
    elif what == "llm":
        load_llm(settings)
    elif what == "voice":
        card = cards.find_card(settings.path(settings.companion.characters), "juno")
        load_voice(settings, card).warm()
    elif what == "memory":
        load_embedder(settings)
    else:
        parts = compose(settings, Wishes(owner="Sam", listen=False, loudspeaker=Sink()), print)
        parts.companion.stt = parts.whisper = load_whisper(settings)
        parts.warm()


def _ready(bench: Bench) -> dict[str, Figure]:
    """From the start of the process until it can answer, against its engines alone."""
    settings = shaped(bench)
    file = bench.home / "settings.json"
    file.write_text(settings.model_dump_json(), encoding="utf-8")
    root = settings.root.resolve()
    whole, floors = [], []
    for n in range(-1, bench.some(STARTS)):
        bench.progress("starting")
        found = {
            name: _loaded(file, root, name) for name in ("whisper", "llm", "voice", "memory", "all")
        }
        if n >= 0:
            alone = [found[name] for name in ("whisper", "llm", "voice", "memory")]
            floors.append(max(*alone, sum(alone) / (os.cpu_count() or 1)))
            whole.append(found["all"])
    walls = [a / b for a, b in zip(whole, floors, strict=True)]
    more = {"seconds": statistics.median(whole), "floor_seconds": statistics.median(floors)}
    why = "engines loaded and warm; the floor is the slowest alone, or all shared by the cores"
    return {"P20": Figure(statistics.median(walls), interval(walls), why=why, more=more)}


def _loaded(file: Path, root: Path, what: str) -> float:
    command = [sys.executable, "-c", LOADED, str(file), str(root), what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])[what])


GROUP = Group(
    "start",
    (
        Row("P19", "importing our package, of an interpreter with numpy", 1.3),
        Row("P19c", "importing all of ours but the engines, of the same", 1.3),
        Row("P19e", "heavy libraries that importing all of ours loads", 0.0, counted=True),
        Row("P20", "from the start to ready, of its slowest engine", 1.25),
    ),
    run,
)
