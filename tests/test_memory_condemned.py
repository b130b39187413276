"""From a large memory it is deleted after the answer, and no crash in between lets it live."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from memory_world import Words, settle, tell, texts

from companion.memory import Memory
from companion.memory.forget.condemned import AT_ONCE
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTICE = "None of their words is left in the"
PURGING = "It is out of my mind, and I am deleting 2 memories for good."


def opened(folder: Path, owner: str = "Sam", character: str = "mira") -> Memory:
    return Memory(folder, owner, character, Words())


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """A memory that takes long to look through."""
    made = opened(tmp_path / "db")
    tell(made, "My dog Xylograph is old.", "The sea is calm.")
    settle(made)
    with (made.folder / "journal.large").open("wb") as file:
        file.truncate(AT_ONCE)
    yield made
    made.close()


class Logs:
    """Where words may be, and an answer that takes its time: whoever asks has begun to delete."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.answered = threading.Event()

    def __iter__(self) -> Iterator[Path]:
        self.asked.set()
        self.answered.wait(30)
        return iter(())


def agreed(memory: Memory) -> str:
    memory.obey(Heard("forget about Xylograph"))
    answer = memory.obey(Heard("yes"))
    assert answer is not None
    return answer.text


def held(folder: Path) -> bool:
    """Whether the word is in a file of the memory."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return any(b"xylograph" in path.read_bytes().lower() for path in files)


def test_the_answer_does_not_wait_and_the_words_are_out_of_mind(memory: Memory) -> None:
    assert agreed(memory) == PURGING
    assert memory.about("Xylograph") == ()
    assert not any("Xylograph" in text for text in texts(memory.search("dog Xylograph")))
    assert held(memory.folder)


def test_what_is_to_be_deleted_is_written_down_without_words(memory: Memory) -> None:
    agreed(memory)
    wish = memory.folder / "purge.json"
    assert b"xylograph" not in wish.read_bytes().lower()
    assert wish.stat().st_mode & 0o777 == 0o600


def test_the_first_idle_step_deletes_it_and_says_so(memory: Memory) -> None:
    agreed(memory)
    next(memory.idle())
    assert not held(memory.folder)
    (notice,) = memory.notices()
    assert NOTICE in notice
    assert not (memory.folder / "purge.json").exists()
    settle(memory)
    assert memory.notices() == ()


def test_the_end_deletes_it(memory: Memory) -> None:
    agreed(memory)
    memory.close()
    assert not held(memory.folder)


def test_an_end_in_the_middle_of_deleting_waits_for_it(memory: Memory) -> None:
    agreed(memory)
    logs = Logs()
    memory._places = replace(memory._places, logs=logs)  # type: ignore[arg-type]
    worker = threading.Thread(target=lambda: next(memory.idle()))
    worker.start()
    assert logs.asked.wait(30)
    end = threading.Thread(target=memory.close)
    end.start()
    end.join(0.2)
    waited = end.is_alive()
    logs.answered.set()
    for thread in (end, worker):
        thread.join(30)
    assert (waited, held(memory.folder)) == (True, False)
    assert NOTICE in memory.notices()[0]


def test_after_a_crash_the_next_start_deletes_it(memory: Memory, tmp_path: Path) -> None:
    agreed(memory)
    shutil.copytree(memory.folder, tmp_path / "crashed")
    assert held(tmp_path / "crashed")
    after = opened(tmp_path / "crashed")
    left, notices = held(after.folder), after.notices()
    forgotten = after.forgotten()
    after.close()
    assert (left, forgotten) == (False, ())
    assert any(NOTICE in notice for notice in notices)


def test_the_next_start_may_be_another_ones(memory: Memory, tmp_path: Path) -> None:
    agreed(memory)
    shutil.copytree(memory.folder, tmp_path / "crashed")
    opened(tmp_path / "crashed", "Kim", "wren").close()
    assert not held(tmp_path / "crashed")
    again = opened(tmp_path / "crashed")
    kept = texts(again.memories())
    again.close()
    assert "The sea is calm." in kept


def test_two_wishes_are_carried_out_together(memory: Memory) -> None:
    agreed(memory)
    memory.obey(Heard("forget about the sea"))
    memory.obey(Heard("yes"))
    settle(memory)
    assert texts(memory.memories()) == []
    assert memory.forgotten() == ()


def test_a_disk_that_fails_is_told_and_the_wish_stays(memory: Memory) -> None:
    agreed(memory)
    memory._journal.database.connection.execute("PRAGMA query_only = 1")
    next(memory.idle())
    assert "What you forgot is not deleted yet." in memory.notices()[0]
    memory._journal.database.connection.execute("PRAGMA query_only = 0")
    settle(memory)
    assert not held(memory.folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"x": 1}', '{"1": 2}', "7", "\xff", '{"99": ["x"]}']
)
def test_a_damaged_list_is_no_list(memory: Memory, text: str) -> None:
    memory.close()
    (memory.folder / "purge.json").write_text(text, "latin-1")
    again = opened(memory.folder)
    kept = texts(again.memories())
    again.close()
    assert "The sea is calm." in kept
