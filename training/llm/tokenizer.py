"""A byte-level BPE of 4,096 tokens whose pieces look the same with and without a leading space.

Ordinary BPE merges the space into the first letters, so that a word at the start of a line and
the same word inside a sentence share no token, and copying a rare word means translating it. Here
words are learned without their space; only afterwards do the most frequent whole words get a
merge with the space. It is still plain GPT-2 BPE to llama.cpp.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SPECIALS = ("<|pad|>", "<|bos|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>")
PAD, BOS, SYSTEM, USER, ASSISTANT, END = range(len(SPECIALS))
TEMPLATE = (
    "<|bos|>{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
_SPACE = "Ġ"
_SIZE = 4096
_SPACED = 1400


def train(texts: Iterable[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary and merges, control tokens first."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(piece for piece, _ in split.pre_tokenize_str(text))
    bare: Counter[str] = Counter()
    for piece, n in counts.items():
        bare[piece.removeprefix(_SPACE) or piece] += n
    vocab, merges = _learn(bare, _SIZE - _SPACED)
    whole = [p for p, _ in counts.most_common() if p.startswith(_SPACE) and p[1:] in vocab]
    for piece in whole[:_SPACED]:
        if piece not in vocab:
            vocab[piece] = len(vocab)
            merges.append((_SPACE, piece[1:]))
    return vocab, merges


def _learn(counts: Counter[str], size: int) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """BPE over words that are already in byte-level letters."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=alphabet,
        special_tokens=list(SPECIALS),
        show_progress=False,
    )
    lines = (" ".join([word] * min(n, 400)) for word, n in sorted(counts.items()) if n > 1)
    learner.train_from_iterator(lines, trainer)
    model = json.loads(learner.to_str())["model"]
    merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in model["merges"]]
    return dict(model["vocab"]), [(a, b) for a, b in merges]


class Pieces:
    """Text to ids, contents and template apart, as the product and llama.cpp do it.

    Args:
        vocab: Ids by token.
        merges: In order.
    """

    def __init__(self, vocab: dict[str, int], merges: list[tuple[str, str]]) -> None:
        self.vocab, self.merges = vocab, merges
        self._model = Tokenizer(models.BPE(vocab=vocab, merges=merges))
        self._model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        self._model.decoder = decoders.ByteLevel()

    def __len__(self) -> int:
        return len(self.vocab)

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Ids of a text; only with `special` may control tokens come out."""
        if not special:
            return list(self._model.encode(text).ids)
        for control in SPECIALS:
            head, found, tail = text.partition(control)
            if found:
                middle = self.vocab[control]
                return [*self.encode(head, special=True), middle, *self.encode(tail, special=True)]
        return list(self._model.encode(text).ids) if text else []

    def decode(self, ids: list[int]) -> str:
        """Ids to text."""
        return str(self._model.decode(ids, skip_special_tokens=False))

    def save(self, path: Path) -> None:
        """Write as JSON."""
        raw = {"vocab": self.vocab, "merges": self.merges}
        path.write_text(json.dumps(raw, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, path: Path) -> Pieces:
        """Read what `save` wrote."""
        raw = json.loads(path.read_text("utf-8"))
        return cls(raw["vocab"], [(a, b) for a, b in raw["merges"]])
