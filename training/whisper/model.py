"""A small Whisper whose parameters bear the names of the public implementation, with helpers for learning.

The helpers (phone heads, CTC head) are dropped at export. Positions of both halves are sinusoids, so that a window or
a sentence longer than those seen needs no new weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as f

PHONE_CLASSES = {"flite": 48, "espeak": 160}


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network."""

    vocabulary: int
    width: int = 192
    heads: int = 4
    encoder_layers: int = 4
    decoder_layers: int = 2
    characters: int = 29
    source_positions: int = 1500
    target_positions: int = 448
    decoder_feed: int = 4  # widths in the inner layer of the decoder's feed-forward half


def sinusoids(length: int, channels: int) -> Tensor:
    """Return Whisper's position table, (length, channels)."""
    scale = math.log(10000) / (channels // 2 - 1)
    inverse = torch.exp(-scale * torch.arange(channels // 2))
    angle = torch.arange(length)[:, None] * inverse[None]
    return torch.cat([angle.sin(), angle.cos()], dim=1)


class Attention(nn.Module):
    """Multi-head attention."""

    def __init__(self, width: int, heads: int) -> None:
        """Make the four projections, the key without bias as Whisper has it."""
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2).flatten(0, 1)

    def forward(self, x: Tensor, source: Tensor, *, causal: bool = False) -> tuple[Tensor, Tensor]:
        """Return what `x` (batch, n, width) reads from `source` (batch, m, width), and the shares (batch * heads, n, m).

        Written out: on a CPU the fused kernel's backward pass takes four times as long as this.
        """
        q, k, v = (
            self._split(p) for p in (self.q_proj(x), self.k_proj(source), self.v_proj(source))
        )
        scores = q * q.shape[-1] ** -0.5 @ k.transpose(1, 2)
        if causal:
            later = torch.ones(scores.shape[1:], dtype=torch.bool).triu(1)
            scores = scores.masked_fill(later, -1e4)
        share = scores.softmax(-1)
        mixed = (share.to(v.dtype) @ v).unflatten(0, (-1, self.heads))
        return self.out_proj(mixed.transpose(1, 2).flatten(2)), share


class Layer(nn.Module):
    """One pre-norm layer of the encoder, or of the decoder when `cross`."""

    def __init__(self, width: int, heads: int, *, cross: bool, feed: int = 4) -> None:
        """Make the sub-layers; the inner one of the feed-forward half is `feed` widths wide."""
        super().__init__()
        self.self_attn = Attention(width, heads)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        if cross:
            self.encoder_attn = Attention(width, heads)
            self.encoder_attn_layer_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, feed * width)
        self.fc2 = nn.Linear(feed * width, width)
        self.final_layer_norm = nn.LayerNorm(width)

    def feed(self, x: Tensor) -> Tensor:
        """Apply the feed-forward half."""
        return x + self.fc2(f.gelu(self.fc1(self.final_layer_norm(x))))


class Encoder(nn.Module):
    """Log-mel frames (batch, 80, 2n) to states (batch, n, width)."""

    def __init__(self, shape: Shape) -> None:
        """Make convolutions, layers and the position table."""
        super().__init__()
        width = shape.width
        self.conv1 = nn.Conv1d(80, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.register_buffer(
            "positions", sinusoids(shape.source_positions, width), persistent=False
        )
        layers = [Layer(width, shape.heads, cross=False) for _ in range(shape.encoder_layers)]
        self.layers = nn.ModuleList(layers)
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Return the final states and the states before the last layer."""
        x = f.gelu(self.conv2(f.gelu(self.conv1(mel)))).transpose(1, 2)
        x = before = x + self.positions[: x.shape[1]].to(x.dtype)
        for layer in self.layers:
            before = x
            y = layer.self_attn_layer_norm(x)
            x = layer.feed(x + layer.self_attn(y, y)[0])
        return self.layer_norm(x), before


class Decoder(nn.Module):
    """Tokens (batch, n) and encoder states to logits (batch, n, vocabulary)."""

    def __init__(self, shape: Shape) -> None:
        """Make embeddings and layers."""
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.register_buffer(
            "positions", sinusoids(shape.target_positions, shape.width), persistent=False
        )
        layers = [
            Layer(shape.width, shape.heads, cross=True, feed=shape.decoder_feed)
            for _ in range(shape.decoder_layers)
        ]
        self.layers = nn.ModuleList(layers)
        self.layer_norm = nn.LayerNorm(shape.width)
        nn.init.normal_(self.embed_tokens.weight, std=0.05)

    def forward(self, tokens: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits and the attention of the last layer, (batch, tokens, positions)."""
        x = (self.embed_tokens(tokens) + self.positions[: tokens.shape[1]]).to(states.dtype)
        share = x
        for layer in self.layers:
            y = layer.self_attn_layer_norm(x)
            x = x + layer.self_attn(y, y, causal=True)[0]
            read, share = layer.encoder_attn(layer.encoder_attn_layer_norm(x), states)
            x = layer.feed(x + read)
        mean = share.float().unflatten(0, (len(x), -1)).mean(1)
        return self.layer_norm(x) @ self.embed_tokens.weight.T, mean


class TinyWhisper(nn.Module):
    """Encoder and decoder, with the heads that make them learn quickly."""

    def __init__(self, shape: Shape) -> None:
        """Make all parts."""
        super().__init__()
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)
        self.characters = nn.Linear(shape.width, shape.characters)
        heads = {name: nn.Linear(shape.width, size) for name, size in PHONE_CLASSES.items()}
        self.phones = nn.ModuleDict(heads)
        self.phone_norm = nn.LayerNorm(shape.width)

    @torch.no_grad()
    def greedy(
        self, states: Tensor, prompt: list[int], end: int, limit: int = 60
    ) -> list[list[int]]:
        """Return the most likely tokens after `prompt` for every row of `states`."""
        tokens = torch.tensor([prompt] * len(states))
        done = torch.zeros(len(states), dtype=torch.bool)
        for _ in range(limit):
            best = self.decoder(tokens, states)[0][:, -1].argmax(-1)
            tokens = torch.cat([tokens, best.masked_fill(done, end)[:, None]], 1)
            done |= best == end
            if bool(done.all()):
                break
        return [row[len(prompt) :] for row in tokens.tolist()]
