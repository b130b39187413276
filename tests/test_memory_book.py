"""An export holds everything, whole; one to be shown to others names nobody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from memory_world import Clock, settle, texts

from companion.memory import Memory
from companion.memory.forget.elsewhere import joined
from companion.memory.read.rank import CHARACTER
from companion.memory.recall.known import Asked
from companion.memory.record import parse_book
from companion.memory.record.words import pieces
from companion.values import Heard, Said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ASKED = Asked({}, {}, 0, "")
FOOD = "My favourite food is plain noodles."


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(tmp_path / "db", "Sam", "mira", now=Clock())
    yield memory
    memory.close()


def tell(memory: Memory, *lines: str) -> None:
    for line in lines:
        memory.hear(Heard(line))
        memory.say(Said("Mhm."))
    settle(memory)


# ── to be shown to others ────────────────────────────────────────────────────────────────────────


def test_a_name_that_is_learned_late_is_hidden_from_the_first_word(memory: Memory) -> None:
    memory.know("Sam broke up with Mia.")
    tell(memory, "My girlfriend is called Mia.")
    book = memory.export(redact=True)
    assert "Mia" not in book
    assert "User broke up with Person 1." in book


def test_a_name_that_was_known_before_an_edit_is_hidden(memory: Memory) -> None:
    tell(memory, "My girlfriend is called Mia.")
    (mia,) = memory.profile()
    memory.edit(mia.id, "Sam loves Mia.")
    assert "User loves Person 1." in memory.export(redact=True)


def test_names_in_the_things_that_a_memory_is_about_are_hidden(memory: Memory) -> None:
    tell(memory, "My girlfriend is called Mia.", "I love Mia's cooking.")
    assert not re.search("mia", memory.export(redact=True), re.IGNORECASE)


# ── everything ───────────────────────────────────────────────────────────────────────────────────


def test_a_long_line_is_exported_whole(memory: Memory) -> None:
    long = f"I keep a diary. {' '.join(f'word{n}' for n in range(400))} It ends in Zanzibar."
    tell(memory, long)
    lines = [one for one in parse_book(memory.export()) if one.created_by == "journal/1"]
    (quotes,) = (one.sources[0].quotes for one in lines if one.subject == "user")
    assert " ".join(one.text for one in quotes) == long


@pytest.mark.parametrize("text", ["", "a", "a b", "a" * 25, "a  b" * 9, "one two three four five"])
def test_pieces_hold_every_letter(text: str) -> None:
    made = pieces(text, 10)
    assert "".join("".join(made).split()) == "".join(text.split())
    assert all(1 <= len(one) <= 10 and one == one.strip() for one in made)


# ── taken in elsewhere ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def other(tmp_path: Path, memory: Memory) -> Iterator[Memory]:
    """A fresh folder that took in what was exported after some talk."""
    memory.hear(Heard("Tell me something."))
    memory.say(Said("Your cat Fluffy weighs nine kilos."))
    tell(memory, "I live in Leeds.", FOOD)
    (leeds,) = (one for one in memory.profile() if "Leeds" in one.text)
    memory.edit(leeds.id, "Sam lives in York.")
    other = Memory(tmp_path / "other", "Sam", "mira", now=Clock(), name="Mira")
    assert not other.read(memory.export(), lambda _: None).refused
    yield other
    other.close()


def test_a_line_whose_memory_was_edited_is_not_recalled_elsewhere(other: Memory) -> None:
    found = [one.text for one in other.recall(Heard("Where do I live?"))]
    assert "Sam lives in York." in found
    assert "I live in Leeds." not in found


def test_the_characters_words_stay_its_own_elsewhere(other: Memory) -> None:
    (found,) = other.recall(Heard("How much does my cat Fluffy weigh?"))
    assert (found.kind, found.who) == ("line", "Mira")
    assert found.parts["kind"] == CHARACTER


def test_what_the_owner_said_is_told_as_said_elsewhere(other: Memory) -> None:
    told = other.recall(Heard("What is my favourite food?"))
    assert {("line", "Sam"), ("preference", "Sam")} == {(one.kind, one.who) for one in told}


def test_a_line_of_what_is_over_speaks_of_the_past_elsewhere(
    tmp_path: Path, memory: Memory
) -> None:
    tell(memory, "I live in Leeds.", "I moved to Lisbon.")
    other = Memory(tmp_path / "other", "Sam", "mira", now=Clock())
    other.read(memory.export(), lambda _: None)
    (line,) = (one for one in other.search("Leeds") if one.text == "I live in Leeds.")
    known = other._recall.search._known
    assert known is not None
    assert [one.over for one in known.named(_ASKED, [line.id])] == [True]
    other.close()


# ── forgotten elsewhere ──────────────────────────────────────────────────────────────────────────


def test_any_number_of_memories_can_be_asked_for_their_lines(other: Memory) -> None:
    (food,) = (one for one in other.profile() if "noodles" in one.text)
    many = [f"{n:012}" for n in range(50_000)]
    names = joined(other._journal, [*many, food.id.removeprefix("memory:")])
    assert {other.get(name).text for name in names} == {FOOD, "Mhm."}


def named(memory: Memory, text: str) -> str:
    (found,) = (one.id for one in memory.memories(99) if one.text == text)
    return found


@pytest.mark.parametrize("what", ["Sam's favourite food is plain noodles.", FOOD])
def test_a_memory_and_its_line_are_forgotten_together_elsewhere(other: Memory, what: str) -> None:
    before = texts(other.memories(99))
    other.forget([named(other, what)])
    assert not [one for one in texts(other.memories(99)) if "noodles" in one]
    (hidden, *_) = (one.id for one in other.forgotten() if one.text == what)
    other.restore(hidden)
    assert sorted(texts(other.memories(99))) == sorted(before)
    other.forget([named(other, what)])
    assert other.purge().verified
    assert not [one for one in other.folder.rglob("*") if one.is_file() and holds(one, b"noodles")]


def test_the_reply_to_a_forgotten_line_goes_elsewhere_too(other: Memory) -> None:
    other.forget([named(other, "Tell me something.")])
    assert not [one for one in texts(other.memories(99)) if "Fluffy" in one]


def holds(path: Path, words: bytes) -> bool:
    return words in path.read_bytes()
