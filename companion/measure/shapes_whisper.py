"""A Whisper of random weights with a true shape, in CTranslate2's form.

Its costs are those of Whisper tiny or base in int8; it always hears the same words, because its
decoder's last layer holds one neuron for each of them that calls up the next one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

WORDS = 50_257
"""Tokens that are words; the control tokens follow, as in every multilingual Whisper."""

LANGUAGES = (  # in the order of their ids
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th "
    "ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr "
    "pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt "
    "haw ln ha ba jw su"
)

TASKS = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
STAMPS = 1501
BANDS = 80
CONTEXT, POSITIONS = 1500, 448


@dataclass(frozen=True, slots=True)
class WhisperSize:
    """The shape of a Whisper."""

    width: int
    layers: int
    heads: int


TINY = WhisperSize(384, 4, 6)
BASE = WhisperSize(512, 6, 8)


def control_tokens() -> list[str]:
    """Whisper's control tokens, in the order of their ids."""
    names = ["endoftext", "startoftranscript", *LANGUAGES.split(), *TASKS]
    return [f"<|{name}|>" for name in names] + [f"<|{n * 0.02:.2f}|>" for n in range(STAMPS)]


def vocabulary(pieces: Sequence[str], heard: Sequence[str]) -> list[str]:
    """Every token by id: the pieces, the words that are always heard, fillers, control tokens.

    The last word is empty: CTranslate2 takes a vocabulary without an empty one for English only.
    """
    known = [*pieces, *(word for word in heard if word not in set(pieces))]
    fillers = [f"spare{n}" for n in range(WORDS - 1 - len(known))]
    return [*known, *fillers, "", *control_tokens()]


def write_whisper(
    folder: Path,
    pieces: Sequence[str],
    merges: Sequence[str],
    heard: Sequence[str],
    size: WhisperSize,
) -> None:
    """Write the model with its tokenizer.

    Args:
        folder: Where to.
        pieces: The vocabulary to begin with, in the byte form of GPT-2.
        merges: Its merges.
        heard: What it hears, token by token, in the same form; none twice.
        size: Its shape.
    """
    from ctranslate2.specs.whisper_spec import WhisperSpec

    tokens = vocabulary(pieces, heard)
    ids = {token: n for n, token in enumerate(tokens)}
    rng = np.random.default_rng(0)
    spec = WhisperSpec(size.layers, size.heads, size.layers, size.heads)
    spec.decoder.scale_embeddings = False
    _encoder(rng, spec.encoder, size)
    embedding = _decoder(rng, spec.decoder, size, len(tokens))
    _force(spec.decoder.layer[-1].ffn, embedding, chains(ids, heard))
    spec.register_vocabulary(tokens)
    for name, value in _config(ids, size).items():
        spec.config.add_attribute(name, value)
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    _tokenizer(folder / "tokenizer.json", tokens, merges)


def chains(ids: dict[str, int], heard: Sequence[str]) -> list[tuple[int, int]]:
    """Which token calls up which."""
    first, words = ids[heard[0]], [*heard, "<|endoftext|>"]
    begin = [
        (ids["<|startoftranscript|>"], ids["<|en|>"]),
        (ids["<|transcribe|>"], ids["<|0.00|>"]),
        (ids["<|0.00|>"], first),
        (ids["<|notimestamps|>"], first),
    ]
    return [*begin, *((ids[a], ids[b]) for a, b in pairwise(words))]


