"""What is forgotten for good is in no file any more, and a receipt says so."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from memory_world import Words, settle, tell, texts

from companion.memory import Memory
from companion.memory.forget import exports
from companion.memory.forget.purge import Places, purge
from companion.memory.forget.remains import forms, search, telling
from companion.memory.lore import Lore
from companion.memory.record import (
    Covered,
    Entity,
    Quote,
    Record,
    Source,
    of_line,
    serialise_book,
)
from companion.memory.store.versions import Versions
from companion.values import Heard, Said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from companion.memory.forget.purge import Receipt

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SECRET = "My password is swordfish, in Zürich."
KEPT = "I have a dog called Biscuit."


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(tmp_path / "db", "Sam", "mira", Words(), now=lambda: NOW)
    tell(memory, KEPT, SECRET, "I work as a nurse.")
    settle(memory)
    yield memory
    memory.close()


def _secret(memory: Memory) -> str:
    (note,) = (note for note in memory.memories() if note.text == SECRET)
    return note.id


def _line(memory: Memory, words: str) -> tuple[str, int]:
    (note,) = (note for note in memory.memories() if note.text == words)
    session, _, n = note.id.rpartition(":")
    return session, int(n)


def _known(memory: Memory, ulid: str, text: str, *lines: str, **more: object) -> Record:
    """A memory that rests on these lines."""
    sources = []
    for line in lines:
        session, n = _line(memory, line)
        quotes = (Quote(n, line),)
        sources.append(Source("user", session, str(n), "rule:test", quotes=quotes))
    record = Record(
        id=ulid.ljust(26, "0"),
        text=text,
        about=(Entity("subject", "Sam", "user"),),
        sources=tuple(sources),
        observed=NOW,
        created_by="test/1",
        scope="character:mira",
        **more,  # type: ignore[arg-type]
    )
    return Versions(memory._journal).add(record)


def _forget(memory: Memory, *lines: str) -> None:
    memory._journal.hide(list(lines))


def _purge(memory: Memory, audio: Path | None = None, **more: object) -> Receipt:
    places = Places(memory.folder, audio, **more)  # type: ignore[arg-type]
    return purge(memory._journal, memory._index, places, None, NOW)


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file()).lower()


def test_forgotten_words_are_in_no_file_of_the_memory(memory: Memory) -> None:
    assert b"swordfish" in _bytes(memory.folder)
    _forget(memory, _secret(memory))
    receipt = _purge(memory)
    left = _bytes(memory.folder)
    assert not any(word in left for word in (b"swordfish", b"password", "zürich".encode()))
    assert b"biscuit" in left
    assert (receipt.verified, receipt.removed) == (True, {"lines": 1})


def test_the_rest_is_found_as_before(memory: Memory) -> None:
    _forget(memory, _secret(memory))
    _purge(memory)
    settle(memory)
    found = texts(memory.search("dog Biscuit"))
    assert found[0] == KEPT
    assert memory.search("swordfish") == () or SECRET not in texts(memory.search("swordfish"))
    assert memory._index is not None
    held = set(memory._index._collection.get(include=[])["ids"])
    assert held == {note.id for note in memory.memories()}


def test_what_was_only_hidden_can_still_be_brought_back(memory: Memory) -> None:
    name = _secret(memory)
    ulid = memory._journal.by_id([name])[0].ulid
    _forget(memory, name)
    memory._journal.unhide([ulid])
    assert _purge(memory).ids == ()
    assert SECRET in texts(memory.memories())


def test_a_tombstone_holds_an_id_and_a_time_and_no_words(memory: Memory) -> None:
    _forget(memory, _secret(memory))
    receipt = _purge(memory)
    rows = memory._journal.database.rows("SELECT * FROM tombstones")
    assert rows == [(1, receipt.ids[0], int(NOW.timestamp()))]


def test_memories_go_with_the_only_line_they_rest_on(memory: Memory) -> None:
    gone = _known(memory, "A1", "Sam's password is swordfish.", SECRET)
    kept = _known(memory, "B1", "Sam has a dog called Biscuit.", KEPT)
    settle(memory)
    _forget(memory, _secret(memory))
    receipt = _purge(memory)
    versions = Versions(memory._journal)
    assert (versions.get(gone.id), versions.get(kept.id)) == (None, kept)
    assert receipt.removed == {"lines": 1, "memories": 1}
    assert b"swordfish" not in _bytes(memory.folder)


def test_a_memory_that_rests_on_another_line_too_loses_the_quote_alone(memory: Memory) -> None:
    both = _known(memory, "A1", "Sam has a dog.", KEPT, SECRET)
    _forget(memory, _secret(memory))
    _purge(memory)
    kept = Versions(memory._journal).get(both.id)
    assert kept == replace(both, sources=both.sources[:1])
    assert b"swordfish" not in _bytes(memory.folder)


def test_every_version_of_a_memory_goes(memory: Memory) -> None:
    first = _known(memory, "A1", "Sam's password is swordfish.", SECRET)
    Versions(memory._journal).revise(replace(first, text="Sam has a password."))
    _forget(memory, _secret(memory))
    receipt = _purge(memory)
    assert Versions(memory._journal).history(first.id) == []
    assert receipt.verified
    assert b"swordfish" not in _bytes(memory.folder)


def test_summaries_of_a_forgotten_line_go(memory: Memory) -> None:
    session, n = _line(memory, SECRET)
    covers = (Covered(session, f"1-{n + 2}"),)
    summary = _known(memory, "A1", "Sam spoke of swordfish.", KEPT, kind="summary", covers=covers)
    _forget(memory, _secret(memory))
    receipt = _purge(memory)
    assert Versions(memory._journal).get(summary.id) is None
    assert receipt.removed == {"lines": 1, "summaries": 1}


def test_what_was_made_from_a_forgotten_memory_goes(memory: Memory) -> None:
    one = _known(memory, "A1", "Sam's password is swordfish.", SECRET)
    two = _known(memory, "B1", "Sam likes swordfish.", KEPT, derived_from=(one.ref,))
    Versions(memory._journal).hide([one.id])
    receipt = _purge(memory)
    assert Versions(memory._journal).get(two.id) is None
    assert receipt.removed == {"memories": 2}
    assert receipt.verified


def test_a_document_goes_with_all_its_passages(memory: Memory, tmp_path: Path) -> None:
    page = tmp_path / "world.md"
    page.write_text("# The harbour\n\nThe kestrel nests in the lighthouse of Brindlemere.\n")
    stamps = iter([("D" * 26, NOW)])
    lore = Lore(memory._journal, _people(), lambda: next(stamps))
    taken = lore.take_in(page, lambda _: None)
    assert b"brindlemere" in _bytes(memory.folder)
    lore.forget([taken.document.id])
    receipt = _purge(memory)
    assert receipt.removed == {"documents": 1}
    assert b"brindlemere" not in _bytes(memory.folder)


def _people() -> object:
    from companion.memory.lore import People

    return People("Sam", "Mira")


def test_kept_sound_goes_with_its_line_and_with_its_words(memory: Memory, tmp_path: Path) -> None:
    audio = tmp_path / "audio_out"
    audio.mkdir()
    for name, text, line in (
        ("a", "Noted.", _secret(memory)),
        ("b", "Swordfish, then.", "other:1"),
        ("c", "A good dog.", "other:2"),
    ):
        (audio / f"{name}.wav").write_bytes(b"RIFF")
        (audio / f"{name}.json").write_text(json.dumps({"text": text, "lines": [line]}))
    _forget(memory, _secret(memory))
    receipt = _purge(memory, audio)
    assert sorted(path.name for path in audio.iterdir()) == ["c.json", "c.wav"]
    assert receipt.removed == {"lines": 1, "sound": 2}


def test_an_export_loses_what_was_forgotten_and_keeps_the_rest(
    memory: Memory, tmp_path: Path
) -> None:
    book = tmp_path / "mine.xml"
    lines = memory._journal.session(memory.session)
    book.write_text(serialise_book([of_line(line) for line in lines]), "utf-8")
    exports.remember(memory.folder, book)
    _forget(memory, _secret(memory))
    receipt = _purge(memory)
    assert "swordfish" not in book.read_text()
    assert "Biscuit" in book.read_text()
    assert receipt.removed == {"lines": 1, "exports": 1}
    assert exports.known(memory.folder)[0].sha256 == exports.digest(book)


def test_an_export_that_was_changed_since_is_left_and_named(memory: Memory, tmp_path: Path) -> None:
    book = tmp_path / "mine.xml"
    book.write_text("something")
    exports.remember(memory.folder, book)
    book.write_text("Notes of mine: swordfish")
    _forget(memory, _secret(memory))
    receipt = _purge(memory)
    assert receipt.changed == (str(book),)
    assert not receipt.verified
    assert book.read_text() == "Notes of mine: swordfish"


def test_copies_of_the_journal_that_hold_the_words_go(memory: Memory) -> None:
    copy = memory.folder / "journal.sqlite3.damaged-1"
    with sqlite3.connect(copy) as target:
        memory._journal.database.connection.backup(target)
    target.close()
    _forget(memory, _secret(memory))
    receipt = _purge(memory)
    assert not copy.exists()
    assert receipt.removed == {"lines": 1, "copies": 1}


def test_a_file_in_which_words_are_left_is_named(memory: Memory, tmp_path: Path) -> None:
    log = tmp_path / "companion.log"
    log.write_text("heard: my password is SWORDFISH")
    _forget(memory, _secret(memory))
    receipt = _purge(memory, logs=(log,))
    assert [found.path for found in receipt.left] == [log]
    assert not receipt.verified


def test_a_word_that_was_also_said_elsewhere_is_no_remainder(memory: Memory) -> None:
    memory.hear(Heard("The swordfish at the market was good."))
    _forget(memory, _secret(memory))
    receipt = _purge(memory)
    assert receipt.verified
    assert b"swordfish" in _bytes(memory.folder)
    assert b"password" not in _bytes(memory.folder)


def test_only_what_is_named_goes(memory: Memory) -> None:
    memory.say(Said("Swordfish it is."))
    reply = memory.memories()[0].id
    _forget(memory, _secret(memory), reply)
    places = Places(memory.folder)
    receipt = purge(memory._journal, memory._index, places, [reply], NOW)
    assert receipt.removed == {"lines": 1}
    assert [line.text for line in memory._journal.hidden()] == [SECRET]


def test_words_only_memories_lose_the_index_that_an_embedder_left(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam", "mira", Words())
    tell(memory, KEPT, SECRET)
    settle(memory)
    memory.close()
    memory = Memory(tmp_path, "Sam", "mira")
    _forget(memory, _secret(memory))
    receipt = _purge(memory)
    memory.close()
    assert receipt.verified
    assert not (tmp_path / "chroma").exists()


def test_vectors_made_with_forgotten_words_are_in_no_file(memory: Memory) -> None:
    session, n = _line(memory, SECRET)
    near = memory._journal.by_id([f"{session}:{k}" for k in (n - 1, n, n + 1)])
    held = memory._journal.vectors("words", [line.seq for line in near])
    _forget(memory, _secret(memory))
    _purge(memory)
    settle(memory)
    left = b"".join(path.read_bytes() for path in memory.folder.rglob("*") if path.is_file())
    assert len(held) == 3
    assert not any(vector.tobytes()[:32] in left for vector in held.values())


@pytest.mark.parametrize(
    "written",
    [
        "Zürich".encode(),
        "ZÜRICH".encode("utf-16-le"),
        "zürich".encode("utf-16-be"),
        json.dumps("Zürich").encode(),
        b"Z&#252;rich",
        b"Z%C3%BCrich",
        b"zurich",
    ],
)
def test_words_are_found_in_every_form_they_are_written_in(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\0\1" + written + b"\2")
    assert [found.path for found in search([path], ["Zürich"])] == [path]


def test_words_across_two_blocks_of_a_large_file_are_found(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * ((1 << 22) - 4) + b"swordfish")
    assert search([path], ["swordfish"]) != []
    assert search([path], ["sawfish"]) == []


def test_what_is_looked_for_is_what_nothing_else_holds() -> None:
    assert telling(["My password is swordfish."], ["A password."]) == ["swordfish"]
    assert telling(["It is a cat."], ["Was it so?"]) == ["It is a cat."]
    assert b"swordfish" in forms("Swordfish")
