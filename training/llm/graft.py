"""A fresh model that can look things up: what followed this token when it stood here before?

A small model finds such an induction circuit by itself only after tens of millions of tokens. Here
it is built in: 63 of the residual dimensions begin as a random code of the token (A), a code of the
token before it (B) and a constant. Head 0 of layer 0 looks one position back and writes B; head 0
of layer 1 compares A here with B elsewhere and writes the A it finds there, which the tied
embedding reads as a prediction. This is only where training begins: all of it is trained on.

python -m training.llm.graft --cache CACHE --save grafted.pt
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training.llm.model import Llama, Shape
from training.llm.tokenizer import Pieces
from training.llm.train import save

NEW, CODE = 63, 31
THETA = 1_000_000.0  # slow rotations: a match counts alike near and far
LOOK_BACK = (
    26.0,
    16.0,
    10.0,
    8.0,
    6.0,
    4.0,
)  # weight of the fastest rotations; they tell neighbours apart
SLOW = 11  # from this pair on, a rotation is below half a radian over 300 tokens
SIZE = 0.1  # of an entry of a code; the other dimensions begin at 0.02
MATCH, COPY, LOGIT = 14.0, 4.0, 1.5


@torch.no_grad()
def graft(model: Llama) -> None:
    """Write the codes and the two heads into a fresh model."""
    shape = model.shape
    start = shape.width - NEW
    a, b = slice(start, start + CODE), slice(start + CODE, start + 2 * CODE)
    constant, head = start + 2 * CODE, shape.head
    codes = torch.randn(shape.vocabulary, CODE)
    codes *= CODE**0.5 / codes.norm(dim=1, keepdim=True)
    weight = model.embedding.weight
    weight[:, start:] = 0
    weight[:, a] = codes * SIZE
    weight[:, constant] = 2 * SIZE
    eye = torch.eye(CODE)
    loud = SIZE / float(weight.pow(2).mean().sqrt())  # an entry of a code after the norm
    query, key, value = (m[:head] for m in model.blocks[0].qkv.weight.chunk(3))
    _look_back(query, key, (constant, head, 2 * loud), model.speeds)
    value.zero_()[:CODE, a] = eye
    _write(model, 0, b, SIZE / loud)
    query, key, value = (m[:head] for m in model.blocks[1].qkv.weight.chunk(3))
    used = min(CODE, head - 2 * SLOW)
    gain = (MATCH * head**0.5 / used) ** 0.5 / loud
    for weights, source in ((query, a), (key, b)):
        weights.zero_()[2 * SLOW : 2 * SLOW + used, source] = eye[:used] * gain
    value.zero_()[:CODE, a] = eye
    _write(model, 1, a, COPY * SIZE / loud)
    model.norm.weight[a] = LOGIT


def _write(model: Llama, layer: int, target: slice, gain: float) -> None:
    """What head 0 of a layer found goes to these dimensions and nowhere else."""
    out = model.blocks[layer].out.weight
    out[:, : model.shape.head] = 0
    out[target, :CODE] = torch.eye(CODE) * gain


def _look_back(query: Tensor, key: Tensor, place: tuple[int, int, float], speeds: Tensor) -> None:
    """Query and key of the constant alone, whose product is greatest one position back."""
    constant, size, loud = place
    query.zero_()
    key.zero_()
    for pair, weight in enumerate(LOOK_BACK):
        length = (weight * size**0.5) ** 0.5 / loud
        query[2 * pair, constant] = length
        key[2 * pair, constant] = length * torch.cos(speeds[pair])
        key[2 * pair + 1, constant] = length * torch.sin(speeds[pair])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("training/llm/cache"))
    parser.add_argument("--save", required=True)
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = Llama(Shape(len(Pieces.load(args.cache / "tokenizer.json")), theta=THETA))
    graft(model)
    save(model, args.cache / args.save)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")


if __name__ == "__main__":
    main()
