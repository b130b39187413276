"""Documents that were taken in are found, cited, taken in again, forgotten, and nobody else's."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from memory_world import Clock, Words, settle, told

from companion.flow import Cancel
from companion.memory import Memory
from companion.memory.lore import Lore, People
from companion.memory.lore.block import Block
from companion.memory.lore.find import Asked
from companion.memory.read.words import terms
from companion.memory.recall.stems import Stemmer
from companion.memory.store.journal import Journal
from companion.memory.store.ulid import Ulids
from companion.prompt.wording import volatile_text
from companion.testing import scripted
from companion.trace import Trace
from companion.turn import turn
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from companion.memory.lore.find import Hits

KESTREL = """# Kestrel
## Harbour
The north pier was built in 1821 by Ada Lind.
## Mayor
Tom Weller keeps bees and a goose called Admiral.
"""


class World:
    """A journal and the documents of one owner with one character."""

    def __init__(self, folder: Path, owner: str = "Sam", character: str = "mira") -> None:
        self.folder = folder
        self.journal = Journal(folder / "journal.sqlite3", owner, character)
        self.clock = Clock()
        self._ulids = Ulids()
        self.lore = Lore(self.journal, People("Mira", owner), self._stamp)
        self.told: list[float] = []

    def _stamp(self) -> tuple[str, object]:
        return self._ulids.new(1), self.clock()

    def file(self, words: str = KESTREL, name: str = "kestrel.md") -> Path:
        path = self.folder / name
        path.write_text(words)
        return path

    def take(self, words: str = KESTREL, name: str = "kestrel.md"):
        return self.lore.take_in(self.file(words, name), self.told.append)

    def find(self, text: str, embedder: Words | None = None, lines: int = 0) -> Hits:
        stemmer = Stemmer()
        words = terms(text)
        vector = embedder.embed([text])[0] if embedder else None
        asked = Asked(words, stemmer.stems(words), vector, "words")
        stemmer.close()
        return self.lore.find(asked, dict.fromkeys(words, 0), lines)

    def best(self, text: str) -> str:
        hits = self.find(text).hits
        return max(hits, key=lambda one: one.score).passage.text if hits else ""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.journal.close()


def test_a_passage_is_found_by_its_words_and_cited_by_file_and_heading(world: World) -> None:
    world.take()
    (hit,) = world.find("Who built the pier?").hits
    assert hit.passage.text == "The north pier was built in 1821 by Ada Lind."
    assert hit.passage.source == "kestrel.md · Harbour"


def test_a_passage_is_found_by_its_heading_alone(world: World) -> None:
    world.take()
    assert world.best("Is there a mayor?").startswith("Tom Weller")


def test_a_passage_is_found_by_the_keys_of_a_lorebook(world: World) -> None:
    world.take('{"entries": [{"keys": ["quay"], "content": "It is old."}]}', "isles.json")
    assert world.best("And the quay?") == "It is old."


def test_a_passage_is_found_by_meaning_in_idle_time(world: World) -> None:
    world.take()
    words = Words()
    while world.lore.learn(words, 1):
        pass
    hits = world.find("bees and a goose", words).hits
    assert max(hits, key=lambda one: one.cosine).passage.heading == "Mayor"


def test_a_word_of_one_short_document_counts_as_much_as_among_many_lines(world: World) -> None:
    world.take("Ada built it.", "a.txt")
    assert world.find("Ada", lines=1000).hits[0].score > 5 > world.find("Ada").hits[0].score


def test_the_same_file_a_second_time_changes_nothing(world: World) -> None:
    first, second = world.take(), world.take()
    assert (first.passages, second.passages) == (2, 0)
    assert world.lore.documents() == [first.document] == [second.document]


def test_a_file_that_changed_replaces_its_passages(world: World) -> None:
    first = world.take()
    second = world.take(KESTREL.replace("1821", "1907"))
    assert second.document.id == first.document.id
    assert "1907" in world.best("When was the pier built?")
    assert len(world.lore.documents()) == 1


def test_what_did_not_change_in_a_file_is_not_embedded_again(world: World) -> None:
    world.take()
    words = Words()
    world.lore.learn(words, 9)
    world.take(KESTREL.replace("1821", "1907"))
    assert [one.text for one in world.lore._documents.due("words", 9)] == [
        "The north pier was built in 1907 by Ada Lind."
    ]


def test_a_file_that_moved_is_cited_by_its_new_name(world: World) -> None:
    world.take()
    world.take(name="isles.md")
    assert world.find("pier").hits[0].passage.source == "isles.md · Harbour"
    assert len(world.lore.documents()) == 1


def test_taking_in_tells_its_progress_to_the_end(world: World) -> None:
    world.take()
    assert world.told[-1] == 1.0


def test_a_forgotten_document_is_in_no_answer_until_it_is_restored(world: World) -> None:
    name = world.take().document.id
    world.lore.forget([name])
    assert (world.best("pier"), world.lore.documents()) == ("", [])
    world.lore.restore([name])
    assert "1821" in world.best("pier")


def test_taking_in_a_forgotten_document_again_restores_it(world: World) -> None:
    name = world.take().document.id
    world.lore.forget([name])
    assert world.take().document.id == name
    assert "1821" in world.best("pier")


def test_the_words_of_a_purged_document_are_in_no_file(world: World) -> None:
    name = world.take().document.id
    world.lore.forget([name])
    world.lore.purge([name])
    files = [one.read_bytes() for one in world.folder.glob("journal.sqlite3*")]
    assert not any(b"Admiral" in data or b"Ada Lind" in data for data in files)


def test_an_import_that_fails_leaves_nothing(world: World) -> None:
    world.take()
    with pytest.raises(sqlite3.IntegrityError):
        world.lore._documents.keep(world.lore.documents()[0], [Block("New."), Block(None)])
    assert "1821" in world.best("pier")


@pytest.mark.parametrize(("owner", "character"), [("Sam", "rex"), ("Ann", "mira")])
def test_a_document_reaches_nobody_else(tmp_path: Path, owner: str, character: str) -> None:
    one, other = World(tmp_path), World(tmp_path, owner, character)
    name = one.take().document.id
    other.take("The lighthouse is tall.", "b.txt")
    assert [hit.passage.text for hit in other.find("pier bees lighthouse").hits] == [
        "The lighthouse is tall."
    ]
    assert {one.document for one in other.lore._documents.passages(range(9))} != {name}
    other.lore.forget([name])
    other.lore.purge([name])
    assert "1821" in one.best("pier")
    one.journal.close()
    other.journal.close()


def test_documents_are_still_there_after_a_restart(tmp_path: Path) -> None:
    first = World(tmp_path)
    first.take()
    first.journal.close()
    second = World(tmp_path)
    assert "1821" in second.best("pier")
    second.journal.close()


def test_a_long_source_keeps_the_file_and_the_innermost_heading(world: World) -> None:
    words = "# T\n## " + "A" * 60 + "\n### Inner\nWords of the pier."
    world.take(words)
    assert world.find("pier").hits[0].passage.source == "kestrel.md · Inner"


# ── in the memory ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=[None, Words()], ids=["words", "vectors"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    told(tmp_path, "My dog is called Biscuit.", "I work at the harbour.", "I like rain.")
    made = Memory(tmp_path, "Sam", "mira", request.param)
    (tmp_path / "kestrel.md").write_text(KESTREL)
    made.take_in(tmp_path / "kestrel.md", [].append)
    settle(made)
    yield made
    made.close()


def test_a_recalled_passage_is_cited_by_file_and_heading(memory: Memory) -> None:
    note = memory.recall(Heard("Who built the north pier?"))[-1]
    assert (note.kind, note.source) == ("lore", "kestrel.md · Harbour")
    assert note.text == "The north pier was built in 1821 by Ada Lind."
    assert volatile_text([note], note.said).startswith('<memories>\n<m who="kestrel.md · Harbour"')


def test_what_the_owner_said_is_recalled_beside_documents(memory: Memory) -> None:
    assert memory.recall(Heard("What is my dog called?"))[-1].text == "My dog is called Biscuit."


def test_documents_are_searched_with_the_lines(memory: Memory) -> None:
    found = memory.search("harbour pier")
    assert {note.kind for note in found} == {"line", "lore"}


def test_a_question_that_no_document_answers_is_not_answered(memory: Memory) -> None:
    assert memory.recall(Heard("How deep is the ocean trench?")) == ()


def test_a_forgotten_document_is_not_recalled(memory: Memory) -> None:
    memory.lore.forget([memory.lore.documents()[0].id])
    assert memory.recall(Heard("Who built the north pier?")) == ()


def test_forget_that_leaves_documents_alone(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam", "mira")
    (tmp_path / "kestrel.md").write_text(KESTREL)
    memory.take_in(tmp_path / "kestrel.md", [].append)
    companion, _ = scripted(["Ada Lind built the north pier in 1821."], memory=memory)
    turn(companion, Heard("Who built the north pier?"), Cancel(), Trace())
    answer = memory.obey(Heard("Forget that."))
    assert answer is not None
    assert len(memory.lore.documents()) == 1
    assert memory.conversations() == ()
    memory.close()
