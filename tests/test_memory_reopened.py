"""What something forgotten had ended goes on, and ends again when that comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from memory_world import Clock, settle, texts

from companion.memory import Memory
from companion.memory.forget import exports
from companion.memory.record import parse_book
from companion.values import Heard, Said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from companion.values import Note

LEEDS, LISBON, YORK = "Sam lives in Leeds.", "Sam lives in Lisbon.", "Sam lives in York."


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Iterator[Memory]:
    memory = Memory(tmp_path / "db", "Sam", "mira", now=clock)
    yield memory
    memory.close()


def tell(memory: Memory, clock: Clock, *lines: str) -> None:
    """Each on another day."""
    for line in lines:
        memory.hear(Heard(line))
        memory.say(Said("Mhm."))
        settle(memory)
        clock.pass_time(days=1)


def known(memory: Memory, text: str) -> Note:
    (note,) = (one for one in memory._hand.newest(99, "fact") if one.text == text)
    return note


def profile(memory: Memory) -> list[tuple[str, str]]:
    return [(one.text, one.until) for one in memory.profile()]


def test_what_a_forgotten_memory_had_ended_is_current_again(memory: Memory, clock: Clock) -> None:
    tell(memory, clock, "I live in Leeds.", "I moved to Lisbon.")
    assert texts(memory.profile()) == [LISBON]
    memory.forget([known(memory, LISBON).id])
    assert profile(memory) == [(LEEDS, "")]
    memory.purge()
    assert profile(memory) == [(LEEDS, "")]
    assert memory.verify().sound


def test_its_history_names_no_end_after_the_purge(memory: Memory, clock: Clock) -> None:
    tell(memory, clock, "I live in Leeds.")
    leeds = known(memory, LEEDS).id
    tell(memory, clock, "I moved to Lisbon.")
    memory.forget([known(memory, LISBON).id])
    memory.purge()
    versions = memory.history(leeds)
    assert {(one.status, one.valid_to, one.superseded_by) for one in versions} == {
        ("active", "", ())
    }


def test_restoring_brings_the_end_back(memory: Memory, clock: Clock) -> None:
    tell(memory, clock, "I live in Leeds.")
    leeds = known(memory, LEEDS).id
    tell(memory, clock, "I moved to Lisbon.")
    before = memory.history(leeds)[-1]
    lisbon = known(memory, LISBON).id
    memory.forget([lisbon])
    memory.restore(lisbon)
    assert texts(memory.profile()) == [LISBON]
    after = memory.history(leeds)[-1]
    assert (after.status, after.valid_to) == ("superseded", before.valid_to)
    assert after.superseded_by == before.superseded_by


def test_forgetting_the_line_does_the_same_as_forgetting_its_memory(
    memory: Memory, clock: Clock
) -> None:
    tell(memory, clock, "I live in Leeds.", "I moved to Lisbon.")
    memory.forget([next(n.id for n in memory.memories() if n.text == "I moved to Lisbon.")])
    memory.purge()
    assert profile(memory) == [(LEEDS, "")]


def test_an_edit_while_it_is_open_stays_when_it_ends_again(memory: Memory, clock: Clock) -> None:
    tell(memory, clock, "I live in Leeds.")
    leeds = known(memory, LEEDS).id
    tell(memory, clock, "I moved to Lisbon.")
    lisbon = known(memory, LISBON).id
    memory.forget([lisbon])
    memory.edit(leeds, "Sam lives in Leeds, by the river.")
    memory.restore(lisbon)
    assert texts(memory.profile()) == [LISBON]
    assert memory.get(leeds).text == "Sam lives in Leeds, by the river."


@pytest.mark.parametrize("purged", [False, True])
def test_what_a_later_memory_ends_too_stays_ended(
    memory: Memory, clock: Clock, *, purged: bool
) -> None:
    tell(memory, clock, "I live in Leeds.", "I moved to Lisbon.")
    lisbon = known(memory, LISBON).id
    tell(memory, clock, "I moved to York.")
    memory.forget([lisbon])
    if purged:
        memory.purge()
    assert texts(memory.profile()) == [YORK]
    memory.forget([known(memory, YORK).id])
    assert texts(memory.profile()) == [LEEDS]
    memory.purge()
    assert profile(memory) == [(LEEDS, "")]


def test_what_ended_it_first_ends_it_again_when_a_later_one_goes(
    memory: Memory, clock: Clock
) -> None:
    tell(memory, clock, "I live in Leeds.")
    leeds = known(memory, LEEDS).id
    tell(memory, clock, "I moved to Lisbon.")
    lisbon = known(memory, LISBON).id
    first = memory.history(leeds)[-1]
    memory.forget([lisbon])
    tell(memory, clock, "I moved to York.")
    york = known(memory, YORK).id
    memory.restore(lisbon)
    memory.forget([york])
    assert texts(memory.profile()) == [LISBON]
    again = memory.history(leeds)[-1]
    assert (again.superseded_by, again.valid_to) == (first.superseded_by, first.valid_to)
    memory.restore(york)
    assert LEEDS not in texts(memory.profile())
    assert memory.verify().sound


def corrected(memory: Memory, clock: Clock) -> Note:
    """The cat's name as it was put right: Momo, after Mimi."""
    for line in ("My cat is called Mimi.", "No, I meant Momo."):
        memory.hear(Heard(line))
        clock.pass_time(seconds=20)
    settle(memory)
    (momo,) = memory.profile()
    return momo


def test_what_was_corrected_is_known_again_when_the_correction_goes(
    memory: Memory, clock: Clock
) -> None:
    momo = corrected(memory, clock)
    assert "Momo" in momo.text
    memory.forget([momo.id])
    memory.purge()
    (mimi,) = memory.profile()
    assert "Mimi" in mimi.text
    assert memory.verify().sound


def test_a_purge_opens_what_was_closed_when_its_closer_was_hidden(
    memory: Memory, clock: Clock
) -> None:
    momo = corrected(memory, clock)
    memory._versions.hide([momo.id.removeprefix("memory:")])
    memory.purge()
    (mimi,) = memory.profile()
    assert mimi.id in [one.id for one in memory.about("Mimi")]
    assert memory.verify().sound


def test_it_goes_on_in_an_export_too(memory: Memory, clock: Clock) -> None:
    tell(memory, clock, "I live in Leeds.", "I moved to Lisbon.")
    book = memory.folder / "book.xml"
    book.write_text(memory.export(), "utf-8")
    exports.remember(memory.folder, book)
    memory.forget([known(memory, LISBON).id])
    memory.purge()
    left = [one for one in parse_book(book.read_text("utf-8")) if one.text == LEEDS]
    assert {(one.status, one.valid_to, one.superseded_by) for one in left} == {("active", "", ())}


def test_a_promise_that_is_done_stays_done(memory: Memory, clock: Clock) -> None:
    tell(memory, clock, "Remind me tomorrow to buy milk.", "I bought milk.", "I live in Leeds.")
    tell(memory, clock, "I moved to Lisbon.")
    assert not memory._hand.newest(9, "promise")
    memory.forget([known(memory, LISBON).id])
    memory.purge()
    assert not memory._hand.newest(9, "promise")
