"""A language model of random weights with the true shape of a 0.5 B one, as a GGUF file.

Its costs are those of Qwen2.5-0.5B in Q4_0; it writes one reply, always the same, because its last
layer holds one neuron for each of the reply's words that calls up the next one. Vocabulary and
chat template are those of the shipped model, filled up. Knows no engine.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]

Field = int | float | bool | str | list[str] | list[int]

BLOCK = 32
F32, Q4_0, Q8_0 = 0, 2, 8
_ALIGNMENT = 32
_UNUSED = 5
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?"} | {
    10: "<Q",
    11: "<q",
    12: "<d",
}


@dataclass(frozen=True, slots=True)
class QwenSize:
    """The shape of the model; the default is Qwen2.5-0.5B."""

    vocabulary: int = 151_936
    width: int = 896
    layers: int = 24
    heads: int = 14
    heads_kv: int = 2
    inner: int = 4864
    context: int = 32_768


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its dimensions as GGUF counts them (the innermost first), and its bytes."""

    name: str
    shape: tuple[int, ...]
    kind: int
    data: Bytes


# ── the shipped vocabulary ───────────────────────────────────────────────────────────────────


def fields_of(path: Path) -> dict[str, Field]:
    """All settings of a GGUF file, long arrays included."""
    with path.open("rb") as file:
        _magic, _version, _tensors, count = struct.unpack("<4sIQQ", file.read(24))
        return {_text(file): _value(file, _one(file, "<I")) for _ in range(count)}


def _one(file: BinaryIO, form: str) -> int:
    (value,) = struct.unpack(form, file.read(struct.calcsize(form)))
    return value  # type: ignore[no-any-return]  # struct is untyped


def _text(file: BinaryIO) -> str:
    return file.read(_one(file, "<Q")).decode("utf-8")


def _value(file: BinaryIO, kind: int) -> Field:
    if kind == _STRING:
        return _text(file)
    if kind == _ARRAY:
        inner, length = _one(file, "<I"), _one(file, "<Q")
        return [_value(file, inner) for _ in range(length)]  # type: ignore[return-value]
    return _one(file, _SCALARS[kind])


def vocabulary_of(shipped: Path, size: int) -> dict[str, Field]:
    """The tokenizer of the shipped model with as many tokens as `size`."""
    fields = {k: v for k, v in fields_of(shipped).items() if k.startswith("tokenizer.")}
    tokens, kinds = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    assert isinstance(tokens, list)  # noqa: S101 - the shipped file is ours
    assert isinstance(kinds, list)  # noqa: S101
    more = size - len(tokens)
    fields["tokenizer.ggml.tokens"] = [*map(str, tokens), *(f"<|spare{n}|>" for n in range(more))]
    fields["tokenizer.ggml.token_type"] = [*map(int, kinds), *[_UNUSED] * more]
    return fields


# ── weights ──────────────────────────────────────────────────────────────────────────────────


