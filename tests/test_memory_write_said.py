"""What people say every day: what it leaves behind, and what it must leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from write_world import World, kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.journal.close()


# ── reminders ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "wanted", "due"),
    [
        ("Can you remind me to call Bob tomorrow?", "call Bob", "2026-03-05"),
        ("Could you please remind me tomorrow to call Bob?", "call Bob", "2026-03-05"),
        ("Hey Juno, will you remind me at 20:15 to call Bob?", "call Bob", "2026-03-04T20:15Z"),
        ("Remind me to call Bob tomorrow, okay?", "call Bob", "2026-03-05"),
        ("Remind me to call Bob tomorrow, will you?", "call Bob", "2026-03-05"),
        ("remind me to call bob tomorrow okay", "call bob", "2026-03-05"),
        ("Remind me at 7:30 to call Bob.", "call Bob", "2026-03-05T07:30Z"),
        ("Remind me tomorrow at 9 a.m. to call Bob.", "call Bob", "2026-03-05T09:00Z"),
        ("Remind me to call Bob at 9 p.m. tomorrow.", "call Bob", "2026-03-05T21:00Z"),
        ("Remind me on March 5th, 2027 to call Bob.", "call Bob", "2027-03-05"),
        ("Remind me to call Mr. Smith tomorrow.", "call Mr. Smith", "2026-03-05"),
        ("Remind me tomorrow about the dentist.", "the dentist", "2026-03-05"),
        ("Erinnere mich morgen um 7:30 Uhr daran, Bob anzurufen.", "Bob anzurufen",
         "2026-03-05T07:30Z"),
        ("Erinnere mich morgen an das Meeting.", "das Meeting", "2026-03-05"),
        ("Erinnere mich am Freitag an meine Tabletten.", "Sams Tabletten", "2026-03-06"),
        ("Erinnere mich am 5. Mai daran, die Miete zu zahlen.", "die Miete zu zahlen",
         "2026-05-05"),
        ("Kannst du mich morgen daran erinnern, Bob anzurufen?", "Bob anzurufen", "2026-03-05"),
        ("Kannst du mich morgen an den Termin erinnern?", "den Termin", "2026-03-05"),
        ("Erinnerst du mich morgen an den Termin?", "den Termin", "2026-03-05"),
    ],
)  # fmt: skip
def test_a_reminder_is_kept_however_it_is_asked_for(words: str, wanted: str, due: str) -> None:
    assert [(one.kind, one.object, one.due) for one in kept(words)] == [("promise", wanted, due)]


def test_what_is_not_to_be_done_is_kept_so() -> None:
    (made,) = kept("Remind me not to call Bob tomorrow.")
    assert made.text == "Sam asked to be reminded not to call Bob on 5 March 2026."


@pytest.mark.parametrize(
    "words",
    [
        "Did you remind me to call Bob tomorrow?",
        "Why did you remind me to call Bob tomorrow?",
        "When can you remind me to call Bob?",
        "Can you remind me how to call Bob?",
        "Remind me what I wanted to buy tomorrow.",
        "Erinnere mich nicht an das Essen.",
        "Ich kann mich nicht daran erinnern, Milch zu kaufen.",
        "Ich kann mich morgen an den Termin erinnern.",
    ],
)
def test_what_asks_for_no_reminder_leaves_none(words: str) -> None:
    assert kept(words) == []


# ── what is not so ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "claims"),
    [
        ("Ich mag Hunde nicht.", [("Sam", "likes", "-", "Hunde")]),
        ("Ich mag Kaffee überhaupt nicht.", [("Sam", "likes", "-", "Kaffee")]),
        ("Nein, ich mag Kaffee nicht.", [("Sam", "likes", "-", "Kaffee")]),
        ("Meine Schwester mag Kaffee nicht.", [("Sams Schwester", "likes", "-", "Kaffee")]),
        ("Ich liebe Spinat nicht.", [("Sam", "likes", "-", "Spinat")]),
        ("Meine Schwester liebt Tom nicht.", [("Sams Schwester", "likes", "-", "Tom")]),
        ("Ich wohne in Berlin nicht mehr.", [("Sam", "lives_in", "-", "Berlin")]),
        ("Meine Schwester wohnt nicht mehr in Rom.", [("Sams Schwester", "lives_in", "-", "Rom")]),
        ("Ich spiele Klavier nicht mehr.", []),
        ("Ich mag Hunde und Katzen nicht.", []),
        ("Ich mag Hunde, aber nicht jeden.", [("Sam", "likes", "+", "Hunde")]),
    ],
)  # fmt: skip
def test_a_german_not_comes_late(words: str, claims: list[tuple[str, str, str, str]]) -> None:
    made = [(one.subject, one.predicate, one.polarity, one.object) for one in kept(words)]
    assert made == claims


def test_what_is_liked_no_more_ends(world: World) -> None:
    world.tell("Ich mag Kaffee.", "Ich mag Kaffee nicht mehr.")
    assert world.texts() == ["Sam mag Kaffee nicht mehr."]
