"""From shards to batches: reading what is there, augmenting log-mel frames, and the targets of every loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from training.whisper.data import LOW, STEP
from training.whisper.model import PHONE_CLASSES
from training.whisper.text import normal
from training.whisper.vocabulary import CTC_ALPHABET

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer
    from torch import Tensor


DEV_SHARDS = ("shard-7-036.npz", "shard-21-000.npz")  # their sentences never train
HINTED, FOLLOWING = (
    0.1,
    0.04,
)  # shares of the clips with words to expect, or an earlier text, before them
IGNORED = -100
LATEST = 125  # frames of the longest pause before the words
_DECIBEL = 4 * np.log(10)  # one unit of the feature is four powers of ten


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance: 10 ms frames as bytes (n, 80), phones per 20 ms, whose phones they are, and the written form.

    The model hops by 20 ms, so that a clip can begin on an even or on an odd frame.
    """

    mel: np.ndarray[Any, np.dtype[np.uint8]]
    phones: np.ndarray[Any, np.dtype[np.int64]]
    kind: str
    text: str

    @property
    def frames(self) -> int:
        """Return how many frames the model sees: every second one of those stored."""
        return len(self.mel) // 2


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step needs."""

    mel: Tensor
    phones: dict[str, Tensor]
    tokens: Tensor
    targets: Tensor
    spans: Tensor  # first and last position that sounds, per row
    characters: list[list[int]]


class Corpus:
    """The clips of all shards in a folder, re-read as shards are added."""

    def __init__(self, folder: Path, noisy: float = 0.0) -> None:
        """Remember the folder, and the share of the clips beside which another sound is to be heard."""
        self.folder = folder
        self.noisy = noisy
        self.clips: list[Clip] = []
        self.dev: list[Clip] = []
        self.noises: list[Clip] = []
        self.inventory: dict[str, dict[str, int]] = {"flite": {}, "espeak": {}}
        self._read: set[str] = set()

    def refresh(self) -> None:
        """Read the shards that are new."""
        for path in sorted(self.folder.glob("shard-*.npz")):
            if path.name not in self._read:
                self._read.add(path.name)
                held = path.name in DEV_SHARDS
                (self.dev if held else self.clips).extend(self._clips(path))
        self.noises = [clip for clip in self.clips if not clip.text and len(clip.mel) > 1]

    def _clips(self, path: Path) -> list[Clip]:
        with np.load(path) as shard:
            loaded = {name: shard[name] for name in shard.files}
        found, frame, position = [], 0, 0
        for count, voice, text in zip(
            loaded["frames"], loaded["voice"], loaded["text"], strict=True
        ):
            kind = "espeak" if "-" in str(voice) else "flite"
            names = loaded["phones"][position : position + (count + 1) // 2]
            classes = self.inventory[kind]
            phones = np.array([classes.setdefault(str(name), len(classes)) for name in names])
            phones[phones >= PHONE_CLASSES[kind]] = IGNORED
            found.append(Clip(loaded["mel"][frame : frame + count], phones, kind, str(text)))
            frame, position = frame + count, position + (count + 1) // 2
        return found


def grouped(clips: list[Clip], rng: np.random.Generator, frames: int) -> list[list[Clip]]:
    """Return one epoch of batches of similar length, each at most `frames` frames with its padding."""
    order = sorted(clips, key=lambda clip: clip.frames + rng.uniform(0, 15))
    batches: list[list[Clip]] = [[]]
    for clip in order:
        longest = max(clip.frames for clip in [clip, *batches[-1]])
        if longest * (len(batches[-1]) + 1) > frames:
            batches.append([])
        batches[-1].append(clip)
    rng.shuffle(batches)
    return batches


def joined(clips: list[Clip]) -> list[Clip]:
    """Return pairs of `clips` as one longer utterance each, where both have the same kind of phones."""
    found: list[Clip] = []
    for kind in sorted({clip.kind for clip in clips}):
        alike = [clip for clip in clips if clip.kind == kind and clip.text]
        for first, second in zip(alike[::2], alike[1::2], strict=False):
            half = first.frames
            mel = np.concatenate([first.mel[: 2 * half], second.mel])
            phones = np.concatenate([first.phones[:half], second.phones])
            found.append(Clip(mel, phones, kind, f"{first.text} {second.text}"))
    return found or clips


def delayed(clips: list[Clip], rng: np.random.Generator) -> list[Clip]:
    """Return `clips`, each with up to 2.5 s more of what it begins with: silence, room or noise."""
    found = []
    for clip in clips:
        size, label = int(rng.integers(LATEST + 1)), clip.phones[0]
        lead = int(np.argmax(np.append(clip.phones != label, True)))
        quiet = clip.mel[rng.integers(min(2 * lead, len(clip.mel)), size=2 * size)]
        phones = np.concatenate([np.full(size, label), clip.phones])
        found.append(Clip(np.concatenate([quiet, clip.mel]), phones, clip.kind, clip.text))
    return found


def mels(
    clips: list[Clip], corpus: Corpus, window: int, rng: np.random.Generator, *, augment: bool
) -> Tensor:
    """Return (batch, 80, window); what lies behind a clip is 0, as faster-whisper pads."""
    out = torch.zeros(len(clips), 80, window)
    for row, clip in enumerate(clips):
        mel = _mel(clip, int(rng.integers(2)) if augment else 0)
        if augment and corpus.noisy and clip.text and rng.random() < corpus.noisy:
            mel = _beside(mel, _mel(corpus.noises[int(rng.integers(len(corpus.noises)))], 0), rng)
        out[row, :, : mel.shape[1]] = _worn(mel, rng) if augment else mel
    return out


def _mel(clip: Clip, first: int) -> Tensor:
    """Return what the model sees of a clip, (80, frames), from an even or an odd frame on."""
    return torch.from_numpy(clip.mel[first::2][: clip.frames].T.astype(np.float32)) * STEP + LOW


def _beside(mel: Tensor, noise: Tensor, rng: np.random.Generator) -> Tensor:
    """Return speech with a sound in which nobody speaks, 0 to 25 dB below it: their powers add up."""
    turn, length = int(rng.integers(noise.shape[1])), mel.shape[1]
    noise = noise.roll(turn, 1).repeat(1, length // noise.shape[1] + 1)[:, :length]
    below = rng.uniform(0, 25) / 40  # a unit is 40 dB
    loud, quiet = ((one * _DECIBEL).logsumexp((0, 1)) / _DECIBEL for one in (mel, noise))
    mixed = torch.logaddexp(mel * _DECIBEL, (noise + loud - quiet - below) * _DECIBEL) / _DECIBEL
    return mixed.maximum(mixed.max() - 2)


def _worn(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """Return `mel` (80, n) at another level, through another microphone, in noise, with parts missing."""
    if rng.random() < 0.7:
        bend = np.interp(np.arange(80), np.linspace(0, 79, 5), rng.uniform(-0.12, 0.12, 5))
        mel = mel + torch.from_numpy(bend.astype(np.float32))[:, None]
    if rng.random() < 0.5:
        mel = _warped(mel, rng)
    mel = mel + rng.uniform(-0.3, 0.2)
    if rng.random() < 0.5:
        floor = float(mel.max()) - rng.uniform(0.6, 1.8)
        slope = torch.linspace(0, rng.uniform(-0.3, 0.3), 80)[:, None]
        noise = floor + slope + 0.07 * torch.randn(mel.shape)
        mel = torch.logaddexp(mel * _DECIBEL, noise * _DECIBEL) / _DECIBEL
        mel = mel.maximum(mel.max() - 2)
    low = float(mel.min())
    for _ in range(2):
        band, size = int(rng.integers(0, 72)), int(rng.integers(0, 9))
        mel[band : band + size] = low
        start, size = int(rng.integers(0, mel.shape[1])), int(rng.integers(0, 5))
        mel[:, start : start + size] = low
    return mel


def _warped(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """Return `mel` with its resonances elsewhere, each region by its own ratio: another mouth, other vowels."""
    knots = np.array([0, 12, 24, 38, 54, 79])
    moved = knots + rng.normal(0, 1.3, len(knots)) * [0, 1, 1, 1, 1, 0] + rng.normal(0, 0.8)
    place = np.clip(np.interp(np.arange(80), knots, moved), 0, 78.999).astype(np.float32)
    low = torch.from_numpy(place.astype(np.int64))
    share = torch.from_numpy(place)[:, None] - low[:, None]
    return mel[low] * (1 - share) + mel[low + 1] * share


def _hint(clip: Clip, corpus: Corpus, rng: np.random.Generator) -> str:
    """Return words to expect: some of other clips, and more often than not one or two of this one."""
    others = [corpus.clips[int(at)] for at in rng.integers(len(corpus.clips), size=5)]
    found = [rng.choice(words) for other in others[: rng.integers(6)] if (words := _long(other))]
    mine = _long(clip)
    if mine and rng.random() < 0.65:
        found += list(rng.choice(mine, min(len(mine), int(rng.integers(1, 3))), replace=False))
    rng.shuffle(found)
    return (", " if rng.random() < 0.6 else " ").join(map(str, found))


def _long(clip: Clip) -> list[str]:
    return [word for word in normal(clip.text).split() if len(word) > 3]


def _tokens(clip: Clip, tokenizer: Tokenizer, before: str) -> tuple[list[int], list[int]]:
    """Return the decoder's input and targets; an empty clip ends at once and says so at its first token."""
    special = {name: tokenizer.token_to_id(f"<|{name}|>") for name in _NEEDED}
    start, plain, end = special["startoftranscript"], special["notimestamps"], special["endoftext"]
    body = tokenizer.encode(" " + clip.text).ids if clip.text else []
    tokens = [start, plain, *body]
    targets = [plain if clip.text else special["nospeech"], *body, end]
    if before:
        earlier = [special["startofprev"], *tokenizer.encode(" " + before).ids]
        return earlier + tokens, [IGNORED] * len(earlier) + targets
    return tokens, targets