def random_q4(rng: np.random.Generator, rows: int, columns: int, scale: float) -> Bytes:
    """Random Q4_0 blocks: 16-bit scale and 32 values of four bits."""
    blocks = np.empty((rows, columns // BLOCK, 18), np.uint8)
    blocks[..., :2] = np.full(1, scale, np.float16).view(np.uint8)
    blocks[..., 2:] = rng.integers(0, 256, blocks[..., 2:].shape, dtype=np.uint8)
    return blocks


def random_q8(rng: np.random.Generator, rows: int, columns: int, scale: float) -> Bytes:
    """Random Q8_0 blocks: 16-bit scale and 32 values of eight bits."""
    blocks = np.empty((rows, columns // BLOCK, 34), np.uint8)
    blocks[..., :2] = np.full(1, scale, np.float16).view(np.uint8)
    values = rng.integers(-127, 128, (*blocks.shape[:2], BLOCK), dtype=np.int8)
    blocks[..., 2:] = values.view(np.uint8)
    return blocks


def q8_values(blocks: Bytes) -> npt.NDArray[np.float32]:
    """Q8_0 blocks as numbers, a row each."""
    scales = blocks[..., :2].copy().view(np.float16).astype(np.float32)
    values: npt.NDArray[np.float32] = blocks[..., 2:].copy().view(np.int8) * scales
    return values.reshape(blocks.shape[0], -1)


def as_q4(values: npt.NDArray[np.float32]) -> Bytes:
    """Numbers as Q4_0 blocks; the largest of each block is exact."""
    parts = values.reshape(values.shape[0], -1, BLOCK)
    index = np.abs(parts).argmax(-1)[..., None]
    scales = np.take_along_axis(parts, index, -1) / -8
    safe = np.where(scales == 0, 1, scales)
    codes = np.clip(np.rint(parts / safe) + 8, 0, 15).astype(np.uint8)
    low, high = codes[..., : BLOCK // 2], codes[..., BLOCK // 2 :]
    return np.concatenate([scales.astype(np.float16).view(np.uint8), low | (high << 4)], -1)


def _forced(
    rng: np.random.Generator, size: QwenSize, embedding: Bytes, chain: Sequence[int]
) -> tuple[Bytes, Bytes]:
    """Gate and down of the layer that calls up, after each token of `chain`, the next one.

    A neuron stands alone in its block of `down`, so that it is exact there.
    """
    gate = random_q4(rng, size.inner, size.width, 0.0025)
    down = random_q4(rng, size.width, size.inner, 1e-4)
    words = q8_values(embedding[list(chain)])
    directions = words / np.linalg.norm(words, axis=1, keepdims=True)
    for n in range(len(chain) - 1):
        gate[n * BLOCK] = as_q4(directions[n : n + 1])[0]
        push = np.zeros((size.width, BLOCK), np.float32)
        push[:, 0] = directions[n + 1] * (300 / size.width)
        down[:, n] = as_q4(push)[:, 0]
    return gate, down


def _layer(
    rng: np.random.Generator, size: QwenSize, name: str, forced: tuple[Bytes, Bytes] | None
) -> Iterator[Tensor]:
    wide, keys = size.width, size.width // size.heads * size.heads_kv
    for norm in ("attn_norm", "ffn_norm"):
        yield _flat(f"{name}.{norm}.weight", np.ones(wide, np.float32))
    for part, rows in (("q", wide), ("k", keys), ("v", keys)):
        blocks = random_q4(rng, rows, wide, 0.0025)
        yield _packed(f"{name}.attn_{part}.weight", blocks, Q4_0)
        yield _flat(f"{name}.attn_{part}.bias", np.zeros(rows, np.float32))
    yield _packed(f"{name}.attn_output.weight", random_q4(rng, wide, wide, 1e-4), Q4_0)
    up = random_q4(rng, size.inner, wide, 0.0025)
    gate, down = forced or (
        random_q4(rng, size.inner, wide, 0.0025),
        random_q4(rng, wide, size.inner, 1e-4),
    )
    up = gate if forced else up
    yield _packed(f"{name}.ffn_gate.weight", gate, Q4_0)
    yield _packed(f"{name}.ffn_up.weight", up, Q4_0)
    yield _packed(f"{name}.ffn_down.weight", down, Q4_0)


def _flat(name: str, values: npt.NDArray[np.float32]) -> Tensor:
    return Tensor(name, values.shape, F32, values.view(np.uint8))


def _packed(name: str, blocks: Bytes, kind: int) -> Tensor:
    return Tensor(name, (blocks.shape[1] * BLOCK, blocks.shape[0]), kind, blocks)


# ── the file ─────────────────────────────────────────────────────────────────────────────────


def write_qwen(path: Path, shipped: Path, chain: Sequence[int], size: QwenSize) -> None:
    """Write the model.

    Args:
        path: Where to.
        shipped: The GGUF whose vocabulary and chat template it takes.
        chain: The last token of a prompt, the reply's tokens and the token that ends it; no
            token may be in it twice.
        size: Its shape.
    """
    rng = np.random.default_rng(0)
    embedding = random_q8(rng, size.vocabulary, size.width, 1 / 73)
    tensors = [
        _packed("token_embd.weight", embedding, Q8_0),
        _flat("output_norm.weight", np.ones(size.width, np.float32)),
    ]
    for n in range(size.layers):
        last = n == size.layers - 1
        forced = _forced(rng, size, embedding, chain) if last else None
        tensors += _layer(rng, size, f"blk.{n}", forced)
    with path.open("wb") as file:
        _write(file, _settings(size) | vocabulary_of(shipped, size.vocabulary), tensors)


def _settings(size: QwenSize) -> dict[str, Field]:
    return {
        "general.architecture": "qwen2",
        "general.name": "random weights of the shape of a 0.5 B model, for measuring",
        "general.file_type": 2,
        "qwen2.context_length": size.context,
        "qwen2.embedding_length": size.width,
        "qwen2.block_count": size.layers,
        "qwen2.feed_forward_length": size.inner,
        "qwen2.attention.head_count": size.heads,
        "qwen2.attention.head_count_kv": size.heads_kv,
        "qwen2.attention.layer_norm_rms_epsilon": 1e-6,
        "qwen2.rope.freq_base": 1_000_000.0,
    }


def _write(file: BinaryIO, fields: dict[str, Field], tensors: Sequence[Tensor]) -> None:
    file.write(struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(fields)))
    for key, value in fields.items():
        kind, data = _encoded(value)
        file.write(_string(key) + struct.pack("<I", kind) + data)
    offset = 0
    for tensor in tensors:
        shape = struct.pack(f"<{len(tensor.shape)}Q", *tensor.shape)
        file.write(_string(tensor.name) + struct.pack("<I", len(tensor.shape)) + shape)
        file.write(struct.pack("<IQ", tensor.kind, offset))
        offset += _padded(tensor.data.nbytes)
    file.write(bytes(_padded(file.tell()) - file.tell()))
    for tensor in tensors:
        file.write(tensor.data.tobytes())
        file.write(bytes(_padded(tensor.data.nbytes) - tensor.data.nbytes))


def _padded(length: int) -> int:
    return -(-length // _ALIGNMENT) * _ALIGNMENT


def _string(text: str) -> bytes:
    raw = text.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def _encoded(value: Field) -> tuple[int, bytes]:
    if isinstance(value, bool):
        return _BOOL, struct.pack("<?", value)
    if isinstance(value, int):
        return _UINT32, struct.pack("<I", value)
    if isinstance(value, float):
        return _FLOAT32, struct.pack("<f", value)
    if isinstance(value, str):
        return _STRING, _string(value)
    if value and isinstance(value[0], str):
        inner, data = _STRING, b"".join(_string(str(one)) for one in value)
    else:
        inner, data = _INT32, np.array(value, np.int32).tobytes()
    return _ARRAY, struct.pack("<IQ", inner, len(value)) + data
