"""The teacher's segments laid against Piper's phonemes: how long each phoneme lasts.

flite names what it said in ARPABET with an end time; Piper will send espeak-ng's code points. Plain
dynamic programming pairs the two. Knows nothing of the network.
"""

import io
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP as PHONEME_IDS
from piper.phonemize_espeak import EspeakPhonemizer

FRAME_SECONDS = 0.005
LEAD_FRAMES = 4  # silence kept before the first sound: 20 ms, since the listener waits for it
TAIL_FRAMES = 8  # and after the last one: 40 ms
MAX_COST = 0.35  # per phoneme; above it the two programs read the sentence differently

PHONEMES = tomllib.loads((Path(__file__).parent / "phonemes.toml").read_text(encoding="utf-8"))

_ALLOWED: dict[str, frozenset[str]] = {
    **{phoneme: frozenset(names.split()) for phoneme, names in PHONEMES["segments"].items()},
    **dict.fromkeys(PHONEMES["pauses"], frozenset({"pau"})),
}
SOUNDING = frozenset(_ALLOWED)  # stress and length marks and spaces last no time
_VOWELS, _VOWEL_SEGMENTS = set(PHONEMES["vowels"]), set(PHONEMES["vowel_segments"].split())


@dataclass(frozen=True, slots=True)
class Record:
    """One sentence as the teacher planned it."""

    segments: list[tuple[str, float]]  # name, end in seconds
    parameters: NDArray[np.float32]  # frames x (F0 in Hz, 25 mel-cepstra, …)
    strengths: NDArray[np.float32]  # frames x 5, share of pulses per band


@dataclass(frozen=True, slots=True)
class Example:
    """One sentence as the student learns it."""

    ids: NDArray[np.int64]
    durations: NDArray[np.int64]  # frames per id
    frames: NDArray[np.float16]  # frames x (25 mel-cepstra, 5 strengths, log F0, voiced)
    stretch: float  # the teacher's tempo; only 1.0 teaches durations


def read_records(data: bytes) -> Iterator[Record]:
    """What dump.c wrote."""
    stream = io.BytesIO(data)

    def integer() -> int:
        return int.from_bytes(stream.read(4), "little")

    def track() -> NDArray[np.float32]:
        rows, columns = integer(), integer()
        return np.frombuffer(stream.read(4 * rows * columns), np.float32).reshape(rows, columns)

    while stream.tell() < len(data):
        segments = [
            (stream.read(8).rstrip(b"\0").decode(), float(np.frombuffer(stream.read(4), "<f4")[0]))
            for _ in range(integer())
        ]
        yield Record(segments, track(), track())


def _mismatch(phoneme: str, segment: str) -> float:
    allowed = _ALLOWED[phoneme]
    if segment in allowed:
        return 0.0
    if ("pau" in allowed) != (segment == "pau"):
        return 4.0
    return 0.7 if (phoneme in _VOWELS) == (segment in _VOWEL_SEGMENTS) else 1.6


def align(phonemes: list[str], segments: list[str]) -> tuple[list[tuple[int, int]], float]:
    """Pairs of (phoneme, segment) in order, covering all of both, and the cost per phoneme."""
    rows, columns = len(phonemes), len(segments)
    best = [[(0.0, 0)] * columns for _ in range(rows)]
    for i, j in np.ndindex(rows, columns):
        options = (
            (best[i - 1][j - 1][0], 0) if i and j else (np.inf, 0),
            (best[i - 1][j][0] + 0.15, 1) if i else (np.inf, 1),
            (best[i][j - 1][0] + 0.3, 2) if j else (np.inf, 2),
        )
        cost, step = min(options) if i or j else (0.0, 0)
        best[i][j] = (cost + _mismatch(phonemes[i], segments[j]), step)
    i, j = rows - 1, columns - 1
    path = [(i, j)]
    while i or j:
        step = best[i][j][1]
        i, j = i - (step != 2), j - (step != 1)
        path.append((i, j))
    return path[::-1], best[-1][-1][0] / rows


