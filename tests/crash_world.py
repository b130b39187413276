"""A store that is struck while it is written: run by `test_memory_crash.py` as a program.

`python crash_world.py kills FOLDER COUNT SEED` ends writing processes at random moments.
`python crash_world.py calls FOLDER FAULT STRIDE` fails every STRIDE-th call that changes a file, in
each operation; needs `faults.cpp` in front of the C library. Both print one line of JSON.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gzip
import json
import os
import random
import select
import shutil
import signal
import sqlite3
import sys
import tempfile
import traceback
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from companion.errors import CompanionError
from companion.memory import Memory
from companion.memory.forget.doomed import gather, remove
from companion.memory.record import Entity, Record, Source
from companion.memory.store.formats import SCHEMA
from companion.memory.store.versions import Versions
from companion.values import Heard, Said

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 2, 18, 4, tzinfo=UTC)
FORMAT_1 = Path(__file__).parent / "golden" / "journal" / "format1.sqlite3.gz"
FAULTS = {"kill": (0, 0), "full": (errno.ENOSPC, 0), "failing": (errno.EIO, 0)}
FAULTS |= {"stays-full": (errno.ENOSPC, 1), "stays-failing": (errno.EIO, 1)}


def known(name: str, text: str) -> Record:
    """A memory with an id that ends with `name`, in the letters that ids have."""
    return Record(
        id=name.upper().translate(str.maketrans("ILOU", "1100")).rjust(26, "0"),
        text=text,
        about=(Entity("subject", "Sam", "user"),),
        sources=(Source("operator", "", "", "manual"),),
        observed=NOW,
        created_by="test/1",
        scope="character:mira",
    )


def opened(folder: Path) -> Memory:
    return Memory(folder, "Sam", "mira", now=lambda: NOW)


def state(folder: Path) -> dict[str, list[str]]:
    """All that a store holds; raises where it is damaged in itself."""
    memory = opened(folder)
    rows = memory._journal.database.rows
    held = {
        "lines": [text for (text,) in rows("SELECT text FROM lines WHERE hidden = 0 ORDER BY seq")],
        "hidden": [text for (text,) in rows("SELECT text FROM lines WHERE hidden = 1")],
        "memories": [
            f"{i}#{v} {status} {t}"
            for i, v, status, t in rows("SELECT id, v, status, text FROM memories ORDER BY seq")
        ],
        "found": [text for (text,) in rows("SELECT turn FROM lines_fts_1 ORDER BY rowid")],
        "dead": ["-" for _ in rows("SELECT id FROM tombstones")],
    }
    assert rows("PRAGMA integrity_check") == [("ok",)]
    for fts in ("lines_fts_1", "memories_fts_1"):
        memory._journal.database.connection.execute(
            f"INSERT INTO {fts}({fts}) VALUES ('integrity-check')"
        )
    memory.close()
    return held


# ── every call ───────────────────────────────────────────────────────────────────────────────────


def talked(folder: Path) -> None:
    """A conversation, two memories, and a line that was forgotten."""
    memory = opened(folder)
    for words in ("I have a dog.", "My password is swordfish.", "I work as a nurse."):
        memory.hear(Heard(words))
        memory.say(Said("Mhm."))
    versions = Versions(memory._journal)
    versions.add(known("dog", "Sam has a dog."))
    versions.add(known("nurse", "Sam works as a nurse."))
    memory._journal.hide([memory._journal.session(memory.session)[2].id])
    memory.close()


def moved(folder: Path) -> None:
    """Somebody lives in Leeds, and has just said that it is Lisbon now; nobody has read that."""
    _tell(folder, "I live in Leeds.", "I moved to Lisbon yesterday.", read=1)


def learned(folder: Path) -> None:
    """The same, when it was read."""
    _tell(folder, "I live in Leeds.", "I moved to Lisbon yesterday.", read=2)


def _tell(folder: Path, *lines: str, read: int) -> None:
    memory = opened(folder)
    for words in lines:
        memory.hear(Heard(words))
        memory.say(Said("Mhm."))
    for _ in range(read):
        next(memory._writer.steps())
    memory.close()


def old(folder: Path) -> None:
    """A journal of format 1."""
    (folder / "journal.sqlite3").write_bytes(gzip.decompress(FORMAT_1.read_bytes()))


def nothing(_: Path) -> None:
    """A folder without a journal."""


def _hear(memory: Memory) -> None:
    memory.hear(Heard("It is called Biscuit."))


def _add(memory: Memory) -> None:
    Versions(memory._journal).add(known("sister", "Sam has a sister."))


def _edit(memory: Memory) -> None:
    Versions(memory._journal).revise(known("dog", "Sam has two dogs."))


def _read(memory: Memory) -> None:
    next(memory._writer.steps())


def _forget(memory: Memory) -> None:
    memory._journal.hide([memory._journal.newest(2)[1].id])


def _delete(memory: Memory) -> None:
    remove(memory._journal, gather(memory._journal, None), int(NOW.timestamp()))


def _let_go(memory: Memory) -> None:
    memory._condemned.add([line.ulid for line in memory._journal.hidden()])
    next(memory.idle())


def _undo(memory: Memory) -> None:
    memory._talk.session = memory._journal.newest(1)[0].session
    memory.undo()


def as_it_was(folder: Path) -> None:
    """Whatever became of bringing a journal up to date, each line of it is as it was."""
    with tempfile.TemporaryDirectory() as name:
        seen = Path(name) / "journal.sqlite3"
        for path in folder.glob("journal.sqlite3*"):
            shutil.copy(path, seen.with_name(path.name))
        rows = _rows(seen)
        old(Path(name))
        for left in seen.parent.glob("journal.sqlite3-*"):
            left.unlink()
        assert rows == _rows(seen), "lines are not what they were"


def _rows(path: Path) -> list[tuple[object, ...]]:
    """All of the lines that the first format knows."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (version,) = db.execute("PRAGMA user_version").fetchone()
        assert version in {1, SCHEMA}, version
        return db.execute(
            "SELECT seq, ulid, session, n, scope, owner, character, speaker, who, text, confidence,"
            " said_at, utc_offset, vector, embedder, due, indexed FROM lines ORDER BY seq"
        ).fetchall()


