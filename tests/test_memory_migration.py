"""A journal of an older version is brought up to date with nothing lost, wholly or not at all."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from memory_world import Clock, Words, settle, tell, texts

from companion.errors import StoreDamaged, StoreError
from companion.memory import Memory
from companion.memory.store.formats import SCHEMA
from companion.memory.store.journal import Journal
from companion.values import Heard

if TYPE_CHECKING:
    from types import FrameType

FORMAT_1 = Path(__file__).with_name("golden") / "journal" / "format1.sqlite3.gz"
"""Written by the code of format 1: Sam with mira (8 lines, 6 with vectors), Sam with tam (2 lines),
and Kim with mira (none)."""
FORMAT_2 = FORMAT_1.with_name("format2.sqlite3.gz")
"""Written by the code of format 2: Sam with mira (6 lines, 2 hidden ones, 4 memories, one of which
has ended and one is pinned), Kim with tam (2 lines)."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(gzip.decompress(FORMAT_1.read_bytes()))
    path.chmod(0o600)
    return path


def version(path: Path) -> int:
    with path.open("rb") as file:
        return int.from_bytes(file.read(64)[60:], "big")


def tables(path: Path) -> set[tuple[str, str]]:
    db = sqlite3.connect(path)
    rows = db.execute("SELECT type, name FROM sqlite_master").fetchall()
    db.close()
    return set(rows)


def columns(path: Path) -> list[tuple[str, ...]]:
    db = sqlite3.connect(path)
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = [(name, *row[1:]) for name in names for row in db.execute(f"PRAGMA table_info({name})")]
    db.close()
    return sorted(rows, key=str)


def test_every_line_is_there_with_its_vector(old: Path) -> None:
    before = sqlite3.connect(old)
    kept = before.execute("SELECT * FROM lines ORDER BY seq").fetchall()
    before.close()
    Journal(old, "Sam", "mira").close()
    after = sqlite3.connect(old)
    rows = after.execute("SELECT * FROM lines ORDER BY seq").fetchall()
    after.close()
    assert [row[: len(kept[0])] for row in rows] == kept
    assert {row[len(kept[0]) : -1] for row in rows} == {(0, 0)}
    assert all(row[-1] for row in rows)


def test_what_was_said_is_found_as_before(old: Path) -> None:
    memory = Memory(old.parent, "Sam", "mira", Words(), now=Clock())
    settle(memory)
    assert texts(memory.search("What is the dog called?"))[0] == "The dog is called Biscuit."
    assert len(memory.memories()) == 8
    memory.close()


