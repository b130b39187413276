"""P13: how many tokens a reply must be long before its voice can start, counted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from companion.measure.bench.row import Bench, Figure, Group, Row
from companion.measure.shapes import REPLY
from companion.speech.clauses import split_clauses

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLIES = (
    "Oh, I would love that! Tell me more about your sister.",
    "Good morning, my friend. Did you sleep well?",
    "*looks up from her book* Well, that is quite a story, isn't it?",
    "Hmm. Let me think about that for a moment.",
    "I had a long day at the harbour, but hearing your voice makes it better.",
    "Yes! You told me that your dog is called Biscuit.",
    "That sounds hard. I am sorry to hear it — do you want to talk about it?",
    "Honestly, I have never been to the mountains; I would like to see snow one day.",
    "You said you like tea with milk, so I would guess tea.",
    "Dr. Moreau told me the train leaves at 5 p.m. and arrives at 7.30 in the evening.",
    "My favourite colour is **green**. What is yours?",
    "Ha! I knew it: you are a night owl.",
    REPLY,
)
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


def first_clause(tokens: list[str]) -> tuple[int, int]:
    """Tokens of the first spoken clause with what stands before it, and tokens decoded by then."""
    counted, length = Counted(tokens), 0
    for clause in split_clauses(counted):
        length += len(clause.text)
        if clause.spoken:
            break
    return within(tokens, length), counted.taken


def first_sentence(tokens: list[str]) -> int:
    """Tokens decoded until a voice can start that waits for what follows the first sentence."""
    found = SENTENCE.search("".join(tokens))
    return within(tokens, found.end() + 1) if found else len(tokens) + 1


def run(bench: Bench) -> dict[str, Figure]:
    """Count over the replies."""
    bench.progress("counting tokens before the first clause")
    replies = [TOKEN.findall(text) for text in REPLIES]
    pairs = [first_clause(tokens) for tokens in replies]
    inside, decoded = (sum(side) for side in zip(*pairs, strict=True))
    waiting = sum(first_sentence(tokens) for tokens in replies)
    more = {"replies": len(replies), "tokens_inside": inside, "tokens_decoded": decoded}
    why = "words and marks count as tokens; the naive voice waits for the end of a sentence"
    return {"P13": Figure(decoded / inside, naive=waiting / inside, why=why, more=more)}


GROUP = Group(
    "clauses",
    (Row("P13", "tokens decoded before the voice starts, of those it needs", 1.1, counted=True),),
    run,
)
