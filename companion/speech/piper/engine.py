"""Runs a voice's graph: a sentence at once, or its frames first and then their sound in pieces.

Knows phoneme numbers and samples, neither words nor clauses.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from companion.errors import EngineError
from companion.speech.piper.file import (
    CURE,
    content,
    engine_errors,
    first_line,
    open_graph,
    open_voice,
)
from companion.speech.piper.graph import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from companion.speech.piper.graph import Part, Parts
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
Frames = npt.NDArray[np.float32]


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
        BadData: It cannot be read, is damaged, or no Piper voice.
    """

    def __init__(self, model: Path, threads: int, hop: int, rate: int) -> None:
        self.name = model.name.removesuffix(".onnx")
        self._hop = hop
        self._parts = _opened(model, threads, rate)
        self.session = self._parts.text if self._parts else open_voice(model, threads)

    @property
    def streams(self) -> bool:
        """Whether a sentence can be heard before it is rendered to its end."""
        return self._parts is not None

    def sentence(self, inputs: dict[str, npt.NDArray[Any]]) -> Sentence:
        """One sentence.

        Raises:
            EngineError: The engine failed.
        """
        results = self._run(self.session, inputs)
        if self._parts is not None:
            return self._in_pieces(dict(zip(self._parts.gives, results, strict=True)), self._parts)
        samples = self._checked(results[0])
        spans = self._spans(results[1]) if len(results) > 1 else None
        return Sentence(len(samples), spans, lambda _: iter([samples]))

    def _in_pieces(self, made: dict[str, Frames], parts: _Opened) -> Sentence:
        spans = self._spans(made[parts.gives[-1]]) if parts.lengths else None
        count = made[parts.gives[0]].shape[2]
        hop, margin = parts.sound.part.hop, parts.sound.part.margin

        def pieces(first: float) -> Iterator[Samples]:
            known = dict(made)
            if parts.flow is not None and first >= LATER_SECONDS:  # there is time to do it at once
                known[parts.sound.part.takes] = self._flow(made, parts.flow, 0, count)
            for start, end in parts.plan(count, first):
                low, high = max(start - margin, 0), min(end + margin, count)
                began = time.monotonic()
                sound = self._part(known, parts, low, high)
                parts.took(time.monotonic() - began, high - low)
                begin = (start - low) * hop
                yield self._checked(sound)[begin : begin + (end - start) * hop]

        return Sentence(count * hop, spans, pieces)

    def _part(self, made: dict[str, Frames], parts: _Opened, low: int, high: int) -> Samples:
        """The sound of some frames."""
        takes = parts.sound.part.takes
        if takes in made or parts.flow is None:
            frames = made[takes][:, :, low:high]
        else:
            frames = self._flow(made, parts.flow, low, high)
        given = {name: _piece(made, name, low, high) for name in parts.sound.part.given}
        inputs = {takes: np.ascontiguousarray(frames), **given}
        sound: Samples = self._run(parts.sound.session, inputs)[0]
        return sound

    def _flow(self, made: dict[str, Frames], flow: _Session, low: int, high: int) -> Frames:
        """The frames that the decoder takes."""
        part = flow.part
        before, after = max(low - part.margin, 0), high + part.margin
        names = (part.takes, *part.given)
        inputs = {name: _piece(made, name, before, after) for name in names}
        frames: Frames = self._run(flow.session, inputs)[0]
        return frames[:, :, low - before : high - before]

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


def _piece(made: dict[str, Frames], name: str, low: int, high: int) -> Frames:
    """Some frames of what changes with time, all of what does not."""
    whole = made[name]
    frames = next(iter(made.values())).shape[2]
    moves = whole.ndim == 3 and whole.shape[2] == frames  # noqa: PLR2004 - batch, channels, time
    return np.ascontiguousarray(whole[:, :, low:high]) if moves else whole


@dataclass(frozen=True, slots=True)
class _Session:
    """A part of a voice, ready to run."""

    part: Part
    session: Any


@dataclass(slots=True)
class _Opened:
    """The parts of a voice, and how quick those are that make sound of frames.

    Attributes:
        text: The session of the first part.
        gives: Names of its outputs, the frames first.
        lengths: Whether the last of them are the lengths of the phonemes.
        second: Frames of a second of sound.
        factor: Work for each second of sound.
    """

    text: Any
    gives: tuple[str, ...]
    lengths: bool
    flow: _Session | None
    sound: _Session
    second: float
    factor: float = 0.1

    def took(self, seconds: float, frames: int) -> None:
        """So many frames were rendered in so much time."""
        self.factor += 0.3 * (seconds * self.second / frames - self.factor)

    def plan(self, frames: int, first: float) -> list[tuple[int, int]]:
        """Where the pieces of a sentence begin and end: each is ready before the last is heard."""
        # A frame of the flow is a quarter of the work of one of the decoder.
        beside = self.sound.part.margin + (self.flow.part.margin // 4 if self.flow else 0)
        ahead, seam = SHARE / self.factor, 2 * beside
        if ahead <= 1:
            return [(0, frames)]
        size = max(first * self.second, seam / (ahead - 1))
        cuts = [0]
        while frames - cuts[-1] > SHORTEST_REST * size:
            cuts.append(cuts[-1] + round(size))
            size = min(GROWTH * size, ahead * size - seam)
        return list(itertools.pairwise([*cuts, frames]))


def _opened(model: Path, threads: int, rate: int) -> _Opened | None:
    """The parts of a voice; None where it has none, or the engine does not run them."""
    file = content(model)
    for flow in (True, False):
        parts = split(file, flow=flow)
        if parts is None:
            return None
        with contextlib.suppress(*engine_errors()):
            opened = _sessions(parts, threads, rate)
            del file, parts
            _give_back()
            return opened
    return None


def _give_back() -> None:
    """Have the C library return what was freed: it keeps 70 MB of the file's copies otherwise."""
    with contextlib.suppress(OSError, AttributeError):  # there is another one
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _sessions(parts: Parts, threads: int, rate: int) -> _Opened:
    def ready(part: Part) -> _Session:
        return _Session(replace(part, model=b""), open_graph(part.model, threads))

    text = open_graph(parts.text, threads)
    flow = ready(parts.flow) if parts.flow else None
    second = rate / parts.sound.hop
    return _Opened(text, parts.gives, parts.lengths, flow, ready(parts.sound), second)
