"""The commands of a conversation that need no session."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from companion.cli.talk import HELP, _command

if TYPE_CHECKING:
    from companion.events import Notice


@pytest.fixture
def talk() -> Any:
    told: list[Notice] = []
    return SimpleNamespace(
        session=None,
        parts=SimpleNamespace(speaker=SimpleNamespace(volume=1.0, muted=False)),
        screen=SimpleNamespace(tell=told.append, told=told),
        free=None,
        words=SimpleNamespace(help="the keys"),
    )


def test_the_volume_is_a_number_up_to_a_hundred(talk: Any) -> None:
    for line, volume in {"/volume 30": 0.3, "/volume 250": 1.0}.items():
        assert _command(line, talk)
        assert talk.parts.speaker.volume == volume


@pytest.mark.parametrize("value", ["²", "a", "-1", "3.5", ""])
def test_a_volume_that_is_no_number_shows_the_help(talk: Any, value: str) -> None:
    assert _command(f"/volume {value}", talk)
    assert talk.parts.speaker.volume == 1.0
    assert [notice.text for notice in talk.screen.told] == ["the keys", *HELP.splitlines()]
