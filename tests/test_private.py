"""What is said in private leaves no trace, in a conversation with a real memory and kept sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from memory_world import settle, texts

from companion.events import Answered
from companion.memory import Memory
from companion.session import Session
from companion.sound.keep import Keeper
from companion.testing import Loudspeaker, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from companion.events import Event

SECRET = "xylograph"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    made = Memory(tmp_path / "memory_db", "Sam", "juno", name="Juno", audio=tmp_path / "audio_out")
    yield made
    made.close()


@pytest.fixture
def talk(memory: Memory, tmp_path: Path) -> Callable[..., list[Event]]:
    """Types some words one after the other; the model says the replies."""

    def talked(words: list[str], replies: list[str]) -> list[Event]:
        companion, events = scripted(replies, memory=memory)
        keeper = Keeper(Loudspeaker(), tmp_path / "audio_out", 10, 10)
        companion.speaker = keeper
        session = Session(companion, None, tidy=memory, keeper=keeper)
        session.start(greeting=False)
        for one in words:
            session.type(one)
            assert session.wait(20)
        assert session.close()
        settle(memory)
        return events

    return talked


def traces(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if SECRET in path.read_bytes().decode("latin-1").lower()]


def test_nothing_of_a_private_turn_is_in_any_file(talk, memory, tmp_path):
    talk(
        ["I live in Leeds.", "this is private", f"My word is {SECRET}.", "say that again",
         "why did you say that", "remember again", "I like tea."],
        ["Nice.", f"{SECRET.capitalize()}, how odd.", "So do I."],
    )  # fmt: skip
    assert traces(tmp_path) == []
    assert "I like tea." in texts(memory.memories())
    assert len(list((tmp_path / "audio_out").glob("*.wav"))) == 2


def test_what_was_private_is_not_in_the_prompts_afterwards(talk, memory):
    companion, _ = scripted(["Oh.", "Tea is fine."], memory=memory)
    session = Session(companion, None, tidy=memory)
    session.start(greeting=False)
    for words in (f"This is private: my word is {SECRET}.", "remember again", "I like tea."):
        session.type(words)
        assert session.wait(20)
    assert session.close()
    first, last = (
        "".join(chr(token) for token in prompt.tokens if token < 1_000_000)
        for prompt in companion.llm.prompts
    )
    assert SECRET in first
    assert SECRET not in last


def test_forgetting_by_voice_removes_kept_sound_too(talk, memory, tmp_path):
    events = talk(
        [f"My word is {SECRET}.", f"forget about my {SECRET}", "yes"], [f"A {SECRET}, how odd."]
    )
    answers = [event.text for event in events if isinstance(event, Answered)]
    assert "deleted for good" in answers[-1]
    assert traces(tmp_path) == []
    assert list((tmp_path / "audio_out").iterdir()) == []


def test_what_the_memory_answers_is_not_kept_as_sound(talk, tmp_path):
    talk(["what do you know about me", "why did you say that"], [])
    assert not (tmp_path / "audio_out").exists()


def test_taking_back_a_private_turn_leaves_what_was_kept(memory):
    companion, _ = scripted(["Nice.", "Oh."], memory=memory)
    session = Session(companion, None, tidy=memory)
    session.start(greeting=False)
    for words in ("I live in Leeds.", f"This is private: my word is {SECRET}."):
        session.type(words)
        assert session.wait(20)
    session.undo()
    assert session.wait(20)
    assert session.close()
    assert "I live in Leeds." in texts(memory.memories(kind="line"))
    assert [exchange.user for exchange in companion.history] == ["I live in Leeds."]
