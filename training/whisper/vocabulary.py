"""The tokenizer: lower-case byte-level pieces made for short spoken sentences, in the form faster-whisper reads."""

from __future__ import annotations

import json
import string
from collections import Counter
from typing import TYPE_CHECKING

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

MERGES = 360
SPECIAL = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
CTC_ALPHABET = "abcdefghijklmnopqrstuvwxyz' "
CTC_BLANK = len(CTC_ALPHABET)
_SPACE = "\u0120"  # how byte-level pieces write a space
_FIRST = string.ascii_lowercase + "I"
_PRIVATE = {letter: chr(0xE000 + index) for index, letter in enumerate(_FIRST)}


def _merges(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Learn merges in which a space never stands alone.

    faster-whisper suppresses the lone space (it takes it for the start of a non-speech symbol), so that every
    word must begin with a piece that holds its space and its first letter.
    """
    split = pre_tokenizers.ByteLevel(add_prefix_space=True)
    count = Counter(word for line in texts for word, _ in split.pre_tokenize_str(line))
    coded = Counter()
    for word, times in count.items():
        starts = len(word) > 1 and word[0] == _SPACE and word[1] in _PRIVATE
        coded[_PRIVATE[word[1]] + word[2:] if starts else word] += times
    letters = sorted({letter for word in coded for letter in word})
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Split(Regex("\n"), "removed")
    trainer = trainers.BpeTrainer(vocab_size=len(letters) + MERGES, initial_alphabet=letters)
    learner.train_from_iterator(
        ("\n".join([word] * times) for word, times in coded.items()), trainer
    )
    plain = {private: _SPACE + letter for letter, private in _PRIVATE.items()}
    learned = json.loads(learner.to_str())["model"]["merges"]
    unfolded = [tuple("".join(plain.get(c, c) for c in part) for part in pair) for pair in learned]
    return [(_SPACE, letter) for letter in _FIRST] + [(left, right) for left, right in unfolded]


def build(texts: Iterable[str]) -> Tokenizer:
    """Return the tokenizer of `texts`."""
    merges = _merges(texts)
    pieces = dict.fromkeys(
        [*sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in merges)]
    )
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    # a prompt may hold capitals; the only one the model knows is I
    lower = [normalizers.Lowercase(), normalizers.Replace(Regex(r"\bi\b"), "I")]
    tokenizer.normalizer = normalizers.Sequence(lower)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(name, special=True, normalized=False) for name in SPECIAL]
    )
    return tokenizer
