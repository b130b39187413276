"""Language models of random weights whose context cannot be cut or moved: Mamba and LFM2."""

from pathlib import Path

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter

SHIPPED = Path(__file__).parents[1] / "models" / "offline" / "companion.gguf"
WIDTH, LAYERS, INNER, STATE, KERNEL, RANK, HEADS = 64, 2, 128, 16, 4, 4, 4


def write_recurrent(path: Path) -> None:
    """Write a Mamba with the words and the chat template of the shipped model."""
    writer = GGUFWriter(path, "mamba")
    size = _copy_words(GGUFReader(SHIPPED), writer)
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_block_count(LAYERS)
    writer.add_ssm_conv_kernel(KERNEL)
    writer.add_ssm_inner_size(INNER)
    writer.add_ssm_state_size(STATE)
    writer.add_ssm_time_step_rank(RANK)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(0)
    _finish(writer, _weights(size))


def write_hybrid(path: Path) -> None:
    """Write an LFM2, whose layers are convolutions and attention in turn, with the same words."""
    writer = GGUFWriter(path, "lfm2")
    size = _copy_words(GGUFReader(SHIPPED), writer)
    writer.add_context_length(4096)
    writer.add_vocab_size(size)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_array("lfm2.attention.head_count_kv", [0, HEADS] * LAYERS)
    writer.add_block_count(2 * LAYERS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(1e6)
    writer.add_uint32("lfm2.shortconv.l_cache", KERNEL)
    writer.add_file_type(0)
    _finish(writer, _hybrid_weights(size))


def _finish(writer: GGUFWriter, weights: dict[str, np.ndarray]) -> None:
    for name, values in weights.items():
        writer.add_tensor(name, values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _copy_words(reader: GGUFReader, writer: GGUFWriter) -> int:
    add = {
        GGUFValueType.ARRAY: writer.add_array,
        GGUFValueType.STRING: writer.add_string,
        GGUFValueType.BOOL: writer.add_bool,
        GGUFValueType.UINT32: writer.add_uint32,
    }
    for name, field in reader.fields.items():
        if name.startswith("tokenizer."):
            add[field.types[0]](name, field.contents())
    return len(reader.fields["tokenizer.ggml.tokens"].contents())


_CHANCE = np.random.default_rng(0)


def some(*shape: int, scale: float = 0.2) -> np.ndarray:
    """Random weights."""
    return _CHANCE.standard_normal(shape) * scale


def _weights(size: int) -> dict[str, np.ndarray]:
    weights = {
        "token_embd.weight": some(size, WIDTH, scale=1.0),
        "output_norm.weight": np.ones(WIDTH),
        "output.weight": some(size, WIDTH),
    }
    for layer in range(LAYERS):
        parts = {
            "attn_norm.weight": np.ones(WIDTH),
            "ssm_in.weight": some(2 * INNER, WIDTH),
            "ssm_conv1d.weight": some(INNER, KERNEL),
            "ssm_conv1d.bias": some(INNER),
            "ssm_x.weight": some(RANK + 2 * STATE, INNER),
            "ssm_dt.weight": some(INNER, RANK),
            "ssm_dt.bias": some(INNER),
            "ssm_a": -np.tile(np.arange(1.0, STATE + 1), (INNER, 1)) / 10,
            "ssm_d": np.ones(INNER),
            "ssm_out.weight": some(WIDTH, INNER),
        }
        weights |= {f"blk.{layer}.{name}": values for name, values in parts.items()}
    return weights


def _hybrid_weights(size: int) -> dict[str, np.ndarray]:
    weights = {
        "token_embd.weight": some(size, WIDTH, scale=1.0),
        "token_embd_norm.weight": np.ones(WIDTH),
    }
    head = WIDTH // HEADS
    convolution = {
        "shortconv.conv.weight": (WIDTH, KERNEL),
        "shortconv.in_proj.weight": (3 * WIDTH, WIDTH),
        "shortconv.out_proj.weight": (WIDTH, WIDTH),
    }
    names = ("attn_q.weight", "attn_k.weight", "attn_v.weight", "attn_output.weight")
    attention = dict.fromkeys(names, (WIDTH, WIDTH))
    for layer in range(2 * LAYERS):
        parts = {
            "attn_norm.weight": np.ones(WIDTH),
            "ffn_norm.weight": np.ones(WIDTH),
            "ffn_gate.weight": some(INNER, WIDTH),
            "ffn_up.weight": some(INNER, WIDTH),
            "ffn_down.weight": some(WIDTH, INNER),
        }
        shapes = attention if layer % 2 else convolution
        parts |= {name: some(*shape) for name, shape in shapes.items()}
        if layer % 2:
            parts |= {"attn_q_norm.weight": np.ones(head), "attn_k_norm.weight": np.ones(head)}
        weights |= {f"blk.{layer}.{name}": values for name, values in parts.items()}
    return weights
