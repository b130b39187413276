"""A hidden line is in no answer of the journal until it is unhidden; a line is looked at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from memory_world import Words

from companion.memory.store.journal import Journal
from companion.memory.store.line import Line, Spoken
from companion.memory.store.ulid import Ulids
from companion.memory.store.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 2, 18, 4, tzinfo=UTC)
SAID = ("I have a dog.", "It is a secret.", "The dog is called Biscuit.")
ULIDS = Ulids()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite3", "Sam", "mira")
    for text in SAID:
        say(journal, "user", text)
    yield journal
    journal.close()


def say(journal: Journal, speaker: str, text: str) -> Line:
    return journal.add("S", ULIDS.new(1), Spoken(speaker, "Sam", text, 1.0, NOW))


def embed(journal: Journal) -> None:
    while due := journal.due(9):
        vectors = Words().embed(journal.texts(due))
        merged = vectors[: len(due)] + vectors[len(due) :]
        journal.keep_vectors(
            [(line.seq, one) for line, one in zip(due, merged, strict=True)], "words"
        )


def test_a_hidden_line_is_in_no_answer(journal: Journal) -> None:
    embed(journal)
    (line,) = journal.hide(["S:2"])
    seq = line.seq
    asked = (
        *journal.lines([seq]),
        *journal.by_id(["S:2"]),
        *journal.ending(line.ulid),
        *(one for one in journal.session("S") if one.seq == seq),
        *(one for one in journal.newest(9) if one.seq == seq),
        *(one for one in journal.due(9) if one.seq == seq),
        *(one for one in journal.unlooked(1, 9) if one.seq == seq),
        *journal.vectors("words", [seq]),
        *journal.match(["secret"]).seqs,
        *journal.holding("secret", [1, 2, 3]),
    )
    assert asked == ()
    assert journal.match([]).lines == 2
    assert journal.counts({"secret": "secret"}) == {"secret": 0}
    assert journal.sessions() == [("S", 2, 1, 3)]
    assert len(journal.sample("words", 9)) == 2


def test_a_conversation_that_is_wholly_hidden_is_not_listed(journal: Journal) -> None:
    assert len(journal.hide(["S:1", "S:2", "S:3", "S:9", "other:1"])) == 3
    assert journal.sessions() == []
    assert journal.match(["dog"]).seqs == []


def test_any_number_of_lines_can_be_hidden_at_once(journal: Journal) -> None:
    many = [f"other:{n}" for n in range(50_000)]
    assert [line.n for line in journal.hide([*many, "S:2", *many, "S:3"])] == [2, 3]


def test_its_words_are_in_the_window_and_the_vector_of_no_neighbour(journal: Journal) -> None:
    embed(journal)
    before = journal.vectors("words", [1])[1]
    journal.hide(["S:2"])
    assert [line.n for line in journal.due(9)] == [1, 3]
    assert not any("secret" in text for text in journal.texts(journal.session("S")))
    embed(journal)
    assert not np.allclose(journal.vectors("words", [1])[1], before)


def test_the_dense_index_is_told_to_drop_it(journal: Journal) -> None:
    embed(journal)
    vectors = Vectors(journal)
    vectors.mark(vectors.waiting("words", 9), indexed=True)
    journal.hide(["S:2"])
    assert [row.name for row in vectors.stale(9)] == ["S:2"]
    vectors.mark(vectors.stale(9), indexed=False)
    assert "S:2" not in vectors.known()
    journal.unhide([journal.hidden()[0].ulid])
    assert "S:2" in vectors.known()


def test_an_unhidden_line_is_where_it_was(journal: Journal) -> None:
    dump = list(journal.database.connection.iterdump())
    (line,) = journal.hide(["S:2"])
    assert journal.hidden() == [line]
    assert journal.unhide([line.ulid]) == [line]
    assert [one.text for one in journal.session("S")] == list(SAID)
    assert journal.match(["secret"]).seqs[0] == line.seq
    assert journal.hidden() == []
    assert [row for row in journal.database.connection.iterdump() if "lines_fts" not in row] == [
        row for row in dump if "lines_fts" not in row
    ]


def test_a_line_of_another_cannot_be_hidden(journal: Journal) -> None:
    other = Journal(journal.path, "Kim", "mira")
    assert other.hide(["S:2"]) == []
    assert other.unhide([line.ulid for line in journal.newest(9)]) == other.hidden() == []
    other.close()
    assert len(journal.newest(9)) == 3


def test_new_lines_do_not_bring_hidden_words_back(journal: Journal) -> None:
    journal.hide(["S:2"])
    say(journal, "user", "Good night.")
    assert journal.match(["secret"]).seqs == []
    assert journal.session("S")[-1].n == 4


def test_each_line_of_the_owner_is_looked_at_once_by_each_version(journal: Journal) -> None:
    say(journal, "character", "Mhm.")
    first = journal.unlooked(1, 2)
    assert [line.n for line in first] == [1, 2]
    journal.mark_looked([line.seq for line in first], 1)
    assert [line.n for line in journal.unlooked(1, 9)] == [3]
    assert [line.n for line in journal.unlooked(2, 9)] == [1, 2, 3]
