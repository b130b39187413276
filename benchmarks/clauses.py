"""How many tokens a reply must be long before its voice starts, counted.

    python benchmarks/clauses.py [REPLIES.txt] [--tokenizer TOKENIZER.json]

REPLIES holds one reply a line; without it, the replies below are used. Without a tokenizer, words
with their space and single marks are tokens. The model's end-of-reply counts as a token too.

first clause   tokens in it, until the voice could start, and the ratio of the two (P13: <= 1.1)
first sentence the same for a voice that waits for a sentence's end and the character after it
"""

from __future__ import annotations

import argparse
import re
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

from companion.speech.clauses import split_clauses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPLIES = """\
Oh, I would love that! Tell me more about your sister.
Good morning, my friend. Did you sleep well?
*looks up from her book* Well, that is quite a story, isn't it?
Hmm. Let me think about that for a moment.
I had a long day at the harbour, but hearing your voice makes it better.
Yes! You told me that your dog is called Biscuit.
That sounds hard. I am sorry to hear it — do you want to talk about it?
Honestly, I have never been to the mountains; I would like to see snow one day.
You said you like tea with milk, so I would guess tea.
Dr. Moreau told me the train leaves at 5 p.m. and arrives at 7.30 in the evening.
My favourite colour is **green**. What is yours?
Ha! I knew it: you are a night owl.
"""
TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")
SENTENCE = re.compile(r"[.!?]+\s+(?=\S)")


class Counted:
    """Tokens that are counted as they are taken; the end of the reply is one more."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        for token in self.tokens:
            self.taken += 1
            yield token
        self.taken += 1


def within(tokens: list[str], characters: int) -> int:
    """Tokens that hold so many characters."""
    count = length = 0
    while length < characters:
        length += len(tokens[count])
        count += 1
    return count


def first_clause(tokens: list[str]) -> tuple[int, int] | None:
    """Tokens of the first spoken clause with what stands before it, and tokens decoded by then."""
    counted = Counted(tokens)
    length = 0
    for clause in split_clauses(counted):
        length += len(clause.text)
        if clause.spoken:
            return within(tokens, length), counted.taken
    return None


def first_sentence(tokens: list[str]) -> tuple[int, int]:
    """The same for a voice that waits for the character after the first sentence."""
    text = "".join(tokens)
    found = SENTENCE.search(text)
    if not found:
        return len(tokens), len(tokens) + 1
    return within(tokens, found.start() + 1), within(tokens, found.end() + 1)


def tokenizer(file: Path | None) -> Callable[[str], list[str]]:
    """From a reply to its tokens as text."""
    if file is None:
        return TOKEN.findall
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_file(str(file))

    def cut(text: str) -> list[str]:
        offsets = loaded.encode(text, add_special_tokens=False).offsets
        ends = sorted({end for _, end in offsets} | {len(text)})
        return [text[a:b] for a, b in zip([0, *ends], ends, strict=False) if a < b]

    return cut


def main() -> None:
    """Print one line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("replies", nargs="?", type=Path)
    parser.add_argument("--tokenizer", type=Path)
    args = parser.parse_args()
    text = args.replies.read_text(encoding="utf-8") if args.replies else REPLIES
    cut = tokenizer(args.tokenizer)
    replies = [tokens for line in text.splitlines() if (tokens := cut(line.strip()))]
    kept = [(tokens, clause) for tokens in replies if (clause := first_clause(tokens))]
    ways = {
        "first clause": [clause for _, clause in kept],
        "first sentence": [first_sentence(tokens) for tokens, _ in kept],
    }
    for name, pairs in ways.items():
        inside, decoded = (sum(side) for side in zip(*pairs, strict=True))
        start = statistics.mean(taken for _, taken in pairs)
        print(
            f"{name}: {len(pairs)} replies, tokens in it {inside / len(pairs):.2f}, "
            f"decoded before the voice {start:.2f}, ratio {decoded / inside:.3f}"
        )


if __name__ == "__main__":
    main()
