"""Runs a voice's graph: a sentence at once, or its frames first and then their sound in pieces.

Knows phoneme numbers and samples, neither words nor clauses.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from companion.errors import EngineError
from companion.speech.piper.file import CURE, engine_errors, first_line, open_graph, open_voice
from companion.speech.piper.graph import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from companion.speech.piper.graph import Halves
    from companion.values import Samples

BEGIN_SECONDS = 0.3
LATER_SECONDS = 1.5
"""Length of the first piece of a reply, and of the first piece of a later clause: that one is
rendered while sound is there, and each seam costs work."""

GROWTH = 4.0
"""How much longer each piece may be than the one before."""

SHORTEST_REST = 1.25
"""A rest that is hardly longer than the next piece would be comes with it."""

SHARE = 0.4
"""How much of a piece's own length the next one may take to be rendered: the model that writes at
the same time can double it, and a gap within a word is worse than a later beginning. A voice with
more work than this for each second of sound is rendered sentence by sentence."""

Spans = npt.NDArray[np.int64] | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that is ready to be rendered.

    Attributes:
        length: Its samples.
        spans: Samples of each phoneme number, where the graph tells it.
        pieces: Renders it piece by piece; it is told how many seconds the first may hold.
    """

    length: int
    spans: Spans
    pieces: Callable[[float], Iterator[Samples]]


class Engine:
    """A voice's graph in sessions of our own.

    Args:
        model: The `.onnx` file.
        threads: Threads of the engine.
        hop: Samples of a frame, as the voice's configuration says.
        rate: Samples of a second.

    Raises:
        BadData: It is damaged, or no Piper voice.
    """

    def __init__(self, model: Path, threads: int, hop: int, rate: int) -> None:
        self.name = model.name.removesuffix(".onnx")
        self._hop = hop
        self._halves = _opened(model, threads, rate)
        self.session = self._halves.frames if self._halves else open_voice(model, threads)

    @property
    def streams(self) -> bool:
        """Whether a sentence can be heard before it is rendered to its end."""
        return self._halves is not None

    def sentence(self, inputs: dict[str, npt.NDArray[Any]]) -> Sentence:
        """One sentence.

        Raises:
            EngineError: The engine failed.
        """
        results = self._run(self.session, inputs)
        if self._halves is not None:
            return self._in_pieces(results, self._halves)
        samples = self._checked(results[0])
        spans = self._spans(results[1]) if len(results) > 1 else None
        return Sentence(len(samples), spans, lambda _: iter([samples]))

    def _in_pieces(self, results: list[Any], halves: _Sessions) -> Sentence:
        parts = halves.parts
        spans = self._spans(results[-1]) if parts.lengths else None
        given = dict(zip(parts.given, results[1:], strict=False))
        frames: npt.NDArray[np.float32] = results[0]
        count = frames.shape[2]

        def pieces(first: float) -> Iterator[Samples]:
            for start, end in halves.plan(count, first):
                low, high = max(start - parts.margin, 0), min(end + parts.margin, count)
                began = time.monotonic()
                part = np.ascontiguousarray(frames[:, :, low:high])
                sound = self._run(halves.sound, {parts.cut: part, **given})[0]
                halves.took(time.monotonic() - began, high - low)
                begin = (start - low) * parts.hop
                yield self._checked(sound)[begin : begin + (end - start) * parts.hop]

        return Sentence(count * parts.hop, spans, pieces)

    def _run(self, session: Any, inputs: dict[str, Any]) -> list[Any]:  # noqa: ANN401
        try:
            results: list[Any] = session.run(None, inputs)
        except engine_errors() as error:
            raise EngineError(
                "voice", f"The voice {self.name} failed: {first_line(error)}", CURE
            ) from error
        return results

    def _checked(self, sound: Any) -> Samples:  # noqa: ANN401
        samples = np.atleast_1d(sound.squeeze())
        if samples.ndim != 1 or samples.dtype != np.float32 or not np.isfinite(samples).all():
            raise EngineError("voice", f"The voice {self.name} gave no mono sound.", CURE)
        return samples

    def _spans(self, lengths: Any) -> npt.NDArray[np.int64]:  # noqa: ANN401
        return np.asarray(np.atleast_1d(lengths.squeeze()) * self._hop, np.int64)


@dataclass(slots=True)
class _Sessions:
    """The two halves of a voice, and how quick the second is.

    Attributes:
        second: Frames of a second of sound.
        factor: Work for each second of sound.
    """

    parts: Halves
    frames: Any
    sound: Any
    second: float
    factor: float = 0.1

    def took(self, seconds: float, frames: int) -> None:
        """So many frames were rendered in so much time."""
        self.factor += 0.3 * (seconds * self.second / frames - self.factor)

    def plan(self, frames: int, first: float) -> list[tuple[int, int]]:
        """Where the pieces of a sentence begin and end: each is ready before the last is heard."""
        ahead, seam = SHARE / self.factor, 2 * self.parts.margin
        if ahead <= 1:
            return [(0, frames)]
        size = max(first * self.second, seam / (ahead - 1))
        cuts = [0]
        while frames - cuts[-1] > SHORTEST_REST * size:
            cuts.append(cuts[-1] + round(size))
            size = min(GROWTH * size, ahead * size - seam)
        return list(itertools.pairwise([*cuts, frames]))


def _opened(model: Path, threads: int, rate: int) -> _Sessions | None:
    """The halves of a voice; None where it has none."""
    parts = split(model.read_bytes())
    if parts is None:
        return None
    try:
        frames, sound = (open_graph(half, threads) for half in (parts.frames, parts.sound))
    except engine_errors():
        return None
    return _Sessions(replace(parts, frames=b"", sound=b""), frames, sound, rate / parts.hop)
