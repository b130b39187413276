"""What is recalled: earlier words that answer, best last, and nothing where nothing does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from memory_world import Clock, Words, settle, tell, texts, told

from companion.memory import Memory
from companion.values import Heard, Said

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FACTS = (
    "I have a dog called Biscuit.",
    "I work as a nurse at the hospital in Leeds.",
    "My sister Maya is allergic to nuts.",
    "We are going to Lisbon in May.",
    "I really cannot stand coriander.",
    "My car broke down on the motorway.",
)


@pytest.fixture(params=["words alone", "with vectors"])
def embedder(request: pytest.FixtureRequest) -> Words | None:
    return Words() if request.param == "with vectors" else None


@pytest.fixture
def memory(tmp_path: Path, embedder: Words | None) -> Iterator[Memory]:
    clock = Clock()
    first = Memory(tmp_path, "Sam", "mira", embedder, clock)
    for fact in FACTS:
        tell(first, fact)
        clock.pass_time(hours=1)
    settle(first)
    first.close()
    memory = Memory(tmp_path, "Sam", "mira", embedder, clock)
    yield memory
    memory.close()


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What is my dog called?", FACTS[0]),
        ("where do i work as a nurse", FACTS[1]),
        ("Who is allergic to nuts?", FACTS[2]),
        ("When are we going to Lisbon?", FACTS[3]),
    ],
)
def test_the_line_that_answers_comes_last(memory: Memory, question: str, fact: str) -> None:
    memory.hear(Heard(question))
    notes = memory.recall(Heard(question))
    assert notes[-1].text == fact
    assert [note.score for note in notes] == sorted(note.score for note in notes)
    assert len(notes) <= 6


def test_every_part_of_a_score_is_named(memory: Memory, embedder: Words | None) -> None:
    (*_, best) = memory.recall(Heard("What is my dog called?"))
    parts = {"lexical", "recency", "speaker", "telling", "statement", "kind", "coverage"}
    assert best.parts.keys() == parts | {"dense" if embedder else "together"}


@pytest.mark.parametrize("nothing", ["yes", "Okay.", "mhm", "thank you", "..."])
def test_words_that_ask_nothing_recall_nothing(memory: Memory, nothing: str) -> None:
    assert memory.recall(Heard(nothing)) == ()


@pytest.mark.parametrize(
    "unknown", ["Which planet is the furthest from Jupiter?", "How tall is the Eiffel tower?"]
)
def test_what_was_never_said_recalls_nothing(memory: Memory, unknown: str) -> None:
    assert memory.recall(Heard(unknown)) == ()


def test_an_empty_memory_recalls_nothing(tmp_path: Path, embedder: Words | None) -> None:
    memory = Memory(tmp_path, "Sam", "mira", embedder)
    assert memory.recall(Heard("What is my dog called?")) == ()
    memory.close()


def test_what_the_prompt_still_holds_is_not_recalled(memory: Memory) -> None:
    tell(memory, "My neighbour plays the trombone.")
    memory.hear(Heard("Who plays the trombone?"))
    assert memory.recall(Heard("Who plays the trombone?")) == ()


def test_what_has_left_the_prompt_is_recalled_from_this_conversation_too(memory: Memory) -> None:
    tell(memory, "My neighbour plays the trombone.", "Nice weather.", "Cold though.")
    memory.hear(Heard("Who plays the trombone?"))
    notes = memory.recall(Heard("Who plays the trombone?"), skip=5)
    assert notes[-1].text == "My neighbour plays the trombone."
    assert memory.recall(Heard("Who plays the trombone?"), skip=99) == ()


def test_earlier_questions_do_not_crowd_out_the_answer(memory: Memory) -> None:
    clock = memory._talk._now
    for _ in range(8):
        memory.hear(Heard("What is my dog called?"))
        memory.say(Said("I am not sure what your dog is called."))
        clock.pass_time(hours=1)  # type: ignore[attr-defined]
    notes = memory.recall(Heard("What is my dog called?"))
    assert notes[-1].text == FACTS[0]


def test_equal_questions_recall_equal_notes(memory: Memory) -> None:
    assert memory.recall(Heard("my sister")) == memory.recall(Heard("my sister"))


def test_recalling_stores_nothing(memory: Memory) -> None:
    before = memory.memories()
    for _ in range(20):
        memory.recall(Heard("What is my dog called?"))
    assert memory.memories() == before


def test_a_fresh_start_recalls_nothing_from_before(tmp_path: Path) -> None:
    told(tmp_path, *FACTS)
    memory = Memory(tmp_path, "Sam", "mira", fresh=True)
    tell(memory, "I live in York now.")
    assert memory.recall(Heard("What is my dog called?"), skip=0) == ()
    assert texts(memory.recall(Heard("Where do I live now, York?"), skip=0))[-1].endswith("now.")
    assert len(memory.search("dog")) > 0
    memory.close()


def test_search_gives_the_best_first_from_everything(memory: Memory) -> None:
    tell(memory, "The dog ate my hat.")
    found = texts(memory.search("dog Biscuit", limit=3))
    assert len(found) == 3
    assert found[0] == FACTS[0]
    assert "The dog ate my hat." in texts(memory.search("dog"))


class Lives:
    """A question is close to what tells where somebody lives, whatever its words."""

    name = "lives"
    dim = 2

    def embed(self, texts: Sequence[str], *, question: bool = False) -> np.ndarray:
        found = [(1, 0) if question or "lives" in text else (0, 1) for text in texts]
        return np.array(found, np.float32).reshape(-1, self.dim)


def test_a_line_found_by_words_is_as_close_as_the_memory_taken_from_it(tmp_path: Path) -> None:
    told(tmp_path, "I live in Leeds with a cello.", embedder=Lives())  # "Sam lives in Leeds."
    memory = Memory(tmp_path, "Sam", "mira", Lives())
    settle(memory)
    best, *others = memory.search("Whose cello is loud?", 9)
    assert best.text == "I live in Leeds with a cello."
    assert best.parts["dense"] > 1
    assert [one.parts["dense"] for one in others] == [0.0]
    memory.close()


def test_a_pasted_book_can_be_asked(memory: Memory) -> None:
    book = " ".join(f"word{n}" for n in range(20_000))
    assert texts(memory.search(f"My dog Biscuit. {book}"))[0] == FACTS[0]


def test_idle_without_an_embedder_ends_when_each_line_was_read(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam", "mira")
    tell(memory, "One.")
    assert list(memory.idle()) != []
    assert list(memory.idle()) == []
    assert memory.notices() == ()
    memory.close()


def test_a_long_conversation_makes_no_recall_longer(tmp_path: Path) -> None:
    more = _steps(tmp_path / "long", 400) - _steps(tmp_path / "short", 100)
    assert more < 5 * 300  # lines are counted, three steps each, and not read


def _steps(folder: Path, turns: int) -> int:
    """Steps that SQLite takes for one recall so many turns into a conversation."""
    memory = Memory(folder, "Sam", "mira", None, Clock())
    tell(memory, "I have a dog called Biscuit.")
    settle(memory)  # which is a memory now
    for n in range(turns):
        memory.hear(Heard(f"Thing number {n} stands in the shed."))
    question = Heard("What is my dog called?")
    memory.hear(question)
    taken: list[int] = []
    inside: Any = memory
    inside._journal.database.connection.set_progress_handler(lambda: taken.append(10), 10)
    assert FACTS[0] in texts(memory.recall(question, skip=12))
    memory.close()
    return sum(taken)
