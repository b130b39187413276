"""A voice of random weights with the shape of Piper's medium quality, as an ONNX file.

VITS as Piper exports it: text encoder, duration predictor, flow and a HiFi-GAN decoder at 22.05 kHz
(63 MB). Each sound lasts about as long as a spoken one does; what is heard is noise. Of the
original only cheap element-wise parts are simplified: splines in the durations, and masks.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.measure.shapes_onnx import INT64, Graph

if TYPE_CHECKING:
    from pathlib import Path

RATE = 22_050
FRAMES_A_SYMBOL = 2.9
"""With the padding between sounds about 70 ms a sound: fourteen a second, as people speak."""


@dataclass(frozen=True, slots=True)
class VoiceSize:
    """The shape of a VITS; the default is Piper's medium."""

    symbols: int = 256
    width: int = 192
    inner: int = 768
    layers: int = 6
    heads: int = 2
    window: int = 4
    couplings: int = 4
    waves: int = 4
    channels: int = 256
    ups: tuple[tuple[int, int], ...] = ((8, 16), (8, 16), (4, 8))
    kernels: tuple[tuple[int, tuple[int, ...]], ...] = ((3, (1, 2)), (5, (2, 6)), (7, (3, 12)))

    @property
    def hop(self) -> int:
        """Samples of a frame."""
        return math.prod(stride for stride, _ in self.ups)


@dataclass(slots=True)
class _Net:
    """A graph with the random numbers its weights are made of."""

    size: VoiceSize
    graph: Graph = field(default_factory=Graph)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def weight(self, *shape: int, fan: int, gain: float = 1.0) -> str:
        values = self.rng.standard_normal(shape) * gain / math.sqrt(fan)
        return self.graph.keep(values.astype(np.float32), "weight")

    def conv(
        self,
        x: str,
        widths: tuple[int, int],
        kernel: int = 1,
        *,
        dilation: int = 1,
        groups: int = 1,
        gain: float = 1.0,
    ) -> str:
        """A convolution over time that keeps the length; `widths` are channels in and out."""
        into, out = widths
        each = into // groups
        weight = self.weight(out, each, kernel, fan=each * kernel, gain=gain)
        bias = self.graph.keep(np.zeros(out, np.float32), "bias")
        pad = dilation * (kernel - 1) // 2
        return self.graph.op(
            "Conv",
            *(x, weight, bias),
            dilations=(dilation,),
            group=groups,
            kernel_shape=(kernel,),
            pads=(pad, pad),
            strides=(1,),
        )

    def norm(self, x: str) -> str:
        """Normalise over the channels of [1, channels, time]."""
        wide = np.ones(self.size.width, np.float32)
        across = self.graph.op("Transpose", x, perm=(0, 2, 1))
        even = self.graph.op(
            "LayerNormalization",
            across,
            self.graph.keep(wide, "gamma"),
            self.graph.keep(wide * 0, "beta"),
            axis=-1,
        )
        return self.graph.op("Transpose", even, perm=(0, 2, 1))

    def times(self, x: str, factor: float) -> str:
        return self.graph.op("Mul", x, self.graph.real(factor))

    def gelu(self, x: str) -> str:
        inner = self.graph.op("Erf", self.times(x, math.sqrt(0.5)))
        return self.times(self.graph.op("Mul", x, self.graph.op("Add", inner, self.one())), 0.5)

    def one(self) -> str:
        return self.graph.real(1.0)

    def part(self, x: str, start: int, end: int, axis: int = 1) -> str:
        ints = self.graph.ints
        return self.graph.op("Slice", x, ints(start), ints(end), ints(axis))

    def random_like(self, x: str) -> str:
        return self.graph.op("RandomNormalLike", x)


# ── text ─────────────────────────────────────────────────────────────────────────────────────


