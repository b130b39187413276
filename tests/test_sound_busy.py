"""A microphone that another program holds, as cards without a sound server can be."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from live import ROOT
from virtual_sound import VirtualSound, wait_for, why_not

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMPILER = shutil.which("c++")
WHY_NOT = why_not() or ("" if COMPILER else "needs a C++ compiler")
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "-")

TAKEN_BETWEEN = """
from companion.errors import DeviceError
from companion.sound.device import find_device
from companion.sound.inlet import Inlet
device = find_device("input")
print("found", flush=True)
input()
try:
    Inlet(device, 0.3, 60)
except DeviceError as error:
    print(error, flush=True)
"""

LOST_AND_TAKEN = """
import sys
from companion.sound.mic import Microphone
from companion.sound.watch import Watch
microphone = Microphone()
microphone.open()
watch = Watch(microphone, lambda text: print(text, flush=True))
watch.start()
print("listening", flush=True)
for line in sys.stdin:
    if line.strip() == "tries":
        print(watch.tries, flush=True)
watch.close()
microphone.close()
"""


class Card:
    """A virtual microphone that one program at a time can have."""

    def __init__(self, sound: VirtualSound, shim: Path, lock: Path) -> None:
        self.sound = sound
        self._lock = lock
        self._environment = {**sound.environ, "LD_PRELOAD": str(shim), "EXCLUSIVE": str(lock)}
        self._environment["PYTHONPATH"] = str(ROOT)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Another program has it."""
        with self._lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def run(self, *words: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT, env=self._environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True,
        )  # fmt: skip


@pytest.fixture
def card(tmp_path):
    library = tmp_path / "exclusive.so"
    source = str(ROOT / "tests" / "exclusive.cpp")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    with VirtualSound(48_000) as sound:
        yield Card(sound, library, tmp_path / "card")


def test_a_microphone_that_another_program_holds_is_told_as_that_may_be(card):
    with card.held():
        done = card.run("-m", "companion", "devices", "test").communicate(timeout=60)
    assert "No microphone was found" in done[1]
    assert "One that another program uses may not be seen" in done[1]


def test_a_microphone_that_another_program_takes_just_before_is_told_so(card):
    child = card.run("-c", TAKEN_BETWEEN)
    assert child.stdout.readline() == "found\n"
    with card.held():
        told, _ = child.communicate("\n", timeout=60)
    assert "(another program uses it)" in told
    assert "PaErrorCode" not in told


def test_a_lost_microphone_that_another_program_took_is_taken_up_when_it_is_free(card):
    child = card.run("-c", LOST_AND_TAKEN)
    assert child.stdout.readline() == "listening\n"
    card.sound.unplug_microphone()
    assert "was lost" in child.stdout.readline()
    with card.held():
        card.sound.plug_microphone()
        wait_for(lambda: tries(child) >= 2)
    assert "is back" in child.stdout.readline()
    child.communicate(timeout=20)


def tries(child: subprocess.Popen[str]) -> int:
    """How often the watch has looked for the microphone."""
    child.stdin.write("tries\n")
    child.stdin.flush()
    return int(child.stdout.readline())
