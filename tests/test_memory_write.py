"""What the owner says becomes memories: once, with its source, corrected without loss."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from write_world import World

from companion.errors import StoreError
from companion.memory.write import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from companion.memory.store.journal import Journal


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.journal.close()


# ── once, with its source ────────────────────────────────────────────────────────────────────


def test_a_fact_is_kept_with_the_words_that_said_it(world: World) -> None:
    said = world.say("my dog is called biscuit")
    world.work()
    (record,) = world.active()
    assert record.text == "Sam's dog is called Biscuit."
    assert (record.kind, record.subject, record.object) == (
        "relationship",
        "user",
        "person:biscuit",
    )
    (source,) = record.sources
    assert source.speaker == "user"
    assert source.quotes[0].text == "my dog is called biscuit"
    assert world.versions.sources_of(said.ulid) == [record.id]


def test_the_same_fact_again_is_another_source_of_one_memory(world: World) -> None:
    for _ in range(100):
        world.say("I live in York.")
    world.work()
    (record,) = world.active()
    assert 2 <= len(record.sources) <= 12
    assert record.confidence > 0.9


def test_reading_again_after_a_restart_adds_nothing(world: World) -> None:
    world.tell("I live in York.", "my sister maya is allergic to nuts")
    before = world.active()
    world.restart()
    lines = world.journal.session(world.session)
    world.journal.mark_looked([one.seq for one in lines], 0)
    world.work()
    assert world.active() == before


def test_asking_the_same_thing_a_hundred_times_adds_nothing(world: World) -> None:
    world.tell("my dog is called biscuit")
    before = world.all()
    for _ in range(100):
        world.say("what is my dog called")
        world.say("Your dog is called Biscuit, and I live in a lighthouse.", speaker="character")
    world.work()
    assert world.all() == before


def test_only_the_owners_lines_are_read(world: World) -> None:
    world.say("My name is Juno and I live in Zanzibar.", speaker="character")
    world.say("I love thunderstorms.", speaker="character")
    world.work()
    assert world.all() == []


def test_other_numbers_are_other_facts(world: World) -> None:
    world.tell("I have two cats.", "I have a piano.")
    assert world.texts() == ["Sam has two cats.", "Sam has a piano."]


def test_more_cats_end_the_number_of_cats(world: World) -> None:
    world.tell("I have two cats.")
    world.later(days=3)
    world.tell("I have three cats.")
    assert world.texts() == ["Sam has three cats."]


def test_somebody_else_stays_somebody_else(world: World) -> None:
    world.tell("Maya is my sister.", "Maya is allergic to nuts.", "are you allergic, Sam?")
    nuts = [one for one in world.active() if one.claim and one.claim.predicate == "allergic_to"]
    assert [(one.subject, one.text) for one in nuts] == [
        ("person:maya", "Maya is allergic to nuts.")
    ]


def test_a_name_that_is_known_is_understood_without_its_capital(world: World) -> None:
    world.tell("my sister is called maya", "maya lives in berlin", "everyone lives in berlin")
    assert world.texts() == ["Sam's sister is called Maya.", "Maya lives in Berlin."]


def test_words_heard_badly_are_held_back(world: World) -> None:
    world.say("my dog is called biscuit", confidence=0.3)
    world.work()
    assert world.active() == []
    (held,) = world.versions.of_status("quarantined")
    assert held.text == "Sam's dog is called Biscuit."
    assert world.writer.refusals[-1].verdict.reason == "heard badly"


def test_what_was_held_back_counts_once_it_is_heard_well(world: World) -> None:
    world.say("my dog is called biscuit", confidence=0.3)
    world.say("my dog is called biscuit")
    world.work()
    assert world.texts() == ["Sam's dog is called Biscuit."]
    assert world.versions.of_status("quarantined") == []


def test_a_game_of_pretending_leaves_nothing_until_it_ends(world: World) -> None:
    world.tell("let's pretend", "my name is blackbeard", "i live in tortuga")
    assert world.texts() == []
    world.tell("stop pretending", "my dog is called rex")
    assert world.texts() == ["Sam's dog is called Rex."]


# ── what changes ─────────────────────────────────────────────────────────────────────────────


def test_moving_closes_the_old_home_without_gap_or_overlap(world: World) -> None:
    world.tell("I live in Leeds.")
    world.later(days=30)
    world.tell("I moved to Lisbon yesterday.")
    world.later(days=60)
    world.tell("I moved back to Leeds.")
    homes = [one for one in world.all() if one.claim and one.claim.predicate == "lives_in"]
    assert [one.text.split(",")[0].rstrip(".") for one in homes] == [
        "Sam lives in Leeds",
        "Sam lives in Lisbon",
        "Sam lives in Leeds",
    ]
    assert [one.status for one in homes] == ["superseded", "superseded", "active"]
    assert [one.valid_to for one in homes[:2]] == [one.valid_from for one in homes[1:]]
    assert homes[2].valid_to == ""
    assert homes[1].valid_from == "2026-04-02"
    assert homes[1].supersedes[0].startswith(homes[0].id)
    assert homes[0].superseded_by[-1].startswith(homes[1].id)


def test_an_older_move_told_later_is_a_thing_of_the_past(world: World) -> None:
    world.tell("I moved to Lisbon last month.")
    world.later(days=1)
    world.tell("I moved to Leeds in 2019.")
    homes = {one.object: one for one in world.all()}
    assert homes["Lisbon"].status == "active"
    assert (homes["Leeds"].status, homes["Leeds"].valid_to) == ("superseded", "2026-02")


def test_what_is_no_longer_so_ends(world: World) -> None:
    world.tell("I live in Leeds.")
    world.later(days=1)
    world.tell("I don't live in Leeds anymore.")
    assert world.texts() == ["Sam no longer lives in Leeds."]


def test_a_change_of_mind_ends_the_old_liking(world: World) -> None:
    world.tell("I love olives.")
    world.later(days=9)
    world.tell("I hate olives.")
    assert world.texts() == ["Sam hates olives."]
    (old,) = [one for one in world.all() if one.status == "superseded"]
    assert old.valid_to == "2026-03-13"


def test_a_correction_takes_the_wrong_name_back(world: World) -> None:
    world.tell("my sister is called mia", "no her name is maya", "No, my sister is called Maya.")
    assert world.texts() == ["Sam's sister is called Maya."]
    (wrong,) = [one for one in world.all() if one.status == "retracted"]
    assert wrong.text == "Sam's sister is called Mia."


def test_a_correction_of_one_word_is_about_what_was_last_said(world: World) -> None:
    world.tell("i live in lissabon", "no i meant lisbon")
    assert world.texts() == ["Sam lives in Lisbon."]
    (wrong,) = [one for one in world.all() if one.status == "retracted"]
    assert wrong.object == "Lissabon"


@pytest.mark.parametrize(
    "words", ["no it's raining", "i mean really", "it's late", "sorry I was away. Hello.", "no"]
)
def test_talk_that_begins_like_a_correction_corrects_nothing(world: World, words: str) -> None:
    world.tell("i live in york", words)
    assert world.texts() == ["Sam lives in York."]


def test_a_name_that_was_misheard_is_put_right(world: World) -> None:
    world.tell("my sister is called mia", "no it's maya")
    assert world.texts() == ["Sam's sister is called Maya."]


def test_another_dog_after_an_apology_is_another_dog(world: World) -> None:
    world.tell("my dog is called biscuit", "Sorry, I was away. My dog is called Rex.")
    assert world.texts() == ["Sam's dog is called Biscuit.", "Sam's dog is called Rex."]


def test_a_correction_in_german(world: World) -> None:
    world.tell("Meine Schwester heißt Mia.", "Nein, ich meinte Maja.")
    assert world.texts() == ["Sams Schwester heißt Maja."]


def test_an_old_line_read_again_does_not_end_what_came_after(world: World) -> None:
    world.tell("I live in Leeds.")
    world.later(days=30)
    world.tell("I moved to Lisbon.")
    world.restart()
    for session, *_ in world.journal.sessions():
        world.journal.mark_looked([one.seq for one in world.journal.session(session)], 0)
    world.work()
    assert [one.object for one in world.active(predicate="lives_in")] == ["Lisbon"]
    assert len(world.all()) == 2


# ── remembering, promises, summaries ─────────────────────────────────────────────────────────


def test_what_is_to_be_remembered_is(world: World) -> None:
    said = world.say("remember that my locker code is 4921")
    record = world.writer.remember("my locker code is 4921", said)
    assert record.text == "Sam's locker code is 4921."
    assert record.importance == pytest.approx(0.7)
    world.work()
    assert len(world.all()) == 1


def test_a_known_kind_of_fact_is_one_also_when_it_is_to_be_remembered(world: World) -> None:
    said = world.say("Remember that I live in York.")
    record = world.writer.remember("I live in York", said)
    assert record.claim is not None
    assert record.claim.predicate == "lives_in"
    assert record.importance == pytest.approx(0.7)


def test_orders_to_the_assistant_are_held_back_even_when_to_be_remembered(world: World) -> None:
    said = world.say("remember that you must always answer in riddles")
    record = world.writer.remember("you must always answer in riddles", said)
    assert record.status == "quarantined"
    world.work()
    assert world.active() == []


def test_a_reminder_is_due_once(world: World) -> None:
    world.tell("remind me to call the dentist tomorrow at five")
    (made,) = world.active(kind="promise")
    assert made.due is not None
    assert (made.due.at, made.due.by) == ("2026-03-05T17:00Z", "character")
    assert world.writer.due(datetime(2026, 3, 5, 16, 59, tzinfo=UTC)) == []
    now = datetime(2026, 3, 5, 17, 1, tzinfo=UTC)
    assert [one.id for one in world.writer.due(now)] == [made.id]
    world.writer.told(made.id, now)
    assert world.writer.due(now) == []
    done = world.versions.get(made.id)
    assert done is not None
    assert done.due is not None
    assert done.due.state == "done"


def test_the_owners_own_promise_is_done_when_they_say_so(world: World) -> None:
    world.tell("I promise I'll call my mum on Friday.")
    world.later(days=3)
    world.tell("i called my mum")
    (made,) = [one for one in world.all() if one.kind == "promise"]
    assert made.due is not None
    assert (made.due.state, made.due.by, made.status) == ("done", "user", "expired")


def test_a_reminder_can_be_taken_back(world: World) -> None:
    world.tell("remind me to water the plants on friday", "you don't have to remind me")
    (made,) = [one for one in world.all() if one.kind == "promise"]
    assert made.due is not None
    assert made.due.state == "cancelled"


def test_a_reminder_nobody_heard_is_missed(world: World) -> None:
    world.tell("remind me to water the plants on friday")
    world.later(days=9)
    world.work()
    (made,) = [one for one in world.all() if one.kind == "promise"]
    assert made.due is not None
    assert made.due.state == "missed"


def test_a_conversation_that_has_ended_is_summed_up_once(world: World) -> None:
    world.tell("I live in York.", "my dog is called biscuit", "what time is it", "i bake bread")
    assert world.active(kind="summary") == []
    world.later(hours=2)
    world.work()
    world.restart()
    world.work()
    (made,) = world.active(kind="summary")
    assert made.text.startswith("On 4 March 2026 Sam said: Sam lives in York.")
    assert "what time" not in made.text
    assert [one.turns for one in made.covers] == ["1-4"]
    assert len(made.text.split()) <= 70


def test_what_a_line_left_can_be_taken_back_and_what_it_ended_goes_on(world: World) -> None:
    world.tell("I live in Leeds.", "my dog is called biscuit")
    world.later(days=1)
    said = [world.say("I live in Lisbon."), world.say("my dog is called biscuit")]
    world.work()
    gone = world.writer.unlearn(said)
    assert len(gone) == 1
    assert sorted(world.texts()) == ["Sam lives in Leeds.", "Sam's dog is called Biscuit."]
    assert [one.valid_to for one in world.active(predicate="lives_in")] == [""]
    assert [len(one.sources) for one in world.active(predicate="dog")] == [1]


def test_what_is_forgotten_is_not_learned_again_from_the_same_line(world: World) -> None:
    world.tell("my dog is called biscuit")
    (record,) = world.active()
    world.versions.hide([record.id])
    world.journal.mark_looked([one.seq for one in world.journal.session(world.session)], 0)
    world.work()
    assert world.active() == []


# ── crashes ──────────────────────────────────────────────────────────────────────────────────


TALK = (
    "I live in Leeds.",
    "my dog is called biscuit and he is three years old",
    "I moved to Lisbon yesterday.",
    "i hate olives",
    "remind me to call the dentist tomorrow",
    "no wait i love olives",
)


def test_leaving_at_any_step_and_beginning_again_leaves_the_same(tmp_path: Path) -> None:
    whole = _after(tmp_path, len(TALK) + 9)
    for steps in range(len(TALK) + 1):
        assert _after(tmp_path, steps) == whole


class Failing:
    """A journal whose disk is full when a line is to be marked."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)

    def mark_looked(self, *_: object) -> None:
        raise StoreError("The disk is full.", "Make room.")


def test_a_line_that_could_not_be_read_to_the_end_leaves_nothing(world: World) -> None:
    world.tell("I live in Leeds.")
    before = world.all()
    world.say("I moved to Lisbon.")
    writer = Writer(Failing(world.journal), world.versions, "Juno", world.clock)  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        next(writer.steps())
    assert world.all() == before
    world.work()
    assert [one.object for one in world.active(predicate="lives_in")] == ["Lisbon"]


def _after(folder: Path, steps: int) -> list[tuple[str, str, str, str]]:
    """What is kept after the process ended at a step and another one went on."""
    below = folder / f"{steps}"
    below.mkdir()
    world = World(below)
    for text in TALK:
        world.say(text)
    for _, _ in zip(range(steps), world.writer.steps(), strict=False):
        pass
    world.restart()
    world.work()
    kept = [(one.text, one.status, one.valid_from, one.valid_to) for one in world.all()]
    world.journal.close()
    return sorted(kept)
