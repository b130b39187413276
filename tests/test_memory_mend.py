"""What a bad disk does to lines and memories is noticed, put right where it can be, and said."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_world import Clock, settle, tell, texts

from companion.errors import StoreDamaged
from companion.memory import Memory
from companion.memory.store.digest import digest, restored
from companion.memory.store.versions import Versions

if TYPE_CHECKING:
    from pathlib import Path

LINES = ("I live in Leeds.", "My sister Maya is allergic to nuts.", "It rained.")
Row = tuple[str, int, str | None, float]
ROW = st.tuples(st.text(), st.integers(-(2**63), 2**63 - 1), st.none() | st.text(), st.floats(0, 1))


def _opened(folder: Path) -> Memory:
    return Memory(folder, "Sam", "mira", now=Clock())


@pytest.fixture
def store(tmp_path: Path) -> Path:
    memory = _opened(tmp_path)
    tell(memory, *LINES)
    for _ in memory._writer.steps():
        pass
    memory.close()
    return tmp_path


def _harm(folder: Path, statement: str) -> None:
    db = sqlite3.connect(folder / "journal.sqlite3", isolation_level=None)
    db.execute(statement)
    db.close()


def _lines(memory: Memory) -> list[str]:
    return texts(memory.lines(memory.conversations()[0].id))[::2]


@given(ROW, st.data())
def test_a_digest_knows_which_bit_of_a_text_has_changed(row: Row, data: st.DataObject) -> None:
    raw = bytearray(row[0].encode() or b"x")
    first = (raw.decode(), *row[1:])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = (raw.decode("utf-8", "surrogateescape"), *row[1:])
    assert restored(changed, digest(first)) == first


@given(ROW)
def test_a_row_whose_digest_alone_has_changed_is_what_it_is(row: Row) -> None:
    assert restored(row, digest(row)) == row
    assert restored(row, digest(row) ^ 64) == row


def test_a_changed_bit_of_a_line_is_put_right_and_said_once(store: Path) -> None:
    _harm(store, "UPDATE lines SET text = 'I live in Meeds.' WHERE seq = 1")
    memory = _opened(store)
    kept, notices, sound = _lines(memory), memory.notices(), memory.verify().sound
    memory.close()
    assert (kept, sound) == ([*LINES], True)
    (aside,) = store.glob("journal.sqlite3.damaged-*")
    assert "1 are as they were again" in notices[0]
    assert aside.name in notices[0]
    memory = _opened(store)
    assert memory.notices() == ()
    memory.close()


def test_a_text_that_is_no_text_any_more_is_put_right(store: Path) -> None:
    _harm(store, "UPDATE lines SET text = CAST(x'4920EC' || substr(text, 4) AS TEXT) WHERE seq = 1")
    memory = _opened(store)
    kept = _lines(memory)
    memory.close()
    assert kept == [*LINES]


def test_a_line_nobody_can_tell_any_more_is_taken_out_and_said(store: Path) -> None:
    _harm(store, "UPDATE lines SET text = 'I live in Paris.' WHERE seq = 1")
    memory = _opened(store)
    kept = texts(memory.lines(memory.conversations()[0].id))
    found, notices = texts(memory.search("Paris Leeds")), memory.notices()
    sound = memory.verify().sound
    memory.close()
    assert len(kept) == 2 * len(LINES) - 1
    assert "I live in Paris." not in [*kept, *found]
    assert "1 cannot be read any more" in notices[0]
    assert sound


def test_what_the_digest_cannot_tell_is_read_from_the_kept_copy(store: Path) -> None:
    memory = _opened(store)
    settle(memory)
    memory.close()
    _harm(store, "UPDATE lines SET text = 'I live in Paris.' WHERE seq = 1")
    _harm(store, "UPDATE memories SET text = 'Sam lives in Paris.', xml = '' WHERE seq = 1")
    memory = _opened(store)
    kept, records = _lines(memory), Versions(memory._journal).everything()
    memory.close()
    assert kept == [*LINES]
    assert [one.text for one in records][:1] == ["Sam lives in Leeds."]


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM lines_fts_1_data WHERE id > 10",
        "UPDATE lines_fts_1_data SET block = x'ffff'",
        "UPDATE memories_fts_1_data SET block = x'ffff'",
    ],
)
def test_a_damaged_table_of_words_is_made_anew_and_said(store: Path, harm: str) -> None:
    _harm(store, harm)
    memory = _opened(store)
    found, notices = texts(memory.search("Leeds")), memory.notices()
    sound = memory.verify().sound
    memory.close()
    assert LINES[0] in found
    assert ("table of words" in notices[0], sound) == (True, True)


def test_a_damaged_name_of_a_table_is_said_with_a_cure(store: Path) -> None:
    path = store / "journal.sqlite3"
    raw = path.read_bytes()
    name = b"fts5vocab(lines_fts_1"
    path.write_bytes(raw.replace(name, name.replace(b"li", b"l\xe9")))
    memory = _opened(store)
    with pytest.raises(StoreDamaged, match="Put a copy"):
        memory.search("Leeds")
    memory.close()


def test_what_changes_while_it_is_open_is_noticed_when_it_is_read(store: Path) -> None:
    memory = _opened(store)
    write = memory._journal.database.connection.execute
    write("UPDATE lines SET text = 'It rainee.' WHERE text = 'It rained.'")
    write("UPDATE lines SET text = 'I live in Paris.' WHERE seq = 1")
    told, notices = texts(memory.lines(memory.conversations()[0].id)), memory.notices()
    again, problems = memory.notices(), memory.verify().problems
    memory.close()
    assert "It rained." in told
    assert not {"It rainee.", "I live in Paris."} & {*told}
    assert "1 of your lines and memories cannot be read" in notices[0]
    assert again == ()
    assert [one.split("; ")[1] for one in problems] == ["it is lost.", "it is told as it was."]
