"""Blocks of text to passages: short enough to be shown whole when they are recalled.

Cut between sentences where that is possible, else at a pause, else at a word. Pure.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from companion.memory.lore.block import Block
from companion.memory.record import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST = 240
"""Characters of a passage; the prompt shows no more of one memory."""
HEADING = 80
"""Characters of a heading, and of a key."""
MOST_HEADINGS = 6
MOST_KEYS = 16

ABBREVIATION = 8
"""Letters before a full stop that are looked at."""

_SPACE = re.compile(r"\s+")
_END = re.compile(  # from where a run of marks begins, and never back: a page of dots takes no time
    r"(?<![.!?\u2026])[.!?\u2026]++[\"')\]\u2019\u201d\u00bb]*+\s+|[\u3002\uff01\uff1f]++"
)
_PAUSES = ("; ", ": ", ", ", " \u2013 ", " \u2014 ", "\uff0c", "\u3001", " ")
_SHORT = {"mr", "mrs", "ms", "dr", "st", "prof", "sr", "jr", "vol", "fig", "pp", "cf", "ca", "vs"}
_SHORT |= {"no", "nr", "ch", "e.g", "i.e", "z.b", "bzw"}
"""What a full stop may follow without ending a sentence."""


def cut(blocks: Iterable[Block]) -> Iterator[Block]:
    """The same text in blocks of at most `MOST` characters; neighbours under one heading share."""
    tidy = (_tidy(block) for block in blocks)
    for _, under in groupby(
        (block for block in tidy if block.text), lambda one: (one.path, one.page, one.keys)
    ):
        yield from _filled(list(under))


def one_line(text: str, most: int = 1 << 62) -> str:
    """A text that can be kept, on one line, cut at a word before `most` characters."""
    plain = _SPACE.sub(" ", clean(text)).strip()
    if len(plain) <= most:
        return plain
    head = plain[: most - 1]
    return (head.rpartition(" ")[0].rstrip() or head) + "…"


def sentences(text: str) -> list[str]:
    """The sentences of a text that stands on one line."""
    found, start = [], 0
    for end in _END.finditer(text):
        word = text[max(start, end.start() - ABBREVIATION) : end.start()]
        word = word.rpartition(" ")[2].lower().lstrip("(\"'")
        short = text[end.start()] == "." and (word in _SHORT or (len(word) == 1 and word.isalpha()))
        if not short:
            found.append(text[start : end.end()].strip())
            start = end.end()
    return [*found, rest] if (rest := text[start:].strip()) else found


def _tidy(block: Block) -> Block:
    path = [one_line(one, HEADING) for one in block.path]
    keys = [one_line(one, HEADING) for one in block.keys]
    shown = [one for one in path if one]
    if len(shown) > MOST_HEADINGS:
        shown = [*shown[:2], *shown[2 - MOST_HEADINGS :]]
    return Block(
        text=one_line(block.text),
        path=tuple(shown),
        page=block.page,
        keys=tuple(dict.fromkeys(one for one in keys if one))[:MOST_KEYS],
    )


def _filled(blocks: list[Block]) -> Iterator[Block]:
    """Whole paragraphs together while they fit; a long one by its sentences."""
    first = blocks[0]
    pieces = [piece for block in blocks for piece in _pieces(block.text)]
    held = ""
    for piece in pieces:
        together = _joined(held, piece)
        if held and len(together) > MOST:
            yield Block(held, first.path, first.page, first.keys)
            together = piece
        held = together
    if held:
        yield Block(held, first.path, first.page, first.keys)


def _pieces(text: str) -> Iterator[str]:
    """A paragraph that fits, or its sentences in about equal shares, none of them too long."""
    if len(text) <= MOST:
        yield text
        return
    share = len(text) / -(-len(text) // MOST)
    held = ""
    for sentence in (part for one in sentences(text) for part in _parts(one)):
        if held and (len(held) + len(sentence) >= MOST or len(held) >= share):
            yield held
            held = ""
        held = f"{held} {sentence}".strip()
    yield held


def _parts(sentence: str) -> Iterator[str]:
    start = 0
    while len(sentence) - start > MOST:
        end = start + _pause(sentence[start : start + MOST])
        yield sentence[start:end].strip()
        start = end
    if rest := sentence[start:].strip():
        yield rest


def _pause(head: str) -> int:
    """Where to cut: after the last pause in the second half, or the last word, or anywhere."""
    for mark in _PAUSES:
        at = head.rfind(mark)
        if at >= MOST // 2:
            return at + len(mark)
    return len(head)


def _joined(one: str, other: str) -> str:
    """Two paragraphs on one line; what did not end as a sentence ends as an item of a list."""
    if not one:
        return other
    return f"{one} {other}" if one[-1] in ".!?…:;,。！？\"'”’»" else f"{one}; {other}"  # noqa: RUF001
