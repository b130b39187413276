"""What is wrong with a lorebook or doubtful, for those who write one. Refuses nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.lore import patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from companion.lore.book import Book, Entry


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing to look at.

    Attributes:
        code: A short upper-case word that programs can rely on.
        entry: Number of the entry in the book, from 0; None for the book.
        said: What it is, as a sentence.
    """

    code: str
    entry: int | None
    said: str


def doubts(book: Book, count: Callable[[str], int], room: int) -> Iterator[Doubt]:
    """Look a book over.

    Args:
        book: The book.
        count: Tokens of a text.
        room: Tokens of a prompt that lore may take.
    """
    limit = room if book.token_budget is None else min(room, book.token_budget)
    for number, entry in enumerate(book.entries):
        if entry.enabled:
            yield from (Doubt(code, number, said) for code, said in _entry(entry, count, limit))
    always = sum(count(entry.content) for entry in book.entries if entry.enabled and entry.constant)
    if always > limit:
        said = f"{always:,} tokens are to be told always, and {limit:,} have room."
        yield Doubt("CONSTANTS_TOO_LONG", None, said)
    names = Counter(key.casefold() for entry in book.entries for key in set(entry.keys))
    if crowded := [key for key, times in names.items() if times > CROWD]:
        said = f"{CROWD}+ entries share a key: {', '.join(crowded[:3])}."
        yield Doubt("CROWDED_KEY", None, said)


CROWD = 8
"""Entries that one word may call before somebody wonders."""


def _entry(entry: Entry, count: Callable[[str], int], limit: int) -> Iterator[tuple[str, str]]:
    called = f"'{entry.name}'" if entry.name else "An entry"
    if not entry.content.strip():
        yield "EMPTY_ENTRY", f"{called} tells nothing."
    if not entry.keys and not entry.constant:
        yield "NO_KEYS", f"{called} has no keys and is not constant: nothing calls it."
    for key in (*entry.keys, *entry.secondary):
        written = patterns.parts(key)
        pattern = written or ((key, "") if entry.patterns == "bare" else None)
        if pattern and patterns.compiled(*pattern) is None:
            yield "BAD_PATTERN", f"{called}: {key[:60]} is no pattern; it never matches."
    size = count(entry.content)
    if size > limit:
        yield "ENTRY_TOO_LONG", f"{called} has {size:,} tokens and lore has room for {limit:,}."
