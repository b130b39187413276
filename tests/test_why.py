"""Why a reply was what it was: noted with the turn, told afterwards, and gone with the line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from memory_world import Clock, settle, tell

from companion.cli.app import run
from companion.cli.shell import SHELL
from companion.flow import Cancel
from companion.memory import Memory
from companion.testing import scripted
from companion.trace import Trace
from companion.turn import turn
from companion.values import Heard, Prompt, Said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from companion.values import Note

DOG = "My dog is called Rex."


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Iterator[Memory]:
    """Sam told Juno of a dog yesterday."""
    made = Memory(tmp_path / "memory_db", "Sam", "juno", now=clock, name="Juno")
    tell(made, DOG, "The sea is calm.")
    settle(made)
    clock.pass_time(days=1)
    yield made
    made.close()


def had(memory: Memory, words: str, reply: str) -> str:
    """A turn with real parts but for the model; the id of its line."""
    companion, _ = scripted([reply], memory=memory)
    trace = Trace()
    turn(companion, Heard(words), Cancel(), trace)
    return trace.lines[0]


def line(notes: dict[str, Note]) -> Note:
    return next(note for note in notes.values() if note.text == DOG)


def test_a_turn_notes_what_it_recalled_and_what_was_used(memory: Memory) -> None:
    had(memory, "What is my dog called?", "Your dog is called Rex.")
    why = memory.why()
    assert why.heard.text == "What is my dog called?"
    assert why.reply.text == "Your dog is called Rex."
    assert line(why.notes).id in why.recalled.used
    assert {"lexical", "coverage"} <= set(line(why.notes).parts)


def test_it_notes_where_the_notes_stood_in_the_prompt(memory: Memory) -> None:
    had(memory, "What is my dog called?", "Rex.")
    recalled = memory.why().recalled
    assert 0 < recalled.start < recalled.start + recalled.tokens < recalled.prompt
    assert [one.place for one in recalled.notes] == list(range(1, len(recalled.notes) + 1))


def test_what_did_not_fit_into_the_prompt_was_not_used(memory: Memory) -> None:
    asked = Heard("What is my dog called?")
    memory.hear(asked)
    notes = memory.recall(asked)
    dropped = tuple(f"note {note.id}" for note in notes)
    memory.witness(Prompt((1, 2), 2, dropped=dropped), Said("Your dog is called Rex."))
    recalled = memory.why().recalled
    assert {one.place for one in recalled.notes} == {0}
    assert recalled.used == ()


def test_a_turn_without_memories_says_why_there_were_none(memory: Memory) -> None:
    had(memory, "Yes.", "Fine.")
    assert memory.why().recalled.reason == "nothing was asked"
    had(memory, "Which harbour master wrote about volcanoes?", "I do not know.")
    assert memory.why().recalled.reason == "nothing fits well enough"


def test_an_earlier_turn_can_be_asked_about_by_either_of_its_lines(memory: Memory) -> None:
    name = had(memory, "What is my dog called?", "Your dog is called Rex.")
    had(memory, "Thanks.", "You are welcome.")
    session, _, n = name.rpartition(":")
    assert memory.why(name).heard.id == name
    assert memory.why(f"{session}:{int(n) + 1}").heard.id == name


def test_it_is_still_known_after_the_program_ended(memory: Memory, tmp_path: Path) -> None:
    had(memory, "What is my dog called?", "Your dog is called Rex.")
    memory.close()
    again = Memory(tmp_path / "memory_db", "Sam", "juno")
    assert line(again.why().notes).text == DOG
    again.close()


def test_what_is_noted_holds_no_words(memory: Memory) -> None:
    had(memory, "What is my dog called?", "Your dog is called Rex.")
    ((made,),) = memory._journal.database.rows("SELECT made FROM recalls")
    assert "Rex" not in made
    assert "dog" not in made


def test_what_was_forgotten_since_is_not_told(memory: Memory) -> None:
    name = had(memory, "What is my dog called?", "Your dog is called Rex.")
    used = memory.why().recalled.used
    memory.forget([note.id for note in memory.about("dog") if note.id != name])
    assert memory.why(name) is None or not set(memory.why(name).notes) & set(used)


def test_what_was_noted_goes_with_its_line(memory: Memory) -> None:
    name = had(memory, "What is my dog called?", "Your dog is called Rex.")
    memory.purge(memory.forget([name]).ids)
    assert memory._journal.database.rows("SELECT made FROM recalls") == []


def test_a_private_turn_is_noted_nowhere(memory: Memory) -> None:
    memory.private = True
    companion, _ = scripted(["Your dog is called Rex."], memory=memory)
    turn(companion, Heard("What is my dog called?"), Cancel(), Trace())
    assert memory._journal.database.rows("SELECT made FROM recalls") == []
    assert line(memory.why().notes).text == DOG  # as long as the program runs


def test_a_memory_counts_as_recalled_only_where_it_was_used(memory: Memory) -> None:
    made = memory.know("Sam is allergic to nuts.")
    for reply, count in (("I do not know.", 0), ("You are allergic to nuts.", 1)):
        memory.hear(Heard("hm"))
        memory._witness.recalled(Heard("hm"), (made,), memory._recall.fitting("hm", None)[1])
        memory.witness(Prompt((1,), 1), Said(reply))
        assert memory.history(made.id)[-1].recalls == count


@pytest.fixture
def workspace(memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Memory:
    assert run(["--quiet", "init", str(tmp_path)]) == 0
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(SHELL, "config", None)
    assert run(["--quiet", "config", "set", "user.name", "Sam"]) == 0
    return memory


def test_companion_why_tells_it_to_people_and_programs(workspace, capsys):
    name = had(workspace, "What is my dog called?", "Your dog is called Rex.")
    workspace.close()
    capsys.readouterr()
    assert run(["why", name, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"schema", "heard", "reply", "reason", "coverage", "cosine", "block", "notes"} == set(
        told
    )
    assert any(note["used"] and note["text"] == DOG for note in told["notes"])
    assert run(["why"]) == 0
    text = capsys.readouterr().out
    assert "place 1 · used (100% of its words) · score" in text


def test_companion_why_without_a_turn_says_so(workspace, capsys):
    workspace.close()
    assert run(["why"]) == 66
    assert run(["why", "ZZZZ"]) == 66
    assert "Nothing was noted yet." in capsys.readouterr().err