_NEEDED = ("startoftranscript", "notimestamps", "endoftext", "nospeech", "startofprev")


def make(
    clips: list[Clip],
    corpus: Corpus,
    tokenizer: Tokenizer,
    window: int,
    rng: np.random.Generator,
    *,
    augment: bool = True,
) -> Batch:
    """Return the batch of `clips` in a window of so many frames."""
    positions = window // 2
    phones = {kind: torch.full((len(clips), positions), IGNORED) for kind in corpus.inventory}
    spans = torch.zeros(len(clips), 2)
    rows = []
    for row, clip in enumerate(clips):
        heard = clip.phones[::2][:positions]  # a position is 40 ms
        phones[clip.kind][row, : len(heard)] = torch.from_numpy(heard)
        silent = corpus.inventory[clip.kind].get("", -1), corpus.inventory[clip.kind].get("pau", -1)
        sounding = np.flatnonzero(~np.isin(heard, silent))
        spans[row] = torch.tensor([sounding[0], sounding[-1]] if len(sounding) else [0, 1])
        draw, before = (rng.random(), "") if augment else (1.0, "")
        if draw < HINTED:
            before = _hint(clip, corpus, rng)
        elif draw < HINTED + FOLLOWING:
            before = corpus.clips[int(rng.integers(len(corpus.clips)))].text
        rows.append(_tokens(clip, tokenizer, before))
    longest = max(len(tokens) for tokens, _ in rows)
    tokens = torch.full((len(rows), longest), tokenizer.token_to_id("<|endoftext|>"))
    targets = torch.full((len(rows), longest), IGNORED)
    for row, (given, wanted) in enumerate(rows):
        tokens[row, : len(given)], targets[row, : len(wanted)] = (
            torch.tensor(given),
            torch.tensor(wanted),
        )
    spelled = [[CTC_ALPHABET.index(c) for c in normal(clip.text)] for clip in clips]
    heard = mels(clips, corpus, window, rng, augment=augment)
    return Batch(heard, phones, tokens, targets, spans, spelled)
