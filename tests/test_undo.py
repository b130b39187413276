"""What /undo takes back: history, memory and kept sound of the last turn, and nothing else."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from companion.errors import CardError, StoreError
from companion.events import Notice, Undone
from companion.memory import Memory
from companion.session import Session
from companion.sound.keep import Keeper
from companion.testing import NOON, Loudspeaker, Notebook, scripted
from companion.values import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from companion.events import Event
    from companion.turn import Companion
    from companion.values import Heard, Prompt

    Talk = Callable[..., tuple[Session, Companion, list[Event]]]

REPLIES = ["The secret is blue.", "It is not.", "Hm."]
ASKED = "what do you know"


@pytest.fixture
def ends() -> Iterator[ExitStack]:
    """What is to be closed: the newest first, a conversation before its memory."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def talk(tmp_path: Path, ends: ExitStack) -> Talk:
    """A conversation whose replies are kept; `/again` and `/undo` are commands."""

    def begin(
        *said: str, memory: object = None, private: bool = False
    ) -> tuple[Session, Companion, list[Event]]:
        notes = Notebook(answers={ASKED: Answer("Nothing.")}, private=private)
        keeper = Keeper(Loudspeaker(), tmp_path / "out", 100, 10)
        companion, events = scripted(list(REPLIES), memory=memory or notes, speaker=keeper)
        if memory == "none":
            companion.memory = None
        session = Session(companion, None, tidy=companion.memory, keeper=keeper)  # type: ignore[arg-type]
        session.start(greeting=False)
        ends.callback(session.close)
        for words in said:
            say(session, words)
        return session, companion, events

    return begin


def say(session: Session, words: str) -> None:
    """One turn, or one command."""
    commands = {"/again": session.again, "/undo": session.undo}
    commands.get(words, lambda: session.type(words))()
    assert session.wait(5)


def kept(folder: Path) -> list[str]:
    """The texts of the kept replies."""
    notes = sorted((folder / "out").glob("*.json"))
    assert len(notes) == len(list((folder / "out").glob("*.wav")))
    return [json.loads(note.read_text("utf-8"))["text"] for note in notes]


@pytest.mark.parametrize("between", [(), ("/again",), ("say that again",), (ASKED,)])
def test_no_sound_of_a_turn_taken_back_stays(
    talk: Talk, tmp_path: Path, between: tuple[str, ...]
) -> None:
    talk("hi", *between, "/undo")
    assert kept(tmp_path) == []


@pytest.mark.parametrize("between", ["/again", "say that again"])
def test_without_a_memory_no_sound_of_it_stays_either(
    talk: Talk, tmp_path: Path, between: str
) -> None:
    talk("hi", between, "/undo", memory="none")
    assert kept(tmp_path) == []


@pytest.mark.parametrize("memory", [None, "none"])
def test_each_undo_takes_the_sound_of_its_turn(talk: Talk, tmp_path: Path, memory: object) -> None:
    session, _, _ = talk("hi", "ho", "/undo", memory=memory)
    assert kept(tmp_path) == REPLIES[:1]
    say(session, "/undo")
    assert kept(tmp_path) == []


def test_a_private_turn_taken_back_leaves_the_sound_of_the_one_before(
    talk: Talk, tmp_path: Path
) -> None:
    session, companion, _ = talk("hi")
    companion.memory.private = True  # type: ignore[union-attr,misc]
    say(session, "ho")
    say(session, "/undo")
    assert kept(tmp_path) == REPLIES[:1]


def test_a_reply_that_is_said_again_is_not_kept_twice(talk: Talk, tmp_path: Path) -> None:
    talk("hi", "/again", "say that again")
    assert kept(tmp_path) == REPLIES[:1]


@pytest.fixture
def memory(tmp_path: Path, ends: ExitStack) -> Memory:
    """A real memory."""
    made = Memory(tmp_path / "memory", "Sam", "juno", name="Juno", now=lambda: NOON)
    ends.callback(made.close)
    return made


def lines(memory: Memory) -> list[str]:
    """What is remembered word for word, oldest first."""
    return [note.text for note in memory.memories(kind="line")][::-1]


def test_after_a_silence_each_undo_takes_the_lines_of_its_turn(talk: Talk, memory: Memory) -> None:
    session, companion, events = talk("I live in Leeds.", memory=memory)
    memory._talk._now = lambda: NOON + timedelta(minutes=31)
    say(session, "I like tea.")
    say(session, "/undo")
    assert lines(memory) == ["I live in Leeds.", REPLIES[0]]
    say(session, "/undo")
    assert (lines(memory), companion.history) == ([], [])
    assert [event for event in events if isinstance(event, Undone)] == [Undone(2), Undone(2)]


@dataclass
class Filling:
    """A memory whose disk has no room for the owner's words for a while."""

    memory: Memory
    full: bool = False

    def hear(self, heard: Heard) -> str:
        if self.full:
            raise StoreError("The disk is full.")
        return self.memory.hear(heard)

    def __getattr__(self, name: str) -> object:
        return getattr(self.memory, name)


def test_undo_of_a_turn_whose_words_were_not_kept_leaves_the_turn_before(
    talk: Talk, memory: Memory
) -> None:
    filling = Filling(memory)
    session, companion, events = talk("I live in Leeds.", memory=filling)
    filling.full = True
    say(session, "I like tea.")
    say(session, "/undo")
    assert lines(memory) == ["I live in Leeds.", REPLIES[0]]
    assert [exchange.user for exchange in companion.history] == ["I live in Leeds."]
    assert events[-1] == Undone(1)


def test_undo_of_a_turn_that_failed_takes_its_words_and_leaves_the_turn_before(
    talk: Talk, memory: Memory
) -> None:
    session, companion, events = talk("I live in Leeds.", memory=memory)
    assemble = companion.prompt.assemble
    companion.prompt.assemble = failing  # type: ignore[method-assign]
    say(session, "A book, pasted.")
    companion.prompt.assemble = assemble  # type: ignore[method-assign]
    assert lines(memory)[-1] == "A book, pasted."
    say(session, "/undo")
    assert lines(memory) == ["I live in Leeds.", REPLIES[0]]
    assert [exchange.user for exchange in companion.history] == ["I live in Leeds."]
    assert events[-1] == Undone(1)


def failing(*_: object) -> Prompt:
    raise CardError("Too long.")


def test_where_kept_sound_cannot_be_removed_the_turn_goes_all_the_same(talk: Talk) -> None:
    session, companion, events = talk("hi")
    keeper: Any = session._keeper
    keeper.forget = failing
    say(session, "/undo")
    assert companion.history == []
    assert events[-1] == Notice("Too long.")