def _any(_: Path) -> None:
    """Nothing is asked of the files themselves."""


@dataclass(frozen=True)
class Operation:
    """What is struck: on which folder, whether opening the memory is a part of it, and what holds
    of the files right after the fault."""

    prepare: Callable[[Path], None]
    act: Callable[[Memory], None] | None = None
    holds: Callable[[Path], None] = _any


OPERATIONS = {
    "hear": Operation(talked, _hear),
    "add": Operation(talked, _add),
    "edit": Operation(talked, _edit),
    "learn": Operation(moved, _read),
    "forget": Operation(talked, _forget),
    "delete": Operation(talked, _delete),
    "let go": Operation(talked, _let_go),
    "undo": Operation(learned, _undo),
    "migrate": Operation(old, holds=as_it_was),
    "create": Operation(nothing),
}
DONE, REFUSED, WRONG = 0, 1, 2


def _copied(source: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(source, target))


def _child(work: Path, operation: Operation, n: int, fault: str) -> int:
    """Do it with a fault at call `n`; how it went. Ends by kill -9 when that is the fault."""
    shim = ctypes.CDLL(None)
    where = str(work).encode()
    memory = opened(work) if operation.act else None
    shim.faults_arm(where, n, *FAULTS[fault])
    outcome = DONE
    try:
        if memory is None:
            opened(work).close()
        else:
            operation.act(memory)  # type: ignore[misc]
    except CompanionError:
        outcome = REFUSED
    struck = shim.faults_seen() >= n
    shim.faults_arm(where, 0, 0, 0)
    operation.holds(work)
    (memory or opened(work)).hear(Heard("Afterwards."))  # it goes on without a restart
    return outcome + (0 if struck else 10)


def _forked(work: Path, operation: Operation, n: int, fault: str) -> int:
    """The same in another process; -9 when it was killed."""
    pid = os.fork()
    if pid == 0:
        code = WRONG
        try:
            code = _child(work, operation, n, fault)
        except BaseException:  # noqa: BLE001 - shown, and told by the exit code
            traceback.print_exc()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def calls(folder: Path, fault: str, stride: int) -> dict[str, object]:
    """Strike every call of every operation; what was seen."""
    struck, problems = 0, []
    for name, operation in OPERATIONS.items():
        start, work = folder / f"{name}-base", folder / f"{name}-work"
        start.mkdir(parents=True)
        operation.prepare(start)
        before = _named(state(_copied(start, work)))
        _forked(_copied(start, work), operation, 1 << 40, "full")
        after = _named(state(work))
        n = 1
        while True:
            code = _forked(_copied(start, work), operation, n, fault)
            if code >= 10:
                break
            struck += 1
            told = {DONE: "done", REFUSED: "refused", -9: "killed"}.get(code, "wrong")
            try:
                if told == "killed":
                    operation.holds(work)
                now = _named(state(work))
            except (AssertionError, CompanionError, sqlite3.Error) as error:
                now, told = {"damaged": [repr(error)]}, "wrong"
            if not _right(told, now, before, after):
                problems.append({"operation": name, "call": n, "told": told, "now": now})
            n += stride
    return {"struck": struck, "problems": problems}


