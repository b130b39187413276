"""Memories have versions: what was written stays, what counts is the newest, and nothing strays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
import pytest

from companion.errors import BadData, MissingInput
from companion.memory.record import Claim, Due, Entity, Quote, Record, Source
from companion.memory.store.journal import Journal
from companion.memory.store.line import Spoken
from companion.memory.store.ulid import Ulids
from companion.memory.store.vectors import Vectors
from companion.memory.store.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 2, 18, 4, tzinfo=UTC)
ULIDS = Ulids()


def new_id() -> str:
    return ULIDS.new(int(NOW.timestamp() * 1000))


def fact(text: str, turns: str = "1", **more: object) -> Record:
    """What Sam is supposed to have said."""
    first = int(turns.partition("-")[0])
    values = {
        "id": new_id(),
        "text": text,
        "about": (Entity("subject", "Sam", "user"), Entity("object", "Leeds", "place:leeds")),
        "claim": Claim("lives_in", cardinality="one"),
        "sources": (Source("user", "S", turns, "rule:lives_in", 0.9, (Quote(first, text),)),),
        "observed": NOW,
        "created_by": "rules/1",
        "scope": "character:mira",
    }
    return Record(**values | more)  # type: ignore[arg-type]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite3", "Sam", "mira")
    for text in ("I live in Leeds.", "Now in Lisbon.", "I like it."):
        journal.add("S", new_id(), Spoken("user", "Sam", text, 0.9, NOW))
    yield journal
    journal.close()


@pytest.fixture
def versions(journal: Journal) -> Versions:
    return Versions(journal)


def words(versions: Versions, *terms: str, past: bool = False) -> list[str]:
    return [one.text for one in versions.memos(versions.match(terms, past=past).seqs)]


def test_a_memory_comes_back_as_it_was_kept(versions: Versions) -> None:
    made = fact("Sam lives in Leeds.", pinned=True)
    assert versions.add(made) == versions.get(made.id) == made
    assert versions.active("fact", "user", "lives_in") == [made]


def test_a_new_version_counts_and_the_old_one_stays(versions: Versions) -> None:
    first = versions.add(fact("Sam lives in Leds."))
    second = versions.revise(replace(first, text="Sam lives in Leeds."))
    assert second.v == 2
    assert versions.history(first.id) == [first, second]
    assert versions.active() == [second]
    assert words(versions, "leds") == []
    assert words(versions, "leeds") == ["Sam lives in Leeds."]


def test_an_earlier_version_is_restored_as_a_new_one(versions: Versions) -> None:
    first = versions.add(fact("Sam lives in Leeds."))
    versions.revise(replace(first, text="Sam lives in Rome."))
    assert versions.restore(first.id, 1) == replace(first, v=3)
    with pytest.raises(MissingInput):
        versions.restore(first.id, 9)


def test_what_became_untrue_is_found_only_when_the_past_is_asked_about(versions: Versions) -> None:
    old = versions.add(fact("Sam lives in Leeds.", valid_from="2020"))
    new = versions.add(fact("Sam lives in Lisbon.", valid_from="2026-02-01"))
    versions.revise(replace(old, status="superseded", valid_to="2026-02-01"))
    assert words(versions, "lives") == [new.text]
    assert set(words(versions, "lives", past=True)) == {new.text, old.text}


@pytest.mark.parametrize("status", ["retracted", "quarantined"])
def test_what_was_taken_back_or_is_in_doubt_is_not_found(versions: Versions, status: str) -> None:
    made = versions.add(fact("Sam lives in Leeds."))
    versions.revise(replace(made, status=status))
    assert words(versions, "leeds", past=True) == []
    assert versions.active() == []
    assert versions.embedded([f"memory:{made.id}"], "") == []
    assert [one.id for one in versions.of_status(status)] == [made.id]


def test_what_is_hidden_is_in_no_answer_until_it_is_unhidden(versions: Versions) -> None:
    made = versions.add(fact("Sam lives in Leeds.", due=Due("2026-01-01")))
    versions.keep_vectors([(1, np.ones(3, np.float32))], "words")
    assert versions.hide([made.id, "01JA7Q6ZK3T8"]) == [made.id]
    asked = (
        *(versions.get(made.id) or ()),
        *versions.history(made.id),
        *versions.active(),
        *versions.newest(9),
        *versions.ending(made.id[-4:]),
        *versions.due_before(NOW),
        *versions.match(["leeds"], past=True).seqs,
        *versions.memos([1]),
        *(memo for memo, _ in versions.embedded([f"memory:{made.id}"], "")),
        *versions.due(9),
        *versions.vectors("words", [1]),
        *versions.sample("words", 9),
    )
    assert asked == ()
    assert versions.match(["leeds"]).lines == versions.count("leed") == 0
    assert versions.hidden() == [made]
    assert versions.unhide([made.id]) == [made.id]
    assert versions.active() == [made]
    assert words(versions, "leeds") == [made.text]


def test_a_revised_memory_leaves_the_dense_index_and_comes_again(
    versions: Versions, journal: Journal
) -> None:
    made = versions.add(fact("Sam lives in Leeds."))
    shelves = Vectors(journal)
    embed(versions)
    shelves.mark(shelves.waiting("words", 9), indexed=True)
    versions.revise(replace(made, text="Sam lives in York."))
    assert [row.name for row in shelves.stale(9)] == [f"memory:{made.id}"]
    shelves.mark(shelves.stale(9), indexed=False)
    embed(versions)
    assert [(row.seq, row.name) for row in shelves.waiting("words", 9)] == [
        (2, f"memory:{made.id}")
    ]


def embed(versions: Versions) -> None:
    due = versions.due(9)
    versions.keep_vectors([(one.seq, np.ones(3, np.float32)) for one in due], "words")


def test_a_hidden_memory_cannot_be_revised(versions: Versions) -> None:
    made = versions.add(fact("Sam lives in Leeds."))
    versions.hide([made.id])
    with pytest.raises(MissingInput):
        versions.revise(made)


def test_use_is_counted_beside_the_versions(versions: Versions) -> None:
    made = versions.add(fact("Sam lives in Leeds."))
    versions.used(made.id, NOW)
    versions.used(made.id, NOW + timedelta(days=1))
    versions.pin(made.id)
    (now,) = versions.history(made.id)
    assert (now.v, now.recalls, now.last, now.pinned) == (1, 2, NOW + timedelta(days=1), True)
    revised = versions.revise(replace(now, text="Sam lives in York.", pinned=False))
    assert (revised.v, revised.recalls, revised.pinned) == (2, 2, False)


def test_a_memory_knows_the_lines_and_memories_it_rests_on(
    versions: Versions, journal: Journal
) -> None:
    lines = journal.session("S")
    made = versions.add(fact("Sam lives in Leeds.", turns="1-2"))
    summary = versions.add(fact("Sam talked.", turns="3", derived_from=(made.ref,)))
    assert [versions.sources_of(line.ulid) for line in lines] == [
        [made.id],
        [made.id],
        [summary.id],
    ]
    assert versions.sources_of(made.id) == [summary.id]


def test_promises_come_up_when_they_are_due(versions: Versions) -> None:
    for at in ("2026-03-02T18:05Z", "2026-03-02T18:04Z", "2026-03-02T18:03:59Z", "2026-03", "2027"):
        versions.add(fact(at, kind="promise", due=Due(at)))
    versions.add(fact("done", kind="promise", due=Due("2026", "done")))
    assert [one.text for one in versions.due_before(NOW)] == [
        "2026-03",
        "2026-03-02T18:03:59Z",
        "2026-03-02T18:04Z",
    ]


@pytest.mark.parametrize("hours", [-8, 0, 11])
def test_a_promise_for_a_day_is_due_from_its_midnight_on(versions: Versions, hours: int) -> None:
    versions.add(fact("call Bob", kind="promise", due=Due("2026-03-04")))
    midnight = datetime(2026, 3, 4, tzinfo=timezone(timedelta(hours=hours)))
    assert versions.due_before(midnight - timedelta(minutes=1)) == []
    assert [one.text for one in versions.due_before(midnight)] == ["call Bob"]


def test_a_promise_for_a_minute_is_due_everywhere_at_once(versions: Versions) -> None:
    versions.add(fact("call Bob", kind="promise", due=Due("2026-03-05T01:00Z")))
    for hours in (-8, 11):
        then = datetime(2026, 3, 5, 1, tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
        assert versions.due_before(then - timedelta(minutes=1)) == []
        assert [one.text for one in versions.due_before(then)] == ["call Bob"]


def test_a_removed_memory_leaves_its_id_and_never_comes_back(versions: Versions) -> None:
    made = versions.add(fact("Sam lives in Leeds.", pinned=True))
    versions.revise(replace(made, text="Sam lives in York."))
    versions.hide([made.id])
    assert versions.remove([made.id, "01JA7Q6ZK3T8"], NOW) == [made.id]
    assert versions.hidden() == versions.history(made.id) == []
    with pytest.raises(BadData, match="forgotten"):
        versions.add(made)


def test_an_id_is_given_once(versions: Versions) -> None:
    made = versions.add(fact("Sam lives in Leeds."))
    with pytest.raises(BadData, match="already"):
        versions.add(made)


def test_a_memory_of_another_character_is_not_kept(versions: Versions) -> None:
    with pytest.raises(BadData, match="belongs to"):
        versions.add(fact("A secret.", scope="character:tam"))
    assert versions.active() == []


def test_another_character_sees_none_of_it(versions: Versions, journal: Journal) -> None:
    made = versions.add(fact("Sam lives in Leeds.", due=Due("2026-01-01")))
    versions.hide([versions.add(fact("Hidden.")).id])
    tam = Journal(journal.path, "Sam", "tam")
    other = Versions(tam)
    asked = (
        other.get(made.id),
        *other.history(made.id),
        *other.active(),
        *other.hidden(),
        *other.due_before(NOW),
        *other.match(["leeds"]).seqs,
        *other.memos([1, 2]),
        *other.embedded([f"memory:{made.id}"], ""),
        *other.due(9),
        *other.hide([made.id]),
        *other.remove([made.id], NOW),
        *other.sources_of(journal.session("S")[0].ulid),
    )
    tam.close()
    assert asked == (None,)
    assert versions.get(made.id) == made


def test_several_changes_are_kept_together_or_not_at_all(versions: Versions) -> None:
    made = versions.add(fact("Sam lives in Leeds."))

    def change() -> None:
        with versions.together():
            versions.revise(replace(made, text="Sam lives in York."))
            versions.pin("01JA7Q6ZK3T8")

    with pytest.raises(MissingInput):
        change()
    assert versions.history(made.id) == [made]
    assert words(versions, "leeds") == [made.text]


def test_a_change_that_fails_inside_others_leaves_no_half_of_it(versions: Versions) -> None:
    made = versions.add(fact("Sam lives in Leeds."))
    with versions.together():
        with pytest.raises(BadData):
            versions.revise(replace(made, scope="character:tam"))
        versions.pin(made.id)
    assert versions.active() == [replace(made, pinned=True)]
    assert words(versions, "leeds") == [made.text]


@pytest.mark.parametrize("lookup", ["embedded", "memos", "get", "vectors"])
def test_a_few_memories_cost_as_much_among_many(tmp_path: Path, lookup: str) -> None:
    assert _steps(tmp_path / "many", 330, lookup) <= _steps(tmp_path / "few", 30, lookup) + 100


def _steps(folder: Path, count: int, lookup: str) -> int:
    """Steps that SQLite takes to read three memories of so many."""
    folder.mkdir()
    journal = Journal(folder / "journal.sqlite3", "Sam", "mira")
    versions = Versions(journal)
    journal.add("S", new_id(), Spoken("user", "Sam", "I live in Leeds.", 0.9, NOW))
    made = [versions.add(fact(f"Sam lives in Leeds, {n}.")) for n in range(count)]
    versions.keep_vectors([(n + 1, np.ones(3, np.float32)) for n in range(count)], "words")
    asked = made[:3]
    taken: list[int] = []
    journal.database.connection.set_progress_handler(lambda: taken.append(10), 10)
    if lookup == "embedded":
        assert len(versions.embedded([f"memory:{one.id}" for one in asked], "words")) == len(asked)
    elif lookup == "memos":
        assert len(versions.memos([1, 2, 3])) == len(asked)
    elif lookup == "get":
        assert all(versions.get(one.id) for one in asked)
    else:
        assert len(versions.vectors("words", [1, 2, 3])) == len(asked)
    journal.close()
    return sum(taken)
