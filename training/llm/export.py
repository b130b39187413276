"""Write a checkpoint as GGUF (llama architecture, Q8_0), tokenizer and chat template included.

python -m training.llm.export --cache CACHE --weights full.pt --out models/offline/companion.gguf
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import gguf

from training.llm.tokenizer import BOS, END, PAD, SPECIALS, TEMPLATE, Pieces
from training.llm.train import load

if TYPE_CHECKING:
    from torch import Tensor

    from training.llm.model import Llama

CONTEXT = 2048
_Q8 = gguf.GGMLQuantizationType.Q8_0
NAME = "Companion offline small-talk model"
LICENCE = "GPL-3.0-or-later"


def write(model: Llama, pieces: Pieces, path: Path) -> None:
    """Write the file, whole or not at all."""
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    _header(writer, model)
    _tokenizer(writer, pieces)
    weights = model.state_dict()
    _add(writer, "token_embd.weight", weights["embedding.weight"])
    _add(writer, "output_norm.weight", weights["norm.weight"])
    for number in range(model.shape.layers):
        _block(writer, weights, number)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)


def _header(writer: gguf.GGUFWriter, model: Llama) -> None:
    shape = model.shape
    writer.add_name(NAME)
    writer.add_license(LICENCE)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.theta)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)


def _tokenizer(writer: gguf.GGUFWriter, pieces: Pieces) -> None:
    tokens = sorted(pieces.vocab, key=pieces.vocab.__getitem__)
    kinds = gguf.TokenType
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.CONTROL if t in SPECIALS else kinds.NORMAL for t in tokens])
    writer.add_token_merges([" ".join(pair) for pair in pieces.merges])
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(PAD)
    writer.add_add_bos_token(False)  # noqa: FBT003 - gguf's signature
    writer.add_chat_template(TEMPLATE)


def _block(writer: gguf.GGUFWriter, weights: dict[str, Tensor], number: int) -> None:
    """One layer. No permutation: our rotation already pairs neighbours, as llama.cpp does."""
    source, target = f"blocks.{number}.", f"blk.{number}."
    query, key, value = weights[source + "qkv.weight"].chunk(3, 0)
    gate, up = weights[source + "gate_up.weight"].chunk(2, 0)
    named = {
        "attn_norm": weights[source + "norm.weight"],
        "attn_q": query,
        "attn_k": key,
        "attn_v": value,
        "attn_output": weights[source + "out.weight"],
        "ffn_norm": weights[source + "norm2.weight"],
        "ffn_gate": gate,
        "ffn_up": up,
        "ffn_down": weights[source + "down.weight"],
    }
    for name, weight in named.items():
        _add(writer, f"{target}{name}.weight", weight)


def _add(writer: gguf.GGUFWriter, name: str, weight: Tensor) -> None:
    array = weight.detach().float().contiguous().numpy()
    if array.ndim == 2:
        writer.add_tensor(name, gguf.quants.quantize(array, _Q8), raw_dtype=_Q8)
    else:
        writer.add_tensor(name, array)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("training/llm/cache"))
    parser.add_argument("--weights", required=True)
    parser.add_argument("--out", type=Path, default=Path("models/offline/companion.gguf"))
    args = parser.parse_args()
    model = load(args.cache / args.weights)
    write(model, Pieces.load(args.cache / "tokenizer.json"), args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
