"""Train the offline chat model on rows that `prepare` wrote, on one CPU core.

python -m training.llm.train --cache CACHE --rows easy-1 --minutes 15 --save easy.pt
python -m training.llm.train --cache CACHE --rows full-2 --minutes 60 --start easy.pt --save full.pt

Muon for the matrices, AdamW for embedding and norms. The learning rate falls with the processor
time spent, so that a run ends when it should on any machine, a busy or halted one too. Knows
nothing of dialogues.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import asdict
from datetime import datetime
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

    def __init__(self, weights: list[tuple[Tensor, int]], momentum: float = 0.95) -> None:
        self.weights, self.momentum = weights, momentum
        self.velocity = [torch.zeros_like(w) for w, _ in weights]

    @torch.no_grad()
    def step(self, rate: float, decay: float = 0.02) -> None:
        """Move all weights once."""
        for (weight, count), velocity in zip(self.weights, self.velocity, strict=True):
            if weight.grad is None:
                continue
            velocity.lerp_(weight.grad, 1 - self.momentum)
            ahead = weight.grad.lerp(velocity, self.momentum)
            scale = math.sqrt(max(1.0, weight.shape[0] / weight.shape[1]))
            weight.mul_(1 - rate * decay)
            for part, target in zip(ahead.chunk(count), weight.chunk(count), strict=True):
                target.sub_(orthogonal(part), alpha=rate * scale)


def _parts(name: str) -> int:
    """How many matrices a fused one holds: query, key, value; gate and up."""
    return 3 if "qkv" in name else 2 if "gate_up" in name else 1


def schedule(done: float, level: float, end: float) -> float:
    """Share of the full rate: level at first, then falling in a line to `end`."""
    return 1.0 if done < level else max(end, 1.0 - (1.0 - end) * (done - level) / (1.0 - level))


class Trainer:
    """One run."""

    def __init__(self, model: Llama, rate: float, batch: int) -> None:
        self.model, self.rate, self.batch = model, rate, batch
        named = {n: p for n, p in model.named_parameters() if p.ndim == 2 and "embedding" not in n}
        rest = [p for n, p in model.named_parameters() if p.ndim < 2 or "embedding" in n]
        self.muon = Muon([(p, _parts(n)) for n, p in named.items()])
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


def seconds_until(clock: str) -> float:
    """Seconds until the next time a clock shows this; without end where it is empty."""
    if not clock:
        return math.inf
    now = datetime.now().astimezone()
    hour, minute = clock.split(":")
    then = now.replace(hour=int(hour), minute=int(minute), second=0)
    return ((then - now).total_seconds() - 1) % 86_400 + 1


def run(trainer: Trainer, table: Tensor, args: argparse.Namespace) -> None:
    """Train for the time given."""
    began, last, losses, seen = time.process_time(), time.process_time(), [], 0
    clock, left = time.time(), seconds_until(args.until)
    order = torch.randperm(len(table))
    step = 0
    while (done := (time.process_time() - began) / 60 / args.minutes) < 1:
        done = max(done, (time.time() - clock) / left)
        if done >= 1:
            break
        at = step * trainer.batch % (len(order) - trainer.batch)
        warm = min(1.0, (step + 1) / 40)
        rows = table[order[at : at + trainer.batch]]
        losses.append(trainer.step(rows, warm * schedule(done, args.level, args.end)))
        seen += rows.shape[0] * rows.shape[2]
        step += 1
        if step % 20 == 0:
            spent = time.process_time() - began
            speed = seen / spent
            mean = sum(losses[-20:]) / 20
            print(
                f"{spent / 60:.1f} min step {step} loss {mean:.3f} {speed:.0f}/s",
                flush=True,
            )
        if time.process_time() - last > 60:
            save(trainer.model, args.cache / args.save)
            last = time.process_time()
    save(trainer.model, args.cache / args.save)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("training/llm/cache"))
    parser.add_argument("--rows", nargs="+", required=True)
    parser.add_argument("--minutes", type=float, required=True, help="of processor time")
    parser.add_argument("--until", default="", help="HH:MM: end by then, on a machine too busy")
    parser.add_argument("--start")
    parser.add_argument("--save", required=True)
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--level", type=float, default=0.45)
    parser.add_argument("--end", type=float, default=0.05)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--everything", action="store_true", help="learn the whole prompt too")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pieces = Pieces.load(args.cache / "tokenizer.json")
    model = load(args.cache / args.start) if args.start else Llama(Shape(len(pieces)))
    # Drill rows say themselves what is learned: the rest of them is chance.
    tables = [torch.from_numpy(np.load(args.cache / f"{name}.npy")) for name in args.rows]
    for name, table in zip(args.rows, tables, strict=True):
        if args.everything and not name.startswith("drill"):
            # Names and words come back all over a prompt: learning it all teaches copying first.
            table[:, 4][(table[:, 1] > 0) & (table[:, 4] == 0)] = 2
    table = torch.cat(tables)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    run(Trainer(model, args.rate, args.batch), table, args)


if __name__ == "__main__":
    main()
