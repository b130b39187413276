"""Turns all-MiniLM-L6-v2 as published into a form that runs without torch (CTranslate2).

Runs as a program of its own, `python -m companion.memory.dense.convert SOURCE TARGET`, because the
converter's library imports torch, which the companion's process never does for this model.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def convert(source: Path, target: Path) -> None:
    """Write the model in `source` (a BERT with `model.safetensors`) to the folder `target`."""
    from safetensors.numpy import load_file

    config = json.loads((source / "config.json").read_text("utf-8"))
    spec = _spec(load_file(source / "model.safetensors"), config)
    vocabulary = json.loads((source / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    spec.register_vocabulary(sorted(vocabulary, key=vocabulary.__getitem__))
    spec.config.unk_token = "[UNK]"  # noqa: S105 - a word of the vocabulary
    spec.config.layer_norm_epsilon = config["layer_norm_eps"]
    spec.validate()
    spec.optimize(quantization="float32")  # int8 is 2.6 times as fast, but its cosines fall to .98
    target.mkdir(mode=0o700, parents=True)
    spec.save(str(target))
    shutil.copyfile(source / "tokenizer.json", target / "tokenizer.json")


def _spec(weights: Mapping[str, Any], config: Mapping[str, Any]) -> Any:  # noqa: ANN401 - untyped
    """The encoder as CTranslate2 describes it."""
    from ctranslate2.specs import common_spec, transformer_spec

    encoder = transformer_spec.TransformerEncoderSpec(
        config["num_hidden_layers"],
        config["num_attention_heads"],
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=common_spec.EmbeddingsMerge.ADD,
    )
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = weights["embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = weights["embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = weights["embeddings.position_embeddings.weight"]
    _norm(encoder.layernorm_embedding, weights, "embeddings.LayerNorm")
    for number, layer in enumerate(encoder.layer):
        _layer(layer, weights, f"encoder.layer.{number}")
    return transformer_spec.TransformerEncoderModelSpec(encoder)


def _layer(layer: Any, weights: Mapping[str, Any], prefix: str) -> None:  # noqa: ANN401 - untyped
    from ctranslate2.converters import utils
    from ctranslate2.specs import common_spec

    parts = []
    for name in ("query", "key", "value"):
        parts.append(common_spec.LinearSpec())
        _linear(parts[-1], weights, f"{prefix}.attention.self.{name}")
    utils.fuse_linear(layer.self_attention.linear[0], parts)
    _linear(layer.self_attention.linear[1], weights, f"{prefix}.attention.output.dense")
    _norm(layer.self_attention.layer_norm, weights, f"{prefix}.attention.output.LayerNorm")
    _linear(layer.ffn.linear_0, weights, f"{prefix}.intermediate.dense")
    _linear(layer.ffn.linear_1, weights, f"{prefix}.output.dense")
    _norm(layer.ffn.layer_norm, weights, f"{prefix}.output.LayerNorm")


def _linear(spec: Any, weights: Mapping[str, Any], name: str) -> None:  # noqa: ANN401 - untyped
    spec.weight = weights[f"{name}.weight"]
    spec.bias = weights[f"{name}.bias"]


def _norm(spec: Any, weights: Mapping[str, Any], name: str) -> None:  # noqa: ANN401 - untyped
    spec.gamma = weights[f"{name}.weight"]
    spec.beta = weights[f"{name}.bias"]


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
