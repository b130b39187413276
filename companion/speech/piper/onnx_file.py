"""Reads an ONNX file as the protobuf that it is, and writes parts of it, without any library.

A message is a row of fields: a number with a kind, and a number or a run of bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT, LONG, BYTES, SHORT = 0, 1, 2, 5
GRAPH = 7
NODE, WEIGHT, INPUT, OUTPUT, DESCRIBED = 1, 5, 11, 12, 13
FLOAT = 1


@dataclass(slots=True)
class Node:
    """One operation of a graph.

    Attributes:
        raw: As it stands in the file.
        inside: Names that its own graphs use.
        numbers: Its attributes that are whole numbers.
    """

    raw: memoryview
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    kind: str = ""
    inside: set[str] = field(default_factory=set)
    numbers: dict[str, list[int]] = field(default_factory=dict)

    @property
    def needs(self) -> set[str]:
        """Names of all it is made of."""
        return {*self.inputs, *self.inside} - {""}

    def number(self, name: str, default: int = 1) -> int:
        """The first number of an attribute."""
        return self.numbers.get(name, [default])[0]


def fields(data: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """(number, content, all of it) of each field of a message; of a number, its bytes.

    Raises:
        ValueError: It is no protobuf.
        IndexError: It breaks off.
    """
    at = 0
    while at < len(data):
        begin = at
        key, at = varint(data, at)
        kind = key & 7
        if kind == VARINT:
            end = varint(data, at)[1]
        elif kind == BYTES:
            length, at = varint(data, at)
            end = at + length
        elif kind in (LONG, SHORT):
            end = at + (8 if kind == LONG else 4)
        else:
            raise ValueError(kind)
        if end > len(data):
            raise ValueError(end)
        yield key >> 3, data[at:end], data[begin:end]
        at = end


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:  # noqa: PLR2004 - seven bits a byte
            return value, at
        shift += 7


def text(message: memoryview, number: int) -> str:
    """A field that holds text; "" where it is missing."""
    for key, value, _ in fields(message):
        if key == number:
            return str(value, "utf-8")
    return ""


def node(message: memoryview, raw: memoryview) -> Node:
    """An operation."""
    made = Node(raw)
    for key, value, _ in fields(message):
        if key in (1, 2):
            (made.inputs if key == 1 else made.outputs).append(str(value, "utf-8"))
        elif key == 4:  # noqa: PLR2004 - NodeProto.op_type
            made.kind = str(value, "utf-8")
        elif key == 5:  # noqa: PLR2004 - NodeProto.attribute
            name, numbers, inside = _attribute(value)
            made.numbers[name] = numbers
            made.inside |= inside
    return made


def _attribute(message: memoryview) -> tuple[str, list[int], set[str]]:
    """Its name, its whole numbers, and the names that a graph inside of it uses."""
    name, numbers, inside = "", list[int](), set[str]()
    for key, value, raw in fields(message):
        if key == 1:
            name = str(value, "utf-8")
        elif key in (3, 8):  # AttributeProto.i and .ints, these one by one or packed
            numbers += _numbers(value, packed=raw[0] & 7 == BYTES)
        elif key == 5:  # noqa: PLR2004 - AttributeProto.t
            numbers += whole_numbers(value)
        elif key in (6, 11):  # AttributeProto.g and .graphs
            for number, part, _ in fields(value):
                if number == NODE:
                    inside |= node(part, part).needs
                elif number == OUTPUT:
                    inside.add(text(part, 1))
    return name, numbers, inside


def whole_numbers(tensor: memoryview) -> list[int]:
    """The values of a tensor of int64; nothing of another kind."""
    found: list[int] = []
    kind = 0
    for key, value, raw in fields(tensor):
        if key == 2:  # noqa: PLR2004 - TensorProto.data_type
            kind = varint(value, 0)[0]
        elif key == 7:  # noqa: PLR2004 - TensorProto.int64_data
            found += _numbers(value, packed=raw[0] & 7 == BYTES)
        elif key == 9 and len(value) % 8 == 0 and len(value) < 1024:  # noqa: PLR2004 - .raw_data
            found += struct.unpack(f"<{len(value) // 8}q", value)
    return found if kind == 7 else []  # noqa: PLR2004 - TensorProto.INT64


def _numbers(value: memoryview, *, packed: bool) -> list[int]:
    found: list[int] = []
    at = 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(number - (1 << 64) if number >> 63 else number)
        at = at if packed else len(value)
    return found


def run(key: int, content: bytes) -> bytes:
    """A field that holds bytes: text, or another message."""
    return head(key, len(content)) + content


def head(key: int, length: int) -> bytes:
    """What stands before the content of such a field."""
    return _count(key << 3 | BYTES) + _count(length)


def described(name: str, key: int = OUTPUT, kind: int = 0) -> bytes:
    """An input or an output of a graph: its name, and its kind where that is known."""
    type_ = run(2, run(1, _count(1 << 3) + _count(kind))) if kind else b""
    return run(key, run(1, name.encode()) + type_)


def _count(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
