"""Bits that flip in the journal's files change no word that is told; what is lost is said."""

from __future__ import annotations

import os
import random
import shutil
from typing import TYPE_CHECKING

import pytest
from memory_world import Clock, settle, tell

from companion.errors import CompanionError
from companion.memory import Memory
from companion.memory.store.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINES = (
    *("I live in Leeds.", "my dog is called biscuit", "I work as a nurse.", "I love olives."),
    *("my sister maya is allergic to nuts", "I moved to Lisbon yesterday.", "Ça va très bien, né?"),
    *(f"Line number {n} is about the weather of day {n * n}." for n in range(20)),
)
LATER = ("I have a parrot called Coco.", "It was late.", "The bus never came.")
SECRET = "my hamster is called xylograph"


def _opened(folder: Path, owner: str = "Sam") -> Memory:
    return Memory(folder, owner, "mira", now=Clock())


def _talk(folder: Path) -> Memory:
    with_kim = _opened(folder, "Kim")
    tell(with_kim, SECRET)
    settle(with_kim)
    with_kim.close()
    memory = _opened(folder)
    tell(memory, *LINES)
    for _ in memory._writer.steps():
        pass
    return memory


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that was left in order: all is in the file."""
    folder = tmp_path_factory.mktemp("closed")
    _talk(folder).close()
    return folder


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a program that was killed: what was kept last is in the log beside the file."""
    folder = tmp_path_factory.mktemp("killed")
    _talk(folder).close()
    pid = os.fork()
    if pid == 0:
        memory = _opened(folder)  # kept: SQLite would put the log away with its last user
        tell(memory, *LATER)
        os._exit(0)
    os.waitpid(pid, 0)
    assert (folder / "journal.sqlite3-wal").stat().st_size > 10_000
    return folder


def _kept(memory: Memory) -> set[object]:
    """All lines and memories, as every part of them is read."""
    lines = [line for one in memory._journal.sessions() for line in memory._journal.session(one[0])]
    versions = Versions(memory._journal)
    records = versions.everything()
    names = [f"memory:{one.id}" for one in records]
    memos = [memo for memo, _ in versions.embedded(names, "")]
    return {*lines, *memos, *(v for one in records for v in versions.history(one.id))}


def _found(memory: Memory) -> set[str]:
    """What is found; damage to a table of words can hide something from it."""
    asked = ("dog", "Lisbon Leeds", "weather", "parrot")
    return {note.text for words in asked for note in memory.search(words)}


def _flipped(source: Path, target: Path, name: str, chance: random.Random) -> str:
    """A copy of the folder with one bit of a file flipped; where."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    path = target / name
    data = bytearray(path.read_bytes())
    place, bit = chance.randrange(len(data)), chance.randrange(8)
    if chance.random() < 0.5:  # in words
        words = chance.choice((*LINES, *LATER)).encode()
        places = [at for at in range(len(data)) if data.startswith(words, at)]
        place = chance.choice(places) + chance.randrange(len(words)) if places else place
    data[place] ^= 1 << bit
    path.write_bytes(data)
    return f"bit {bit} of byte {place} of {name}"


def _problem(folder: Path, kept: set[object]) -> str:
    """What is wrong with what a memory does when it is opened and read; "" for nothing."""
    memory = None
    try:
        memory = _opened(folder)
        now, notices = _kept(memory), memory.notices()
        more = _found(memory) - {one.text for one in kept}  # type: ignore[attr-defined]
        sound = memory.verify().sound
    except CompanionError as error:
        return "" if error.hint else f"no cure: {error}"
    finally:
        if memory is not None:
            memory.close()
    if wrong := [*(now - kept), *more]:
        return f"changed: {wrong[:2]}, sound {sound}"
    if kept - now and not notices:
        return f"{len(kept - now)} lost without a word, sound {sound}"
    return ""


@pytest.mark.parametrize(
    ("store", "name"),
    [("closed", "journal.sqlite3"), ("killed", "journal.sqlite3-wal")],
)
def test_a_flipped_bit_changes_nothing_that_is_told_and_loses_nothing_without_a_word(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    store: str,
    name: str,
    counts: Callable[[int, int], int],
) -> None:
    source, chance = request.getfixturevalue(store), random.Random(11)
    whole = tmp_path / "whole"
    shutil.copytree(source, whole)
    memory = _opened(whole)
    kept = _kept(memory)
    memory.close()
    problems = {}
    for _ in range(counts(40, 1000)):
        where = _flipped(source, tmp_path / "db", name, chance)
        if problem := _problem(tmp_path / "db", kept):
            problems[where] = problem
    assert problems == {}
