"""Train the offline chat model on rows that `prepare` wrote, on one CPU core.

python -m training.llm.train --cache CACHE --rows easy-1 --minutes 15 --save easy.pt
python -m training.llm.train --cache CACHE --rows full-2 --minutes 60 --start easy.pt --save full.pt

Muon for the matrices, AdamW for embedding and norms. The learning rate falls with the time
spent, so that a run ends when it should on any machine. Knows nothing of dialogues.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.llm.model import Llama, Shape
from training.llm.tokenizer import Pieces


def orthogonal(grad: Tensor) -> Tensor:
    """The nearest half-orthogonal matrix, roughly: five Newton-Schulz steps in bfloat16."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = grad.bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if tall else x).float()


class Muon:
    """Momentum, made orthogonal."""

    def __init__(self, weights: list[Tensor], momentum: float = 0.95) -> None:
        self.weights, self.momentum = weights, momentum
        self.velocity = [torch.zeros_like(w) for w in weights]

    @torch.no_grad()
    def step(self, rate: float, decay: float = 0.02) -> None:
        """Move all weights once."""
        for weight, velocity in zip(self.weights, self.velocity, strict=True):
            if weight.grad is None:
                continue
            velocity.lerp_(weight.grad, 1 - self.momentum)
            ahead = weight.grad.lerp(velocity, self.momentum)
            scale = math.sqrt(max(1.0, weight.shape[0] / weight.shape[1]))
            weight.mul_(1 - rate * decay)
            for part, target in zip(_split(ahead), _split(weight), strict=True):
                target.sub_(orthogonal(part), alpha=rate * scale)


def _split(matrix: Tensor) -> tuple[Tensor, ...]:
    """Fused projections as the matrices they are: query, key, value; gate and up."""
    rows, columns = matrix.shape
    count = 3 if rows == 3 * columns else 2 if rows > 3 * columns else 1
    return matrix.chunk(count, 0)


def schedule(done: float, end: float) -> float:
    """Share of the full rate: level, then falling over the last part to `end`."""
    return 1.0 if done < 0.45 else max(end, 1.0 - (1.0 - end) * (done - 0.45) / 0.55)


class Trainer:
    """One run."""

    def __init__(self, model: Llama, rate: float, batch: int) -> None:
        self.model, self.rate, self.batch = model, rate, batch
        matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embedding" not in n]
        rest = [p for n, p in model.named_parameters() if p.ndim < 2 or "embedding" in n]
        self.muon = Muon(matrices)
        self.adam = torch.optim.AdamW(
            rest, lr=rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True
        )

    def step(self, rows: Tensor, share: float) -> float:
        """One step; the loss of the character's words."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss, own = self.model.loss(rows)
        self.model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self.adam.param_groups:
            group["lr"] = self.rate * 0.15 * share
        self.adam.step()
        self.muon.step(self.rate * share)
        return own


def save(model: Llama, path: Path) -> None:
    """Write weights and shape, whole or not at all."""
    part = path.with_suffix(".part")
    torch.save({"shape": asdict(model.shape), "weights": model.state_dict()}, part)
    part.replace(path)


def load(path: Path) -> Llama:
    """Read what `save` wrote."""
    raw: dict[str, Any] = torch.load(path, weights_only=True)
    model = Llama(Shape(**raw["shape"]))
    model.load_state_dict(raw["weights"])
    return model


def run(trainer: Trainer, table: Tensor, args: argparse.Namespace) -> None:
    """Train for the time given."""
    began, last, losses, seen = time.monotonic(), time.monotonic(), [], 0
    order = torch.randperm(len(table))
    step = 0
    while (done := (time.monotonic() - began) / 60 / args.minutes) < 1:
        at = step * trainer.batch % (len(order) - trainer.batch)
        warm = min(1.0, (step + 1) / 40)
        rows = table[order[at : at + trainer.batch]]
        losses.append(trainer.step(rows, warm * schedule(done, args.end)))
        seen += rows.shape[0] * rows.shape[2]
        step += 1
        if step % 20 == 0:
            speed = seen / (time.monotonic() - began)
            mean = sum(losses[-20:]) / 20
            print(
                f"{done * args.minutes:.1f} min step {step} loss {mean:.3f} {speed:.0f}/s",
                flush=True,
            )
        if time.monotonic() - last > 300:
            save(trainer.model, args.cache / args.save)
            last = time.monotonic()
    save(trainer.model, args.cache / args.save)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("training/llm/cache"))
    parser.add_argument("--rows", nargs="+", required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--start")
    parser.add_argument("--save", required=True)
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--end", type=float, default=0.05)
    parser.add_argument("--batch", type=int, default=8)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pieces = Pieces.load(args.cache / "tokenizer.json")
    model = load(args.cache / args.start) if args.start else Llama(Shape(len(pieces)))
    tables = [torch.from_numpy(np.load(args.cache / f"{name}.npy")) for name in args.rows]
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    run(Trainer(model, args.rate, args.batch), torch.cat(tables), args)


if __name__ == "__main__":
    main()
