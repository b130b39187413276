"""The floor of a turn: the same engines with the same settings, one after the other, nothing else.

Each does once what the turn needs of it: the recording is transcribed, the words are embedded and
looked up, the tokens that are new are read and the reply is written, its clauses are rendered.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.errors import EngineError, MissingInput
from companion.flow import Cancel
from companion.measure.bench.compare import Cost, processor_seconds
from companion.speech.clauses import split_clauses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from companion.measure.bench.rig import Rig
    from companion.measure.shapes import Shapes
    from companion.values import Clause, Prompt

FOUND = 20
"""Lines that are looked up, as many as a recall looks up."""


class Overheard:
    """A language model whose prompts are noted."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - passes everything on
        self._model = model
        self.prompt: Prompt | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._model, name)

    def stream(self, prompt: Prompt, cancel: Cancel) -> Iterator[str]:
        """The model's own."""
        self.prompt = prompt
        return self._model.stream(prompt, cancel)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Floor:
    """What a turn cannot do without, in seconds.

    Attributes:
        parts: By stage, to the first sound.
        cpu: Of the processor, for the whole turn.
    """

    parts: dict[str, float]
    cpu: float

    @property
    def first(self) -> float:
        """To the first sound."""
        return sum(self.parts.values())

    @property
    def cost(self) -> Cost:
        """As one side of a pair."""
        return Cost(self.first, self.cpu)


class Bare:
    """The engines of a rig, used one after the other.

    Args:
        rig: Whose engines; its model is loaded a second time.
    """

    def __init__(self, rig: Rig) -> None:
        from companion.compose import load_llm

        self.rig = rig
        self.overheard = Overheard(rig.parts.llm)
        rig.parts.companion.llm = self.overheard
        self.llm = load_llm(rig.settings)

    def turn(self) -> Floor:
        """What the rig's last turn had to do."""
        self.rig.prepare()
        prompt = self.overheard.prompt
        if prompt is None:
            raise EngineError("bench", "There was no turn to compare with.")
        self._held_as_before(prompt)
        parts: dict[str, float] = {}
        spent = processor_seconds()
        began = time.perf_counter()
        words = self._transcribe()
        parts["stt"] = time.perf_counter() - began
        self._look_up(words)
        parts["recall"] = time.perf_counter() - began - parts["stt"]
        parts["llm"], clauses = self._write(prompt)
        parts["voice"] = self._speak(clauses)
        return Floor(parts, processor_seconds() - spent)

    def _held_as_before(self, prompt: Prompt) -> None:
        """The model holds what it held when the turn began: everything but what is new."""
        self.llm.forget()
        for _ in self.llm.ready(prompt.tokens[: len(prompt.tokens) - max(prompt.new, 1)]):
            pass

    def _transcribe(self) -> str:
        heard = self.rig.whisper.transcribe(self.rig.microphone.recording, Cancel())
        return heard.text if heard else ""

    def _look_up(self, words: str) -> None:
        memory: Any = self.rig.parts.memory
        dense = memory._dense  # noqa: SLF001 - a benchmark looks inside
        vector = dense.embedder.embed([words], question=True)
        memory._index._collection.query(vector, n_results=FOUND)  # noqa: SLF001

    def _write(self, prompt: Prompt) -> tuple[float, list[Clause]]:
        """Seconds to the first clause, and all of them."""
        clauses: list[Clause] = []
        began, first = time.perf_counter(), 0.0
        for clause in split_clauses(self.llm.stream(prompt, Cancel())):
            clauses.append(clause)
            if clause.spoken:
                first = first or time.perf_counter() - began
        return first, clauses

    def _speak(self, clauses: list[Clause]) -> float:
        """Seconds for the first clause; all of them are rendered."""
        began, first = time.perf_counter(), 0.0
        voice: Any = self.rig.parts.voice
        for clause in clauses:
            for _ in voice.say([clause], Cancel()):
                pass
            first = first or time.perf_counter() - began
        return first

    def close(self) -> None:
        """Free the model."""
        self.llm.close()


class Naive:
    """The script with every library's defaults, in a process of its own.

    Raises:
        MissingInput: It is not there: only a checkout has it.
    """

    def __init__(self, shapes: Shapes, whisper: Path) -> None:
        script = Path(__file__).resolve().parents[3] / "benchmarks" / "naive.py"
        if not script.is_file():
            raise MissingInput(f"There is no {script}.", "Run this in a checkout of Companion.")
        command = [sys.executable, str(script), str(whisper), str(shapes.llm), str(shapes.voice)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=_as_it_comes(),
        )
        self._answer()

    @property
    def process(self) -> int:
        """The number of its process."""
        return self._process.pid

    def turn(self, wav: Path) -> dict[str, Any]:
        """Seconds to the first sound ("first"), of the whole turn ("wall"), processor seconds."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(f"{wav}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        line = self._process.stdout.readline()
        if not line:
            raise EngineError("bench", "The naive script ended.", "Run benchmarks/naive.py.")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def _as_it_comes() -> dict[str, str]:
    """The environment without what we set before the engines are loaded."""
    ours = ("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "TOKENIZERS_PARALLELISM")
    return {key: value for key, value in os.environ.items() if key not in ours}
