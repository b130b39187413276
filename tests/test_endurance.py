"""A long conversation leaves nothing behind: no memory that grows, no thread, file or socket.

Each runs in a process of its own, with the engines and models that ship.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from companion.measure.bench.endurance import Left, slope
from companion.upkeep import TURNS

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
MB = 1_000_000


KEPT = {"none": 0.0, "minilm": 0.5}
"""Megabytes a hundred turns that are no leak but what was said: so much Chroma alone takes for two
hundred lines, over 5,000 from before."""


@pytest.fixture(scope="module", params=["none", "minilm"])
def talked(request: pytest.FixtureRequest) -> dict[str, Any]:
    turns = 500 if os.environ.get("COMPANION_EXAM") else 60
    done = subprocess.run(
        [sys.executable, "-m", "companion.measure.bench.endurance", str(turns), request.param],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = {"turns": turns, "index": request.param, "kept": KEPT[request.param]}
    return told | json.loads(done.stdout)


def test_every_turn_of_a_long_conversation_is_answered(talked: dict[str, Any]) -> None:
    assert talked["answered"] == talked["turns"]


def test_no_file_and_no_socket_is_left_open(talked: dict[str, Any]) -> None:
    assert talked["left"] == []


def test_no_thread_is_left_by_a_turn_native_ones_counted(talked: dict[str, Any]) -> None:
    tasks, ending = talked["tasks"], 1 if talked["index"] == "none" else 4  # Chroma's come and go
    assert tasks[-1] <= max(tasks[: len(tasks) // 2]) + ending


def test_memory_does_not_grow_from_turn_to_turn(
    talked: dict[str, Any], counts: Callable[[int, int], float], record_property: Any
) -> None:
    record_property("turns", talked["turns"])
    record_property("mb_a_hundred_turns", round(talked["slope"], 3))
    most = counts(20, 0.5)  # the first sixty still fill caches
    assert talked["slope"] <= most + talked["kept"]


def test_the_slope_is_that_of_the_line_through_the_settled_looks() -> None:
    turns = list(range(10, 501, 10))
    rss = [100 * MB + (50 * MB if n < 90 else 0) + n * 4_000 for n in turns]
    assert slope(turns, rss) == pytest.approx(0.4)


def test_what_was_open_before_is_not_left_over() -> None:
    left = Left(opened={"before": ["a", "a", "b"], "after": ["a", "b", "a", "a", "c"]})
    assert left.left == ["a", "c"]


ARENAS = """
import companion
companion.prepare()
import ctypes, sys, threading
import numpy as np
together = threading.Barrier(6)
def work():
    kept = [np.ones(50) for _ in range(100)]
    together.wait()
threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(ctypes.c_void_p(file))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have no arenas")
def test_all_threads_share_two_arenas_of_memory(tmp_path: Path) -> None:
    told = tmp_path / "arenas.xml"
    environment = {k: v for k, v in os.environ.items() if k != "MALLOC_ARENA_MAX"}
    command = [sys.executable, "-c", ARENAS, str(told)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)
    assert 1 <= told.read_text().count("<heap nr=") <= 2


LARGE = """
import companion
companion.prepare()
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
class Info(ctypes.Structure):
    _fields_ = [(f"n{n}", ctypes.c_size_t) for n in range(10)]
libc.mallinfo2.restype = Info
for _ in range(3):  # by itself glibc would keep the second block
    before = libc.mallinfo2().n4
    block = libc.malloc(8 << 20)
    print((libc.mallinfo2().n4 - before) >> 20)
    libc.free(block)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries differ")
def test_large_blocks_go_back_to_the_system_each_time() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", LARGE],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment,
    )
    assert done.stdout.split() == ["8", "8", "8"]


HOLES = """
import companion
companion.prepare()
import ctypes, sys, threading
from companion.measure.bench.endurance import resident
from companion.session import Session
from companion.testing import scripted
from companion.values import Exchange
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
talk, _ = scripted([])
talk.history += [Exchange("hello", "hi")] * int(sys.argv[1])
blocks = [libc.malloc(60_000) for _ in range(500)]
for block in blocks:
    ctypes.memset(block, 1, 60_000)
for n, block in enumerate(blocks):
    if n % 10:  # the others stay, and nothing at the end of the heap is free
        libc.free(block)
before = resident()
session = Session(talk, None)
session.start(greeting=False)  # nothing is to do: it is tidied up
threading.Event().wait(1)
session.close()
print((before - resident()) // 1_000_000)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries differ")
@pytest.mark.parametrize(("turns", "mb"), [(TURNS, range(20, 30)), (TURNS + 1, range(-2, 2))])
def test_now_and_then_memory_full_of_holes_goes_back_to_the_system(turns: int, mb: range) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HOLES, str(turns)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert int(done.stdout) in mb
