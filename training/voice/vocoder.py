"""Frames to sound with nothing but convolutions and matrix products: it fits into the graph.

Pulses and noise are mixed per band, then shaped by the minimum-phase spectrum that the mel-cepstrum
describes. Knows nothing of phonemes.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's name for it

RATE = 16000
HOP = 80
WINDOW = 2 * HOP
SIZE = 512
BINS = SIZE // 2 + 1
CEPSTRA = 25
WARP = 0.42  # flite's frequency warping; less of it moves all formants up, as a shorter throat does
SHARPEN = 0.4  # flite's formant sharpening; without it the words are harder to make out
NOISE_LENGTH = 32003
NATURAL_NOISE = 0.667  # Piper's default noise_scale is the teacher's own breath
DELAY = HOP // 2  # a frame's window is centred half a hop behind the frame
FADE_IN, FADE_OUT = HOP, 4 * HOP
PULSE, NOISE = 0, 1


def _buffer(values: NDArray[np.floating]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def _analysis() -> NDArray[np.floating]:
    """Rows: the windowed cosines, then sines, of a short Fourier transform."""
    n = np.arange(WINDOW)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / WINDOW)
    angle = 2 * np.pi * np.outer(np.arange(BINS), n) / SIZE
    return np.concatenate([np.cos(angle), -np.sin(angle)]) * window


def _synthesis() -> NDArray[np.floating]:
    """The inverse, faded at its end where a long impulse response is cut off."""
    n = np.arange(SIZE)
    angle = 2 * np.pi * np.outer(np.arange(BINS), n) / SIZE
    twice = np.full((BINS, 1), 2.0)
    twice[0] = twice[-1] = 1.0
    fade = np.ones(SIZE)
    fade[-64:] = 0.5 + 0.5 * np.cos(np.pi * np.arange(64) / 64)
    return np.concatenate([twice * np.cos(angle), -twice * np.sin(angle)]) / SIZE * fade


def _flutter(frames: int) -> NDArray[np.floating]:
    """Slow random movement of the pitch, about 1-12 Hz, unit variance, seamless when repeated."""
    spectrum = np.fft.rfft(np.random.default_rng(2).standard_normal(frames))
    hertz = np.fft.rfftfreq(frames, HOP / RATE)
    moved = np.fft.irfft(spectrum * ((hertz > 1) & (hertz < 12)), frames)
    return np.asarray(moved / moved.std())


class Vocoder(nn.Module):
    """A source and a filter; the same frames always give the same samples."""

    def __init__(
        self, filters: Path, gain: float, warp: float = WARP, sharpen: float = SHARPEN
    ) -> None:
        """`filters`: the teacher's 5 excitation filters as dump.c wrote them."""
        super().__init__()
        omega = 2 * np.pi * np.arange(BINS) / SIZE
        bent = omega + 2 * np.arctan(warp * np.sin(omega) / (1 - warp * np.cos(omega)))
        order = np.arange(CEPSTRA)[:, None]
        sharper = np.where(order > 1, 1 + sharpen, 1.0)
        bands = np.abs(np.fft.rfft(np.fromfile(filters).reshape(5, 48), SIZE))
        ramp = 1 - np.abs(np.arange(2 * HOP) - HOP + 0.5) / HOP
        noise = np.random.default_rng(1).standard_normal(NOISE_LENGTH)
        self.register_buffer("plain", _buffer(np.cos(order * bent)))
        self.register_buffer("level", _buffer(np.cos(order * bent) * sharper))
        self.register_buffer("phase", _buffer(-np.sin(order * bent) * sharper))
        self.register_buffer("analysis", _buffer(_analysis()[:, None]))
        self.register_buffer("synthesis", _buffer(_synthesis()[:, None]))
        self.register_buffer("bands", _buffer(bands))
        self.register_buffer("ramp", _buffer(ramp[None, None]))
        self.register_buffer("noise", _buffer(noise))
        self.register_buffer("flutter", _buffer(_flutter(800)))
        self.gain = gain

    def forward(
        self, pitch: Tensor, voiced: Tensor, cepstra: Tensor, strengths: Tensor, breath: Tensor
    ) -> Tensor:
        """Samples, HOP per frame and some more.

        pitch [frames] in Hz, voiced [frames] 0 or 1, cepstra [frames, 25], strengths [frames, 5],
        breath: 1 is the teacher's share of noise in voiced sounds, 0 none.
        """
        frames = cepstra.shape[0]
        source = torch.stack([self._pulses(pitch, voiced), self._hiss(frames)])[:, None]
        spectra = F.conv1d(source, self.analysis, stride=HOP).transpose(1, 2)  # [2, frames, 2 bins]
        voiced = voiced[:, None]
        pulses = torch.matmul(strengths, self.bands) * voiced
        hiss = torch.matmul(1 - strengths, self.bands) * voiced * breath + (1 - voiced)
        real = spectra[PULSE, :, :BINS] * pulses + spectra[NOISE, :, :BINS] * hiss
        imaginary = spectra[PULSE, :, BINS:] * pulses + spectra[NOISE, :, BINS:] * hiss
        level, phase = self._envelope(cepstra)
        cosine, sine = level * torch.cos(phase), level * torch.sin(phase)
        shaped = torch.cat([real * cosine - imaginary * sine, real * sine + imaginary * cosine], 1)
        sound = F.conv_transpose1d(shaped.t()[None], self.synthesis, stride=HOP)[0, 0]
        return sound * self.gain

    def _per_sample(self, frames: Tensor) -> Tensor:
        """Straight lines from frame to frame."""
        return F.conv_transpose1d(frames[None, None], self.ramp, stride=HOP)[0, 0]

    def _pulses(self, pitch: Tensor, voiced: Tensor) -> Tensor:
        """One per period, of equal power whatever the pitch."""
        hertz = torch.clamp(self._per_sample(pitch), min=50.0)
        turns = torch.floor(torch.cumsum(hertz / RATE, 0))
        pulses = torch.cat([torch.zeros_like(turns[:1]), turns[1:] - turns[:-1]])
        return pulses * torch.sqrt(RATE / hertz) * (self._per_sample(voiced) > 0.5).float()

    def _hiss(self, frames: int) -> Tensor:
        index = torch.arange((frames + 1) * HOP)
        return self.noise[torch.remainder(index, NOISE_LENGTH)]

    def _envelope(self, cepstra: Tensor) -> tuple[Tensor, Tensor]:
        """Magnitude and phase per bin; sharpening keeps the energy as it was."""
        plain, level = torch.matmul(cepstra, self.plain), torch.matmul(cepstra, self.level)
        before = torch.exp(2 * plain).mean(1, keepdim=True)
        after = torch.exp(2 * level).mean(1, keepdim=True)
        level = level + 0.5 * torch.log(before / after)
        return torch.exp(torch.clamp(level, max=14.0)), torch.matmul(cepstra, self.phase)


def edges(sound: Tensor) -> Tensor:
    """The sound with its first and last milliseconds faded, so that no join clicks."""
    index = torch.arange(sound.shape[0]).float()
    fade_in = torch.clamp(index / FADE_IN, max=1.0)
    fade_out = torch.clamp((sound.shape[0] - 1 - index) / FADE_OUT, min=0.0, max=1.0)
    return sound * fade_in * fade_out
