"""The sixty lines with library defaults (`benchmarks/naive.py`), in the same run.

    python naive_side.py        (started by side_by_side.py, which see)

It is given whole files, so there is no release: the figure is from the file to its first sound.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from lines import Lines

HERE = Path(__file__).resolve().parent


class Script:
    """The script, running, with what it says of each file."""

    def __init__(self, wish: dict[str, Any]) -> None:
        files = [wish["whisper"], wish["gguf"], wish["voice"]]
        command = [sys.executable, str(HERE / "said.py"), "naive", *files]
        environ = os.environ | {"PYTHONPATH": str(HERE.parent)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=environ, text=True, **pipes)  # type: ignore[call-overload]
        self._line()  # it is ready

    def _line(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("benchmarks/naive.py ended.")
        told: dict[str, Any] = json.loads(line)
        return told

    def turn(self, audio: str) -> dict[str, Any]:
        """One file."""
        print(audio, file=self.process.stdin, flush=True)
        told = self._line()
        return {"first_sound_s": told["first"] or None, "reply": told["text"]}

    def close(self) -> None:
        """End it."""
        self.process.stdin.close()
        self.process.wait(20)


def main() -> None:
    """Answer turn after turn."""
    lines = Lines()
    script = Script(lines.settings())
    lines.say({"ready": True, "version": "", "settings": "library defaults"})
    while (turn := lines.next()) is not None:
        lines.say(script.turn(turn["audio"]))
    script.close()


if __name__ == "__main__":
    main()
