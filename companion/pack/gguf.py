"""What a GGUF file says about itself, read before the file is loaded.

Only the header is read: a few megabytes of a file of many gigabytes. Nothing in it is believed
before it is checked against the size of the file. Knows no engine.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from companion.errors import BadData, Forbidden, ModelMissing

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"GGUF"
VERSIONS = (2, 3)

BLOCKS: dict[int, tuple[int, int]] = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
    40: (64, 36),
    41: (128, 18),
}
"""Tensor type → (values in a block, bytes of a block), as llama.cpp stores them."""

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?"} | {
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9
_LONGEST_KEY = 1 << 16
_KEPT = 1024
"""Arrays longer than this are stepped over: vocabularies, not settings."""

Value = str | int | float | bool | list["Value"] | None


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF file holds.

    Attributes:
        version: Version of the file format.
        metadata: Settings by name; None for long arrays.
        lengths: How many items each array has, by name.
        tensors: How many tensors there are.
        tensor_bytes: Bytes of all tensors.
        needs: Bytes the whole file must have.
        size: Bytes it has.
    """

    version: int
    metadata: dict[str, Value] = field(repr=False)
    lengths: dict[str, int] = field(repr=False)
    tensors: int
    tensor_bytes: int
    needs: int
    size: int

    def text(self, key: str) -> str:
        """A setting that is text; empty where there is none."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str, default: int = 0) -> int:
        """A setting of the model's architecture that is a number, or an array's largest one."""
        value = self.metadata.get(f"{self.architecture}.{key}")
        if isinstance(value, list):
            value = max((v for v in value if isinstance(v, int)), default=default)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    @property
    def architecture(self) -> str:
        """Family of the model, such as "llama"."""
        return self.text("general.architecture")

    @property
    def context(self) -> int:
        """Tokens the model was trained to hold; 0 where it does not say."""
        return self.number("context_length")

    @property
    def has_template(self) -> bool:
        """Whether it brings its own chat template."""
        return bool(self.text("tokenizer.chat_template"))


def read_header(path: Path) -> Header:
    """Read the header of a GGUF file.

    Raises:
        BadData: It is something else, of an unknown version, damaged or cut short.
        ModelMissing: There is no such file.
        Forbidden: It may not be read.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            _check_beginning(file.read(64), path.name, size)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Reader(data, path.name, size).header()
    except FileNotFoundError as error:
        raise ModelMissing(f"There is no model at {path}.", "Run: companion models pull") from error
    except PermissionError as error:
        raise Forbidden(f"{path} may not be read.", f"Try: chmod u+r '{path}'") from error
    except OSError as error:
        raise BadData(f"{path} cannot be read ({error.strerror}).") from error


def _check_beginning(start: bytes, name: str, size: int) -> None:
    """Say what the file is instead, if it is no GGUF file this reader knows."""
    if start.startswith(MAGIC):
        _check_version(start, name)
        return
    again = "Download it again."
    shown = start[:12].decode("ascii", "replace").split("\n")[0].rstrip("\ufffd\0")
    if not size:
        raise BadData(f"{name} is empty.", again)
    if start.lstrip()[:1] == b"<":
        raise BadData(
            f"{name} is not a GGUF file (it starts with '{shown}'; a web page was saved instead).",
            "Download the file itself, not the page about it.",
        )
    if start.startswith(b"version https://git-lfs"):
        raise BadData(f"{name} only points at the model (a Git LFS pointer).", "Run: git lfs pull")
    raise BadData(f"{name} is not a GGUF file (it starts with '{shown}').", again)


def _check_version(start: bytes, name: str) -> None:
    if len(start) < 24:  # noqa: PLR2004 - magic, version and two counts
        raise BadData(f"{name} is incomplete: it ends in its header.", "Download it again.")
    (version,) = struct.unpack_from("<I", start, 4)
    if version in VERSIONS:
        return
    if version & 0xFFFF == 0:
        raise BadData(f"{name} is a big-endian GGUF file.", "Download the little-endian one.")
    raise BadData(
        f"{name} is a GGUF file of version {version}; versions 2 and 3 can be read.",
        "Download a current one, or update Companion.",
    )