def _heads(net: _Net, x: str, order: tuple[int, ...]) -> str:
    size = net.size
    each = net.graph.ints(1, size.heads, size.width // size.heads, -1)
    return net.graph.op("Transpose", net.graph.op("Reshape", x, each), perm=order)


def _attention(net: _Net, x: str, near: str) -> str:
    """Self-attention that knows how far apart two sounds are, up to the window."""
    size, graph = net.size, net.graph
    each = size.width // size.heads
    query, key, value = (net.conv(x, (size.width, size.width)) for _ in range(3))
    query = net.times(_heads(net, query, (0, 1, 3, 2)), 1 / math.sqrt(each))
    scores = graph.op("MatMul", query, _heads(net, key, (0, 1, 2, 3)))
    places = net.weight(each, 2 * size.window + 1, fan=each)
    by_place = graph.op("MatMul", query, places)
    spread = graph.op("Expand", near, graph.op("Shape", scores))
    scores = graph.op("Add", scores, graph.op("GatherElements", by_place, spread, axis=3))
    heard = graph.op(
        "MatMul", graph.op("Softmax", scores, axis=-1), _heads(net, value, (0, 1, 3, 2))
    )
    back = graph.op("Transpose", heard, perm=(0, 1, 3, 2))
    joined = graph.op("Reshape", back, graph.ints(1, size.width, -1))
    return net.conv(joined, (size.width, size.width))


def _near(net: _Net, length: str) -> str:
    """How far apart each two places are, held within the window, counted from 0: [1, 1, n, n]."""
    graph, window = net.graph, net.size.window
    zero, one = graph.keep(np.array(0, np.int64)), graph.keep(np.array(1, np.int64))
    places = graph.op("Range", zero, length, one)
    column = graph.op("Unsqueeze", places, graph.ints(1))
    away = graph.op("Sub", graph.op("Unsqueeze", places, graph.ints(0)), column)
    low, high = (graph.keep(np.array(sign * window, np.int64)) for sign in (-1, 1))
    held = graph.op("Add", graph.op("Clip", away, low, high), high)
    return graph.op("Unsqueeze", held, graph.ints(0, 1))


def _encode(net: _Net, ids: str, length: str) -> tuple[str, str, str]:
    """What the sounds mean, and the mean and spread of what they sound like."""
    net.graph.scope = "enc_p"
    size, graph = net.size, net.graph
    table = net.weight(size.symbols, size.width, fan=1)
    x = graph.op("Transpose", graph.op("Gather", table, ids), perm=(0, 2, 1))
    near = _near(net, length)
    for _ in range(size.layers):
        x = net.norm(graph.op("Add", x, _attention(net, x, near)))
        inner = graph.op("Relu", net.conv(x, (size.width, size.inner), 3))
        x = net.norm(graph.op("Add", x, net.conv(inner, (size.inner, size.width), 3)))
    both = net.conv(x, (size.width, 2 * size.width), gain=0.5)
    logs = net.times(net.part(both, size.width, 2 * size.width), 0.1)
    return x, net.part(both, 0, size.width), logs


# ── durations ────────────────────────────────────────────────────────────────────────────────


def _dilated(net: _Net, x: str) -> str:
    """Three depth-wise convolutions, each wider than the one before."""
    wide, graph = net.size.width, net.graph
    for n in range(3):
        y = net.conv(x, (wide, wide), 3, dilation=3**n, groups=wide)
        y = net.gelu(net.norm(y))
        y = net.gelu(net.norm(net.conv(y, (wide, wide))))
        x = graph.op("Add", x, y)
    return x


def _durations(net: _Net, x: str, length_scale: str, noise: str) -> str:
    """Frames of each sound, as floats [1, sounds]."""
    net.graph.scope = "dp"
    graph, wide = net.graph, net.size.width
    x = net.conv(_dilated(net, net.conv(x, (wide, wide))), (wide, wide))
    z = graph.op("Mul", net.random_like(net.part(x, 0, 1)), noise)
    for _ in range(3):
        y = graph.op("Add", net.conv(z, (1, wide)), x)
        moved = net.conv(_dilated(net, y), (wide, 29), gain=0.05)
        scale, shift = net.part(moved, 0, 1), net.part(moved, 1, 2)
        z = graph.op("Add", graph.op("Mul", z, graph.op("Exp", scale)), shift)
    logs = graph.op("Add", net.times(z, 0.2), graph.real(math.log(FRAMES_A_SYMBOL - 0.5)))
    frames = graph.op("Mul", graph.op("Exp", logs), length_scale)
    return graph.op("Squeeze", graph.op("Ceil", frames), graph.ints(1))


def _owners(net: _Net, frames: str) -> str:
    """Which sound each frame belongs to: [frames]."""
    graph = net.graph
    ends = graph.op("CumSum", frames, graph.keep(np.array(1, np.int64)))
    total = graph.op("Cast", graph.op("ReduceMax", ends, keepdims=0), to=INT64)
    zero, one = graph.keep(np.array(0, np.int64)), graph.keep(np.array(1, np.int64))
    time = graph.op("Cast", graph.op("Range", zero, total, one), to=1)
    passed = graph.op("LessOrEqual", ends, graph.op("Unsqueeze", time, graph.ints(1)))
    counted = graph.op("ReduceSum", graph.op("Cast", passed, to=INT64), graph.ints(1), keepdims=0)
    last = graph.op("Sub", graph.op("Gather", graph.op("Shape", frames), graph.ints(1)), one)
    return graph.op("Min", counted, last)


# ── sound ────────────────────────────────────────────────────────────────────────────────────


def _waves(net: _Net, x: str) -> str:
    """A WaveNet: gated convolutions, each adding to the result."""
    graph, wide = net.graph, net.size.width
    total = ""
    for n in range(net.size.waves):
        last = n == net.size.waves - 1
        both = net.conv(x, (wide, 2 * wide), 5)
        tanh = graph.op("Tanh", net.part(both, 0, wide))
        gated = graph.op("Mul", tanh, graph.op("Sigmoid", net.part(both, wide, 2 * wide)))
        more = net.conv(gated, (wide, wide if last else 2 * wide))
        skip = more if last else net.part(more, wide, 2 * wide)
        x = x if last else graph.op("Add", x, net.part(more, 0, wide))
        total = graph.op("Add", total, skip) if total else skip
    return total


def _flow(net: _Net, z: str) -> str:
    net.graph.scope = "flow"
    graph, wide = net.graph, net.size.width
    half = wide // 2
    turned = graph.keep(np.arange(wide)[::-1].astype(np.int64).copy())
    for _ in range(net.size.couplings):
        z = graph.op("Gather", z, turned, axis=1)
        first, second = net.part(z, 0, half), net.part(z, half, wide)
        mean = net.conv(_waves(net, net.conv(first, (half, wide))), (wide, half), gain=0.3)
        z = graph.op("Concat", first, graph.op("Sub", second, mean), axis=1)
    return z


def _decode(net: _Net, z: str) -> str:
    """HiFi-GAN: frames to samples [1, 1, samples]."""
    net.graph.scope = "dec"
    graph, channels = net.graph, net.size.channels
    x = net.conv(z, (net.size.width, channels), 7)
    for stride, kernel in net.size.ups:
        x = graph.op("LeakyRelu", x, alpha=0.1)
        weight = net.weight(channels, channels // 2, kernel, fan=channels * kernel // stride)
        bias = graph.keep(np.zeros(channels // 2, np.float32), "bias")
        pad = (kernel - stride) // 2
        x = graph.op(
            "ConvTranspose",
            *(x, weight, bias),
            dilations=(1,),
            group=1,
            kernel_shape=(kernel,),
            pads=(pad, pad),
            strides=(stride,),
        )
        channels //= 2
        x = _blocks(net, x, channels)
    x = net.conv(graph.op("LeakyRelu", x, alpha=0.01), (channels, 1), 7, gain=0.2)
    return graph.op("Tanh", x)


def _blocks(net: _Net, x: str, channels: int) -> str:
    """The mean of one residual block for each kernel."""
    graph, results = net.graph, []
    for kernel, dilations in net.size.kernels:
        y = x
        for dilation in dilations:
            inner = graph.op("LeakyRelu", y, alpha=0.1)
            more = net.conv(inner, (channels, channels), kernel, dilation=dilation, gain=0.5)
            y = graph.op("Add", y, more)
        results.append(y)
    return net.times(graph.op("Sum", *results), 1 / len(results))


# ── the voice ────────────────────────────────────────────────────────────────────────────────


def write_voice(path: Path, size: VoiceSize, ids: dict[str, list[int]]) -> None:
    """Write `path` and the JSON beside it.

    Args:
        path: The `.onnx` file.
        size: Its shape.
        ids: Number of each phoneme, from a voice that exists.
    """
    net = _Net(size)
    graph = net.graph
    symbols = graph.takes("input", INT64, ("batch_size", "phonemes"))
    graph.takes("input_lengths", INT64, ("batch_size",))
    scales = graph.takes("scales", 1, (3,))
    graph.scope = "main"
    noise, length, noise_w = (net.part(scales, n, n + 1, 0) for n in range(3))
    count = graph.op("Squeeze", "input_lengths", graph.ints(0))
    x, mean, logs = _encode(net, symbols, count)
    frames = _durations(net, x, length, noise_w)
    owners = _owners(net, frames)
    mean, logs = (graph.op("Gather", one, owners, axis=2) for one in (mean, logs))
    spread = graph.op("Mul", graph.op("Exp", logs), noise)
    latent = graph.op("Add", mean, graph.op("Mul", net.random_like(mean), spread))
    sound = _decode(net, _flow(net, latent))
    graph.gives("output", graph.op("Unsqueeze", sound, graph.ints(1)), ("batch_size", 1, 1, "time"))
    graph.write(path, "companion measure")
    config = _config(size, ids, path.stem)
    path.with_name(f"{path.name}.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def _config(size: VoiceSize, ids: dict[str, list[int]], name: str) -> dict[str, Any]:
    english = {"family": "en", "region": "US", "name_native": "English", "name_english": "English"}
    return {
        "audio": {"sample_rate": RATE, "quality": "medium"},
        "espeak": {"voice": "en-us"},
        "phoneme_type": "espeak",
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_map": {},
        "phoneme_id_map": ids,
        "num_symbols": size.symbols,
        "num_speakers": 1,
        "speaker_id_map": {},
        "piper_version": "1.8.0",
        "hop_length": size.hop,
        "language": {"code": "en_US", **english, "country_english": "United States"},
        "dataset": name,
    }
