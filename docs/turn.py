"""Makes the picture and the recording of one turn that the README shows, from a real demo.

    python docs/turn.py [RUN TURN]

Plays the demo, takes one of its turns, joins question and answer to `turn.ogg`, and draws what
happened when as `turn.svg`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import soundfile

from companion.sound.keep import at_rate

HERE = Path(__file__).resolve().parent
PAUSE = 0.25
STAGES = (
    ("Whisper writes it down", "stt", "#4c78a8"),
    ("memory recalls", "recall", "#72b7b2"),
    ("the model reads what is new", "prefill", "#eeca3b"),
    ("first words → first sound", "voice", "#e45756"),
)


def demo() -> list[dict[str, Any]]:
    """The turns of a real demo; its replies stay in the folder of the first one."""
    folder = tempfile.mkdtemp(prefix="turn-")
    command = [sys.executable, "-m", "companion", "demo", "--json", "--record", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    turns: list[dict[str, Any]] = json.loads(done.stdout)["turns"]
    return turns


def spans(ms: dict[str, float]) -> list[tuple[str, float, float, str]]:
    """(what, begin, end, colour) of each stage, in milliseconds after the key came up."""
    recalled = ms["stt"] + ms["recall"]
    edges = {
        "stt": (0.0, ms["stt"]),
        "recall": (ms["stt"], recalled),
        "prefill": (recalled, ms["first_token"]),
        "voice": (ms["first_token"], ms["first_audio"]),
    }
    return [(name, *edges[key], colour) for name, key, colour in STAGES]


def picture(turn: dict[str, Any]) -> str:
    """The waterfall as SVG."""
    ms, width = turn["ms"], 560
    scale = width / max(1.0, ms["first_audio"])
    rows = []
    for n, (name, begin, end, colour) in enumerate(spans(ms)):
        y = 96 + 34 * n
        bar = max(2.0, (end - begin) * scale)
        rows.append(
            f'<text x="20" y="{y + 15}">{escape(name)}</text>'
            f'<rect x="{240 + begin * scale:.1f}" y="{y}" width="{bar:.1f}" height="22" rx="4"'
            f' fill="{colour}"/>'
            f'<text x="{246 + begin * scale + bar:.1f}" y="{y + 15}">{end - begin:.0f} ms</text>'
        )
    said = f"“{turn['heard']}” → “{turn['reply']}”"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="920" height="270" font-size="14"'
        ' font-family="sans-serif"><rect width="920" height="270" fill="#ffffff"/>'
        f'<text x="20" y="34" font-size="16">{escape(said)}</text>'
        f'<text x="20" y="62" fill="#666666">from the release of the key to the first sound: '
        f"{ms['first_audio']:.0f} ms · {turn['tokens']['prompt']} tokens of prompt, "
        f"{turn['tokens']['evaluated']} of them read anew</text>"
        f"{''.join(rows)}</svg>\n"
    )


def recording(turn: dict[str, Any]) -> None:
    """Question, the real pause, and the answer, as one Opus file."""
    rate = 24_000
    parts = []
    for name in ("audio_in", "audio_out"):
        samples, own = soundfile.read(turn[name], dtype="float32")
        parts.append(at_rate(samples, own, rate))
    pause = np.zeros(round(rate * turn["ms"]["first_audio"] / 1000), np.float32)
    sound = np.concatenate([parts[0], pause, parts[1]])
    soundfile.write(HERE / "turn.ogg", sound, rate, format="OGG", subtype="OPUS")


def main() -> None:
    """Write both files."""
    run, number = (int(a) for a in sys.argv[1:3]) if len(sys.argv) > 2 else (2, 2)  # noqa: PLR2004
    turn = [t for t in demo() if t["run"] == run][number - 1]
    (HERE / "turn.svg").write_text(picture(turn), "utf-8")
    recording(turn)
    print(f"{turn['heard']} → {turn['reply']}")


if __name__ == "__main__":
    main()
