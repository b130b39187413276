"""A fresh model that can look things up: what followed these tokens when they stood here before?

A small model finds such an induction circuit by itself only after tens of millions of tokens. Here
it is built in: 94 of the residual dimensions begin as a random code of the token (A), codes of the
token before it (B) and of the one before that (C), and a constant. Heads 0 and 1 of layer 0 look
one and two positions back and write B and C. In layer 1, head 0 compares A here with B elsewhere,
head 1 compares A and B here with B and C elsewhere, and both write the A they find there, which
the tied embedding reads as a prediction. This is only where training begins: all of it is
trained on.

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

CODE = 31
NEW = 3 * CODE + 1
THETA = 1_000_000.0  # slow rotations: a match counts alike near and far
LOOK_BACK = (26.0, 16.0, 10.0, 8.0, 6.0, 4.0)
"""Weight of the fastest rotations; they tell neighbours apart."""
SLOW = 15  # from this pair on, a rotation is below half a radian over 300 tokens
SIZE = 0.1  # of an entry of a code; the other dimensions begin at 0.02
MATCH, COPY, LOGIT = 14.0, 3.0, 1.5


class Grafter:
    """Writes the codes and the heads into a fresh model."""

    def __init__(self, model: Llama) -> None:
        self.model, self.head = model, model.shape.head
        start = model.shape.width - NEW
        self.codes = [slice(start + n * CODE, start + (n + 1) * CODE) for n in range(3)]  # A, B, C
        self.constant = start + 3 * CODE
        self.eye = torch.eye(CODE)
        self.loud = 1.0

    @torch.no_grad()
    def graft(self) -> None:
        """All of it."""
        a, b, c = self.codes
        self._embedding()
        self._looks_back(0, 1, b)
        self._looks_back(1, 2, c)
        self._matches(0, [(a, b)])
        self._matches(1, [(a, b), (b, c)])
        self.model.norm.weight[a] = LOGIT

    def _embedding(self) -> None:
        """The codes of the tokens, and the constant."""
        weight = self.model.embedding.weight
        codes = torch.randn(len(weight), CODE)
        codes *= CODE**0.5 / codes.norm(dim=1, keepdim=True)
        weight[:, self.codes[0].start :] = 0
        weight[:, self.codes[0]] = codes * SIZE
        weight[:, self.constant] = 2 * SIZE
        self.loud = SIZE / float(weight.pow(2).mean().sqrt())  # an entry of a code after the norm

    def _parts(self, layer: int, head: int) -> list[Tensor]:
        """Query, key and value of one head, emptied."""
        rows = slice(head * self.head, (head + 1) * self.head)
        return [m[rows].zero_() for m in self.model.blocks[layer].qkv.weight.chunk(3)]

    def _writes(self, layer: int, head: int, target: slice, gain: float) -> None:
        """What a head found goes to these dimensions and nowhere else."""
        out = self.model.blocks[layer].out.weight
        out[:, head * self.head : (head + 1) * self.head] = 0
        out[target, head * self.head : head * self.head + CODE] = self.eye * gain

    def _looks_back(self, head: int, steps: int, target: slice) -> None:
        """Query and key of the constant alone, whose product is greatest `steps` back."""
        query, key, value = self._parts(0, head)
        for pair, weight in enumerate(LOOK_BACK):
            length = (weight * self.head**0.5) ** 0.5 / (2 * self.loud)
            angle = self.model.speeds[pair] * steps
            query[2 * pair, self.constant] = length
            key[2 * pair, self.constant] = length * torch.cos(angle)
            key[2 * pair + 1, self.constant] = length * torch.sin(angle)
        value[:CODE, self.codes[0]] = self.eye
        self._writes(0, head, target, SIZE / self.loud)

    def _matches(self, head: int, pairs: list[tuple[slice, slice]]) -> None:
        """Compares codes here with codes elsewhere, in the dimensions that hardly turn."""
        query, key, value = self._parts(1, head)
        used = min(CODE, (self.head - 2 * SLOW) // len(pairs))
        gain = (MATCH * self.head**0.5 / used) ** 0.5 / self.loud
        for n, (here, there) in enumerate(pairs):
            rows = slice(2 * SLOW + n * used, 2 * SLOW + (n + 1) * used)
            query[rows, here] = self.eye[:used] * gain
            key[rows, there] = self.eye[:used] * gain
        value[:CODE, self.codes[0]] = self.eye
        self._writes(1, head, self.codes[0], COPY * SIZE / self.loud)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("training/llm/cache"))
    parser.add_argument("--save", required=True)
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = Llama(Shape(len(Pieces.load(args.cache / "tokenizer.json")), theta=THETA))
    Grafter(model).graft()
    save(model, args.cache / args.save)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")


if __name__ == "__main__":
    main()
