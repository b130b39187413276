"""Cuts a voice's graph in parts: what makes frames of a text, and what makes sound of the frames.

What follows the latent of a VITS, its flow and its decoder, hears only a few frames around each
sample. So the beginning of a sentence can be heard before its end is rendered, sample for sample
the same. Knows no engine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.speech.piper.onnx_file import (
    DESCRIBED,
    FLOAT,
    GRAPH,
    INPUT,
    NODE,
    OUTPUT,
    WEIGHT,
    Node,
    described,
    fields,
    head,
    node,
    text,
    whole_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    Field = bytes | memoryview

LOCAL = {"Add", "Cast", "Constant", "Div", "Elu", "Exp", "Identity", "LeakyRelu", "Mul", "Neg"} | {
    *("Relu", "Sigmoid", "Sub", "Sum", "Tanh", "Unsqueeze")
}
"""Operations that make each moment of the same moment only."""

ACROSS = {"Concat", "Gather", "Split"}
"""These too, along the channels."""

CHANNELS = (1, -2)
"""The axis of the channels; the next one is time."""

RANDOM = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a voice that can work on a piece of its frames.

    Attributes:
        model: The part as an ONNX file.
        takes: Name of the frames it takes.
        given: Names of what else it takes from the first part.
        hop: What it makes of each frame: samples of sound, or one other frame.
        margin: Frames on each side that what it makes of one depends on.
    """

    model: bytes
    takes: str
    given: tuple[str, ...]
    hop: int
    margin: int


@dataclass(frozen=True, slots=True)
class Parts:
    """A voice in two models or three.

    Attributes:
        text: The model from phonemes to frames.
        gives: Names of its outputs, the frames first.
        flow: From frames to those that the decoder takes; None where that is part of `text`.
        sound: From frames to sound.
        lengths: Whether the last output of `text` are the lengths of the phonemes, in frames.
    """

    text: bytes
    gives: tuple[str, ...]
    flow: Part | None
    sound: Part
    lengths: bool


def split(model: bytes, *, flow: bool = True) -> Parts | None:
    """The parts of a voice; None where its graph is of another kind.

    Args:
        model: The `.onnx` file.
        flow: Whether the flow may be a part of its own.
    """
    try:
        return _parts(_Graph(model), flow=flow)
    except (ValueError, IndexError, KeyError):  # not the protobuf of such a graph
        return None


class _Graph:
    """The parts of an ONNX file that are looked at."""

    def __init__(self, model: bytes) -> None:
        self.around: list[memoryview] = []
        self.nodes: list[Node] = []
        self.weights: dict[str, memoryview] = {}
        self.numbers: dict[str, list[int]] = {}
        self.inputs: dict[str, memoryview] = {}
        self.outputs: dict[str, memoryview] = {}
        self.rest: list[memoryview] = []
        for key, value, raw in fields(memoryview(model)):
            if key == GRAPH:
                self._read(value)
            else:
                self.around.append(raw)
        self.makers = {name: one for one in self.nodes for name in one.outputs}
        constants = [one for one in self.nodes if one.kind == "Constant"]
        self.numbers |= {one.outputs[0]: one.numbers.get("value", []) for one in constants}

    def _read(self, graph: memoryview) -> None:
        named = {INPUT: self.inputs, OUTPUT: self.outputs}
        for key, value, raw in fields(graph):
            if key == NODE:
                self.nodes.append(node(value, raw))
            elif key == WEIGHT:
                self.weights[text(value, 8)] = raw
                self.numbers[text(value, 8)] = whole_numbers(value)
            elif key in named:
                named[key][text(value, 1)] = raw
            elif key != DESCRIBED:
                self.rest.append(raw)

    def above(self, names: Iterable[str], stop: set[str]) -> list[Node]:
        """All nodes that `names` are made of, in their order, up to the names in `stop`."""
        wanted, found = [name for name in names if name not in stop], set[int]()
        while wanted:
            one = self.makers.get(wanted.pop())
            if one is not None and id(one) not in found:
                found.add(id(one))
                wanted += one.needs - stop
        return [one for one in self.nodes if id(one) in found]

    def below(self, name: str) -> set[str]:
        """All names that are made of `name`, and itself."""
        made = {name}
        for one in self.nodes:
            if made & one.needs:
                made.update(one.outputs)
        return made

    def fixed(self) -> set[str]:
        """Names of what is the same for every text."""
        fixed = set(self.weights)
        for one in self.nodes:
            if one.kind not in RANDOM and one.needs <= fixed:
                fixed.update(one.outputs)
        return fixed

    def written(
        self, nodes: list[Node], inputs: Iterable[Field], outputs: Iterable[Field]
    ) -> bytes:
        """A model of some of the nodes, with the weights they need."""
        used = set().union(*(one.needs for one in nodes))
        weights = [raw for name, raw in self.weights.items() if name in used]
        parts = [*(one.raw for one in nodes), *weights, *inputs, *outputs, *self.rest]
        graph = head(GRAPH, sum(map(len, parts)))
        return b"".join([*self.around, graph, *parts])  # one copy: these are large


