"""Spectrograms of the voices as one SVG file with a small PNG inside; numpy and zlib draw it.

Each reply goes the product's way, clause by clause, and its joins are marked.
"""

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from companion.flow import Cancel
from companion.speech.clauses import split_clauses
from companion.speech.piper import Piper

WINDOW, SIZE, STEP = 320, 512, 128  # samples
RATE = 16000
DARKEST, RANGE = -6.0, 60.0  # dB against the loudest; below it all is white
LEVELS = 16  # of grey: enough for the eye, and small
WIDTH, HEIGHT, LEFT, TOP, GAP = 720, 110, 46, 22, 30  # of the drawing


def _png(grey: NDArray[np.uint8]) -> bytes:
    """A grey picture with 4 bits a pixel; its width is even."""
    packed = (grey[:, ::2] << 4 | grey[:, 1::2]).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in packed)

    def part(kind: bytes, data: bytes) -> bytes:
        sum_ = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", sum_)

    head = struct.pack(">IIBBBBB", grey.shape[1], grey.shape[0], 4, 0, 0, 0, 0)
    body = part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows, 9)) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _spectrogram(sound: NDArray[np.float32], columns: int) -> NDArray[np.uint8]:
    """Rows from 8 kHz down to 0, two bins each; dark is loud."""
    padded = np.zeros(columns * STEP + WINDOW)
    padded[: len(sound)] = sound[: len(padded)]
    cut = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::STEP][:columns]
    power = np.abs(np.fft.rfft(cut * np.hanning(WINDOW), SIZE))[:, :-1] ** 2
    level = 10 * np.log10(power.reshape(columns, -1, 2).sum(2).T[::-1] + 1e-9)
    shade = np.clip((level.max() + DARKEST - level) / RANGE, 0, 1)
    return np.asarray(shade * (LEVELS - 1)).round().astype(np.uint8)


def _text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{words}</text>'


def _panel(
    name: str, clauses: list[NDArray[np.float32]], seconds: float, top: int
) -> tuple[list[str], NDArray[np.uint8]]:
    """One voice: its name, axes, joins; and its picture."""
    columns = int(seconds * RATE / STEP) // 2 * 2
    scale = (WIDTH - LEFT) / seconds
    made = [_text(LEFT, top - 6, name, "start")]
    for kilohertz in (0, 2, 4, 6, 8):
        y = top + HEIGHT * (1 - kilohertz / 8)
        made.append(_text(LEFT - 5, y + 4, f"{kilohertz} kHz", "end"))
    below = top + HEIGHT + 13
    made += [_text(LEFT + s * scale, below, f"{s} s") for s in range(int(seconds) + 1)]
    for end in np.cumsum([len(c) for c in clauses])[:-1] / RATE:
        x = LEFT + end * scale
        line = f'd="M{x:.1f} {top}v{HEIGHT}" stroke="#c22" stroke-dasharray="3 2"'
        made.append(f"<path {line}/>")
    return made, _spectrogram(np.concatenate(clauses), columns)


def spectrograms(models: dict[str, Path], text: str) -> str:
    """The voices one below the other, reading the same; red lines are joins of clauses."""
    replies = {
        name: [one.samples for one in Piper(model).say(split_clauses([text]), Cancel())]
        for name, model in models.items()
    }
    seconds = max(sum(len(c) for c in clauses) for clauses in replies.values()) / RATE
    height = TOP + len(replies) * (HEIGHT + GAP) + 8
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 16} {height}" '
            'font-family="sans-serif" font-size="10">'
        ),
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for index, (name, clauses) in enumerate(replies.items()):
        top = TOP + index * (HEIGHT + GAP)
        made, grey = _panel(name, clauses, seconds, top)
        data = base64.b64encode(_png(grey)).decode()
        place = f'x="{LEFT}" y="{top}" width="{WIDTH - LEFT}" height="{HEIGHT}"'
        lines.append(
            f'<image {place} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
        )
        lines += made
    return "\n".join([*lines, "</svg>", ""])
