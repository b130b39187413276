"""Teaches the student its frames and durations: a fixed number of steps, one thread, one seed.

Knows nothing of text or audio. A checkpoint lets a killed run go on where it was.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from training.voice.model import FRAME, PITCH, VOICED, Student, position_features
from training.voice.prep import Example

BATCH = 16
HELD_OUT = 64
PEAK_RATE = 2.5e-3
WARM_UP = 100
SAVE_EVERY = 200
# What the ear minds most: energy, the first formants, pitch.
_WEIGHTS = torch.ones(PITCH + 1)
_WEIGHTS[0], _WEIGHTS[1:8], _WEIGHTS[15:30], _WEIGHTS[PITCH] = 2.0, 1.5, 0.6, 3.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded sentences."""

    ids: Tensor
    lengths: Tensor
    durations: Tensor  # frames per id
    natural: Tensor  # [batch, ids], 1 where the duration is to be learnt
    frames: Tensor  # normalised
    owner: Tensor
    position: Tensor
    mask: Tensor  # [batch, frames, 1]


def statistics(examples: list[Example]) -> tuple[Tensor, Tensor]:
    """Mean and scale per column; voicing stays as it is, pitch counts where there is voice."""
    frames = np.concatenate([e.frames for e in examples[:1500]]).astype(np.float32)
    mean, scale = frames.mean(0), frames.std(0) + 1e-3
    pitch = frames[frames[:, VOICED] > 0, PITCH]
    mean[PITCH], scale[PITCH] = pitch.mean(), pitch.std()
    mean[VOICED], scale[VOICED] = 0, 1
    return torch.tensor(mean), torch.tensor(scale)


def ownership(durations: Tensor) -> tuple[Tensor, Tensor]:
    """Which id each frame belongs to, and the frames' position features."""
    owner = torch.repeat_interleave(durations)
    starts = torch.cumsum(durations, 0) - durations
    index = torch.arange(len(owner)) - starts[owner]
    return owner, position_features(index.float(), durations[owner].float())


def batch(examples: list[Example], mean: Tensor, scale: Tensor) -> Batch:
    """Puts sentences side by side."""
    size, ids = len(examples), max(len(e.ids) for e in examples)
    frames = max(len(e.frames) for e in examples) // 2 * 2
    made = Batch(
        ids=torch.zeros(size, ids, dtype=torch.long),
        lengths=torch.tensor([len(e.ids) for e in examples]),
        durations=torch.zeros(size, ids),
        natural=torch.zeros(size, ids),
        frames=torch.zeros(size, frames, FRAME),
        owner=torch.zeros(size, frames, dtype=torch.long),
        position=torch.zeros(size, frames, 6),
        mask=torch.zeros(size, frames, 1),
    )
    for i, e in enumerate(examples):
        count, long = len(e.ids), len(e.frames) // 2 * 2
        durations = torch.from_numpy(e.durations)
        owner, position = ownership(durations)
        made.ids[i, :count], made.durations[i, :count] = torch.from_numpy(e.ids), durations.float()
        made.natural[i, :count] = float(e.stretch == 1.0)
        made.frames[i, :long] = (torch.from_numpy(e.frames[:long]).float() - mean) / scale
        made.owner[i, :long], made.position[i, :long] = owner[:long], position[:long]
        made.mask[i, :long] = 1
    return made


def losses(student: Student, b: Batch) -> dict[str, Tensor]:
    """Distances to the teacher: frames, their movement, voicing, durations."""
    states, durations = student.read(b.ids, b.lengths)
    made = student.speak(states, b.owner, b.position, b.mask[:, ::2])
    count, voiced = b.mask.sum(), b.frames[..., VOICED:]
    away = (made - b.frames).abs()[..., : PITCH + 1] * _WEIGHTS * b.mask
    away = torch.cat([away[..., :PITCH], away[..., PITCH:] * voiced], 2)
    moved = (made[:, 2:] - made[:, :-2]) - (b.frames[:, 2:] - b.frames[:, :-2])
    voicing = F.binary_cross_entropy_with_logits(made[..., VOICED:], voiced, reduction="none")
    late = F.smooth_l1_loss(durations, torch.log1p(b.durations), reduction="none", beta=0.1)
    return {
        "frames": away.sum() / count / (PITCH + 1),
        "movement": 0.5 * (moved.abs()[..., :25] * b.mask[:, 2:]).sum() / count / 25,
        "voicing": 0.5 * (voicing * b.mask).sum() / count,
        "durations": (late * b.natural).sum() / b.natural.sum().clamp(min=1),
    }


def batches(examples: list[Example], steps: int) -> Iterator[list[Example]]:
    """Sentences of like length together, in a new order each time round."""
    done = 0
    while done < steps:
        order = sorted(examples, key=lambda e: len(e.frames) + random.random() * 60)
        parts = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
        random.shuffle(parts)
        yield from parts[: steps - done]
        done += len(parts)


def rate(step: int, steps: int) -> float:
    """Warm-up, then a cosine down to one percent."""
    fall = 0.5 + 0.5 * np.cos(np.pi * step / steps) + 0.01
    return float(PEAK_RATE * min(1.0, (step + 1) / WARM_UP) * fall)


def report(student: Student, held_out: list[Example]) -> str:
    """The losses on sentences that were not learnt."""
    student.eval()
    parts = [held_out[i : i + BATCH] for i in range(0, len(held_out), BATCH)]
    with torch.no_grad():
        found = [losses(student, batch(p, student.mean, student.scale)) for p in parts]
    student.train()
    return "  ".join(f"{k} {np.mean([f[k].item() for f in found]):.4f}" for k in found[0])


def _resume(path: Path, student: Student, optimizer: torch.optim.Optimizer) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    student.load_state_dict(state["student"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def train(examples: list[Example], steps: int, path: Path) -> None:
    """Runs all steps and leaves the student in `path`."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    held_out, learnt = examples[:HELD_OUT], examples[HELD_OUT:]
    student = Student()
    student.mean[:], student.scale[:] = statistics(learnt)
    optimizer = torch.optim.AdamW(student.parameters(), betas=(0.9, 0.98), weight_decay=1e-4)
    begun, start = _resume(path, student, optimizer), time.monotonic()
    for step, part in enumerate(batches(learnt, steps)):
        if step < begun:
            continue
        optimizer.param_groups[0]["lr"] = rate(step, steps)
        total = sum(losses(student, batch(part, student.mean, student.scale)).values())
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
            taken = time.monotonic() - start
            print(f"step {step + 1}  {taken:.0f} s  {report(student, held_out)}", flush=True)
            state = {"student": student.state_dict(), "step": step + 1}
            torch.save(state | {"optimizer": optimizer.state_dict()}, path)
