"""Scenes as token ids, rendered by the product's own prompt builder and packed into rows.

A scene is one beginning and several branches. A branch sees the beginning and itself only, and
its positions follow the beginning, so one reading of card and memories teaches ten answers.
Knows nothing of models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from companion.llm.chat import ChatTemplate
from companion.prompt import Assembler, Now, Room
from companion.values import Placed
from training.llm.tokenizer import ASSISTANT, END, TEMPLATE, USER, Pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training.llm.scenes import Scene

Rows = npt.NDArray[np.int16]
"""Shape (rows, 5, length): id, document, branch, position, learned (0 or 1)."""


@dataclass(slots=True)
class Strip:
    """Token ids of one scene with branch numbers, positions and what is learned."""

    rows: list[tuple[int, int, int, int]]  # id, branch, position, learned

    def __len__(self) -> int:
        return len(self.rows)


class Renderer:
    """Renders scenes to ids with the product's assembler."""

    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces
        chat = ChatTemplate(TEMPLATE, bos="<|bos|>", eos="<|end|>", where="companion.gguf")
        self.builder = Assembler(pieces, chat, Room(context=100_000, reply=0, notes=100_000))
        self._start = pieces.encode("<|assistant|>\n", special=True)
        self._next = pieces.encode("<|end|>\n", special=True)

    def prompt(self, scene: Scene, words: str) -> tuple[list[int], int]:
        """Ids of the whole prompt, and where the owner's newest words begin."""
        self.builder.reset()
        built = self.builder.assemble(
            scene.persona,
            scene.history,
            Now(words, scene.notes, scene.time, tuple(map(Placed, scene.lore))),
        )
        return list(built.tokens), sum(built.volatile)

    def strip(self, scene: Scene, *, everything: bool = False) -> Strip:
        """The scene with all its branches; `everything`: the owner's words are learned too."""
        whole, at = self.prompt(scene, scene.branches[0][0])
        head = whole[:at]
        learned = self._learned(head, everything=everything)
        rows = [(t, 0, n, learned[n]) for n, t in enumerate(head)]
        frame = self._next + self._start
        for number, (words, answer) in enumerate(scene.branches, 1):
            asked = self.pieces.encode(words) + frame
            told = [*self.pieces.encode(answer), END]
            theirs = 2 if everything else 0
            flags = [theirs] * (len(asked) - len(frame)) + [0] * len(frame) + [1] * len(told)
            ids = asked + told
            rows += [(t, number, at + n, flags[n]) for n, t in enumerate(ids)]
        return Strip(rows)

    def _learned(self, head: list[int], *, everything: bool) -> list[int]:
        """Which ids of the beginning are the character's words (1), or the owner's (2)."""
        flags: list[int] = []
        speaker, since = 0, 0
        value = {ASSISTANT: 1, USER: 2 if everything else 0}
        for token in head:
            since += 1
            flags.append(value.get(speaker, 0) if since > 2 else 0)  # 2: role and line break
            if token in value:
                speaker, since = token, 1
            elif token == END:
                speaker = 0
        # The newest message holds notes and time here, which nobody says.
        last = max((n for n, t in enumerate(head) if t == USER), default=len(head))
        return flags[:last] + [0] * (len(flags) - last)


def pack(strips: Iterable[Strip], length: int) -> Iterator[npt.NDArray[np.int16]]:
    """Fill rows of `length`, several scenes to a row; a scene longer than a row loses branches."""
    row: list[tuple[int, int, int, int, int]] = []
    document = 0
    for strip in strips:
        cut = strip.rows[:length]
        if len(row) + len(cut) > length:
            yield _row(row, length)
            row, document = [], 0
        document += 1
        row += [(t, document, b, p, f) for t, b, p, f in cut]
    if row:
        yield _row(row, length)


def _row(row: list[tuple[int, int, int, int, int]], length: int) -> npt.NDArray[np.int16]:
    padded = row + [(0, 0, 0, 0, 0)] * (length - len(row))
    return np.asarray(padded, dtype=np.int16).T
