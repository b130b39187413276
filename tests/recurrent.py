"""A recurrent language model (Mamba) of random weights: its context cannot be cut or moved."""

from pathlib import Path

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter

SHIPPED = Path(__file__).parents[1] / "models" / "offline" / "companion.gguf"
WIDTH, LAYERS, INNER, STATE, KERNEL, RANK = 64, 2, 128, 16, 4, 4


def write_recurrent(path: Path) -> None:
    """Write one with the words and the chat template of the shipped model."""
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
    for name, values in _weights(size).items():
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


def _weights(size: int) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(0)

    def some(*shape: int, scale: float = 0.2) -> np.ndarray:
        return chance.standard_normal(shape) * scale

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
