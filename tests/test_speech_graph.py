"""Cutting the graph of a voice with several speakers, and with a mask along its time."""

from __future__ import annotations

import numpy as np
import pytest

from companion.measure.shapes_onnx import INT64, Graph
from companion.speech.piper.graph import split

pytest.importorskip("onnxruntime")
from companion.speech.piper.engine import Engine

WIDE, FRAMES = 6, 3


def conv(graph, x, kernel, kind="Conv", **how):
    rng = np.random.default_rng(graph.count)
    weight = graph.keep(rng.standard_normal((WIDE, WIDE, kernel)).astype(np.float32) / 4)
    pad = how.pop("pad", kernel // 2)
    how = {"strides": (1,), **how}
    return graph.op(
        kind, x, weight, dilations=(1,), group=1, kernel_shape=(kernel,), pads=(pad, pad), **how
    )


def frames_of(graph, ids):
    """Three frames for each symbol: what they mean, and a mask of ones."""
    table = graph.keep(np.random.default_rng(0).standard_normal((99, WIDE)).astype(np.float32))
    told = graph.op("Transpose", graph.op("Gather", table, ids), perm=(0, 2, 1))
    wide = graph.op("Expand", graph.op("Unsqueeze", told, graph.ints(3)), graph.ints(1, 1, 1, 3))
    mean = graph.op("Reshape", wide, graph.ints(1, WIDE, -1))
    nothing = graph.op("Mul", graph.op("Cast", ids, to=1), graph.real(0.0))
    graph.op("Ceil", graph.op("Add", nothing, graph.real(FRAMES - 0.5)))
    first = graph.op("Slice", mean, graph.ints(0), graph.ints(1), graph.ints(1))
    mask = graph.op("Add", graph.op("Mul", first, graph.real(0.0)), graph.real(1.0))
    return mean, mask


def write(path, *, reverse_time=False):
    graph = Graph()
    ids = graph.takes("input", INT64, ("batch", "phonemes"))
    graph.takes("input_lengths", INT64, ("batch",))
    graph.takes("scales", 1, (3,))
    sid = graph.takes("sid", INT64, ("batch",))
    mean, mask = frames_of(graph, ids)
    noise = graph.op("Slice", "scales", graph.ints(0), graph.ints(1), graph.ints(0))
    noisy = graph.op("Add", mean, graph.op("Mul", graph.op("RandomNormalLike", mean), noise))
    moved = conv(graph, graph.op("Mul", noisy, mask), 5)
    latent = graph.op("Mul", graph.op("Add", noisy, moved), mask)
    if reverse_time:  # no piece of this flow can be made of a piece
        ends = graph.ints(-1), graph.ints(-1_000_000), graph.ints(2), graph.ints(-1)
        latent = graph.op("Slice", latent, *ends)
    voices = graph.keep(np.random.default_rng(1).standard_normal((4, WIDE)).astype(np.float32))
    who = graph.op("Unsqueeze", graph.op("Gather", voices, sid), graph.ints(2))
    x = graph.op("Add", conv(graph, latent, 7), conv(graph, who, 1))
    x = graph.op("LeakyRelu", x, alpha=0.1)
    x = conv(graph, x, 8, "ConvTranspose", pad=2, strides=(4,))
    last = graph.keep(np.ones((1, WIDE, 7), np.float32) / 20)
    out = graph.op(
        "Conv", x, last, dilations=(1,), group=1, kernel_shape=(7,), pads=(3, 3), strides=(1,)
    )
    graph.gives("output", graph.op("Tanh", out), ("batch", 1, "time"))
    graph.write(path, "test")
    return path


def sentence(engine, speaker=0, symbols=40):
    ids = np.random.default_rng(2).integers(0, 99, (1, symbols))
    scales = np.array([0.667, 1.0, 0.8], np.float32)
    lengths, sid = np.array([symbols]), np.array([speaker])
    return engine.sentence({"input": ids, "input_lengths": lengths, "scales": scales, "sid": sid})


def test_a_mask_is_cut_with_the_frames_and_a_speaker_is_handed_on_whole(tmp_path):
    parts = split(write(tmp_path / "voice.onnx").read_bytes())
    assert (parts.flow.margin, parts.sound.hop) == (2, 4)
    assert (len(parts.flow.given), len(parts.sound.given)) == (1, 1)
    assert parts.lengths


@pytest.mark.parametrize("speaker", [0, 3])
def test_the_pieces_of_every_speaker_are_the_sentence_sample_for_sample(tmp_path, speaker):
    said = sentence(Engine(write(tmp_path / "voice.onnx"), 1, 4, 100), speaker)
    whole = np.concatenate(list(said.pieces(1_000.0)))
    pieces = list(said.pieces(0.3))
    assert len(pieces) > 2
    assert len(whole) == said.length == said.spans.sum() == 40 * FRAMES * 4
    assert np.abs(np.concatenate(pieces) - whole).max() < 1e-6


def test_speakers_differ(tmp_path):
    engine = Engine(write(tmp_path / "voice.onnx"), 1, 4, 100)
    one, other = (next(sentence(engine, n).pieces(0.3)) for n in (0, 3))
    assert np.abs(one - other).max() > 0.01


def test_a_flow_that_looks_along_all_of_time_is_not_cut(tmp_path):
    parts = split(write(tmp_path / "voice.onnx", reverse_time=True).read_bytes())
    assert parts.flow is None
    said = sentence(Engine(tmp_path / "voice.onnx", 1, 4, 100))
    whole, pieces = (np.concatenate(list(said.pieces(first))) for first in (1_000.0, 0.3))
    assert np.abs(pieces - whole).max() < 1e-6
