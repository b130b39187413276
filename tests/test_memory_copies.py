"""A damaged journal is kept, announced, and its copy, without what is forgotten, takes over."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

import pytest
from memory_world import settle, tell, texts, told

from companion.errors import StoreDamaged, StoreError, StoreNewer
from companion.memory import Memory
from companion.memory.store.copies import DAY, Copy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINES = tuple(f"Line number {n} about the weather." for n in range(30))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a copy, and one line more than the copy has."""
    told(tmp_path, *LINES)
    memory = Memory(tmp_path, "Sam", "mira")
    tell(memory, "And one more.")
    memory.close()
    return tmp_path


def _journal(folder: Path) -> Path:
    return folder / "journal.sqlite3"


def _copy(folder: Path) -> Path:
    return folder / "journal.kept.sqlite3"


def _zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 40_960)


def _another_file(path: Path) -> None:
    path.write_text("My shopping list.")


@pytest.mark.parametrize("damage", [_zeroed, _empty, _cut, _overwritten, _another_file])
def test_a_damaged_journal_is_kept_and_its_copy_takes_its_place(
    store: Path, damage: Callable[[Path], None]
) -> None:
    damage(_journal(store))
    damaged = _journal(store).read_bytes()
    memory = Memory(store, "Sam", "mira")
    notices, kept = memory.notices(), texts(memory.memories(100))
    memory.close()
    (aside,) = store.glob("journal.sqlite3.damaged-*[0-9]")
    assert aside.read_bytes() == damaged
    assert set(LINES) <= set(kept)
    assert len(notices) == 1
    assert aside.name in notices[0]


def test_a_journal_that_is_gone_is_said_and_its_copy_takes_its_place(store: Path) -> None:
    _journal(store).unlink()
    memory = Memory(store, "Sam", "mira")
    notices, kept = memory.notices(), texts(memory.memories(100))
    memory.close()
    assert set(LINES) <= set(kept)
    assert "gone" in notices[0]


def test_without_a_copy_a_damaged_journal_is_refused_and_left(store: Path) -> None:
    _copy(store).unlink()
    _overwritten(_journal(store))
    before = _journal(store).read_bytes()
    with pytest.raises(StoreDamaged, match="damaged"):
        Memory(store, "Sam", "mira")
    assert _journal(store).read_bytes() == before


def test_a_journal_of_a_newer_version_is_never_replaced(store: Path) -> None:
    with sqlite3.connect(_journal(store)) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreNewer):
        Memory(store, "Sam", "mira")
    assert list(store.glob("*.damaged-*")) == []


def test_a_sound_journal_is_opened_without_a_word(store: Path) -> None:
    memory = Memory(store, "Sam", "mira")
    notices, kept = memory.notices(), texts(memory.memories(100))
    memory.close()
    assert notices == ()
    assert "And one more." in kept


def test_forgetting_drops_the_copy_that_would_bring_it_back(store: Path) -> None:
    memory = Memory(store, "Sam", "mira")
    (name,) = (note.id for note in memory.memories(100) if note.text == LINES[3])
    memory.forget([name])
    assert not _copy(store).exists()
    settle(memory)
    memory.close()
    _zeroed(_journal(store))
    memory = Memory(store, "Sam", "mira")
    kept = texts(memory.memories(100))
    memory.close()
    assert LINES[4] in kept
    assert LINES[3] not in kept


def test_what_is_taken_back_is_in_no_copy(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam", "mira")
    tell(memory, "It rained.", "The word is xylograph.")
    settle(memory)
    assert b"xylograph" in _copy(tmp_path).read_bytes()
    memory.undo()
    settle(memory)
    memory.close()
    assert b"xylograph" not in _copy(tmp_path).read_bytes()


def test_a_copy_that_cannot_be_removed_is_said_and_nothing_is_taken_back(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam", "mira")
    tell(memory, "It rained.")
    _copy(tmp_path).mkdir()
    with pytest.raises(StoreError, match="cannot be read or written"):
        memory.undo()
    assert texts(memory.lines(memory.session)) == ["It rained.", "Mhm."]
    memory.close()


def test_a_copy_is_made_once_a_day_and_only_of_something_new(store: Path) -> None:
    journal, now = _journal(store), [_copy(store).stat().st_mtime]
    copy = Copy(journal, lambda: now[0])
    memory = Memory(store, "Sam", "mira")
    before = _copy(store).read_bytes()
    list(copy.steps(memory._journal))
    assert _copy(store).read_bytes() == before
    now[0] += DAY + 1
    list(copy.steps(memory._journal))
    assert _copy(store).read_bytes() != before
    memory.close()


def test_a_copy_left_in_the_middle_is_none(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam", "mira")
    tell(memory, *LINES)
    steps = Copy(_journal(tmp_path)).steps(memory._journal)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    memory.close()
    assert not _copy(tmp_path).exists()


def test_an_empty_memory_has_no_copy(tmp_path: Path) -> None:
    told(tmp_path)
    assert not _copy(tmp_path).exists()
