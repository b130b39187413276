"""The student and its vocoder as one ONNX graph that Piper takes for a voice of its own.

The graph cleans its input, applies the three scales, raises the pitch of questions and reports how
many frames each id lasts. Knows nothing of training.
"""

import json
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP as PHONEME_IDS
from torch import Tensor, nn

from training.voice.model import PITCH, SYMBOLS, VOICED, Student, position_features
from training.voice.prep import PHONEMES, SOUNDING, Example
from training.voice.vocoder import DELAY, HOP, NATURAL_NOISE, RATE, SHARPEN, WARP, Vocoder, edges

OPSET = 17
BOS, EOS = PHONEME_IDS["^"][0], PHONEME_IDS["$"][0]
STRESS, QUESTION = PHONEME_IDS["\N{MODIFIER LETTER VERTICAL LINE}"][0], PHONEME_IDS["?"][0]
LEAST_SEEN = 20  # a code point seen less often is one the student has not learnt
QUESTION_RISE = math.log(1.55)
SHORTEST_RISE, LONGEST_RISE = 24.0, 90.0  # frames
FLUTTER = 0.012  # pitch movement (log) per unit of noise_scale: 0.8 % at Piper's default
TIMING = 0.05  # spread of durations (log) per unit of noise_w: 4 % at Piper's default
LONGEST = 400.0  # frames of one phoneme


@dataclass(frozen=True, slots=True)
class Timbre:
    """What a voice does otherwise than its teacher; see the model card."""

    gain: float
    pitch: float = 1.0  # times the teacher's
    pitch_range: float = 1.25  # livelier
    warp: float = WARP
    sharpen: float = SHARPEN
    breath: float = 1.0  # times the teacher's share of noise in voiced sounds
    tempo: float = 1.0  # times the teacher's durations


@dataclass(frozen=True, slots=True)
class Parts:
    """What a voice is made of."""

    checkpoint: Path
    filters: Path
    timbre: Timbre


def vocabulary(examples: list[Example]) -> Tensor:
    """What each id is read as [SYMBOLS]; 0 (padding) drops it."""
    counts = np.bincount(np.concatenate([e.ids for e in examples]), minlength=SYMBOLS)
    table = np.where(counts >= LEAST_SEEN, np.arange(SYMBOLS), 0)
    for strange, near in PHONEMES["nearest"].items():
        if not table[PHONEME_IDS[strange][0]]:
            table[PHONEME_IDS[strange][0]] = table[PHONEME_IDS[near][0]]
    table[[BOS, EOS]] = 0  # the graph sets its own
    return torch.tensor(table)


def _sounding() -> Tensor:
    table = torch.zeros(SYMBOLS)
    table[[PHONEME_IDS[p][0] for p in SOUNDING]] = 1
    return table