def _named(held: dict[str, list[str]]) -> dict[str, list[str]]:
    """With a number instead of each id, which is another one each time."""
    ids = list(dict.fromkeys(one[:26] for one in held["memories"]))
    return held | {"memories": [f"{ids.index(one[:26])}{one[26:]}" for one in held["memories"]]}


def _right(
    told: str,
    now: dict[str, list[str]],
    before: dict[str, list[str]],
    after: dict[str, list[str]],
) -> bool:
    """Whether nothing acknowledged is lost, nothing is there twice, and nothing is half done."""
    bare = _without(after)
    if told == "killed":
        return now in (before, bare)
    if told == "refused":
        return _without(now) in (before, bare) and "Afterwards." in now["lines"]
    return told == "done" and now == after


def _without(held: dict[str, list[str]]) -> dict[str, list[str]]:
    return {kind: [one for one in each if "Afterwards." not in one] for kind, each in held.items()}


# ── at random ────────────────────────────────────────────────────────────────────────────────────


def _write(folder: Path, run: int, chance: random.Random, told: int) -> None:
    """Write lines and memories for ever; each is acknowledged once it is kept."""
    memory = opened(folder)
    versions = Versions(memory._journal)
    for number in range(1 << 30):
        words = f"Line {run}-{number} about something."
        memory.hear(Heard(words))
        os.write(told, f"line {words}\n".encode())
        made = versions.add(known(f"{run}X{number}", f"Memory {run}-{number}."))
        os.write(told, f"memory {made.ref} {made.status} {made.text}\n".encode())
        if chance.random() < 0.3:
            made = versions.revise(replace(made, text=f"Edited {run}-{number}."))
            os.write(told, f"memory {made.ref} {made.status} {made.text}\n".encode())
        if chance.random() < 0.2:
            os.write(told, f"going {words}\n".encode())
            memory._journal.hide([memory._journal.newest(1)[0].id])
            os.write(told, f"gone {words}\n".encode())
        if chance.random() < 0.1:
            remove(memory._journal, gather(memory._journal, None), 1)


def _run(folder: Path, run: int, chance: random.Random) -> list[str]:
    """One process that writes until it is killed; what it acknowledged."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            _write(folder, run, chance, write)
        finally:
            os._exit(WRONG)
    os.close(write)
    first = os.read(read, 1)
    select.select([], [], [], chance.uniform(0, 0.03))
    os.kill(pid, signal.SIGKILL)
    with os.fdopen(read, "rb") as pipe:
        lines = (first + pipe.read()).decode().split("\n")[:-1]
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != -signal.SIGKILL:
        raise SystemExit(f"the writer of run {run} ended by itself")
    return lines


def kills(folder: Path, count: int, seed: int) -> dict[str, object]:
    """End `count` writers at random; what was lost, came twice, or came back."""
    chance = random.Random(seed)
    empty: tuple[set[str], ...] = (set(), set(), set(), set())
    lines, memories, going, gone = empty
    for run in range(count):
        for line in _run(folder, run, chance):
            kind, _, what = line.partition(" ")
            {"line": lines, "memory": memories, "going": going, "gone": gone}[kind].add(what)
    held = state(folder)
    return {
        "kills": count,
        "acknowledged": len(lines) + len(memories) + len(gone),
        "lost": sorted((lines - going - {*held["lines"]}) | (memories - set(held["memories"]))),
        "twice": len(held["lines"]) - len(set(held["lines"])),
        "back": sorted(gone & set(held["lines"])),
    }


if __name__ == "__main__":
    what, where, *numbers = sys.argv[1:]
    place = Path(where)
    place.mkdir(parents=True, exist_ok=True)
    if what == "kills":
        seen = kills(place, int(numbers[0]), int(numbers[1]))
    else:
        seen = calls(place, numbers[0], int(numbers[1]))
    print(json.dumps(seen))  # noqa: T201 - read by the test
