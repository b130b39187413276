"""One process at a time; what was acknowledged outlives any end of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from memory_world import texts

from companion.errors import StoreBusy
from companion.memory import Memory
from companion.memory.store.lock import FolderLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from companion.memory.store.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]), "studio")
print("held", flush=True)
sys.stdin.read()
"""
WRITE = """
import sys
from pathlib import Path
from companion.memory import Memory
from companion.values import Heard
memory = Memory(Path(sys.argv[1]), "Sam", "mira")
for number in range(100_000):
    words = f"Line {sys.argv[2]}-{number} about something."
    memory.hear(Heard(words))
    print(words, flush=True)
"""


def _child(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_second_process_is_told_at_once_who_holds_the_memory(tmp_path: Path) -> None:
    with _child(HOLD, str(tmp_path)) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        begun = time.monotonic()
        with pytest.raises(StoreBusy, match=rf"pid {holder.pid}, studio") as caught:
            Memory(tmp_path, "Sam", "mira")
        waited = time.monotonic() - begun
        holder.kill()
    assert caught.value.code == 75
    assert waited < 2


def test_a_dead_holder_never_blocks(tmp_path: Path) -> None:
    with _child(HOLD, str(tmp_path)) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
    FolderLock(tmp_path, "talk").close()


def test_the_lock_is_on_the_folder_and_not_on_its_name_or_a_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    lock = FolderLock(tmp_path / "db", "talk")
    (tmp_path / "db" / "lock").unlink()
    (tmp_path / "db").rename(tmp_path / "moved")
    with pytest.raises(StoreBusy, match="another process"):
        FolderLock(tmp_path / "moved", "studio")
    lock.close()


def test_a_memory_that_could_not_be_opened_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(b"not a journal")
    with pytest.raises(Exception, match="not a journal"):
        Memory(tmp_path, "Sam", "mira")
    FolderLock(tmp_path, "talk").close()


def test_closing_twice_is_no_matter(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam", "mira")
    memory.close()
    memory.close()


def test_no_acknowledged_line_is_lost_to_kill_9(
    tmp_path: Path, counts: Callable[[int, int], int]
) -> None:
    chance = random.Random(7)
    acknowledged: list[str] = []
    for run in range(counts(10, 1000)):
        with _child(WRITE, str(tmp_path), str(run)) as writer:
            assert writer.stdout is not None
            lines = [writer.stdout.readline() for _ in range(chance.randint(1, 12))]
            os.kill(writer.pid, signal.SIGKILL)
            lines += writer.stdout.readlines()
        acknowledged += [line.rstrip("\n") for line in lines if line.endswith("\n")]
    memory = Memory(tmp_path, "Sam", "mira")
    kept = texts(memory.memories(1_000_000))
    found = memory.search(acknowledged[-1])
    memory.close()
    assert set(acknowledged) <= set(kept)
    assert len(kept) == len(set(kept))
    assert found[0].text == acknowledged[-1]
