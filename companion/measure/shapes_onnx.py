"""Writes ONNX graphs: the few parts of the format that a voice needs, without any library.

The format is protobuf: each field is a key (number and kind) and a number or a run of bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

Attribute = int | float | str | tuple[int, ...]
Shape = tuple[int | str, ...]

OPSET = 17
IR_VERSION = 8
FLOAT, INT64 = 1, 7
_TYPES = {np.dtype(np.float32): FLOAT, np.dtype(np.int64): INT64}


def number(key: int, value: int) -> bytes:
    """A field that holds a whole number."""
    return _varint(key << 3) + _varint(value & (1 << 64) - 1)


def run(key: int, value: bytes | str) -> bytes:
    """A field that holds bytes: text, or another message."""
    raw = value.encode("utf-8") if isinstance(value, str) else value
    return _varint(key << 3 | 2) + _varint(len(raw)) + raw


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _attribute(name: str, value: Attribute) -> bytes:
    named = run(1, name)
    if isinstance(value, float):
        return named + _varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
    if isinstance(value, int):
        return named + number(3, value) + number(20, 2)
    if isinstance(value, str):
        return named + run(4, value) + number(20, 3)
    return named + b"".join(number(8, one) for one in value) + number(20, 7)


def _described(name: str, kind: int, shape: Shape) -> bytes:
    sizes = b"".join(
        run(1, number(1, size) if isinstance(size, int) else run(2, size)) for size in shape
    )
    return run(1, name) + run(2, run(1, number(1, kind) + run(2, sizes)))


@dataclass(slots=True)
class Graph:
    """A graph that grows node by node; each is named after the part it belongs to."""

    scope: str = ""
    nodes: list[bytes] = field(default_factory=list)
    weights: list[bytes] = field(default_factory=list)
    inputs: list[bytes] = field(default_factory=list)
    outputs: list[bytes] = field(default_factory=list)
    count: int = 0

    def op(self, kind: str, *inputs: str, **attributes: Attribute) -> str:
        """Add a node with one output; gives the output's name."""
        return self.split(kind, 1, *inputs, **attributes)[0]

    def split(self, kind: str, outputs: int, *inputs: str, **attributes: Attribute) -> list[str]:
        """Add a node with several outputs."""
        self.count += 1
        name = f"/{self.scope}/{kind}_{self.count}"
        results = [f"{name}_output_{n}" for n in range(outputs)]
        node = b"".join([*(run(1, one) for one in inputs), *(run(2, one) for one in results)])
        node += run(3, name) + run(4, kind)
        node += b"".join(run(5, _attribute(key, value)) for key, value in attributes.items())
        self.nodes.append(node)
        return results

    def keep(self, array: npt.NDArray[np.float32] | npt.NDArray[np.int64], name: str = "") -> str:
        """Add weights or a constant; gives its name."""
        self.count += 1
        name = f"{self.scope.replace('/', '.')}.{name or 'constant'}_{self.count}"
        sizes = b"".join(number(1, size) for size in array.shape)
        kind = number(2, _TYPES[array.dtype])
        self.weights.append(sizes + kind + run(8, name) + run(9, array.tobytes()))
        return name

    def ints(self, *values: int) -> str:
        """A constant list of whole numbers."""
        return self.keep(np.array(values, np.int64))

    def real(self, value: float) -> str:
        """A constant number."""
        return self.keep(np.array(value, np.float32))

    def takes(self, name: str, kind: int, shape: Shape) -> str:
        """Declare an input."""
        self.inputs.append(_described(name, kind, shape))
        return name

    def gives(self, name: str, source: str, shape: Shape) -> None:
        """Declare an output of floats."""
        self.nodes.append(run(1, source) + run(2, name) + run(3, f"/{name}") + run(4, "Identity"))
        self.outputs.append(_described(name, FLOAT, shape))

    def write(self, path: Path, producer: str) -> None:
        """Write the file."""
        parts: Sequence[tuple[int, list[bytes]]] = (
            (1, self.nodes),
            (5, self.weights),
            (11, self.inputs),
            (12, self.outputs),
        )
        graph = run(2, "graph") + b"".join(run(key, one) for key, many in parts for one in many)
        opset = run(8, run(1, "") + number(2, OPSET))
        path.write_bytes(number(1, IR_VERSION) + run(2, producer) + run(7, graph) + opset)
