"""Trains the network on the shards: `python -m training.whisper.train DATA CACHE OUT`.

The learning rate rises, stays, and falls in a straight line over the last `--decay` steps before `--steps`; with
`--minutes` of this process's processor time it falls over the last 65 % of them, however busy the machine is. The run
checkpoints every `--save` steps and goes on where it stopped; with `--start` a new run begins with the weights of
another and its tokenizer. `--long-from` is the step from which a share of the
batches has the padding of faster-whisper's two ways to encode: a fitted window of 5 to 8 s, and 30 s.
"""

from __future__ import annotations

import argparse
import copy
import math
import shutil
import time
from dataclasses import asdict
from pathlib import Path

import jiwer
import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as f

from training.whisper import batches, text, vocabulary
from training.whisper.batches import Batch, Corpus
from training.whisper.model import Shape, TinyWhisper

SEED = 7
GUIDED_UNTIL = 2500
FULL_WINDOW = 3000
JOINED = 0.25  # share of the later batches that holds two sentences a clip
FALLING = 0.65  # share of the processor time in which the learning rate falls


def losses(
    model: TinyWhisper, batch: Batch, step: int, *, listening: bool = True
) -> dict[str, Tensor]:
    """Return every loss by name, already weighted; those of the decoder alone where the encoder stays as it is."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with torch.set_grad_enabled(listening):
            states, inner = model.encoder(batch.mel)
        logits, share = model.decoder(batch.tokens, states)
    found = {
        "words": f.cross_entropy(
            logits.float().flatten(0, 1), batch.targets.flatten(), label_smoothing=0.05
        )
    }
    if listening:
        found |= _heard(model, batch, states, inner)
    if step < GUIDED_UNTIL:
        found["guide"] = (1 - step / GUIDED_UNTIL) * 2 * _off_diagonal(share, batch)
    return found


def _heard(model: TinyWhisper, batch: Batch, states: Tensor, inner: Tensor) -> dict[str, Tensor]:
    """Return the losses of the encoder's helpers: letters and phones."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        spelled = model.characters(states)
        inner = model.phone_norm(inner)
        heard = {kind: head(inner) for kind, head in model.phones.items()}
    found = {}
    rows = [row for row, letters in enumerate(batch.characters) if letters]
    if rows:  # the shortest clips of all may be a batch in which nobody speaks
        found["ctc"] = 0.5 * _spelling(spelled[rows], [batch.characters[row] for row in rows])
    total = sum((labels >= 0).sum() for labels in batch.phones.values())
    for kind, labels in batch.phones.items():
        summed = f.cross_entropy(
            heard[kind].float().flatten(0, 1), labels.flatten(), reduction="sum"
        )
        found["phones"] = found.get("phones", torch.tensor(0.0)) + summed / total
    return found


def _spelling(spelled: Tensor, characters: list[list[int]]) -> Tensor:
    """Return the CTC loss of the letters that were said."""
    chosen = spelled.float().log_softmax(-1).transpose(0, 1)
    letters = torch.tensor([c for row in characters for c in row])
    sizes = torch.tensor([len(row) for row in characters])
    whole = torch.full((len(characters),), chosen.shape[0])
    blank = vocabulary.CTC_BLANK
    return f.ctc_loss(chosen, letters, whole, sizes, blank=blank, zero_infinity=True)


def _off_diagonal(share: Tensor, batch: Batch) -> Tensor:
    """Return how much attention falls away from where a steady speaker would be: it finds the diagonal early."""
    target = batch.targets >= 0
    place = target.cumsum(1) / target.sum(1, keepdim=True).clamp(min=1)
    first, last = batch.spans[:, :1], batch.spans[:, 1:]
    when = (torch.arange(share.shape[2])[None] - first) / (last - first).clamp(min=1)
    away = 1 - torch.exp(-((place[:, :, None] - when[:, None]) ** 2) / (2 * 0.12**2))
    return (share * away).sum(2)[target].mean()


def rate(step: int, args: argparse.Namespace) -> float:
    """Return the share of the peak learning rate at `step`."""
    return float(min(1.0, (step + 1) / 300, max(0.0, (args.steps - step) / args.decay)))


def rate_by_clock(step: int, seconds: float, args: argparse.Namespace) -> float:
    """Return the share of the peak learning rate after so many seconds of processor time."""
    left = max(0.0, 1 - seconds / (60 * args.minutes))
    return min(1.0, (step + 1) / 300, left / FALLING)


