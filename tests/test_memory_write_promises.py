"""A promise ends when its words say so, and by no other word."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from write_world import SAID, World

from companion.memory.write import promise

if TYPE_CHECKING:
    from pathlib import Path

    from companion.memory.record import Record

ENGLISH = (
    "Remind me tomorrow to buy milk.",
    "Remind me to pay the rent tomorrow.",
    "Remind me to call my mum tomorrow.",
    "Remind me to put the bins out tomorrow.",
    "Remind me to plan the trip tomorrow.",
    "Remind me to feed the cat tomorrow.",
)
GERMAN = (
    "Erinnere mich daran, morgen Milch zu kaufen.",
    "Erinnere mich morgen daran, Mama anzurufen.",
    "Erinnere mich am Freitag daran, die Miete zu bezahlen.",
    "Erinnere mich morgen daran, den Brief zu schreiben.",
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def ended(world: World) -> list[tuple[str, str]]:
    """The promises that are no longer open, and how they ended."""
    made = [one for one in world.all() if one.kind == "promise" and one.due is not None]
    return [(one.object, one.due.state) for one in made if one.due and one.due.state != "open"]


def promised(world: World, *texts: str) -> list[Record]:
    """Promises to do these things."""
    world.tell(*texts)
    made = world.active(kind="promise")
    assert len(made) == len(texts)
    return made


def test_two_things_for_the_same_day_are_two_promises_and_each_is_one(world: World) -> None:
    world.tell(
        "Remind me tomorrow to buy milk.",
        "Remind me to buy eggs tomorrow.",
        "Remind me to buy the milk tomorrow.",
    )
    made = [one.object for one in world.active(kind="promise")]
    assert sorted(made) == ["buy eggs", "buy milk"]


@pytest.mark.parametrize(
    ("told", "done"),
    [
        ("I bought milk.", "buy milk"),
        ("I've already bought the milk, thanks.", "buy milk"),
        ("I went to the shop and bought milk.", "buy milk"),
        ("No, I bought milk yesterday.", "buy milk"),
        ("Don't worry, I've bought milk.", "buy milk"),
        ("I'm back. I bought milk and bread.", "buy milk"),
        ("we have paid the rent", "pay the rent"),
        ("I finally called my mum.", "call Sam's mum"),
        ("I was at home and I called my mum", "call Sam's mum"),
        ("I remembered to call my mum!", "call Sam's mum"),
        ("I put the bins out.", "put the bins out"),
        ("I've planned the trip.", "plan the trip"),
        ("I fed the cat.", "feed the cat"),
        ("I was in town and bought milk.", "buy milk"),
    ],
)
def test_what_is_told_as_done_is_done(world: World, told: str, done: str) -> None:
    promised(world, *ENGLISH)
    world.tell(told)
    assert ended(world) == [(done, "done")]


@pytest.mark.parametrize(
    ("told", "chore"),
    [
        ("I did the laundry.", "do the laundry"),
        ("I've already done the dishes.", "do the dishes"),
        ("I finally did the homework!", "do the homework"),
    ],
)
def test_a_chore_that_somebody_did_is_done(world: World, told: str, chore: str) -> None:
    promised(world, f"Remind me tomorrow to {chore}.")
    world.tell(told)
    assert ended(world) == [(chore, "done")]


def test_what_is_denied_is_not_done_with_what_was_done(world: World) -> None:
    promised(world, "Remind me tomorrow to buy eggs.")
    world.tell("I bought milk, but no eggs.")
    assert ended(world) == []


@pytest.mark.parametrize(
    ("told", "done"),
    [
        ("I bought milk, but no eggs.", "buy milk"),
        ("I bought bread, milk and butter, but no eggs.", "buy milk"),
        ("I bought milk because I wanted to bake.", "buy milk"),
        ("I bought milk and she will bake.", "buy milk"),
        ("I called my mum, she will come on Friday.", "call Sam's mum"),
        ("I've called my mum, she was not at home.", "call Sam's mum"),
        ("I paid the rent for next month, so I have no money.", "pay the rent"),
    ],
)
def test_what_is_denied_after_it_is_not_what_was_done(world: World, told: str, done: str) -> None:
    promised(world, *ENGLISH)
    world.tell(told)
    assert ended(world) == [(done, "done")]


@pytest.mark.parametrize(
    "told",
    [
        "I want to buy milk.",
        "I wanted to buy milk.",
        "I haven't bought milk yet.",
        "I have not bought milk.",
        "I don't have time to buy milk today.",
        "I just want to buy milk.",
        "I have to buy milk.",
        "I've got to buy milk.",
        "I forgot to buy milk.",
        "I thought I bought milk.",
        "I wish I had bought milk.",
        "I should have bought milk.",
        "When I've bought milk I'll call you.",
        "When I've bought milk, I'll call you.",
        "I called my mum, I think.",
        "I bought milk, not!",
        "I bought bread and she bought milk.",
        "I bought bread because Bob bought milk.",
        "I said I bought milk, but I didn't.",
        "I need milk and bought bread.",
        "I went to town, but forgot to buy milk.",
        "Have I bought milk?",
        "I need milk, but Bob bought milk.",
        "I can't pay the rent this month.",
        "I might not pay the rent.",
        "I almost called Mum.",
        "I nearly called my mum.",
        "I never called my mum.",
        "I tried to call my mum but she was out.",
        "I want to put the bins out.",
        "I didn't put the bins out.",
        "I feed the cat at eight.",
        "I want a cat, I know a man who called my mum.",
    ],
)
def test_what_is_not_told_as_done_stays_open(world: World, told: str) -> None:
    promised(world, *ENGLISH)
    world.tell(told)
    assert ended(world) == []


@pytest.mark.parametrize(
    ("told", "done"),
    [
        ("Ich habe die Milch gekauft.", "Milch zu kaufen"),
        ("Gestern habe ich Milch gekauft, und Brot.", "Milch zu kaufen"),
        ("ich hab mama angerufen", "Mama anzurufen"),
        ("Die Miete habe ich schon bezahlt.", "die Miete zu bezahlen"),
        ("Nein, ich habe den Brief geschrieben.", "den Brief zu schreiben"),
    ],
)
def test_what_is_told_as_done_in_german_is_done(world: World, told: str, done: str) -> None:
    promised(world, *GERMAN)
    world.tell(told)
    assert ended(world) == [(done, "done")]


@pytest.mark.parametrize(
    "told",
    [
        "Ich habe die Milch noch nicht gekauft.",
        "Ich will Milch kaufen.",
        "Ich habe keine Zeit, Milch zu kaufen.",
        "Ich habe heute Zeit Milch zu kaufen.",
        "Ich hätte Milch gekauft.",
        "Ich habe fast die Milch gekauft.",
        "Ich habe gehört, dass Otto die Miete bezahlt hat.",
        "Ich dachte, ich habe die Milch gekauft.",
        "Ich habe vergessen, Mama anzurufen.",
        "Habe ich Milch gekauft?",
        "Ich muss Mama anrufen.",
    ],
)
def test_what_is_not_told_as_done_in_german_stays_open(world: World, told: str) -> None:
    promised(world, *GERMAN)
    world.tell(told)
    assert ended(world) == []


def test_the_owner_of_a_promise_need_not_be_called_sam(world: World) -> None:
    (made,) = promised(world, "Remind me to call my mum tomorrow.")
    names = {"Sam": "Anna", "call Sam's mum": "call Anna's mum"}
    about = tuple(replace(one, name=names[one.name]) for one in made.about)
    world.versions.revise(replace(made, about=about))
    world.tell("I called my mum.")
    assert [state for _, state in ended(world)] == ["done"]


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ("You don't have to remind me.", "feed the cat"),
        ("You don't need to remind me anymore.", "feed the cat"),
        ("No need to remind me tomorrow.", "feed the cat"),
        ("Don't remind me anymore.", "feed the cat"),
        ("Please stop reminding me any more!", "feed the cat"),
        ("Don't remind me anymore about the milk.", "buy milk"),
        ("Cancel the reminder.", "feed the cat"),
        ("Please cancel the reminder for tomorrow.", "feed the cat"),
        ("You don't have to remind me of that.", "feed the cat"),
        ("You don't have to remind me about the milk.", "buy milk"),
        ("Can you cancel the milk reminder?", "buy milk"),
        ("Cancel the reminder to pay the rent.", "pay the rent"),
        ("Don't remind me about the milk.", "buy milk"),
        ("Don't remind me to call my mum tomorrow.", "call Sam's mum"),
        ("Stop reminding me of the bins.", "put the bins out"),
    ],
)
def test_what_is_not_to_be_reminded_of_is_taken_back(world: World, told: str, taken: str) -> None:
    promised(world, *ENGLISH)
    world.tell(told)
    assert ended(world) == [(taken, "cancelled")]


@pytest.mark.parametrize(
    "told",
    [
        "Oh god, don't remind me.",
        "Don't remind me of my ex.",
        "Don't remind me about it.",
        "Don't remind me anymore of my ex.",
        "Ugh, don't remind me!",
        "You don't have to remind me of my mistakes.",
        "You have to remind me.",
        "Don't cancel the reminder.",
        "Don't forget the reminder.",
        "I always forget the reminder.",
        "You forget my reminder every time.",
        "Did you cancel the reminder?",
    ],
)
def test_who_only_winces_takes_nothing_back(world: World, told: str) -> None:
    promised(world, *ENGLISH)
    world.tell(told)
    assert ended(world) == []


@pytest.mark.parametrize("words", ["brauchst mich nicht ", "cancel the my reminder "])
def test_words_said_over_and_over_are_searched_in_a_moment(world: World, words: str) -> None:
    promised(world, ENGLISH[0])
    began = time.process_time()
    promise.cancelled(words * 200, world.active(kind="promise"))
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ("Du brauchst mich nicht zu erinnern.", "den Brief zu schreiben"),
        ("Du musst mich nicht mehr daran erinnern.", "den Brief zu schreiben"),
        ("Streich die Erinnerung.", "den Brief zu schreiben"),
        ("Du musst mich nicht an die Milch erinnern.", "Milch zu kaufen"),
        ("Erinnere mich nicht mehr an die Miete.", "die Miete zu bezahlen"),
        ("Erinnere mich nicht mehr.", "den Brief zu schreiben"),
        ("Erinner mich bitte nicht mehr daran!", "den Brief zu schreiben"),
        ("Erinnere mich nicht mehr daran, Milch zu kaufen.", "Milch zu kaufen"),
        ("Erinnere mich nicht daran, Mama anzurufen.", "Mama anzurufen"),
    ],
)
def test_german_words_take_a_reminder_back(world: World, told: str, taken: str) -> None:
    promised(world, *GERMAN)
    world.tell(told)
    assert ended(world) == [(taken, "cancelled")]


@pytest.mark.parametrize(
    "told",
    [
        "Erinnere mich bloß nicht daran!",
        "Erinner mich nicht an Otto.",
        "Erinner mich nicht mehr an Otto.",
        "Erinnere mich nicht mehr daran, Otto zu besuchen.",
        "Du musst mich nicht an meine Fehler erinnern.",
        "Vergiss die Erinnerung nicht.",
    ],
)
def test_who_only_winces_in_german_takes_nothing_back(world: World, told: str) -> None:
    promised(world, *GERMAN)
    world.tell(told)
    assert ended(world) == []


def test_a_reminder_for_tomorrow_is_due_from_ones_own_midnight_on(world: World) -> None:
    (made,) = promised(world, "Remind me tomorrow to buy milk.")
    midnight = SAID.replace(hour=0, minute=0) + timedelta(days=1)
    assert world.writer.due(midnight - timedelta(minutes=1)) == []
    assert [one.id for one in world.writer.due(midnight)] == [made.id]