def _config(ids: dict[str, int], size: WhisperSize) -> dict[str, Any]:
    half = range(size.layers // 2, size.layers)
    return {
        "suppress_ids": [],
        "suppress_ids_begin": [],
        "lang_ids": [ids[f"<|{name}|>"] for name in LANGUAGES.split()],
        "alignment_heads": [[layer, head] for layer in half for head in range(size.heads)],
    }


# ── weights ──────────────────────────────────────────────────────────────────────────────────

QUIET = 0.02
"""What the random layers add is this small beside the words, or they would drown them."""


def _random(rng: np.random.Generator, *shape: int, gain: float = 1.0) -> npt.NDArray[np.float32]:
    scale = gain / np.sqrt(np.prod(shape[1:]))
    values: npt.NDArray[np.float32] = (rng.standard_normal(shape) * scale).astype(np.float32)
    return values


def _linear(rng: np.random.Generator, spec: Any, out: int, into: int, gain: float = 1.0) -> None:  # noqa: ANN401
    spec.weight = _random(rng, out, into, gain=gain)
    spec.bias = np.zeros(out, np.float32)


def _norm(spec: Any, width: int) -> None:  # noqa: ANN401 - untyped library
    spec.gamma, spec.beta = np.ones(width, np.float32), np.zeros(width, np.float32)


def _attention(rng: np.random.Generator, spec: Any, width: int, gain: float) -> None:  # noqa: ANN401
    _norm(spec.layer_norm, width)
    parts = (3,) if len(spec.linear) == 2 else (1, 2)  # noqa: PLR2004 - one or two inputs
    for linear, count in zip(spec.linear, parts, strict=False):
        _linear(rng, linear, count * width, width)
    _linear(rng, spec.linear[-1], width, width, gain)


def _ffn(rng: np.random.Generator, spec: Any, width: int, gain: float) -> None:  # noqa: ANN401
    _norm(spec.layer_norm, width)
    _linear(rng, spec.linear_0, 4 * width, width)
    _linear(rng, spec.linear_1, width, 4 * width, gain)


def _encoder(rng: np.random.Generator, spec: Any, size: WhisperSize) -> None:  # noqa: ANN401
    for conv, bands in ((spec.conv1, BANDS), (spec.conv2, size.width)):
        conv.weight = _random(rng, size.width, bands, 3)
        conv.bias = np.zeros(size.width, np.float32)
    spec.position_encodings.encodings = _random(rng, CONTEXT, size.width)
    _norm(spec.layer_norm, size.width)
    for layer in spec.layer:
        _attention(rng, layer.self_attention, size.width, 1.0)
        _ffn(rng, layer.ffn, size.width, 1.0)


def _decoder(
    rng: np.random.Generator,
    spec: Any,  # noqa: ANN401 - untyped library
    size: WhisperSize,
    tokens: int,
) -> npt.NDArray[np.float32]:
    loud = max(0.1, 40 / size.width)  # so that the words of a narrow model are as certain
    embedding = (rng.standard_normal((tokens, size.width)) * loud).astype(np.float32)
    spec.embeddings.weight = spec.projection.weight = embedding
    spec.position_encodings.encodings = _random(rng, POSITIONS, size.width, gain=QUIET)
    _norm(spec.layer_norm, size.width)
    for layer in spec.layer:
        _attention(rng, layer.self_attention, size.width, QUIET)
        _attention(rng, layer.attention, size.width, QUIET)
        _ffn(rng, layer.ffn, size.width, QUIET)
    return embedding


def _force(ffn: Any, embedding: npt.NDArray[np.float32], pairs: list[tuple[int, int]]) -> None:  # noqa: ANN401
    """Have one neuron answer each pair's first token and call up its second."""
    width = embedding.shape[1]
    lengths = np.linalg.norm(embedding, axis=1, keepdims=True)
    directions = embedding / lengths
    for n, (token, following) in enumerate(pairs):
        ffn.linear_0.weight[n] = directions[token]
        ffn.linear_0.bias[n] = -0.6 * np.sqrt(width)  # far above what another token reaches
        ffn.linear_1.weight[:, n] = directions[following] * lengths.mean() * 2.0


# ── the tokenizer ────────────────────────────────────────────────────────────────────────────


def _tokenizer(path: Path, tokens: Sequence[str], merges: Sequence[str]) -> None:
    """The file that faster-whisper reads."""
    special = [_added(n, tokens[n]) for n in range(WORDS, len(tokens))]
    byte_level = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": True,
    }
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": {token or "spare": n for n, token in enumerate(tokens[:WORDS])},
            "merges": list(merges),
        },
    }
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _added(number: int, token: str) -> dict[str, Any]:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": token, **flags, "special": True}
