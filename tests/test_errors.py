"""What was begun is undone when what follows fails, and left alone when it does not."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from companion.cli.leave import Leave
from companion.errors import StoreError, undoing

if TYPE_CHECKING:
    from collections.abc import Iterator


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