def _shares(path: list[tuple[int, int]], lengths: list[int], count: int) -> NDArray[np.int64]:
    """Frames per phoneme: phonemes on one segment share it evenly."""
    shares = np.zeros(count, np.int64)
    for j, length in enumerate(lengths):
        owners = [i for i, segment in path if segment == j]
        edges = np.linspace(0, length, len(owners) + 1).round().astype(np.int64)
        shares[owners] += np.diff(edges)
    return shares


def _targets(record: Record) -> NDArray[np.float16]:
    pitch = record.parameters[:, 0]
    voiced = pitch > 0
    where = np.arange(len(pitch))
    log_pitch = np.interp(where, where[voiced], np.log(pitch[voiced]))
    cepstra = record.parameters[:, 1:26]
    return np.column_stack([cepstra, record.strengths, log_pitch, voiced]).astype(np.float16)


def _trimmed(ends: list[int], frames: NDArray[np.float16]) -> tuple[list[int], NDArray[np.float16]]:
    """Segment lengths and frames without the long silence around the sentence."""
    lead = max(0, ends[0] - LEAD_FRAMES)
    tail = max(0, ends[-1] - ends[-2] - TAIL_FRAMES)
    lengths = np.diff([lead, *ends[:-1], ends[-1] - tail]).tolist()
    return lengths, frames[lead : len(frames) - tail]


def example(phonemes: list[str], record: Record, stretch: float) -> Example | None:
    """The training example of a sentence; None where the two programs disagree about it."""
    tokens = ["^", *(p for p in phonemes if p in PHONEME_IDS), "$"]
    sounding = [i for i, token in enumerate(tokens) if token in SOUNDING]
    path, cost = align([tokens[i] for i in sounding], [name for name, _ in record.segments])
    pauses = record.segments[0][0] == record.segments[-1][0] == "pau"
    if cost > MAX_COST or not pauses or np.count_nonzero(record.parameters[:, 0]) < 5:
        return None
    last = len(record.parameters)
    ends = [min(last, round(end / FRAME_SECONDS)) for _, end in record.segments]
    lengths, frames = _trimmed([*ends[:-1], last], _targets(record))
    durations = np.zeros(len(tokens), np.int64)
    durations[sounding] = _shares(path, lengths, len(sounding))
    ids = np.array([PHONEME_IDS[token][0] for token in tokens])
    return Example(ids, durations, frames, stretch)


def examples(sentences: Iterable[str], dump: bytes, stretch: float) -> Iterator[Example]:
    """The examples of a dump, in order, without the ones that do not fit."""
    phonemizer = EspeakPhonemizer()
    for sentence, record in zip(sentences, read_records(dump), strict=True):
        spoken = phonemizer.phonemize("en-us", sentence)
        if len(spoken) == 1 and (made := example(spoken[0], record, stretch)):
            yield made


def save(path: Path, made: list[Example]) -> None:
    """All examples in one file, end to end."""
    np.savez(
        path,
        ids=np.concatenate([e.ids for e in made]),
        durations=np.concatenate([e.durations for e in made]),
        frames=np.concatenate([e.frames for e in made]),
        lengths=np.array([[len(e.ids), len(e.frames)] for e in made]),
        stretch=np.array([e.stretch for e in made]),
    )


def load(path: Path) -> list[Example]:
    """What save wrote."""
    with np.load(path) as file:
        cuts = np.cumsum(file["lengths"], axis=0)[:-1]
        ids, durations = np.split(file["ids"], cuts[:, 0]), np.split(file["durations"], cuts[:, 0])
        frames, stretch = np.split(file["frames"], cuts[:, 1]), file["stretch"].tolist()
    return [Example(*parts) for parts in zip(ids, durations, frames, stretch, strict=True)]
