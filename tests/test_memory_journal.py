"""Every line is kept, in order, readable by its owner's account alone, and nobody else's."""

from __future__ import annotations

import sqlite3
import stat
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_world import Clock, Words, settle, tell, texts, told

from companion.errors import Forbidden, MissingInput, StoreDamaged, StoreError, UsageError
from companion.memory import Memory
from companion.memory.record import clean
from companion.memory.store.journal import Journal
from companion.values import Heard, Said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Iterator[Memory]:
    memory = Memory(tmp_path / "db", "Sam", "mira", now=clock, name="Mira")
    yield memory
    memory.close()


def test_a_line_is_on_the_disk_when_hear_returns(memory: Memory) -> None:
    name = memory.hear(Heard("I have a dog."))
    other = sqlite3.connect(memory.folder / "journal.sqlite3")
    rows = other.execute("SELECT session || ':' || n, text FROM lines").fetchall()
    other.close()
    assert rows == [(name, "I have a dog.")]


def test_lines_are_numbered_within_their_conversation(memory: Memory) -> None:
    names = [memory.hear(Heard("One.")), memory.say(Said("Two.")), memory.hear(Heard("Three."))]
    assert [name.rpartition(":")[2] for name in names] == ["1", "2", "3"]
    assert {name.rpartition(":")[0] for name in names} == {memory.session}


def test_a_line_knows_who_said_it_and_when_on_which_clock(memory: Memory, clock: Clock) -> None:
    clock.time = datetime(2026, 7, 1, 23, 30, 5, 12, tzinfo=timezone(timedelta(hours=2)))
    memory.hear(Heard("Good night."))
    memory.say(Said("Sleep well."))
    reply, line = memory.memories()
    assert (line.who, reply.who) == ("Sam", "Mira")
    assert line.said == clock.time
    assert line.said.utcoffset() == timedelta(hours=2)


def test_a_clock_without_a_zone_is_taken_as_local(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "db", "Sam", "mira", now=lambda: datetime(2026, 3, 2, 18, 4))  # noqa: DTZ001
    memory.hear(Heard("Hello there."))
    assert memory.memories()[0].said.replace(tzinfo=None) == datetime(2026, 3, 2, 18, 4)  # noqa: DTZ001
    memory.close()


def test_half_an_hour_of_silence_begins_a_new_conversation(memory: Memory, clock: Clock) -> None:
    tell(memory, "One.")
    first = memory.session
    clock.pass_time(minutes=30)
    tell(memory, "Two.")
    assert memory.session == first
    clock.pass_time(minutes=30, seconds=1)
    tell(memory, "Three.")
    assert memory.session != first


def test_a_clock_that_jumps_back_changes_no_order(memory: Memory, clock: Clock) -> None:
    tell(memory, "First.")
    clock.time = datetime(1970, 1, 1, tzinfo=clock.time.tzinfo)
    tell(memory, "Second.")
    assert texts(memory.lines(memory.session)) == ["First.", "Mhm.", "Second.", "Mhm."]


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    told(tmp_path, "I have a dog.", "It is called Biscuit.")
    memory = Memory(tmp_path, "Sam", "mira")
    (one,) = memory.conversations()
    memory.close()
    assert (one.lines, one.first) == (4, "I have a dog.")


def test_each_start_is_a_conversation_of_its_own(tmp_path: Path) -> None:
    told(tmp_path, "One.")
    told(tmp_path, "Two.")
    memory = Memory(tmp_path, "Sam", "mira")
    assert [one.first for one in memory.conversations()] == ["One.", "Two."]
    assert memory.session == ""
    memory.close()


def test_words_that_were_not_heard_are_not_kept(memory: Memory) -> None:
    assert memory.say(Said("", complete=False)) == ""
    assert memory.hear(Heard("\x00\x1b \u200b".replace("\u200b", ""))) == ""
    assert memory.memories() == ()


