"""What was begun is undone when what follows fails, and left alone when it does not."""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from companion.cli.leave import Leave
from companion.errors import StoreError, install, undoing

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("error", [StoreError("full"), KeyboardInterrupt(), Leave(2)])
def test_any_failure_undoes_what_was_begun_and_goes_on(error: BaseException) -> None:
    undone = []
    with pytest.raises(type(error)) as seen, undoing(lambda: undone.append(1)):
        raise error
    assert (undone, seen.value) == ([1], error)


def test_what_succeeds_is_not_undone() -> None:
    undone: list[int] = []
    with undoing(lambda: undone.append(1)):
        pass
    assert undone == []


def test_a_generator_that_is_given_up_undoes_what_it_began() -> None:
    undone: list[int] = []

    @contextlib.contextmanager
    def begun() -> Iterator[None]:
        with undoing(lambda: undone.append(1)):
            yield

    with pytest.raises(ZeroDivisionError), begun():
        raise ZeroDivisionError
    assert undone == [1]


def test_what_is_to_be_installed_goes_where_the_program_runs() -> None:
    assert install("evdev", "pynput") == f"{sys.executable} -m pip install evdev pynput"


def test_no_hint_installs_anywhere_else() -> None:
    """A bare `pip` is another Python's, and on Debian refuses: externally managed."""
    files = [*ROOT.glob("companion/**/*.py"), *ROOT.glob("docs/*.md"), *ROOT.glob("*.md")]
    lines = [
        f"{file.name}: {line.strip()}"
        for file in [*files, ROOT / "config.toml"]
        for line in file.read_text("utf-8").splitlines()
        if re.search(r"(?<!-m )pip install", line)
    ]
    assert lines == []
