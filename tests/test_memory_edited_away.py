"""Words that were edited away are found by who wants them forgotten, and go with the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from memory_world import Clock, texts

from companion.memory import Memory
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(tmp_path / "db", "Sam", "mira", now=Clock())
    yield memory
    memory.close()


def test_words_that_were_edited_away_are_found_with_what_they_became(memory: Memory) -> None:
    pin = memory.know("Sam's PIN is 4711.").id
    memory.edit(pin, "Sam keeps secrets.")
    (found,) = memory.about("my PIN")
    assert found.id == pin
    assert found.text == "Sam keeps secrets. (Sam's PIN is 4711.)"
    assert texts(memory.about("secrets")) == ["Sam keeps secrets."]


def test_they_go_with_the_memory(memory: Memory) -> None:
    memory.edit(memory.know("Sam's PIN is 4711.").id, "Sam keeps secrets.")
    answer = memory.obey(Heard("Forget about my PIN."))
    assert answer is not None
    assert "4711" in answer.text
    memory.obey(Heard("Yes."))
    assert not memory.memories()
    assert not [one for one in memory.folder.rglob("*") if one.is_file() and b"4711" in _read(one)]


def test_what_holds_the_words_now_is_shown_as_it_is(memory: Memory) -> None:
    memory.edit(memory.know("Sam's dog is called Rex.").id, "Sam's old dog is called Rex.")
    assert texts(memory.about("my dog")) == ["Sam's old dog is called Rex."]


def test_what_was_taken_back_is_found_too(memory: Memory) -> None:
    memory.hear(Heard("My cat is called Mimi."))
    memory.hear(Heard("No, I meant Momo."))
    for _ in memory.idle():
        pass
    (line,) = (one for one in memory.memories() if one.kind == "line" and "Mimi" in one.text)
    assert "Sam's cat is called Mimi." in texts(memory.about("Mimi"))
    assert line.id in [one.id for one in memory.about("Mimi")]


def _read(path: Path) -> bytes:
    return path.read_bytes()
