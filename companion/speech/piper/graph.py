"""Cuts a voice's graph in two: what makes frames of a text, and what makes sound of the frames.

The second half of a VITS hears only a few frames around each sample. So the beginning of a
sentence can be heard before its end is rendered, sample for sample the same. Reads the ONNX file
as the protobuf that it is, without any library. Knows no engine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LOCAL = {"Add", "Cast", "Constant", "Div", "Elu", "Identity", "LeakyRelu", "Mul", "Relu"} | {
    *("Sigmoid", "Sub", "Sum", "Tanh", "Unsqueeze")
}
"""Operations that make each moment of the same moment only."""

RANDOM = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}

FLOAT = 1
_VARINT, _LONG, _BYTES, _SHORT = 0, 1, 2, 5
_GRAPH, _NODE, _WEIGHT, _INPUT, _OUTPUT, _DESCRIBED = 7, 1, 5, 11, 12, 13


@dataclass(frozen=True, slots=True)
class Halves:
    """A voice in two models.

    Attributes:
        frames: The model from phonemes to frames: its first output; then `given`, then the
            length of each phoneme in frames, if the graph tells it.
        sound: The model from frames to sound.
        cut: Name of the frames.
        given: Names of what else the second model takes from the first.
        lengths: Whether the first model gives the lengths of the phonemes.
        hop: Samples of a frame.
        margin: Frames on each side that a sample depends on.
    """

    frames: bytes
    sound: bytes
    cut: str
    given: tuple[str, ...]
    lengths: bool
    hop: int
    margin: int


@dataclass(slots=True)
class _Node:
    """One operation of a graph."""

    raw: bytes
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    kind: str = ""
    inside: set[str] = field(default_factory=set)  # names that its own graphs use
    numbers: dict[str, list[int]] = field(default_factory=dict)

    @property
    def needs(self) -> set[str]:
        return {*self.inputs, *self.inside} - {""}


def split(model: bytes) -> Halves | None:
    """The two halves of a voice; None where its graph is of another kind.

    Args:
        model: The `.onnx` file.
    """
    try:
        whole = _Graph(model)
        cut = whole.latent()
        return _halves(whole, cut) if cut else None
    except (ValueError, IndexError, KeyError):  # not the protobuf of such a graph
        return None


class _Graph:
    """The parts of an ONNX file that are looked at."""

    def __init__(self, model: bytes) -> None:
        self.around: list[bytes] = []
        self.nodes: list[_Node] = []
        self.weights: dict[str, bytes] = {}
        self.inputs: dict[str, bytes] = {}
        self.outputs: dict[str, bytes] = {}
        self.rest: list[bytes] = []
        for key, value, raw in _fields(memoryview(model)):
            if key == _GRAPH:
                self._read(value)
            else:
                self.around.append(bytes(raw))
        self.makers = {name: node for node in self.nodes for name in node.outputs}

    def _read(self, graph: memoryview) -> None:
        named = {_WEIGHT: (8, self.weights), _INPUT: (1, self.inputs), _OUTPUT: (1, self.outputs)}
        for key, value, raw in _fields(graph):
            if key == _NODE:
                self.nodes.append(_node(value, bytes(raw)))
            elif key in named:
                number, table = named[key]
                table[_text(value, number)] = bytes(raw)
            elif key != _DESCRIBED:
                self.rest.append(bytes(raw))

    def latent(self) -> str:
        """Name of the frames that the first upsampling begins with; "" where there is none."""
        sounding = self.above(list(self.outputs)[:1], set())
        node = next((one for one in sounding if one.kind == "ConvTranspose"), None)
        for _ in self.nodes:
            if node is None or node.kind == "Conv":
                break
            node = self.makers.get(node.inputs[0])
        return node.inputs[0] if node is not None else ""

    def above(self, names: Iterable[str], stop: set[str]) -> list[_Node]:
        """All nodes that `names` are made of, in their order, up to the names in `stop`."""
        wanted, found = [name for name in names if name not in stop], set[int]()
        while wanted:
            node = self.makers.get(wanted.pop())
            if node is not None and id(node) not in found:
                found.add(id(node))
                wanted += node.needs - stop
        return [node for node in self.nodes if id(node) in found]

    def below(self, name: str) -> set[str]:
        """All names that are made of `name`, and itself."""
        made = {name}
        for node in self.nodes:
            if made & node.needs:
                made.update(node.outputs)
        return made

    def written(self, nodes: list[_Node], inputs: list[bytes], outputs: list[bytes]) -> bytes:
        """A model of some of the nodes, with the weights they need."""
        used = set().union(*(node.needs for node in nodes))
        weights = [raw for name, raw in self.weights.items() if name in used]
        parts = [*(node.raw for node in nodes), *weights, *inputs, *outputs, *self.rest]
        return b"".join([*self.around, _run(_GRAPH, b"".join(parts))])


def _halves(whole: _Graph, cut: str) -> Halves | None:
    sound = next(iter(whole.outputs))
    after = whole.below(cut)
    if sound not in after:
        return None
    steps = [node for node in whole.above([sound], {cut}) if after & set(node.outputs)]
    fixed = _fixed(whole)
    known = fixed | after | {""}
    given = tuple(sorted({name for node in steps for name in node.needs if name not in known}))
    stop = {cut, *given}
    second = whole.above([sound], stop)
    reach = _reach([node for node in steps if node in second], sound, cut, after)
    if reach is None:
        return None
    lengths = _lengths(whole, after)
    names = [cut, *given, *lengths]
    first = whole.above(names, set())
    frames = whole.written(first, list(whole.inputs.values()), [_described(n) for n in names])
    takes = [_described(name, _INPUT, FLOAT) for name in (cut, *given)]
    return Halves(
        frames,
        whole.written(second, takes, [_described(sound)]),
        cut,
        given,
        bool(lengths),
        *reach,
    )


def _fixed(whole: _Graph) -> set[str]:
    """Names of what is the same for every text."""
    fixed = set(whole.weights)
    for node in whole.nodes:
        if node.kind not in RANDOM and node.needs <= fixed:
            fixed.update(node.outputs)
    return fixed


def _lengths(whole: _Graph, after: set[str]) -> list[str]:
    """Name of the phonemes' lengths: what the graph itself tells, or its only rounding up."""
    told = list(whole.outputs)[1:2]
    rounded = [name for node in whole.nodes if node.kind == "Ceil" for name in node.outputs]
    found = told or (rounded if len(rounded) == 1 else [])
    return [name for name in found if name not in after]