def window(longest: int, step: int, args: argparse.Namespace, rng: np.random.Generator) -> int:
    """Return the frames of this batch's window."""
    fitted = (longest + 7) // 8 * 8
    if step < args.long_from:
        return fitted
    draw = rng.random()
    if draw < args.full_share:
        return FULL_WINDOW
    return (
        fitted if draw > args.window_share else max(fitted + 120, 248 + int(rng.integers(12)) * 8)
    )


def collapse(best: list[int]) -> str:
    """Return what a row of CTC choices spells."""
    kept = [
        c for i, c in enumerate(best) if c != vocabulary.CTC_BLANK and (i == 0 or best[i - 1] != c)
    ]
    return "".join(vocabulary.CTC_ALPHABET[c] for c in kept)


@torch.no_grad()
def examine(model: TinyWhisper, corpus: Corpus, tokenizer: Tokenizer, first: int = 0) -> str:
    """Return the error rates on 160 sentences of the recipe that did not train, in training voices."""
    rng = np.random.default_rng(0)
    clips = corpus.dev or corpus.clips[:320]
    clips = [clip for clip in clips if clip.text][first : first + 160]
    prompt = [
        tokenizer.token_to_id(f"<|{name}|>") for name in ("startoftranscript", "notimestamps")
    ]
    end = tokenizer.token_to_id("<|endoftext|>")
    said, heard, spelled, right, count = [], [], [], 0, 0
    for group in batches.grouped(clips, rng, 4000):
        longest = max(clip.frames for clip in group) // 2 * 2 + 2
        batch = batches.make(group, corpus, tokenizer, longest, rng, augment=False)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states, inner = model.encoder(batch.mel)
            inner = model.phone_norm(inner)
            for kind, labels in batch.phones.items():
                best = model.phones[kind](inner).argmax(-1)
                right += int((best == labels).sum())
                count += int((labels >= 0).sum())
            letters = model.characters(states).argmax(-1).tolist()
            tokens = model.greedy(states, prompt, end)
        said += [text.normal(clip.text) for clip in group]
        heard += [text.normal(tokenizer.decode(row)) for row in tokens]
        spelled += [
            text.normal(collapse(row[: clip.frames // 2 + 1]))
            for row, clip in zip(letters, group, strict=True)
        ]
    shown = " | ".join(f"{a} => {b}" for a, b in list(zip(said, heard, strict=True))[:40:14])
    return (
        f"phones {right / count:.3f} ctc CER {jiwer.cer(said, spelled):.3f} WER {jiwer.wer(said, spelled):.3f} "
        f"decoder WER {jiwer.wer(said, heard):.3f}  {shown}"
    )


class Run:
    """One training run that can be put down and taken up."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Read texts and shards, make the network, and load the last checkpoint if there is one."""
        self.args = args
        args.out.mkdir(parents=True, exist_ok=True)
        self.checkpoint = args.out / "checkpoint.pt"
        torch.manual_seed(SEED)
        pieces = args.out / "tokenizer.json"
        if args.start and not pieces.exists():
            shutil.copy(args.start.with_name("tokenizer.json"), pieces)
        if not pieces.exists():
            sentences = text.training(args.data, SEED, own=9000, loose=4000)
            vocabulary.build(written for _, written in sentences).save(str(pieces))
        self.tokenizer = Tokenizer.from_file(str(pieces))
        self.varying = Tokenizer.from_str(self.tokenizer.to_str())
        self.varying.model.dropout = 0.05
        self.shape = self._shape()
        self.model = TinyWhisper(self.shape)
        self.average = copy.deepcopy(self.model).requires_grad_(requires_grad=False)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=args.rate, betas=(0.9, 0.98), weight_decay=0.02, fused=True
        )
        self.step, self.seconds = 0, 0.0
        self.corpus = Corpus(args.cache, args.noisy)
        if self.checkpoint.exists():
            self._load()
        elif args.start:
            self._begin(args.start)
        self.rng = np.random.default_rng(SEED + self.step)

    def _shape(self) -> Shape:
        """Return the sizes of the network that this run goes on with, or of a new one."""
        known = self.checkpoint if self.checkpoint.exists() else self.args.start
        if known:
            return Shape(**torch.load(known, weights_only=False)["shape"])
        return Shape(self.tokenizer.get_vocab_size(), width=self.args.width)

    def _begin(self, start: Path) -> None:
        state = torch.load(start, weights_only=False)
        self.corpus.inventory = state["inventory"]
        self.model.load_state_dict(state["average"])
        self.average.load_state_dict(state["average"])

    def _load(self) -> None:
        state = torch.load(self.checkpoint, weights_only=False)
        self.step, self.seconds = state["step"], state.get("seconds", 0.0)
        self.corpus.inventory = state["inventory"]
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "shape": asdict(self.shape),
            "inventory": self.corpus.inventory,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, self.checkpoint.with_suffix(".tmp"))
        self.checkpoint.with_suffix(".tmp").rename(self.checkpoint)

    def _learn(self, batch: Batch) -> dict[str, float]:
        share = rate(self.step, self.args)
        if self.args.minutes:
            share = rate_by_clock(self.step, self.seconds, self.args)
        for group in self.optimizer.param_groups:
            group["lr"] = self.args.rate * share
        guided = self.step + (GUIDED_UNTIL if self.args.start else 0)
        listening = self.rng.random() < self.args.listening
        found = losses(self.model, batch, guided, listening=listening)
        sum(found.values(), torch.tensor(0.0)).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        with torch.no_grad():
            near = 1 - min(0.998, (self.step + 1) / (self.step + 20))
            mine, theirs = list(self.average.parameters()), list(self.model.parameters())
            torch._foreach_lerp_(mine, theirs, near)
        self.step += 1
        return {name: loss.item() for name, loss in found.items()}

    def _pick(self) -> list[list[batches.Clip]]:
        self.corpus.refresh()
        return batches.grouped(self.corpus.clips, self.rng, self.args.frames)

    def go(self, until: int) -> None:
        """Train to step `until`, or until the processor time is used up."""
        began, totals, plan = time.monotonic(), dict[str, float](), list[list[batches.Clip]]()
        clock = time.process_time() - self.seconds
        while self.step < until and self.seconds < 60 * (self.args.minutes or math.inf):
            self.seconds = time.process_time() - clock
            plan = plan or self._pick()
            group = plan.pop()
            if self.step >= self.args.long_from and self.rng.random() < JOINED:
                group = batches.joined(group)
            elif self.rng.random() < self.args.delayed:
                group = batches.delayed(group, self.rng)
            frames = window(max(clip.frames for clip in group), self.step, self.args, self.rng)
            group = group[: max(2, int(self.args.frames * 1.25) // frames)]
            found = self._learn(batches.make(group, self.corpus, self.varying, frames, self.rng))
            for name, value in found.items():
                totals[name] = totals.get(name, 0) + value
            if self.step % 100 == 0:
                shown = " ".join(f"{name} {value / 100:.3f}" for name, value in totals.items())
                seconds = time.monotonic() - began
                stamp = time.strftime("%H:%M:%S")
                print(
                    f"{stamp} step {self.step} {seconds:.0f}s cpu {self.seconds:.0f}s clips {len(self.corpus.clips)} {shown}",
                    flush=True,
                )
                totals.clear()
            if self.step % 300 == 0 and len(self.corpus.clips) < self.args.enough:
                plan = []
            if self.step % self.args.save == 0:
                self.save()
                for first in (0, -220):  # the second training's sentences, the first's
                    print(examine(self.average, self.corpus, self.tokenizer, first), flush=True)


def main() -> None:
    """Train as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=11200)
    parser.add_argument("--until", type=int, help="stop here, with the learning rate as it stands")
    parser.add_argument("--decay", type=int, default=4500)
    parser.add_argument("--long-from", type=int, default=7400)
    parser.add_argument("--full-share", type=float, default=0.04)
    parser.add_argument("--window-share", type=float, default=0.7, help="of batches, full ones too")
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--start", type=Path, help="checkpoint whose weights a new run begins with")
    parser.add_argument("--minutes", type=float, help="of processor time, in place of --decay")
    parser.add_argument("--frames", type=int, default=4800, help="frames in a batch")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument(
        "--enough",
        type=int,
        default=36000,
        help="look for new shards until there are so many clips",
    )
    parser.add_argument(
        "--delayed", type=float, default=0.0, help="share of batches with a pause before the words"
    )
    parser.add_argument(
        "--listening", type=float, default=1.0, help="share of steps that teach the encoder too"
    )
    parser.add_argument(
        "--noisy",
        type=float,
        default=0.0,
        help="share of clips beside which a wordless one is heard",
    )
    parser.add_argument("--save", type=int, default=500)
    args = parser.parse_args()
    torch.set_num_threads(1)
    run = Run(args)
    run.go(args.until or args.steps)
    run.save()


if __name__ == "__main__":
    main()