@given(st.text())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_words_come_back_as_they_were_cleaned(memory: Memory, words: str) -> None:
    name = memory.hear(Heard(words))
    assert (memory.get(name).text if name else "") == clean(words)


@given(st.text())
def test_cleaning_twice_changes_nothing(words: str) -> None:
    assert clean(clean(words)) == clean(words)


@given(st.text())
def test_clean_words_can_be_written_to_a_file(words: str) -> None:
    assert clean(words).encode().decode() == clean(words)


def test_search_takes_any_text(memory: Memory) -> None:
    tell(memory, "The cat sat on the mat.")
    for odd in (
        'cat" OR "',
        "cat*",
        "NEAR(cat mat)",
        "turn:cat",
        "-cat",
        "'; DROP TABLE lines",
        "🎉",
    ):
        memory.search(odd)
    assert texts(memory.search('cat" OR "'))[0] == "The cat sat on the mat."


def test_undo_takes_back_the_last_turn_and_no_more(memory: Memory) -> None:
    tell(memory, "I have a dog.", "My password is swordfish.")
    assert memory.undo() == 2
    assert texts(memory.lines(memory.session)) == ["I have a dog.", "Mhm."]
    assert memory.search("swordfish") == ()


def test_undone_words_are_in_no_file_of_the_journal(memory: Memory) -> None:
    tell(memory, "I have a dog.", "My password is swordfish.")
    memory.undo()
    kept = b"".join(path.read_bytes() for path in memory.folder.glob("journal*"))
    assert b"swordfish" not in kept
    assert b"dog" in kept


def test_a_number_taken_back_is_not_given_again(memory: Memory) -> None:
    tell(memory, "One.")
    memory.undo()
    assert tell(memory, "Two.")[0].endswith(":3")


def test_there_is_nothing_to_undo_in_a_conversation_that_has_not_begun(tmp_path: Path) -> None:
    told(tmp_path, "I have a dog.")
    memory = Memory(tmp_path, "Sam", "mira")
    assert memory.undo() == 0
    assert len(memory.memories(kind="line")) == 2
    memory.close()


def test_a_line_is_found_by_its_id_and_by_the_end_of_its_ulid(memory: Memory) -> None:
    name = memory.hear(Heard("I have a dog."))
    with sqlite3.connect(memory.folder / "journal.sqlite3") as other:
        (ulid,) = other.execute("SELECT ulid FROM lines").fetchone()
    other.close()
    assert {memory.get(key).id for key in (name, ulid, ulid[-4:].lower())} == {name}


@pytest.mark.parametrize("name", ["ZZZZ", "x:y", "x:99999999999999999999", "x:\u0663", ":", ""])
def test_an_unknown_id_is_an_error_that_says_so(memory: Memory, name: str) -> None:
    memory.hear(Heard("I have a dog."))
    with pytest.raises(MissingInput, match="There is no memory"):
        memory.get(name)


def test_an_ending_that_fits_two_lines_is_refused_with_both(memory: Memory) -> None:
    tell(memory, "One.")
    memory._journal._db.execute(
        "UPDATE lines SET ulid = substr(ulid, 1, 20) || n || '0K3T8', digest = NULL"
    )
    with pytest.raises(UsageError, match="fits 2 memories"):
        memory.get("K3T8")


@pytest.mark.parametrize(("owner", "character"), [("Kim", "mira"), ("Sam", "tam")])
def test_nothing_reaches_another_owner_or_character(
    tmp_path: Path, owner: str, character: str
) -> None:
    told(tmp_path, "My secret word is swordfish.", embedder=Words())
    memory = Memory(tmp_path, owner, character, Words())
    settle(memory)
    found = (
        *memory.recall(Heard("What is my secret word, swordfish?")),
        *memory.search("swordfish secret"),
        *memory.memories(),
        *memory.conversations(),
    )
    memory.close()
    assert found == ()