class _Reader:
    """Steps through a header; every step is checked against the end of the file."""

    def __init__(self, data: mmap.mmap, name: str, size: int) -> None:
        self.data = data
        self.name = name
        self.size = size
        self.at = 4

    def header(self) -> Header:
        version, tensors, settings = self.take("<I"), self.count(), self.count()
        metadata: dict[str, Value] = {}
        lengths: dict[str, int] = {}
        for _ in range(settings):
            key = self.string(_LONGEST_KEY)
            value, length = self.value(self.take("<I"), 0)
            metadata[key] = value
            if length is not None:
                lengths[key] = length
        total, end = self.tensors(tensors)
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment < 1:
            raise self.damaged()
        start = -(-self.at // alignment) * alignment
        header = Header(
            version,
            metadata,
            lengths,
            tensors,
            total,
            start + end if tensors else self.at,
            self.size,
        )
        self.check_complete(header)
        return header

    def check_complete(self, header: Header) -> None:
        if header.needs > self.size:
            raise BadData(
                f"{self.name} is incomplete: its header needs {gigabytes(header.needs)}, the file "
                f"has {gigabytes(self.size)}.",
                "Download it again.",
            )

    def tensors(self, count: int) -> tuple[int, int]:
        """(bytes of all tensors, where the last one ends after the start of the data)."""
        total = end = 0
        for _ in range(count):
            name = self.string(_LONGEST_KEY)
            values = 1
            for _ in range(self.bounded(self.take("<I"), 8)):
                values *= self.take("<Q")
            kind, offset = self.take("<I"), self.take("<Q")
            if kind not in BLOCKS:
                raise BadData(
                    f"{self.name}: tensor '{name[:64]}' is of type {kind}, which the llama.cpp in "
                    "use does not know.",
                    "Choose another quantisation of this model, such as Q4_K_M.",
                )
            block, size = BLOCKS[kind]
            length = -(-values // block) * size
            total += length
            end = max(end, offset + length)
        return total, end

    def value(self, kind: int, depth: int) -> tuple[Value, int | None]:
        """A setting of this type, and its length where it is an array."""
        if kind == _STRING:
            return self.string(self.size), None
        if kind == _ARRAY and depth < 4:  # noqa: PLR2004 - no known file nests arrays at all
            return self.array(depth)
        if kind not in _SCALARS:
            raise self.damaged()
        return self.take(_SCALARS[kind]), None

    def array(self, depth: int) -> tuple[Value, int]:
        kind, length = self.take("<I"), self.count()
        if kind in _SCALARS and length > _KEPT:
            self.skip(length * struct.calcsize(_SCALARS[kind]))
            return None, length
        if kind == _STRING and length > _KEPT:
            for _ in range(length):
                self.skip(self.take("<Q"))
            return None, length
        return [self.value(kind, depth + 1)[0] for _ in range(length)], length

    def take(self, form: str) -> int:
        size = struct.calcsize(form)
        self.skip(size)
        (value,) = struct.unpack_from(form, self.data, self.at - size)
        return value  # type: ignore[no-any-return]  # struct is untyped; floats pass through

    def string(self, longest: int) -> str:
        length = self.bounded(self.take("<Q"), longest)
        self.skip(length)
        return self.data[self.at - length : self.at].decode("utf-8", "replace")

    def count(self) -> int:
        """How many of something follow: each takes a byte at least."""
        return self.bounded(self.take("<Q"), self.size)

    def skip(self, length: int) -> None:
        if self.at + length > self.size:
            raise BadData(
                f"{self.name} is incomplete: it ends in its header.", "Download it again."
            )
        self.at += length

    def bounded(self, value: int, most: int) -> int:
        if value > most:
            raise self.damaged()
        return value

    def damaged(self) -> BadData:
        return BadData(
            f"{self.name} is damaged at byte {self.at:,} of its header.", "Download it again."
        )


def gigabytes(size: float) -> str:
    """A size as people read it: 2.50 GB, 7.2 MB, 12 kB."""
    for unit, factor, digits in (("GB", 1e9, 2), ("MB", 1e6, 1), ("kB", 1e3, 0)):
        if size >= factor:
            return f"{size / factor:.{digits}f} {unit}"
    return f"{size:.0f} bytes"
