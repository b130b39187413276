"""Write the tokenizer and rows of training tokens.

python -m training.llm.prepare --data DATA --cache CACHE --name easy --rows 3000 --length 256 --seed 1
"""

from __future__ import annotations

import argparse
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.prompt import wording
from training.llm import corpus, forbidden
from training.llm.cards import CardMaker
from training.llm.pack import Renderer, Strip, pack
from training.llm.scenes import SceneMaker
from training.llm.talks import talk
from training.llm.tokenizer import Pieces, train
from training.llm.words import Pools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.llm.scenes import Scene

KINDS = {  # length, branches, most turns of history, share of open dialogues
    "easy": (320, 12, 1, 0.1),
    "full": (640, 16, 3, 0.2),
    "long": (1024, 16, 9, 0.15),
    "second": (896, 18, 6, 0.12),
}


ROOM = 200
"""Tokens that a scene's beginning leaves free for its branches."""


class Source:
    """Scenes of one kind, from a seed."""

    def __init__(self, data: Path, kind: str, seed: int) -> None:
        banned = forbidden.banned_words()
        self.length, self.branches, self.turns, self.open = KINDS[kind]
        self.kind = kind
        lines = forbidden.forbidden()
        self.dialogues = corpus.read(data, banned, lines.line)
        self.rng = random.Random(seed)
        pools = Pools(self.rng, corpus.rare_words(self.dialogues), banned)
        cards = CardMaker(pools, corpus.sentences(self.dialogues))
        self.maker = SceneMaker(pools, cards, self.dialogues, lines)

    def scenes(self) -> Iterator[tuple[Scene, bool]]:
        """Scenes without end, and whether each is an open dialogue."""
        while True:
            if self.rng.random() < self.open:
                scene = talk(self.maker, self.rng.choice(self.dialogues))
                if scene is not None:
                    yield scene, True
            elif self.kind == "easy":
                yield self.maker.make(self.branches, self.turns, brief=True), False
            else:
                yield self.maker.make(self.branches, self.turns), False

    def strips(self, renderer: Renderer) -> Iterator[Strip]:
        """The same as ids, where the beginning leaves room for the first branches."""
        for scene, open_talk in self.scenes():
            strip = renderer.strip(scene, everything=open_talk or self.kind == "easy")
            if open_talk and len(strip) > self.length:
                continue
            head = sum(branch == 0 for _, branch, _, _ in strip.rows)
            if head <= self.length - ROOM:
                yield strip


def tokenizer(source: Source, path: Path) -> Pieces:
    """Load, or train on two thousand scenes and every dialogue."""
    if path.exists():
        return Pieces.load(path)
    texts = [line for d in source.dialogues for _, line in d.lines]
    for (scene, _), _n in zip(source.scenes(), range(2000), strict=False):
        texts.append(wording.system_text(scene.persona))
        texts.append(wording.volatile_text(scene.notes, scene.time))
        texts += [t for pair in scene.branches for t in pair]
    pieces = Pieces(*train(texts))
    pieces.save(path)
    return pieces


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("COMPANION_CHATDATA", "data/chat")
    )
    parser.add_argument("--cache", type=Path, default=Path("training/llm/cache"))
    parser.add_argument("--name", choices=KINDS, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    source = Source(args.data, args.name, args.seed)
    renderer = Renderer(tokenizer(source, args.cache / "tokenizer.json"))
    rows = pack(source.strips(renderer), source.length)
    table = np.stack([row for row, _ in zip(rows, range(args.rows), strict=False)])
    np.save(args.cache / f"{args.name}-{args.seed}.npy", table)
    used = (table[:, 1] > 0).mean()
    print(
        f"{args.name}: {len(table)} rows, {used:.0%} used, {(table[:, 4] == 1).mean():.0%} learned"
    )


if __name__ == "__main__":
    main()
