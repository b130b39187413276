"""The student: phoneme ids to durations, and durations to vocoder frames; 1.2 million weights.

Knows nothing of audio. A frame is 25 mel-cepstra, 5 excitation strengths, log F0 and voicing.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's name for it

SYMBOLS = 256  # Piper's ids
WIDTH = 160
FRAME = 32
PITCH, VOICED = 30, 31  # columns of a frame; 0-24 mel-cepstra, 25-29 strengths
POSITION = 6
KERNEL = 5


def position_features(index: Tensor, length: Tensor) -> Tensor:
    """Where a frame stands within its phoneme, six numbers: index 0…length-1, both float."""
    done, left = index + 0.5, length - index - 0.5
    part = done / length
    near_start, near_end = torch.exp(-done / 3), torch.exp(-left / 3)
    hump = 4 * part * (1 - part)
    return torch.stack([part, 1 - part, near_start, near_end, torch.log(length) / 3, hump], -1)


class Student(nn.Module):
    """Convolutions and a GRU over phonemes, dilated convolutions over 10 ms steps."""

    def __init__(self) -> None:
        """Fresh weights; `mean` and `scale` are set from the training frames."""
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, WIDTH)
        self.context = nn.ModuleList(
            nn.Conv1d(WIDTH, WIDTH, KERNEL, padding=KERNEL // 2) for _ in range(3)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(3))
        self.gru = nn.GRU(WIDTH, WIDTH // 2, batch_first=True, bidirectional=True)
        self.duration = nn.Sequential(nn.Linear(2 * WIDTH, 96), nn.ReLU(), nn.Linear(96, 1))
        self.first, self.second = nn.Linear(2 * WIDTH, WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.position = nn.Linear(2 * POSITION, WIDTH)
        self.smooth = nn.ModuleList(
            # padding in numbers: onnxruntime refuses "same" where there is dilation
            nn.Conv1d(WIDTH, WIDTH, KERNEL, padding=KERNEL // 2 * d, dilation=d)
            for d in (1, 2, 1, 2)
        )
        self.out = nn.Linear(WIDTH, 2 * FRAME)
        self.register_buffer("mean", torch.zeros(FRAME))
        self.register_buffer("scale", torch.ones(FRAME))

    def read(self, ids: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Ids [batch, ids] to states [batch, ids, 2*WIDTH] and log(1 + frames) [batch, ids].

        `lengths` is for padded batches; a single sentence needs none.
        """
        mask = None
        x = self.embedding(ids)
        if lengths is not None:
            mask = (torch.arange(ids.shape[1])[None] < lengths[:, None]).float()[..., None]
            x = x * mask
        for convolve, norm in zip(self.context, self.norms, strict=True):
            x = x + F.relu(convolve(norm(x).transpose(1, 2))).transpose(1, 2)
            x = x if mask is None else x * mask
        states = torch.cat([x, self._recurrent(x, lengths)], 2)
        return states, self.duration(states)[..., 0]

    def _recurrent(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        if lengths is None:
            return self.gru(x)[0]
        packed = nn.utils.rnn.pack_padded_sequence(
            x, lengths, batch_first=True, enforce_sorted=False
        )
        return nn.utils.rnn.pad_packed_sequence(
            self.gru(packed)[0], batch_first=True, total_length=x.shape[1]
        )[0]

    def speak(
        self, states: Tensor, owner: Tensor, position: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """Normalised frames [batch, frames, FRAME]; the number of frames is even.

        `owner` [batch, frames] is the id each frame belongs to, `position` its features. Two
        frames of 5 ms share one step, which halves the work.
        """
        batch, frames = owner.shape
        first, second = self.first(states), self.second(states)
        x = _of(first, owner[:, 0::2]) + _of(second, owner[:, 1::2])
        x = F.relu(x + self.position(position.reshape(batch, frames // 2, 2 * POSITION)))
        x = x if mask is None else x * mask
        for convolve in self.smooth:
            x = x + F.relu(convolve(x.transpose(1, 2))).transpose(1, 2)
            x = x if mask is None else x * mask
        return self.out(x).reshape(batch, frames, FRAME)


def _of(states: Tensor, owner: Tensor) -> Tensor:
    return torch.gather(states, 1, owner[..., None].expand(-1, -1, states.shape[2]))
