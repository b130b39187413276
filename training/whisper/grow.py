"""Makes a larger network that hears exactly what a smaller one hears: `python -m training.whisper.grow RUN GROWN`.

New layers stand before the last one and add nothing at first, because what they write is multiplied by zero; so do the
new columns of a wider feed-forward half. `training.whisper.train --start GROWN/checkpoint.pt` then teaches them.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from training.whisper.model import Shape, TinyWhisper

if TYPE_CHECKING:
    from torch import Tensor

SEED = 9
_WRITERS = ("self_attn.out_proj", "encoder_attn.out_proj", "fc2")


def _places(old: int, new: int) -> dict[int, int | None]:
    """Return for each new layer the old one whose weights it takes, None for those that are new."""
    return (
        {at: at for at in range(old - 1)}
        | dict.fromkeys(range(old - 1, new - 1))
        | {new - 1: old - 1}
    )


def _padded(old: Tensor, like: Tensor, *, silent: bool) -> Tensor:
    """Return `old` with the rows of `like` behind it, or with columns of zero where they shall be `silent`."""
    grown = torch.zeros_like(like) if silent else like.clone()
    grown[tuple(slice(size) for size in old.shape)] = old
    return grown


def _half(
    old: dict[str, Tensor], fresh: dict[str, Tensor], half: str, places: dict[int, int | None]
) -> dict[str, Tensor]:
    """Return the weights of the layers of one half, encoder or decoder."""
    found = {}
    for name, weight in fresh.items():
        _, layers, number, part = (*name.split(".", 3), "", "")[:4]
        if not name.startswith(f"{half}.layers"):
            continue
        source = places[int(number)]
        writes = part.rpartition(".")[0] in _WRITERS
        if source is None:
            found[name] = torch.zeros_like(weight) if writes else weight
        else:
            found[name] = _padded(old[f"{half}.{layers}.{source}.{part}"], weight, silent=writes)
    return found


def grown(old: dict[str, Tensor], before: Shape, after: Shape) -> dict[str, Tensor]:
    """Return the weights of a network of shape `after` that computes what `old` of shape `before` does."""
    torch.manual_seed(SEED)
    fresh = TinyWhisper(after).state_dict()
    encoder = _places(before.encoder_layers, after.encoder_layers)
    decoder = _places(before.decoder_layers, after.decoder_layers)
    layers = _half(old, fresh, "encoder", encoder) | _half(old, fresh, "decoder", decoder)
    return {name: layers[name] if name in layers else old[name] for name in fresh}


def main() -> None:
    """Write a checkpoint that a training can start with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("grown", type=Path)
    parser.add_argument("--encoder", type=int, default=6, help="layers")
    parser.add_argument("--decoder", type=int, default=3, help="layers")
    parser.add_argument("--feed", type=int, default=8, help="widths in the decoder's inner layer")
    args = parser.parse_args()
    state = torch.load(args.run / "checkpoint.pt", weights_only=False)
    before = Shape(**state["shape"])
    after = replace(
        before,
        encoder_layers=args.encoder,
        decoder_layers=args.decoder,
        decoder_feed=args.feed,
    )
    weights = grown(state["average"], before, after)
    kept = {"step": 0, "inventory": state["inventory"], "shape": asdict(after), "average": weights}
    args.grown.mkdir(parents=True, exist_ok=True)
    torch.save(kept, args.grown / "checkpoint.pt")
    shutil.copy(args.run / "tokenizer.json", args.grown / "tokenizer.json")
    print(f"{sum(weight.numel() for weight in weights.values())} weights in {args.grown}")


if __name__ == "__main__":
    main()
