"""`verify` says whether the memory is sound, and changes nothing."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from memory_world import Words, settle, tell

from companion.cli.app import run
from companion.cli.shell import SHELL
from companion.memory import Memory
from companion.memory.record import Entity, Record, Source
from companion.memory.store.verify import Verdict, verify
from companion.memory.store.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(tmp_path, "Sam", "mira")
    tell(memory, "I have a dog called Biscuit.", "My sister Maya lives in Leeds.")
    Versions(memory._journal).add(
        Record(
            id="M" * 26,
            text="Sam has a dog.",
            about=(Entity("subject", "Sam", "user"),),
            sources=(Source("operator", "", "", "manual"),),
            observed=datetime(2026, 3, 2, tzinfo=UTC),
            created_by="test/1",
            scope="character:mira",
        )
    )
    yield memory
    memory.close()


def _verdict(memory: Memory) -> Verdict:
    return verify(memory._journal, memory._index)


def _harm(memory: Memory, statement: str, *values: object) -> None:
    memory._journal.database.connection.execute(statement, values)


def test_a_sound_memory_is_counted(memory: Memory) -> None:
    memory._journal.hide([memory._journal.newest(1)[0].id])
    verdict = _verdict(memory)
    assert (verdict.lines, verdict.memories, verdict.forgotten) == (3, 1, 1)
    assert (verdict.sound, verdict.problems, verdict.index) == (True, (), "")


def test_the_index_and_the_vectors_are_looked_at(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam", "mira", Words())
    tell(memory, "It rained all day long.")
    before = _verdict(memory)
    settle(memory)
    after = _verdict(memory)
    shutil.rmtree(tmp_path / "chroma")
    gone = _verdict(memory)
    memory.close()
    assert (before.vectors, before.embedder, before.index) == (0, "", "is not made yet")
    assert (after.vectors, after.embedder, after.index) == (2, "words", "agrees")
    assert (gone.index, gone.sound) == ("will be built anew", True)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM lines_fts_1 WHERE rowid = 1", "lacks 1 lines"),
        ("INSERT INTO lines_fts_1(rowid, turn) VALUES (99, 'x')", "has 1 that are not there"),
        ("DELETE FROM lines_fts_1_data WHERE id > 10", "not those of their index"),
        ("UPDATE memories SET xml = '<memory/>'", "cannot be read"),
        ("UPDATE memories SET text = 'Sam has a cat.'", "not what its XML says"),
        ("UPDATE lines SET vector = x'00000000', embedder = 'words' WHERE seq = 1", "damaged"),
        (
            "PRAGMA foreign_keys = OFF; UPDATE lines SET scope = 7 WHERE seq = 1",
            "that is not there",
        ),
    ],
)
def test_what_is_wrong_is_said(memory: Memory, statement: str, problem: str) -> None:
    for part in statement.split("; "):
        _harm(memory, part)
    verdict = _verdict(memory)
    assert not verdict.sound
    assert any(problem in one for one in verdict.problems), verdict.problems


def test_vectors_of_two_embedders_are_never_sound(memory: Memory) -> None:
    one, other = Words().embed(["a dog"])[0], Words(dim=32).embed(["a dog"])[0]
    _harm(memory, "UPDATE lines SET vector = ?, embedder = 'x' WHERE seq = 1", one.tobytes())
    _harm(memory, "UPDATE lines SET vector = ?, embedder = 'y' WHERE seq = 2", other.tobytes())
    assert "x, y" in _verdict(memory).problems[0]


def test_verifying_changes_nothing(memory: Memory) -> None:
    before = memory._journal.database.connection.serialize()
    _verdict(memory)
    assert memory._journal.database.connection.serialize() == before


def test_the_verb_says_so_and_its_exit_code_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "ws"
    assert run(["--quiet", "init", str(folder)]) == 0
    monkeypatch.chdir(folder)
    monkeypatch.setattr(SHELL, "config", None)
    assert run(["--quiet", "config", "set", "memory.embedder", "none"]) == 0
    memory = Memory(folder / "memory_db", "friend", "juno")
    tell(memory, "It rained all day long.")
    memory.close()
    capsys.readouterr()
    assert run(["memories", "verify"]) == 0
    assert "All of it is sound." in capsys.readouterr().out
    memory = Memory(folder / "memory_db", "friend", "juno")
    _harm(memory, "DELETE FROM lines_fts_1 WHERE rowid = 1")
    memory.close()
    assert run(["memories", "verify", "--json"]) == 76
    seen = json.loads(capsys.readouterr().out)
    assert (seen["sound"], len(seen["problems"])) == (False, 1)
