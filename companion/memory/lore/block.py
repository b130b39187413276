"""What a document is made of: pieces of text, each under its headings.

Pure values; knows no format and no store.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list item, an entry: text that stands under one heading.

    Attributes:
        text: Its words.
        path: Headings above it, outermost first, without the title of the document.
        page: Page of a PDF, counted from 1; 0 where there are no pages.
        keys: Words by which a lorebook calls it.
    """

    text: str
    path: tuple[str, ...] = ()
    page: int = 0
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contents:
    """A document as it was read.

    Attributes:
        title: Its own title; "" where it has none.
        blocks: Its text in order.
        skipped: What was left out and why, for people.
    """

    title: str
    blocks: tuple[Block, ...]
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """Who is meant by the placeholders of a lorebook."""

    character: str
    owner: str


def headed(path: list[tuple[int, str]], level: int, heading: str) -> list[tuple[int, str]]:
    """The headings that hold after a heading of this level; an empty one only ends others."""
    kept = [one for one in path if one[0] < level]
    return [*kept, (level, heading)] if heading else kept
