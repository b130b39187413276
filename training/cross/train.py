"""Fine-tune all-MiniLM-L6-v2 as a cross-encoder on made-up questions and lines; one core.

    python -m training.cross.train FOLDER [--steps 400]
    companion eval memory --dataset locomo/data --second-stage FOLDER --json

The result is for measuring what a second stage is worth, and is not shipped: it knows a few dozen
templates, where a published cross-encoder has read millions of questions.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from companion.memory.dense import embed
from training.cross.pairs import GROUP, Pair, pairs

BATCH = 4 * GROUP
FROZEN = 3
TOKENS = 64
RATE = 8e-5
SEED = 3


def main() -> None:
    """Train, say how it goes, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=400)
    given = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    base = embed._source()  # noqa: SLF001
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(
        base, num_labels=1, local_files_only=True
    )
    for layer in (model.bert.embeddings, *model.bert.encoder.layer[:FROZEN]):
        layer.requires_grad_(requires_grad=False)  # halves the time; words mean what they meant
    optimiser = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=given.steps, pct_start=0.1
    )
    made = pairs(given.steps * BATCH, SEED)
    begun = time.monotonic()
    model.train()
    for step in range(given.steps):
        batch = made[step * BATCH : (step + 1) * BATCH]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            _scores(model, tokenizer, batch),
            torch.tensor([float(one.answers) for one in batch]),
        )
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            print(f"{step:5} loss {loss.item():.3f} {time.monotonic() - begun:.0f} s", flush=True)
    model.eval()
    model.save_pretrained(given.folder)
    tokenizer.save_pretrained(given.folder)
    print(f"the answer comes first for {100 * _hits(model, tokenizer):.1f} % of fresh questions")


def _scores(model: torch.nn.Module, tokenizer: AutoTokenizer, batch: list[Pair]) -> torch.Tensor:
    """How well each line answers its question."""
    told = tokenizer(
        [one.question for one in batch],
        [one.line for one in batch],
        padding=True,
        truncation=True,
        max_length=TOKENS,
        return_tensors="pt",
    )
    return model(**told).logits[:, 0]


def _hits(model: torch.nn.Module, tokenizer: AutoTokenizer) -> float:
    """Share of fresh questions whose answer is scored above the other lines."""
    fresh = pairs(40 * BATCH, SEED + 1)
    with torch.no_grad():
        scores = torch.cat(
            [
                _scores(model, tokenizer, fresh[at : at + BATCH])
                for at in range(0, len(fresh), BATCH)
            ]
        )
    return float((scores.view(-1, GROUP).argmax(dim=1) == 0).float().mean())


if __name__ == "__main__":
    main()