def test_lines_and_memories_of_format_2_are_there_as_they_were_and_watched(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(gzip.decompress(FORMAT_2.read_bytes()))
    kept = rows_of(path)
    memory = Memory(tmp_path, "Sam", "mira", now=Clock())
    known, forgotten = texts(memory.profile()), texts(memory.forgotten())
    verdict = memory.verify()
    memory.close()
    assert [row[:-1] for row in rows_of(path)[0]] == kept[0]
    assert [row[:-2] for row in rows_of(path)[1]] == kept[1]
    assert {"Sam is allergic to nuts.", "Sam lives in Lisbon, since 3 March 2026."} <= {*known}
    assert "Ça va très bien." in forgotten
    assert (verdict.lines, verdict.memories, verdict.problems) == (6, 4, ())
    change(path, "UPDATE lines SET text = 'I live in Meeds.' WHERE seq = 1")
    memory = Memory(tmp_path, "Sam", "mira", now=Clock())
    assert memory.lines(memory.conversations()[0].id)[0].text == "I live in Leeds."
    memory.close()


def rows_of(path: Path) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    db = sqlite3.connect(path)
    found = [
        db.execute(f"SELECT * FROM {t} ORDER BY seq").fetchall() for t in ("lines", "memories")
    ]
    db.close()
    return found[0], found[1]


def test_it_can_be_written_to(old: Path) -> None:
    memory = Memory(old.parent, "Kim", "mira", now=Clock())
    tell(memory, "I have a parrot.")
    assert texts(memory.search("parrot")) == ["I have a parrot.", "Mhm."]
    memory.close()


def test_nobody_sees_more_than_before(old: Path) -> None:
    for owner, character in (("Sam", "mira"), ("Kim", "mira"), ("Sam", "new")):
        memory = Memory(old.parent, owner, character, now=Clock())
        assert "swordfish" not in str(memory.search("secret word swordfish"))
        assert memory.recall(Heard("What is my secret word, swordfish?")) == ()
        memory.close()


def test_it_is_the_same_as_a_new_one(old: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.sqlite3"
    for owner, character in (("Sam", "mira"), ("Sam", "tam"), ("Kim", "mira")):
        for path in (old, new):
            Journal(path, owner, character).close()
    assert version(old) == version(new) == SCHEMA
    assert tables(old) == tables(new)
    assert columns(old) == columns(new)


def test_the_copy_is_gone_when_it_is_done(old: Path) -> None:
    Journal(old, "Sam", "mira").close()
    assert [path.name for path in old.parent.iterdir()] == [old.name]


def test_a_copy_that_was_left_behind_goes_at_the_next_start(old: Path) -> None:
    Journal(old, "Sam", "mira").close()
    old.with_name("journal.sqlite3.old").write_bytes(b"left behind")
    Journal(old, "Sam", "mira").close()
    assert [path.name for path in old.parent.iterdir()] == [old.name]


@pytest.mark.parametrize(
    "stranger",
    ["INDEX lines_shown ON lines (n)", "TABLE memories (n)", "TABLE passages_fts_3 (n)"],
)
def test_a_step_that_fails_changes_nothing(old: Path, stranger: str) -> None:
    change(old, f"CREATE {stranger}")
    before = tables(old)
    with pytest.raises(StoreError, match="already"):
        Journal(old, "Sam", "mira")
    assert (version(old), tables(old)) == (1, before)
    assert version(old.with_name("journal.sqlite3.old")) == 1
    change(old, "DROP " + " ".join(stranger.split()[:2]))
    journal = Journal(old, "Sam", "mira")
    assert len(journal.newest(99)) == 8
    journal.close()
    assert version(old) == SCHEMA


def change(path: Path, statement: str) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(statement)
    db.close()


def test_a_kill_between_any_two_calls_loses_nothing(old: Path) -> None:
    original = old.read_bytes()
    calls, killed = 0, True
    while killed:
        for path in old.parent.iterdir():
            path.unlink()
        old.write_bytes(original)
        killed = dies_at(calls, old)
        journal = Journal(old, "Sam", "mira")
        lines = journal.newest(99)
        journal.close()
        assert (len(lines), version(old)) == (8, SCHEMA), calls
        assert [path.name for path in old.parent.iterdir()] == [old.name]
        calls += 1
    assert calls > 40


def dies_at(call: int, path: Path) -> bool:
    """Bring a journal up to date in another process that ends by kill -9 before this call."""
    left = call

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal left
        if event == "c_call" and Path(frame.f_code.co_filename).parent.name == "store":
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    child = os.fork()
    if child == 0:
        try:
            sys.setprofile(count)
            Journal(path, "Sam", "mira")
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_one_of_a_newer_version_is_refused_byte_for_byte_unchanged(old: Path) -> None:
    Journal(old, "Sam", "mira").close()
    change(old, f"PRAGMA user_version = {SCHEMA + 1}")
    before = {path.name: path.read_bytes() for path in old.parent.iterdir()}
    with pytest.raises(StoreDamaged, match=f"format {SCHEMA + 1}; this one knows {SCHEMA}"):
        Journal(old, "Sam", "mira")
    assert {path.name: path.read_bytes() for path in old.parent.iterdir()} == before


def test_one_that_a_newer_version_left_in_a_crash_is_refused_unchanged(old: Path) -> None:
    Journal(old, "Sam", "mira").close()
    newer = sqlite3.connect(old, isolation_level=None)
    newer.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    crashed = old.parent / "crashed"
    crashed.mkdir()
    for path in old.parent.glob("journal*"):
        shutil.copy(path, crashed)
    newer.close()
    data = [crashed / old.name, crashed / f"{old.name}-wal"]
    before = [path.read_bytes() for path in data]
    with pytest.raises(StoreDamaged, match="newer version"):
        Journal(crashed / old.name, "Sam", "mira")
    assert [path.read_bytes() for path in data] == before
