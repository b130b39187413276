"""The second wording of recalled notes: a date once for its group, and nothing forged."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.prompt import Assembler, Now, Room, wording
from companion.testing import Frames, Letters
from companion.values import Note, Persona

DAY = datetime(2026, 3, 2, 18, tzinfo=UTC)
NOW = datetime(2026, 4, 2, 9, tzinfo=UTC)


def _note(name: str, text: str, days: int = 0, **more: str) -> Note:
    return Note(name, text, "Sam", DAY + timedelta(days=days), **more)  # type: ignore[arg-type]


def _block(*notes: Note) -> str:
    return wording.notes_text(notes, "v2")


def test_a_date_stands_once_and_the_best_day_last() -> None:
    block = _block(_note("a", "One.", 3), _note("b", "Two.", 1), _note("c", "Three.", 3))
    assert block.splitlines()[1:-1] == [
        "2026-03-03",
        "Sam: Two.",
        "2026-03-05",
        "Sam: One.",
        "Sam: Three.",
    ]


def test_what_was_true_says_until_when_and_lore_where_it_stands() -> None:
    past = _note("a", "Sam lived in Leeds.", kind="fact", until="2026-02-17")
    lore = _note("b", "The tide is high.", kind="lore", source="harbour.md · Tides")
    lines = _block(past, lore).splitlines()
    assert "- (until 2026-02-17): Sam lived in Leeds." in lines
    assert "harbour.md · Tides: The tide is high." in lines


def test_without_notes_there_is_no_block() -> None:
    assert _block() == ""
    assert wording.volatile_text((), NOW, "v2") == "<now>Thursday 2026-04-02 09:00</now>\n"


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_no_words_can_open_a_tag_a_line_or_a_date(words: list[str]) -> None:
    lines = _block(*(_note(str(n), text) for n, text in enumerate(words))).split("\n")[1:-2]
    assert lines[0] == "2026-03-02"
    assert all(line.startswith("Sam: ") for line in lines[1:])
    assert not re.search("[<>]", "".join(lines))


def test_the_block_is_shorter_than_with_a_tag_for_each_note() -> None:
    notes = [_note(str(n), f"Word {n} of many.") for n in range(6)]
    assert len(wording.notes_text(notes, "v2")) < 0.6 * len(wording.notes_text(notes, "v1"))


def test_one_that_is_too_long_makes_room_for_a_shorter_one() -> None:
    notes = [_note("short", "a"), _note("long", "a" * 50), _note("best", "b")]
    kept = wording.fitting(notes, 20, lambda some: sum(len(one.text) for one in some))
    assert [one.id for one in kept] == ["short", "best"]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_notes_of_a_prompt_stay_within_their_room(version: str) -> None:
    versions = {"volatile": version}
    prompts = Assembler(Letters(), Frames(), Room(4000, 100, 200), versions=versions)
    notes = tuple(_note(str(n), f"Something number {n}.") for n in range(9))
    prompt = prompts.assemble(Persona("Mira", "Sam"), [], Now("And?", notes, NOW))
    assert 0 < len([name for name in prompt.dropped if name.startswith("note")]) < 9
    assert "number 8" in prompt.volatile_text
