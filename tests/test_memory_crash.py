"""Whatever ends or fails a write: what was acknowledged is there, once, and nothing half done."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`faults.cpp`, compiled with the compiler that the set-up needs as well."""
    compiler = shutil.which("c++")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("calls can be struck on Linux with a C++ compiler only")
    library = tmp_path_factory.mktemp("shim") / "faults.so"
    source = str(HERE / "faults.cpp")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory, where there is such a place: calls are tested, and not the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name) / "stores"


def _run(*arguments: str, **environment: str) -> dict[str, Any]:
    child = subprocess.run(
        [sys.executable, str(HERE / "crash_world.py"), *arguments],
        env={**os.environ, "PYTHONPATH": str(HERE.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    seen: dict[str, Any] = json.loads(child.stdout)
    return seen


@pytest.mark.parametrize(
    ("fault", "stride"),
    [("kill", 13), ("full", 13), ("failing", 13), ("stays-full", 41), ("stays-failing", 41)],
)
def test_a_fault_at_any_call_loses_nothing_doubles_nothing_and_leaves_nothing_half_done(
    shim: Path,
    folder: Path,
    fault: str,
    stride: int,
    counts: Callable[[int, int], int],
    record_property: Callable[[str, object], None],
) -> None:
    every = counts(stride, 1)
    seen = _run("calls", str(folder), fault, str(every), LD_PRELOAD=str(shim))
    record_property(f"calls struck ({fault})", seen["struck"])
    assert seen["problems"] == []
    assert seen["struck"] * every > 300


def test_kill_9_at_random_loses_nothing_that_was_acknowledged(
    folder: Path,
    counts: Callable[[int, int], int],
    record_property: Callable[[str, object], None],
) -> None:
    seed = 7
    seen = _run("kills", str(folder), str(counts(25, 1000)), str(seed))
    record_property("acknowledged", seen["acknowledged"])
    assert (seen["lost"], seen["twice"], seen["back"]) == ([], 0, []), f"seed {seed}"
    assert seen["acknowledged"] > seen["kills"]
