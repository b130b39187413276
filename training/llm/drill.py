"""Rows of pure copying: repeated stretches and pairs that are asked for, over random tokens.

A model that meets these first finds out how to look something up in its context long before the
dialogues alone would teach it.

python -m training.llm.drill --cache CACHE --rows 1000 --length 320
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np

from training.llm.pack import Strip, pack
from training.llm.tokenizer import SPECIALS, Pieces


def repeated(rng: random.Random, size: int) -> list[tuple[int, int]]:
    """A stretch of tokens, two to four times; the later ones are learned."""
    first = len(SPECIALS)
    stretch = [rng.randrange(first, size) for _ in range(rng.randint(5, 30))]
    again = [(t, int(n > 0)) for _ in range(rng.randint(1, 3)) for n, t in enumerate(stretch)]
    return [(t, 0) for t in stretch] + again


def pairs(rng: random.Random, size: int) -> list[tuple[int, int]]:
    """Keys with values, then the keys again in another order; the values are learned."""
    first = len(SPECIALS)

    def some(most: int) -> list[int]:
        return [rng.randrange(first, size) for _ in range(rng.randint(1, most))]

    table = [(some(3), some(4), some(2)) for _ in range(rng.randint(2, 9))]
    shown = [(t, 0) for key, value, rest in table for t in (*key, *value, *rest)]
    asked = rng.sample(table, len(table))
    return shown + [
        (t, f) for k, v, _ in asked for t, f in [(t, 0) for t in k] + [(t, 1) for t in v]
    ]


def strips(rng: random.Random, size: int) -> list[Strip]:
    """Enough of both."""
    made = []
    for _ in range(40_000):
        tokens = rng.choice((repeated, pairs))(rng, size)
        made.append(Strip([(t, 0, n, f) for n, (t, f) in enumerate(tokens)]))
    return made


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("training/llm/cache"))
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--length", type=int, default=320)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    size = len(Pieces.load(args.cache / "tokenizer.json"))
    rows = pack(strips(random.Random(args.seed), size), args.length)
    table = np.stack([row for row, _ in zip(rows, range(args.rows), strict=False)])
    np.save(args.cache / f"drill-{args.seed}.npy", table)
    print(f"drill: {len(table)} rows, {(table[:, 4] == 1).mean():.0%} learned")


if __name__ == "__main__":
    main()
