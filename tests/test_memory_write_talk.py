"""Writing inside the whole memory: in idle time, and taken back with a turn."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from memory_world import Clock, settle, tell

from companion.memory import Memory
from companion.values import Heard, Said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    made = Memory(tmp_path, "Sam", "juno", now=Clock(), name="Juno")
    yield made
    made.close()


def known(memory: Memory) -> set[str]:
    return {note.text for note in memory.profile()}


def test_facts_are_learned_in_idle_time(memory: Memory) -> None:
    tell(memory, "my dog is called biscuit")
    assert known(memory) == set()
    settle(memory)
    assert known(memory) == {"Sam's dog is called Biscuit."}


def test_the_characters_own_claims_are_never_learned(memory: Memory) -> None:
    memory.hear(Heard("tell me something"))
    memory.say(Said("I live in a lighthouse and my cat is called Pepper."))
    settle(memory)
    assert known(memory) == set()


def test_a_turn_taken_back_takes_what_it_left_and_what_it_ended_goes_on(memory: Memory) -> None:
    tell(memory, "I live in Leeds.", "my dog is called biscuit")
    settle(memory)
    tell(memory, "I live in Lisbon.")
    settle(memory)
    assert "Sam lives in Lisbon." in " ".join(known(memory)).replace(", since 2 March 2026", "")
    memory.undo()
    assert known(memory) == {"Sam lives in Leeds.", "Sam's dog is called Biscuit."}


def test_a_turn_taken_back_leaves_what_was_said_before_as_well(memory: Memory) -> None:
    tell(memory, "my dog is called biscuit", "my dog is called biscuit")
    settle(memory)
    memory.undo()
    assert known(memory) == {"Sam's dog is called Biscuit."}


def test_a_turn_that_cannot_be_taken_back_keeps_what_it_left(memory: Memory) -> None:
    tell(memory, "my dog is called biscuit")
    settle(memory)
    memory._journal.database.connection.execute(
        "CREATE TEMP TRIGGER refuse BEFORE DELETE ON lines"
        " BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    with pytest.raises(sqlite3.IntegrityError, match="refused"):
        memory.undo()
    assert known(memory) == {"Sam's dog is called Biscuit."}
    assert len(memory.lines(memory.session)) == 2


def test_words_that_a_turn_taken_back_left_are_in_no_file_of_the_journal(memory: Memory) -> None:
    tell(memory, "my dog is called xylograph")
    settle(memory)
    memory.undo()
    kept = b"".join(path.read_bytes() for path in memory.folder.glob("journal*"))
    assert b"xylograph" not in kept.lower()