def _parts(whole: _Graph, *, flow: bool) -> Parts | None:
    made = next(iter(whole.outputs), "")
    latent = _latent(whole, made)
    sound = _part(whole, latent, made) if latent else None
    if sound is None:
        return None
    noisy = _noisy(whole, latent) if flow else ""
    middle = _part(whole, noisy, latent) if noisy else None
    if middle is not None and (middle.hop != 1 or whole.below(noisy) & set(sound.given)):
        middle = None
    begin = middle or sound
    lengths = _lengths(whole, whole.below(begin.takes))
    given = dict.fromkeys([*(middle.given if middle else ()), *sound.given])
    gives = (begin.takes, *given, *lengths)
    outputs = [described(name) for name in gives]
    first = whole.written(whole.above(gives, set()), whole.inputs.values(), outputs)
    return Parts(first, gives, middle, sound, bool(lengths))


def _latent(whole: _Graph, made: str) -> str:
    """Name of the frames that the first upsampling begins with; "" where there is none."""
    sounding = whole.above([made], set())
    one = next((one for one in sounding if one.kind == "ConvTranspose"), None)
    for _ in whole.nodes:
        if one is None or one.kind == "Conv":
            break
        one = whole.makers.get(one.inputs[0])
    return one.inputs[0] if one is not None else ""


def _noisy(whole: _Graph, latent: str) -> str:
    """Name of the frames after the last noise was added to them; "" where there are none."""
    above = whole.above([latent], set())
    noise = [one for one in above if one.kind in RANDOM]
    made = whole.below(noise[-1].outputs[0]) if noise else set[str]()
    added = (one for one in above if one.kind == "Add" and made & one.needs)
    return next((one.outputs[0] for one in added), "")


def _part(whole: _Graph, takes: str, made: str) -> Part | None:
    """What makes `made` of `takes`; None where that is not local."""
    after = whole.below(takes)
    if made not in after or takes == made:
        return None
    steps = [one for one in whole.above([made], {takes}) if after & set(one.outputs)]
    known = whole.fixed() | after | {""}
    given = tuple(sorted({name for one in steps for name in one.needs if name not in known}))
    reach = _reach(whole, steps, (takes, made), after)
    if reach is None:
        return None
    inputs = [described(name, INPUT, FLOAT) for name in (takes, *given)]
    nodes = whole.above([made], {takes, *given})
    return Part(whole.written(nodes, inputs, [described(made)]), takes, given, *reach)


def _lengths(whole: _Graph, after: set[str]) -> list[str]:
    """Name of the phonemes' lengths: what the graph itself tells, or its only rounding up."""
    told = list(whole.outputs)[1:2]
    rounded = [name for one in whole.nodes if one.kind == "Ceil" for name in one.outputs]
    found = told or (rounded if len(rounded) == 1 else [])
    return [name for name in found if name not in after]


def _reach(
    whole: _Graph, steps: list[Node], ends: tuple[str, str], after: set[str]
) -> tuple[int, int] | None:
    """(what is made of a frame, frames on each side that it depends on).

    None where an operation is not known to be local.
    """
    hop = math.prod(one.number("strides") for one in steps if one.kind == "ConvTranspose")
    frame = 10_000
    spans = {ends[1]: (frame * hop, (frame + 1) * hop - 1)}
    for one in reversed(steps):
        low = min(spans[name][0] for name in one.outputs if name in spans)
        high = max(spans[name][1] for name in one.outputs if name in spans)
        span = _before(whole, one, low, high)
        if span is None:
            return None
        for name in one.needs & after:
            old = spans.get(name, span)
            spans[name] = (min(old[0], span[0]), max(old[1], span[1]))
    low, high = spans[ends[0]]
    return hop, max(frame - low, high - frame)


def _before(whole: _Graph, one: Node, low: int, high: int) -> tuple[int, int] | None:
    """Which moments of its input the moments `low` to `high` of a node are made of."""
    if one.kind in LOCAL or (one.kind in ACROSS and one.number("axis", 0) in CHANNELS):
        return low, high
    if one.kind == "Slice":
        axes = whole.numbers.get(one.inputs[3], []) if len(one.inputs) > 3 else []  # noqa: PLR2004
        return (low, high) if axes and set(axes) <= set(CHANNELS) else None
    if one.kind not in ("Conv", "ConvTranspose") or len(one.numbers["kernel_shape"]) != 1:
        return None
    wide = one.number("dilations") * (one.numbers["kernel_shape"][0] - 1)
    stride, pad = one.number("strides"), one.number("pads", 0)
    if one.kind == "Conv":
        return low * stride - pad, high * stride - pad + wide
    return -((wide - low - pad) // stride), (high + pad) // stride
