"""The dense index is disposable: looked at before it is opened, and built anew when it is wrong."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from memory_world import Words, settle, tell, texts, told

from companion.errors import UsageError
from companion.memory import Memory
from companion.memory.dense import index
from companion.memory.dense.chroma import Folder, client_of
from companion.memory.dense.index import collection_name
from companion.memory.dense.probe import look
from companion.memory.record import Entity, Record, Source
from companion.memory.store.versions import Versions
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOLD = ("The dog called Biscuit barked.", "It rained on the sister in Leeds.", "The bus was late.")
"""Nothing that becomes a memory."""


def _opened(folder: Path, embedder: Words | None = None) -> Memory:
    memory = Memory(folder, "Sam", "mira", embedder or Words())
    settle(memory)
    return memory


def _held(memory: Memory) -> set[str]:
    assert memory._index is not None
    return set(memory._index._collection.get(include=[])["ids"])


def _biggest(folder: Path) -> Path:
    return max((p for p in folder.rglob("*.bin")), key=lambda path: path.stat().st_size)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    told(tmp_path, *TOLD, embedder=Words())
    return tmp_path


def _empty_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"")


def _cut_database(folder: Path) -> None:
    os.truncate(folder / "chroma.sqlite3", 5000)


def _another_characters(folder: Path) -> None:
    other = folder.parent / "other"
    told(other, *TOLD, embedder=Words())
    shutil.rmtree(folder)
    shutil.copytree(other / "chroma", folder)


def _sparse_and_huge(folder: Path) -> None:
    os.truncate(_biggest(folder), 50 << 30)


def _one_too_many(folder: Path) -> None:
    client = client_of(str(folder))
    collection = client.list_collections()[0]
    collection.add(ids=["forgotten:1"], embeddings=np.ones((1, 48), np.float32))
    client.close()


def _other_vectors(folder: Path) -> None:
    client = client_of(str(folder))
    collection = client.list_collections()[0]
    ids = collection.get(include=[])["ids"]
    collection.update(ids=ids, embeddings=np.eye(48, dtype=np.float32)[: len(ids)])
    client.close()


DAMAGE = (
    *(_empty_database, _cut_database, shutil.rmtree, _another_characters),
    *(_sparse_and_huge, _one_too_many, _other_vectors),
)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_wrong_index_is_built_anew_from_the_journal(
    store: Path, damage: Callable[[Path], None]
) -> None:
    damage(store / "chroma")
    memory = _opened(store)
    held, notices = _held(memory), memory.notices()
    found = texts(memory.search("dog Biscuit"))
    everything = {note.id for note in memory.memories()}
    memory.close()
    assert held == everything
    assert found[0] == TOLD[0]
    assert "built anew" in notices[0]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More lines than Chroma keeps in its log: they stand in the files of its graph."""
    folder = tmp_path_factory.mktemp("large")
    memory = Memory(folder, "Sam", "mira", Words())
    tell(memory, *TOLD)
    settle(memory)
    vectors = np.random.default_rng(1).standard_normal((1100, 48)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with memory._journal.database.writing() as db:
        db.executemany(
            "INSERT INTO lines (ulid, session, n, scope, owner, character, speaker, who, text,"
            " confidence, said_at, utc_offset, vector, embedder, due) SELECT ?, session, ?, scope,"
            " owner, character, speaker, who, ?, 1, 0, 0, ?, 'words', 0 FROM lines WHERE seq = 1",
            [(f"{n:026}", n, f"Line {n}.", v.tobytes()) for n, v in enumerate(vectors, 7)],
        )
    settle(memory)
    memory.close()
    return folder


def _graph(folder: Path, name: str) -> Path:
    (path,) = folder.glob(f"*/{name}")
    return path


def _cut(name: str) -> Callable[[Path], None]:
    return lambda folder: os.truncate(
        _graph(folder, name), _graph(folder, name).stat().st_size // 2
    )


def _emptied(name: str) -> Callable[[Path], None]:
    return lambda folder: os.truncate(_graph(folder, name), 0)


def _random(name: str) -> Callable[[Path], None]:
    return lambda folder: (
        _graph(folder, name).write_bytes(
            np.random.default_rng(7).bytes(_graph(folder, name).stat().st_size)
        )
        and None
    )


def _gone(name: str) -> Callable[[Path], None]:
    return lambda folder: _graph(folder, name).unlink()


def _graph_emptied(folder: Path) -> None:
    for path in _graph(folder, "header.bin").parent.iterdir():
        path.unlink()


def _graph_gone(folder: Path) -> None:
    shutil.rmtree(_graph(folder, "header.bin").parent)


WAYS = {
    "pickle empty": _emptied("index_metadata.pickle"),
    "length random": _random("length.bin"),
    "folder emptied": _graph_emptied,
    "level cut": _cut("data_level0.bin"),
    "pickle half": _cut("index_metadata.pickle"),
    "pickle gone": _gone("index_metadata.pickle"),
    "pickle random": _random("index_metadata.pickle"),
    "header empty": _emptied("header.bin"),
    "header half": _cut("header.bin"),
    "header random": _random("header.bin"),
    "level empty": _emptied("data_level0.bin"),
    "level random": _random("data_level0.bin"),
    "level gone": _gone("data_level0.bin"),
    "length empty": _emptied("length.bin"),
    "length half": _cut("length.bin"),
    "links gone": _gone("link_lists.bin"),
    "graph gone": _graph_gone,
    "database gone": lambda folder: (folder / "chroma.sqlite3").unlink(),
}
"""What was done to its files by hand or by a crash; some of it Chroma does not complain of."""


@pytest.mark.parametrize("way", list(WAYS)[: None if os.environ.get("COMPANION_EXAM") else 2])
def test_a_large_index_damaged_in_any_file_is_built_anew(
    large: Path, tmp_path: Path, way: str
) -> None:
    folder = tmp_path / "db"
    shutil.copytree(large, folder)
    WAYS[way](folder / "chroma")
    memory = _opened(folder)
    held, notices = _held(memory), memory.notices()
    everything = {note.id for note in memory.memories(2000)}
    memory.close()
    assert held == everything
    assert "built anew" in notices[0]


def test_an_index_that_agrees_is_kept_and_nothing_is_said(store: Path) -> None:
    before = (store / "chroma" / "chroma.sqlite3").stat().st_ino
    memory = _opened(store)
    notices = memory.notices()
    memory.close()
    assert notices == ()
    assert (store / "chroma" / "chroma.sqlite3").stat().st_ino == before


def test_an_index_left_before_it_had_the_newest_vectors_is_kept(store: Path) -> None:
    memory = _opened(store)
    tell(memory, "Then Biscuit slept.")
    settle(memory)
    tell(memory, "It was late.")
    assert memory._index is not None
    memory._index.place.tries = 0  # type: ignore[misc]
    settle(memory)
    memory.close()
    memory = _opened(store)
    held, notices = _held(memory), memory.notices()
    everything = {note.id for note in memory.memories()}
    memory.close()
    assert (held, notices) == (everything, ())


def test_the_index_finds_what_shares_no_word_with_its_neighbours(store: Path) -> None:
    memory = _opened(store)
    assert memory._index is not None
    nearest = memory._index.nearest(Words().embed(["Leeds sister"])[0], 1)
    (line,) = memory._journal.by_id(nearest)
    memory.close()
    assert line.text == TOLD[1]


def test_ids_that_chroma_made_up_are_of_no_effect(store: Path) -> None:
    memory = _opened(store)
    assert memory._index is not None
    memory._index._collection.add(ids=["x:1"], embeddings=Words().embed(["dog Biscuit"]))
    found = memory.search("dog Biscuit")
    memory.close()
    assert "x:1" not in {note.id for note in found}


def test_what_is_taken_back_leaves_the_index(store: Path) -> None:
    memory = _opened(store)
    names = tell(memory, "My password is swordfish.")
    settle(memory)
    assert set(names) < _held(memory)
    memory.undo()
    assert not set(names) & _held(memory)
    memory.close()


def test_what_was_taken_back_while_the_index_was_closed_never_comes_back(store: Path) -> None:
    memory = Memory(store, "Sam", "mira", Words())
    tell(memory, "My password is swordfish.")
    settle(memory)
    memory._index.close()  # type: ignore[union-attr]
    memory.undo()
    memory.close()
    memory = _opened(store)
    held, kept = _held(memory), {note.id for note in memory.memories()}
    memory.close()
    assert held == kept


def test_after_reindex_another_embedder_has_its_own_index_and_the_old_one_goes(store: Path) -> None:
    memory = _opened(store, Words("other", 32))
    assert memory._index is not None
    shares: list[float] = []
    made = memory.reindex(shares.append)
    names = [one.name for one in memory._index._client.list_collections()]
    found = texts(memory.search("dog Biscuit"))
    memory.close()
    assert names == ["lines-Sam-mira-other-32"]
    assert (made, shares[-1], shares) == (6, 1.0, sorted(shares))
    assert found[0] == TOLD[0]


def test_another_embedder_is_refused_until_reindex_and_words_still_find(store: Path) -> None:
    memory = _opened(store, Words("other", 32))
    tell(memory, "Then Biscuit slept.")
    settle(memory)
    notices, found = memory.notices(), texts(memory.search("dog Biscuit"))
    made = memory._journal.database.rows("SELECT DISTINCT embedder FROM lines")
    memory.close()
    assert len(notices) == 1
    assert all(word in notices[0] for word in ('"words"', '"other"', "memories reindex"))
    assert TOLD[0] in found
    assert {name for (name,) in made} == {"words", None}


def test_a_refused_embedder_leaves_the_index_as_it_is(store: Path) -> None:
    _opened(store, Words("other", 32)).close()
    memory = _opened(store)
    held, notices = _held(memory), memory.notices()
    everything = {note.id for note in memory.memories()}
    memory.close()
    assert (held, notices) == (everything, ())


def test_a_reindex_that_was_stopped_goes_on_by_itself(store: Path) -> None:
    memory = Memory(store, "Sam", "mira", Words("other", 32))
    with pytest.raises(KeyboardInterrupt):
        memory.reindex(_interrupt)
    memory.close()
    memory = _opened(store, Words("other", 32))
    held, notices = _held(memory), memory.notices()
    everything = {note.id for note in memory.memories()}
    memory.close()
    assert (held, notices) == (everything, ())


def _interrupt(_: float) -> None:
    raise KeyboardInterrupt


def test_words_only_have_nothing_to_build_anew(store: Path) -> None:
    memory = Memory(store, "Sam", "mira")
    with pytest.raises(UsageError, match="words alone"):
        memory.reindex(print)
    memory.close()


def test_memories_are_in_the_index_beside_lines(store: Path) -> None:
    memory = _opened(store)
    versions = Versions(memory._journal)
    record = Record(
        id="M" * 26,
        text="Sam is afraid of wasps.",
        about=(Entity("subject", "Sam", "user"),),
        sources=(Source("operator", "", "", "manual"),),
        observed=datetime(2026, 3, 2, tzinfo=UTC),
        created_by="test/1",
        scope="character:mira",
    )
    versions.add(record)
    settle(memory)
    assert memory._index is not None
    nearest = memory._index.nearest(Words().embed(["afraid wasps"])[0], 1)
    versions.revise(replace(record, text="Sam is afraid of hornets."))
    settle(memory)
    newer = memory._index.nearest(Words().embed(["afraid hornets"])[0], 1)
    versions.hide([record.id])
    settle(memory)
    left = _held(memory)
    memory.close()
    assert nearest == newer == [f"memory:{record.id}"]
    assert f"memory:{record.id}" not in left


def test_a_forgotten_line_leaves_the_index_and_never_comes_back_from_an_old_one(
    store: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    old = tmp_path_factory.mktemp("old") / "chroma"
    shutil.copytree(store / "chroma", old)
    memory = _opened(store)
    (name,) = (note.id for note in memory.memories() if note.text == TOLD[0])
    memory._journal.hide([name])
    settle(memory)
    held = _held(memory)
    memory.close()
    shutil.rmtree(store / "chroma")
    shutil.copytree(old, store / "chroma")
    memory = _opened(store)
    again, notices = _held(memory), memory.notices()
    memory.close()
    assert name not in held | again
    assert "built anew" in notices[0]


def test_idle_work_may_be_left_at_any_step_and_is_done_in_the_end(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam", "mira", Words())
    tell(memory, *(f"Line {n} about thing{n}." for n in range(12)))
    while True:
        steps = memory.idle()
        if next(steps, "done") == "done":
            break
        steps.close()  # type: ignore[attr-defined]
    held, kept = _held(memory), {note.id for note in memory.memories()}
    memory.close()
    assert held == kept


def test_a_line_is_embedded_again_when_a_neighbour_comes(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam", "mira", Words())
    (name,) = tell(memory, "Guess what I bought.")
    settle(memory)
    (line,) = memory._journal.by_id([name])
    before = memory._journal.vectors("words", [line.seq])[line.seq]
    memory.undo()
    first = memory._journal.add(memory.session, "A" * 26, _spoken(line))
    settle(memory)
    alone = memory._journal.vectors("words", [first.seq])[first.seq]
    tell(memory, "A trumpet.")
    settle(memory)
    after = memory._journal.vectors("words", [first.seq])[first.seq]
    memory.close()
    assert not np.allclose(alone, after)
    assert before.shape == after.shape


def test_an_index_that_fails_in_use_is_given_up_and_words_still_find(store: Path) -> None:
    memory = _opened(store)
    assert memory._index is not None
    memory._index._client.delete_collection(memory._index.name)
    found = texts(memory.search("dog Biscuit"))
    notices = memory.notices()
    settle(memory)
    held = _held(memory)
    memory.close()
    assert found[0] == TOLD[0]
    assert "words alone" in notices[0]
    assert len(held) == 6


def test_an_index_that_fails_again_and_again_is_left_alone(store: Path) -> None:
    memory = _opened(store)
    assert memory._index is not None
    tell(memory, "Something new.")
    memory._index.place = Folder(store / "lock" / "chroma")  # cannot be a folder
    memory._index._leave()
    settle(memory)
    open_ = memory._index.open
    found = texts(memory.search("dog Biscuit"))
    memory.close()
    assert not open_
    assert found[0] == TOLD[0]


def test_without_chroma_words_and_the_journals_vectors_still_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "find_spec", lambda _: None)
    told(tmp_path, *TOLD, embedder=Words())
    memory = _opened(tmp_path)
    notes = memory.recall(Heard("Which dog barked?"))
    memory.close()
    assert not (tmp_path / "chroma").exists()
    assert notes[-1].text == TOLD[0]


def test_recall_works_before_the_index_is_open(store: Path) -> None:
    memory = Memory(store, "Sam", "mira", Words())
    notes = memory.recall(Heard("Which dog barked?"))
    memory.close()
    assert notes[-1].text == TOLD[0]
    assert "dense" in notes[-1].parts


def test_a_memory_closed_while_the_index_is_looked_at_leaves_no_process(store: Path) -> None:
    memory = Memory(store, "Sam", "mira", Words())
    next(memory.idle(), None)
    assert memory._index is not None
    assert isinstance(memory._index.place, Folder)
    probe = memory._index.place.probe
    memory.close()
    assert probe is not None
    assert probe.returncode is not None


def test_the_probe_sees_count_ids_and_vectors(store: Path) -> None:
    seen = look(str(store / "chroma"), collection_name("Sam", "mira", "words", 48))
    memory = Memory(store, "Sam", "mira")
    ids = [note.id for note in memory.memories()]
    memory.close()
    assert seen["count"] == 6
    assert set(seen["ids"]) == set(ids)
    assert set(seen["vectors"]) <= set(ids)


def test_the_probe_says_when_there_is_no_such_collection(store: Path) -> None:
    assert look(str(store / "chroma"), "lines-nobody") == {"count": -1}


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a b", "c"), ("a-b", "c")), (("a", "b_c"), ("a_b", "c")), (("Zoë", "x"), ("Zo", "x"))],
)
def test_different_pairs_never_share_a_collection(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    names = {collection_name(*pair, "minilm", 384) for pair in (one, other)}
    assert len(names) == 2


def _spoken(line: object) -> object:
    from companion.memory.store.line import Spoken

    return Spoken(line.speaker, line.who, line.text, line.confidence, line.said)  # type: ignore[attr-defined]
