"""What holds for every test: no thread survives it, and nothing reaches the network."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

import companion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from virtual_sound import VirtualSound

companion.prepare()  # before any engine is imported
pytest_plugins = ["rulebook"]  # docs/characters-rules.md
EXAM = bool(os.environ.get("COMPANION_EXAM"))
hypothesis.settings.register_profile(
    "companion",
    deadline=None,  # a loaded machine is no reason to fail
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # nor is a cold one
    derandomize=not EXAM,  # `make test` says the same twice; `make exam` looks further
    database=None,
    print_blob=True,
    max_examples=2000 if EXAM else 50,
)
hypothesis.settings.load_profile("companion")
LOCAL = ("127.", "::1", "localhost", "0.0.0.0")


class NetworkTouchedError(Exception):
    """A test tried to reach another machine."""


def _refuse_the_network(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = str(address[0]) if isinstance(address, tuple) else "localhost"  # a Unix socket
    elif event == "socket.getaddrinfo":
        host = str(arguments[0] or "localhost")
    else:
        return
    if not host.startswith(LOCAL):
        message = f"{event} {host}"
        raise NetworkTouchedError(message)


sys.addaudithook(_refuse_the_network)


@pytest.fixture(autouse=True)
def _no_thread_survives() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=2)
    left = [thread.name for thread in set(threading.enumerate()) - before]
    assert not left, f"threads that outlived the test: {left}"


@pytest.fixture
def counts() -> Callable[[int, int], int]:
    """How often to repeat: the first number in `make test`, the second in `make exam`."""
    return lambda small, full: full if EXAM else small


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of public test data; a test that needs it skips where there is none."""
    folder = os.environ.get("COMPANION_TESTDATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no test data: set COMPANION_TESTDATA")
    return Path(folder)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new workspace, which is the current folder."""
    from companion.cli.app import run
    from companion.cli.shell import SHELL

    folder = tmp_path / "ws"
    assert run(["--quiet", "init", str(folder)]) == 0
    monkeypatch.chdir(folder)
    monkeypatch.setattr(SHELL, "config", None)
    return folder


@pytest.fixture
def sound() -> Iterator[VirtualSound]:
    """A microphone and a loudspeaker without hardware."""
    from virtual_sound import VirtualSound

    with VirtualSound(48_000) as made:
        yield made
