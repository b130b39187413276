"""Words as the full-text index writes them: "called", "calls" and "Call" are one."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from companion.memory.database import COLUMNS
from companion.memory.read.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping


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
        if word not in self._known:
            self._db.execute("INSERT INTO text(rowid, turn) VALUES (1, ?)", (word,))
            row = self._db.execute("SELECT term FROM stems ORDER BY offset LIMIT 1").fetchone()
            self._db.execute("DELETE FROM text")
            self._known[word] = row[0] if row else ""
        return self._known[word]

    def held(self, stems: Mapping[str, str], text: str) -> list[str]:
        """Which words stand in a text.

        Args:
            stems: Each word with its form in the index.
            text: Where to look.
        """
        there = {self.stem(word) for word in words(text)}
        return [
            word
            for word, stem in stems.items()
            if stem in there
            or (stem.endswith("*") and any(one.startswith(stem[:-1]) for one in there))
        ]

    def close(self) -> None:
        """Give the memory back; safe to repeat."""
        self._db.close()
