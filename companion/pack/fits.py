"""Whether a model can be run here: looked up before it is loaded, so that nothing dies of it.

The figure is an estimate: weights, the context's keys and values, and working space. For a model of
0.5 B parameters (Q4_0, 350 MB) it was 2 % below what loading and reading 512 tokens took, at 512,
2,048 and 8,192 tokens of context.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from companion.errors import BadData, DeviceError
from companion.pack.gguf import Header, gigabytes, read_header

BATCH = 256
"""Tokens read at a time; the working space grows with it."""

BASE = 64 * 1024 * 1024
"""Bytes llama.cpp takes whatever the model."""

KEPT_FREE = 0.05
"""Share of the free memory that is left alone."""

_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Fit:
    """What a model needs, and what there is; bytes.

    Attributes:
        context: Tokens of context this is for.
        needed: Estimated memory of the loaded model.
        free: Memory that is free now; None where the system does not say.
    """

    context: int
    needed: int
    free: int | None

    @property
    def fits(self) -> bool:
        """Whether it can be loaded; also where the free memory is unknown."""
        return self.free is None or self.needed <= self.free * (1 - KEPT_FREE)


def check_gguf(path: Path) -> Header:
    """Check that a file is a complete GGUF language model.

    Returns:
        Its header.

    Raises:
        BadData: It is something else, incomplete, or no language model; says which and the cure.
        ModelMissing: There is no such file.
    """
    header = read_header(path)
    if not header.architecture or not header.tensors:
        raise BadData(
            f"{path.name} holds no language model (no architecture or no tensors).",
            "Choose a GGUF file of a chat model.",
        )
    if header.architecture in {"clip", "mmproj"} or header.text("general.type") in {
        "mmproj",
        "adapter",
        "imatrix",
    }:
        raise BadData(
            f"{path.name} is only a part that goes with a language model "
            f"({header.text('general.type') or header.architecture}).",
            "Choose the model itself.",
        )
    return header


def fit(header: Header, context: int, free: int | None = None) -> Fit:
    """What a model needs with this context, against `free` or what is free now."""
    return Fit(context, memory_needed(header, context), free_memory() if free is None else free)


def check_fits(path: Path, context: int, free: int | None = None) -> Fit:
    """Check that a model can be loaded with this context.

    Raises:
        DeviceError: It needs more memory than is free; says what would do.
        BadData: It is no language model.
    """
    header = check_gguf(path)
    found = fit(header, context, free)
    if found.fits:
        return found
    raise DeviceError(
        f"{path.name} needs about {gigabytes(found.needed)} with context {context}; "
        f"{gigabytes(found.free or 0)} are free.",
        _cure(header, found),
    )


def memory_needed(header: Header, context: int) -> int:
    """Bytes a model takes when loaded, estimated from its header."""
    vocabulary = header.lengths.get("tokenizer.ggml.tokens", 0)
    working = BATCH * 4 * (vocabulary + 16 * header.number("embedding_length"))
    return header.tensor_bytes + context_bytes(header, context) + working + BASE


def context_bytes(header: Header, context: int) -> int:
    """Bytes of the keys and values of `context` tokens, in 16-bit floats."""
    heads = header.number("attention.head_count", 1) or 1
    shared = header.number("attention.head_count_kv", heads)
    width = header.number("embedding_length") // heads
    key = header.number("attention.key_length", width)
    value = header.number("attention.value_length", width)
    return 2 * context * header.number("block_count") * shared * (key + value)


def free_memory(meminfo: Path = _MEMINFO) -> int | None:
    """Bytes that programs may still take; None where the system does not say.

    Args:
        meminfo: Where Linux says it. Elsewhere all the memory there is counts as free.
    """
    try:
        for line in meminfo.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return total_memory() or None


def total_memory() -> int:
    """Bytes of memory this machine has; 0 where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return 0


def _cure(header: Header, found: Fit) -> str:
    """A context that would do, if there is one."""
    context = found.context
    while context > 512:  # noqa: PLR2004 - the smallest context the settings take
        context //= 2
        smaller = Fit(context, memory_needed(header, context), found.free)
        if smaller.fits:
            needed = gigabytes(smaller.needed)
            return f"Set [llm] context = {context} ({needed}), or choose a smaller model."
    return "Choose a smaller model, or close other programs."