def test_the_journal_gives_out_no_line_of_another_whatever_is_asked(tmp_path: Path) -> None:
    told(tmp_path, "My secret word is swordfish.", embedder=Words())
    mine = Journal(tmp_path / "journal.sqlite3", "Sam", "mira")
    line = mine.newest(1)[0]
    other = Journal(tmp_path / "journal.sqlite3", "Kim", "mira")
    asked = (
        *other.lines([line.seq]),
        *other.by_id([line.id]),
        *other.ending(line.ulid),
        *other.session(line.session),
        *other.vectors("words", [line.seq]),
        *other.due(10),
        *other.sample("words", 10),
    )
    mine.close()
    other.close()
    assert asked == ()


def test_a_line_that_strays_into_anothers_tables_stays_unseen(tmp_path: Path) -> None:
    told(tmp_path, "My secret word is swordfish.")
    Memory(tmp_path, "Kim", "mira").close()
    with sqlite3.connect(tmp_path / "journal.sqlite3") as db:
        db.execute(
            "INSERT INTO lines_fts_2(rowid, turn, win) SELECT rowid, turn, win FROM lines_fts_1"
        )
        db.execute("UPDATE lines SET scope = 2")
    db.close()
    memory = Memory(tmp_path, "Kim", "mira")
    found = memory.search("secret swordfish"), memory.memories(), memory.conversations()
    memory.close()
    assert found == ((), (), ())


def test_files_are_for_the_owners_account_alone(tmp_path: Path) -> None:
    told(tmp_path / "db", "I have a dog.", embedder=Words())
    modes = {
        path.relative_to(tmp_path): stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "db", *(tmp_path / "db").rglob("*"))
    }
    folders = {path for path in modes if (tmp_path / path).is_dir()}
    assert {modes[path] for path in folders} == {0o700}
    assert {modes[path] for path in modes.keys() - folders} == {0o600}


def test_a_journal_of_a_newer_version_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    told(tmp_path, "I have a dog.")
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="newer version") as caught:
        Memory(tmp_path, "Sam", "mira")
    assert caught.value.code == 76
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0" + bytes(200)])
def test_a_file_that_is_not_our_journal_is_refused_and_left_as_it_was(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(content)
    with pytest.raises(StoreDamaged):
        Memory(tmp_path, "Sam", "mira")
    assert (tmp_path / "journal.sqlite3").read_bytes() == content


def test_a_damaged_page_is_said_and_not_taken_for_an_empty_memory(tmp_path: Path) -> None:
    told(tmp_path, *(f"Line number {n} about something." for n in range(40)))
    (tmp_path / "journal.kept.sqlite3").unlink()
    path = tmp_path / "journal.sqlite3"
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xff" * (len(damaged) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(StoreDamaged, match="damaged"):
        Memory(tmp_path, "Sam", "mira")


def test_a_full_disk_is_an_error_of_the_store_and_loses_nothing(memory: Memory) -> None:
    tell(memory, "I have a dog.")
    pages = memory._journal._db.execute("PRAGMA page_count").fetchone()[0]
    memory._journal._db.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    with pytest.raises(StoreError, match="full"):
        memory.hear(Heard("word " * 20_000))
    assert texts(memory.memories()) == ["Mhm.", "I have a dog."]
    memory._journal._db.execute("PRAGMA max_page_count = 100000").fetchone()
    assert memory.hear(Heard("It is called Biscuit.")).endswith(":3")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Exception, match="cannot be made") as caught:
        Memory(tmp_path / "file" / "db", "Sam", "mira")
    assert caught.value.code == 73  # type: ignore[attr-defined]


def test_a_folder_of_another_account_is_forbidden(tmp_path: Path) -> None:
    import os

    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "db").mkdir(mode=0o000)
    with pytest.raises(Forbidden):
        Memory(tmp_path / "db" / "inner", "Sam", "mira")
