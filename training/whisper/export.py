"""Turns a checkpoint into the CTranslate2 folder that faster-whisper loads: `python -m training.whisper.export RUN FOLDER`.

With `--before RUN0 --share 0.6` the weights are six parts of RUN and four of RUN0, the run that RUN started from: what
the second learnt, and less of what it forgot.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn

from training.whisper.model import Shape, TinyWhisper

# 20 ms frames: half of Whisper's rate, which halves the cost of training and of listening
PREPROCESSOR = {
    "chunk_length": 30,
    "feature_extractor_type": "WhisperFeatureExtractor",
    "feature_size": 80,
    "hop_length": 320,
    "n_fft": 400,
    "n_samples": 480000,
    "nb_max_frames": 1500,
    "sampling_rate": 16000,
}


def _with_table(half: nn.Module, positions: torch.Tensor) -> Any:  # noqa: ANN401 - the loader is untyped
    half.embed_positions = nn.Embedding.from_pretrained(positions)
    return half


def specification(model: TinyWhisper, shape: Shape, tokens: list[str]) -> Any:  # noqa: ANN401 - untyped library
    """Return the CTranslate2 specification, quantised to eight bits."""
    from ctranslate2.converters.transformers import WhisperLoader
    from ctranslate2.specs.whisper_spec import WhisperSpec

    spec = WhisperSpec(shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads)
    loader = WhisperLoader()
    loader.set_encoder(spec.encoder, _with_table(model.encoder, model.encoder.positions))
    loader.set_decoder(spec.decoder, _with_table(model.decoder, model.decoder.positions))
    projection = nn.Linear(shape.width, shape.vocabulary, bias=False)
    projection.weight = model.decoder.embed_tokens.weight
    loader.set_linear(spec.decoder.projection, projection)
    spec.register_vocabulary(tokens)
    spec.config.suppress_ids, spec.config.suppress_ids_begin, spec.config.lang_ids = [], [], []
    last = shape.decoder_layers - 1
    spec.config.alignment_heads = [[last, head] for head in range(shape.heads)]
    spec.validate()
    spec.optimize(quantization="int8")
    return spec


def between(
    first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """Return the weights that lie `share` of the way from `first` to `second`."""
    return {name: torch.lerp(weight, second[name], share) for name, weight in first.items()}


def export(run: Path, folder: Path, before: Path | None = None, share: float = 1.0) -> None:
    """Write model, vocabulary, tokenizer and preprocessor of the averaged weights in `run`."""
    state = torch.load(run / "checkpoint.pt", weights_only=False)
    shape = Shape(**state["shape"])
    model, weights = TinyWhisper(shape), state["average"]
    if before:
        earlier = torch.load(before / "checkpoint.pt", weights_only=False)["average"]
        weights = between(earlier, weights, share)
    model.load_state_dict(weights)
    tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
    tokens = [tokenizer.id_to_token(index) for index in range(shape.vocabulary)]
    folder.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        specification(model, shape, tokens).save(str(folder))
    shutil.copy(run / "tokenizer.json", folder / "tokenizer.json")
    (folder / "preprocessor_config.json").write_text(
        json.dumps(PREPROCESSOR, indent=2) + "\n", encoding="utf-8"
    )
    print(
        f"step {state['step']}: {sum(f.stat().st_size for f in folder.iterdir())} bytes in {folder}"
    )


def main() -> None:
    """Export as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--before", type=Path, help="the run that this one started from")
    parser.add_argument("--share", type=float, default=1.0, help="of RUN in the weights")
    args = parser.parse_args()
    export(args.run, args.folder, args.before, args.share)


if __name__ == "__main__":
    main()
