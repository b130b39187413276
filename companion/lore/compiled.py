"""A book made ready for a conversation: keys compiled, and sorted by how they are looked for.

Knows no conversation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from companion.lore.keys import Manner, Sweep, key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from companion.lore.book import Book, Entry
    from companion.lore.keys import Key

    Expand = Callable[[str, int], str]

_MACRO = re.compile(r"\{\{|<(?:user|bot|char)>", re.IGNORECASE)
MOST_PATTERNS = 1_000
"""Patterns that are compiled of one book; further ones are never found."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The keys of one entry.

    Attributes:
        at: Position of the entry in the book.
        depth: How many messages it looks at.
        patterns: Its keys that are patterns; the plain ones are in the sweep of its depth.
        secondary: Its secondary keys.
        additional: Of each of these lists one must be there.
        exclude: Of these none may be there.
        dead: Its keys that can never be found, each with the reason.
    """

    entry: Entry
    at: int
    depth: int
    patterns: tuple[Key, ...] = ()
    secondary: tuple[Key, ...] = ()
    additional: tuple[tuple[Key, ...], ...] = ()
    exclude: tuple[Key, ...] = ()
    dead: tuple[Key, ...] = ()


@dataclass(slots=True)
class Compiled:
    """A book, ready.

    Attributes:
        entries: In the order of the file.
        sweeps: Depth, fields and case → the plain keys that are looked for there.
        always: Entries that may be told without a key.
        patterned: Entries that have a pattern among their keys.
        by_uid: Entries by id.
        levels: Rounds that entries wait for, rising.
    """

    entries: list[Ready] = field(default_factory=list)
    sweeps: dict[tuple[int, tuple[str, ...], bool], Sweep] = field(default_factory=dict)
    always: list[int] = field(default_factory=list)
    patterned: list[int] = field(default_factory=list)
    by_uid: dict[str, int] = field(default_factory=dict)
    levels: tuple[int, ...] = ()


def compiled(book: Book, scan_depth: int, expand: Expand) -> Compiled:
    """Make a book ready.

    Args:
        book: The book.
        scan_depth: How many messages are looked at where nobody says.
        expand: Puts what they stand for in the places of macros.
    """
    done = Compiled()
    left = MOST_PATTERNS
    for at, entry in enumerate(book.entries):
        manner = _manner(book, entry)
        keys = [_key(text, manner, expand) for text in entry.keys]
        patterns = tuple(one for one in keys if one.pattern is not None)[:left]
        left -= len(patterns)
        ready = Ready(
            entry=entry,
            at=at,
            depth=depth_of(book, entry, scan_depth),
            patterns=patterns,
            secondary=_keys(() if manner.patterns == "bare" else entry.secondary, manner, expand),
            additional=tuple(_keys(some, manner, expand) for some in entry.asks.additional),
            exclude=_keys(() if manner.patterns == "bare" else entry.asks.exclude, manner, expand),
            dead=tuple(one for one in keys if one.why_not),
        )
        done.entries.append(ready)
        done.by_uid[entry.uid] = at
        _sort(done, ready, [one for one in keys if one.plain], fuzzy=book.fuzzy)
    waits = {entry.recursion.level for entry in book.entries if entry.enabled}
    done.levels = tuple(sorted(waits - {0}))
    return done


def depth_of(book: Book, entry: Entry, scan_depth: int) -> int:
    """How many messages an entry looks at: decorator, entry, book, setting, in this order.

    What is absent is passed over; it is not 0.
    """
    said = (entry.asks.scan_depth, entry.scan_depth, book.scan_depth)
    return next((depth for depth in said if depth is not None), scan_depth)


def _sort(done: Compiled, ready: Ready, plain: list[Key], *, fuzzy: bool) -> None:
    """Put an entry where it will be looked for."""
    entry = ready.entry
    if not entry.enabled:
        return
    if entry.constant or entry.asks.activate:
        done.always.append(ready.at)
    if ready.patterns:
        done.patterned.append(ready.at)
    for one in plain:
        sweep = done.sweeps.setdefault((ready.depth, entry.also, one.cased), Sweep(one.cased))
        sweep.add(one, ready.at, fuzzy=fuzzy)


def _manner(book: Book, entry: Entry) -> Manner:
    alone = book.whole_words if entry.whole_words is None else entry.whole_words
    return Manner(bool(entry.case_sensitive), alone, entry.patterns)


def _key(text: str, manner: Manner, expand: Expand) -> Key:
    return key(expand(text, 0) if _MACRO.search(text) else text, manner)


def _keys(texts: Sequence[str], manner: Manner, expand: Expand) -> tuple[Key, ...]:
    return tuple(_key(text, manner, expand) for text in texts)