class Graph(nn.Module):
    """input [1, ids], input_lengths [1], scales [3] to samples [1, 1, n] and frames per id."""

    def __init__(self, parts: Parts, known: Tensor) -> None:
        """Joins the trained parts."""
        super().__init__()
        timbre, student = parts.timbre, Student()
        student.load_state_dict(torch.load(parts.checkpoint, weights_only=True)["student"])
        vocoder = Vocoder(parts.filters, timbre.gain, timbre.warp, timbre.sharpen)
        self.timbre = timbre
        self.student, self.vocoder = student, vocoder
        timing = np.random.default_rng(3).standard_normal(SYMBOLS).clip(-2, 2)
        self.register_buffer("known", known)
        self.register_buffer("sounding", _sounding())
        self.register_buffer("timing", torch.tensor(timing, dtype=torch.float32))

    def forward(self, ids: Tensor, lengths: Tensor, scales: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        given = self.known[torch.clamp(ids[0], 0, SYMBOLS - 1)]
        place = torch.arange(given.shape[0])
        kept = (given > 0) & (place < lengths[0])
        clean = torch.masked_select(given, kept)
        tokens = torch.cat([torch.full((1,), BOS), clean, torch.full((1,), EOS)])
        states, logs = self.student.read(tokens[None])
        durations = self._durations(tokens, logs[0], scales)
        sound = self._sound(tokens, states, durations, scales)
        return sound[None, None], self._per_id(durations, kept, place)

    def _durations(self, tokens: Tensor, logs: Tensor, scales: Tensor) -> Tensor:
        """Whole frames per token; the same sentence always has the same rhythm."""
        spread = torch.remainder(torch.arange(tokens.shape[0]) * 7 + tokens.sum(), SYMBOLS)
        moved = torch.exp(torch.clamp(scales[2], 0.0, 3.0) * TIMING * self.timing[spread])
        natural = (torch.exp(logs) - 1) * self.timbre.tempo
        frames = natural * torch.clamp(scales[1], 0.1, 10.0) * moved
        return torch.round(torch.clamp(frames, 1.0, LONGEST)) * self.sounding[tokens]

    def _per_id(self, durations: Tensor, kept: Tensor, place: Tensor) -> Tensor:
        """Frames per given id, the sentence's edges on the first and the last one.

        The only Ceil of the graph: Piper finds alignments by looking for it.
        """
        inner = torch.zeros_like(place, dtype=torch.float32)
        inner = inner.scatter(0, torch.nonzero(kept)[:, 0], durations[1:-1])
        first = (place == 0).float() * durations[0]
        last = (place == place.shape[0] - 1).float() * durations[-1]
        return torch.ceil(inner + first + last)[None]

    def _sound(self, tokens: Tensor, states: Tensor, durations: Tensor, scales: Tensor) -> Tensor:
        ends = torch.cumsum(durations, 0)
        total = ends[-1]
        time = torch.arange((torch.floor((total + 1) / 2) * 2).long()).float()
        owner = (ends[None, :] <= time[:, None]).long().sum(1)
        owner = torch.clamp(owner, max=tokens.shape[0] - 1)
        length = torch.clamp(durations[owner], min=1.0)
        index = torch.minimum(time - (ends[owner] - durations[owner]), length - 1)
        position = position_features(index, length)
        frames = self.student.speak(states, owner[None], position[None])[0]
        frames = frames[:, :VOICED] * self.student.scale[:VOICED], frames[:, VOICED]
        noise = torch.clamp(scales[0], 0.0, 2.0)
        sound = self.vocoder(
            self._pitch(frames[0][:, PITCH], tokens, ends, durations, noise),
            (frames[1] > 0).float(),
            frames[0][:, :25] + self.student.mean[:25],
            torch.clamp(frames[0][:, 25:30] + self.student.mean[25:30], 0.0, 1.0),
            noise / NATURAL_NOISE * self.timbre.breath,
        )
        return edges(sound[DELAY : DELAY + total.long() * HOP])

    def _pitch(
        self, away: Tensor, tokens: Tensor, ends: Tensor, durations: Tensor, noise: Tensor
    ) -> Tensor:
        """Hz per frame; `away` is the log distance to the speaker's mean."""
        time = torch.arange(away.shape[0])
        flutter = self.vocoder.flutter[torch.remainder(time + tokens.sum(), 800)]
        rise = QUESTION_RISE * self._rise(time.float(), tokens, ends, durations)
        mean = self.student.mean[PITCH] + math.log(self.timbre.pitch)
        log = mean + away * self.timbre.pitch_range + flutter * noise * FLUTTER + rise
        return torch.exp(torch.clamp(log, 4.0, 6.2))

    def _rise(self, time: Tensor, tokens: Tensor, ends: Tensor, durations: Tensor) -> Tensor:
        """0 before a question's last stress, 1 at its mark; 0 throughout without a mark."""
        place = torch.arange(tokens.shape[0])
        mark = torch.where(tokens == QUESTION, place, torch.zeros_like(place)).max()
        stressed = (tokens == STRESS) & (place < mark)
        stress = torch.where(stressed, place, torch.zeros_like(place)).max()
        end = ends[mark] - durations[mark]
        start = torch.clamp(ends[stress], min=end - LONGEST_RISE)
        start = torch.minimum(start, end - SHORTEST_RISE)
        return torch.clamp((time - start) / (end - start), 0.0, 1.0) * (mark > 0).float()


def _halve(graph: Any) -> None:  # noqa: ANN401 - protobuf
    """Stores the large tables as float16, which halves the file."""
    small = {"vocoder.analysis", "vocoder.phase", "vocoder.level", "vocoder.plain"}
    casts = []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < 4000 or tensor.name in small:
            continue
        graph.initializer.remove(tensor)
        half = numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}_half")
        graph.initializer.append(half)
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
    for index, node in enumerate(casts):
        graph.node.insert(index, node)


def example_input() -> tuple[Tensor, Tensor, Tensor]:
    """A short word, padded as Piper pads."""
    ids = [[1, 0, 25, 0, 120, 0, 39, 0, 32, 0, 10, 0, 2]]
    return torch.tensor(ids), torch.tensor([len(ids[0])]), torch.tensor([0.667, 1.0, 0.8])


def write_graph(graph: Graph, path: Path) -> None:
    """The ONNX file."""
    graph.eval()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # the tracing exporter is deprecated, yet the one that works
        torch.onnx.export(
            graph,
            example_input(),
            str(path),
            input_names=["input", "input_lengths", "scales"],
            output_names=["output", "frames"],
            opset_version=OPSET,
            dynamo=False,
            dynamic_axes={
                "input": {0: "batch", 1: "phonemes"},
                "input_lengths": {0: "batch"},
                "output": {0: "batch", 2: "time"},
                "frames": {0: "batch", 1: "phonemes"},
            },
        )
    model = onnx.load(path)
    _halve(model.graph)
    model.producer_name = "companion training/voice"
    onnx.checker.check_model(model)
    onnx.save(model, path)


def write_config(path: Path) -> None:
    """Piper's JSON beside the graph."""
    english = {"family": "en", "region": "US", "name_native": "English", "name_english": "English"}
    config: dict[str, Any] = {
        "audio": {"sample_rate": RATE, "quality": "low"},
        "espeak": {"voice": "en-us"},
        "phoneme_type": "espeak",
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_map": {},
        "phoneme_id_map": PHONEME_IDS,
        "num_symbols": SYMBOLS,
        "num_speakers": 1,
        "speaker_id_map": {},
        "piper_version": "1.8.0",
        "hop_length": HOP,
        "language": {"code": "en_US", **english, "country_english": "United States"},
        "dataset": path.name.split("-")[1],
    }
    text = json.dumps(config, ensure_ascii=False, indent=1)
    path.write_text(f"{text}\n", encoding="utf-8")


def export(parts: Parts, examples: list[Example], path: Path) -> None:
    """Writes the voice."""
    write_graph(Graph(parts, vocabulary(examples)), path)
    write_config(path.with_name(f"{path.name}.json"))
