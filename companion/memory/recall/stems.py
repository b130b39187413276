"""Words as the full-text index writes them: "called", "calls" and "Call" are one."""

from __future__ import annotations

import sqlite3
from functools import lru_cache
from typing import TYPE_CHECKING

from companion.memory.read.words import KEPT, words
from companion.memory.store.database import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


class Stemmer:
    """Words as the full-text index writes them."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.executescript(
            f"CREATE VIRTUAL TABLE text USING fts5({COLUMNS});"
            "CREATE VIRTUAL TABLE stems USING fts5vocab(text, instance);"
        )

    def stem(self, word: str) -> str:
        """The word as it stands in the index; "" for one that the index would leave out.

        One that ends with `*` keeps it: it stands for all that begin so.
        """
        if word.endswith("*"):
            return self.stem(word[:-1]) + "*"
        return self.stems([word])[word]

    def stems(self, asked: Sequence[str]) -> dict[str, str]:
        """Each of these words as it stands in the index; see `stem`."""
        bare = {word: word.removesuffix("*") for word in asked}
        self._learn({one for one in bare.values() if one not in self._known})
        return {word: self._known[one] + word[len(one) :] for word, one in bare.items()}

    def _learn(self, fresh: Collection[str]) -> None:
        """Have the index write words that are not known yet."""
        if not fresh:
            return
        self._known |= dict.fromkeys(fresh, "")
        numbered = list(enumerate(fresh))
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO text(rowid, turn) VALUES (?, ?)", numbered)
        made = self._db.execute("SELECT doc, term FROM stems ORDER BY offset DESC").fetchall()
        self._db.execute("ROLLBACK")
        by_number = dict(numbered)
        self._known |= {by_number[number]: term for number, term in made}  # the first one stays

    def read(self, texts: Iterable[str]) -> None:
        """Take in texts of which `held` will be asked: all at once takes a fraction of the time."""
        self.stems([part for text in texts for part in _parts(text)])

    def held(self, stems: Mapping[str, str], text: str) -> list[str]:
        """Which words stand in a text.

        Args:
            stems: Each word with its form in the index.
            text: Where to look.
        """
        there = set(self.stems(_parts(text)).values())
        return [
            word
            for word, stem in stems.items()
            if stem in there
            or (stem.endswith("*") and any(one.startswith(stem[:-1]) for one in there))
        ]

    def close(self) -> None:
        """Give the memory back; safe to repeat."""
        self._db.close()


@lru_cache(KEPT)
def _parts(text: str) -> tuple[str, ...]:
    """The words of a text as the index parts them."""
    return tuple(part for word in words(text) for part in word.split("'"))