def _reach(steps: list[_Node], sound: str, cut: str, after: set[str]) -> tuple[int, int] | None:
    """(samples of a frame, frames on each side that its samples depend on).

    None where an operation is not known to be local.
    """
    hop = math.prod(_number(node, "strides") for node in steps if node.kind == "ConvTranspose")
    frame = 10_000
    spans = {sound: (frame * hop, (frame + 1) * hop - 1)}
    for node in reversed(steps):
        low = min(spans[name][0] for name in node.outputs if name in spans)
        high = max(spans[name][1] for name in node.outputs if name in spans)
        span = _before(node, low, high)
        if span is None:
            return None
        for name in node.needs & after:
            old = spans.get(name, span)
            spans[name] = (min(old[0], span[0]), max(old[1], span[1]))
    low, high = spans[cut]
    return hop, max(frame - low, high - frame)


def _before(node: _Node, low: int, high: int) -> tuple[int, int] | None:
    """Which moments of its input the moments `low` to `high` of a node are made of."""
    if node.kind in LOCAL:
        return low, high
    if node.kind not in ("Conv", "ConvTranspose") or len(node.numbers["kernel_shape"]) != 1:
        return None
    wide = _number(node, "dilations") * (node.numbers["kernel_shape"][0] - 1)
    stride = _number(node, "strides")
    pad = node.numbers.get("pads", [0])[0]
    if node.kind == "Conv":
        return low * stride - pad, high * stride - pad + wide
    return -((wide - low - pad) // stride), (high + pad) // stride


def _number(node: _Node, name: str) -> int:
    return node.numbers.get(name, [1])[0]


# ── protobuf ─────────────────────────────────────────────────────────────────────────────────


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """(number, content, all of it) of each field of a message; of a number, its bytes."""
    at = 0
    while at < len(data):
        begin = at
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            end = _varint(data, at)[1]
        elif kind == _BYTES:
            length, at = _varint(data, at)
            end = at + length
        elif kind in (_LONG, _SHORT):
            end = at + (8 if kind == _LONG else 4)
        else:
            raise ValueError(kind)
        if end > len(data):
            raise ValueError(end)
        yield key >> 3, data[at:end], data[begin:end]
        at = end


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:  # noqa: PLR2004 - seven bits a byte
            return value, at
        shift += 7


def _text(message: memoryview, number: int) -> str:
    """A field that holds text; "" where it is missing."""
    for key, value, _ in _fields(message):
        if key == number:
            return str(value, "utf-8")
    return ""


def _node(message: memoryview, raw: bytes) -> _Node:
    node = _Node(raw)
    for key, value, _ in _fields(message):
        if key in (1, 2):
            (node.inputs if key == 1 else node.outputs).append(str(value, "utf-8"))
        elif key == 4:  # noqa: PLR2004 - NodeProto.op_type
            node.kind = str(value, "utf-8")
        elif key == 5:  # noqa: PLR2004 - NodeProto.attribute
            name, numbers, inside = _attribute(value)
            node.numbers[name] = numbers
            node.inside |= inside
    return node


def _attribute(message: memoryview) -> tuple[str, list[int], set[str]]:
    """Its name, its whole numbers, and the names that a graph inside of it uses."""
    name, numbers, inside = "", list[int](), set[str]()
    for key, value, raw in _fields(message):
        if key == 1:
            name = str(value, "utf-8")
        elif key == 8:  # noqa: PLR2004 - AttributeProto.ints: one by one, or packed
            packed = raw[0] & 7 == _BYTES
            at = 0
            while at < len(value):
                number, at = _varint(value, at)
                numbers.append(number)
                at = at if packed else len(value)
        elif key in (6, 11):  # AttributeProto.g and .graphs
            for number, part, _ in _fields(value):
                if number == _NODE:
                    inside |= _node(part, b"").needs
                elif number == _OUTPUT:
                    inside.add(_text(part, 1))
    return name, numbers, inside


def _run(key: int, content: bytes) -> bytes:
    return _count(key << 3 | _BYTES) + _count(len(content)) + content


def _count(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _described(name: str, key: int = _OUTPUT, kind: int = 0) -> bytes:
    """An input or an output of a graph: its name, and its kind where that is known."""
    type_ = _run(2, _run(1, _count(1 << 3) + _count(kind))) if kind else b""
    return _run(key, _run(1, name.encode()) + type_)
