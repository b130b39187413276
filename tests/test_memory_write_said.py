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
        ("Remind me that I have an exam tomorrow.", "an exam", "2026-03-05"),
        ("Remind me tomorrow that the bins go out.", "the bins go out", "2026-03-05"),
        ("Could you remind me, please, to call Bob tomorrow?", "call Bob", "2026-03-05"),
        ("Can you remind me to call Bob, or is it too late?", "call Bob", ""),
        ("Remind me again to call Bob.", "call Bob", ""),
        ("Remind me when I finish work to buy milk.", "buy milk", ""),
        ("Remind me when the rain stops to go out.", "go out", ""),
        ("Remind me tomorrow not too early to call Bob.", "call Bob", "2026-03-05"),
        ("Erinnere mich morgen um 7:30 Uhr daran, Bob anzurufen.", "Bob anzurufen",
         "2026-03-05T07:30Z"),
        ("Erinnere mich morgen an das Meeting.", "das Meeting", "2026-03-05"),
        ("Erinnere mich am Freitag an meine Tabletten.", "Sams Tabletten", "2026-03-06"),
        ("Erinnere mich am 5. Mai daran, die Miete zu zahlen.", "die Miete zu zahlen",
         "2026-05-05"),
        ("Kannst du mich morgen daran erinnern, Bob anzurufen?", "Bob anzurufen", "2026-03-05"),
        ("Erinnere mich daran, dass ich morgen einen Termin habe.", "einen Termin", "2026-03-05"),
        ("Kannst du mich daran erinnern, dass ich morgen einen Termin habe?", "einen Termin",
         "2026-03-05"),
        ("Kannst du mich morgen an den Termin erinnern?", "den Termin", "2026-03-05"),
        ("Erinner mich morgen dran, Bob anzurufen.", "Bob anzurufen", "2026-03-05"),
        ("Kannst du mich erinnern, morgen Bob anzurufen?", "Bob anzurufen", "2026-03-05"),
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
        "Can you remind me when I have to call Bob?",
        "Remind me when is the best time to call Bob.",
        "Remind me again how to call Bob.",
        "Remind me again when we are going to call Bob.",
        "Remind me what I wanted to buy tomorrow.",
        "You remind me of my sister.",
        "Remind me of my ex.",
        "You remind me that my sister lives in a dream.",
        "Meine Mutter muss mich daran erinnern, Bob anzurufen.",
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
        ("Ich hasse Spinat nicht.", []),
        ("Ich mag weder Pizza noch Eis.", []),
        ("Ich kann Spinat gar nicht leiden.", [("Sam", "likes", "-", "Spinat")]),
        ("Ich mag Hunde und Katzen nicht.", []),
        ("Ich mag Hunde, aber nicht jeden.", [("Sam", "likes", "+", "Hunde")]),
    ],
)  # fmt: skip
def test_a_german_not_comes_late(words: str, claims: list[tuple[str, str, str, str]]) -> None:
    made = [(one.subject, one.predicate, one.polarity, one.object) for one in kept(words)]
    assert made == claims


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("I don't live in York.", "Sam does not live in York."),
        ("I don't live in York anymore.", "Sam no longer lives in York."),
        ("I no longer live in York.", "Sam no longer lives in York."),
    ],
)
def test_who_does_not_live_there_need_never_have(words: str, text: str) -> None:
    assert [one.text for one in kept(words)] == [text]


def test_what_is_liked_no_more_ends(world: World) -> None:
    world.tell("Ich mag Kaffee.", "Ich mag Kaffee nicht mehr.")
    assert world.texts() == ["Sam mag Kaffee nicht mehr."]


# ── who it is said of ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words",
    [
        "My wife called Tom yesterday.",
        "My wife called Tom.",
        "My boss called Karl in for a meeting.",
        "My brother called Tom yesterday.",
        "My dad called twice.",
        "My old boss was called Otto.",
        "My boss was called Otto.",
        "My old boss is called Otto.",
        "Mein alter Chef heißt Otto.",
        "The brother of my wife is called Tom.",
        "The brother of my wife lives in Rome and works as a nurse.",
        "The mother of my girlfriend is a teacher.",
        "A friend of Tom lives in Rome.",
        "The guy who married my sister is a doctor.",
        "The man that now loves my sister is a doctor.",
        "Neither my sister nor my brother likes tea.",
        "Not even my sister likes tea.",
        "Everyone but my sister likes tea.",
        "Toms Hund ist 5 Jahre alt.",
        "I hope my sister is a doctor one day.",
        "My sister is called Maya. The brother of my wife was born in Rome. He is a teacher.",
        "Der Bruder meiner Frau heißt Karl.",
        "Die Mutter meiner Frau wohnt in Rom.",
        "Die Tochter meines Bruders ist 5 Jahre alt.",
        "Das neue Auto ist 5 Jahre alt.",
        "Der Mann von meiner Schwester ist Lehrer.",
    ],
)
def test_what_is_said_of_somebody_else_is_not_said_of_those_one_knows(words: str) -> None:
    assert [one for one in kept(words) if one.object != "Maya"] == []


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("My brother's called Tom.", "Sam's brother is called Tom."),
        ("my dog named rex", "Sam's dog is called Rex."),
        ("The name of my dog is Rex.", "Sam's dog is called Rex."),
        ("My new boss is called Karl.", "Sam's boss is called Karl."),
        ("A trip for my daughter Sara's birthday.", "Sam's daughter is called Sara."),
        ("The brother of my wife Anna is a doctor.", "Sam's wife is called Anna."),
        ("And Tom is allergic to nuts.", "Tom is allergic to nuts."),
        ("Aber Tom wohnt in Rom.", "Tom wohnt in Rom."),
        ("Unsere Mutter wohnt in Rom.", "Sams Mutter wohnt in Rom."),
        ("I know that now my sister lives in Rome.", "Sam's sister lives in Rome."),
        ("I'm glad that since May my sister lives in Rome.", "Sam's sister lives in Rome."),
        ("Übrigens meine Schwester wohnt in Rom.", "Sams Schwester wohnt in Rom."),
        ("Jedenfalls meine Schwester wohnt in Rom.", "Sams Schwester wohnt in Rom."),
    ],
)
def test_what_is_said_of_those_one_knows_is_kept(words: str, text: str) -> None:
    assert [one.text for one in kept(words)] == [text]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("My wife is called Anna.", "My wife called Tom yesterday."),
        ("My boss is called Karl.", "My old boss was called Otto."),
        ("My sister is called Maya.", "My sister called Anna a liar."),
        ("My favourite film is Alien.", "As a kid my favourite film was Bambi."),
        ("I live in Leeds.", "I've lived in Rome."),
        ("I live in Leeds.", "We've lived in five countries."),
        ("I live in Leeds.", "I moved to Lisbon for a week."),
        ("I live in Leeds.", "I moved to Lisbon temporarily."),
        ("I live in Leeds.", "I live in fear."),
        ("I live in Leeds.", "I live in the past."),
        ("I work at Google.", "I work at the bakery on Saturdays."),
        ("I work as a nurse.", "I work as a driver at the weekend."),
        ("I work as a nurse.", "I work as a driver on Sundays."),
        ("I live in Leeds.", "I live in comfort."),
        ("My friend is called Tom.", "Oh no, my friend is called away."),
        ("I live in Leeds.", "Actually it's Tuesday."),
        ("I live in Leeds.", "No, it's five."),
        ("I live in Leeds.", "No, it's 7:30."),
        ("My sister lives in Bonn.", "My sister moved to Spain for a year."),
        ("Meine Frau heißt Anna.", "Der Bruder meiner Frau heißt Karl."),
        ("Ich wohne in Bonn.", "Ich lebe in Angst."),
        ("Ich wohne in Bonn.", "Nein, es ist Dienstag."),
        ("Ich wohne in Bonn.", "Ich bin nach Hause gezogen."),
        ("Ich wohne in Bonn.", "Ich bin für ein Jahr nach Berlin gezogen."),
        ("Ich wohne in Bonn.", "Ich lebe in der Vergangenheit."),
    ],
)
def test_ordinary_talk_ends_nothing_that_is_true(world: World, first: str, then: str) -> None:
    world.tell(first)
    before = world.texts()
    world.tell(then)
    assert world.texts() == before


@pytest.mark.parametrize(
    "lines",
    [
        ("My younger sister lives in Bonn.", "My older sister lives in Ulm."),
        ("Meine jüngere Schwester wohnt in Bonn.", "Meine ältere Schwester wohnt in Ulm."),
        ("My dog is called Rex.", "Actually I have a second dog called Max."),
        ("My dog is called Rex.", "Actually my dog is called Max too."),
        ("My boss lives in Bonn.", "My old boss lives in Ulm."),
    ],
)
def test_another_one_ends_nothing(world: World, lines: tuple[str, ...]) -> None:
    world.tell(*lines)
    assert len(world.texts()) == len(lines)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("I've always lived in Hull.", "Hull"),
        ("I've lived in Hull for the past ten years.", "Hull"),
        ("I've lived in Hull all my life.", "Hull"),
        ("I've lived in Hull my whole life.", "Hull"),
        ("I've been living in Hull since 2019.", "Hull"),
        ("I moved to Leeds for work.", "Leeds"),
        ("I moved to Leeds for good last year.", "Leeds"),
        ("I moved to Leeds for a job last year.", "Leeds"),
        ("I moved to Berlin with my family in 2019.", "Berlin"),
        ("I've lived in London a long time.", "London"),
        ("I've lived in London for a long time.", "London"),
        ("I've lived in London forever.", "London"),
        ("I live in Luxury Bay.", "Luxury Bay"),
        ("I live in Comfort, Texas.", "Comfort"),
        ("Ich bin für einen Job nach Berlin gezogen.", "Berlin"),
    ],
)
def test_where_somebody_lives_for_long_is_their_home(words: str, place: str) -> None:
    assert [(one.predicate, one.object) for one in kept(words)] == [("lives_in", place)]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Mein Geburtstag ist am 31. Dezember.", "Sams Geburtstag ist am 31. Dezember."),
        ("Merk dir, dass mein Geburtstag am 5. Mai ist.", "Sams Geburtstag ist am 5. Mai."),
        ("Ich treffe den Chef am 3. Juni um 7:30 Uhr.",
         "Sam plant am 3. Juni 2026 um 07:30: den Chef treffen."),
        ("I have to call Bob at 7:30 tomorrow.", "Sam has to call Bob on 5 March 2026 at 07:30."),
        ("Am 5. Mai habe ich Geburtstag.", "Sams Geburtstag ist am 5. Mai."),
        ("Ich fliege am 5. Mai nach Rom.", "Sam plant am 5. Mai 2026: nach Rom fliegen."),
        ("Ich bin am 5. Mai nach Köln gezogen.", "Sam wohnt in Köln, seit 5. Mai 2025."),
        ("Am 5. Mai ziehe ich nach Hamburg.", "Sam zieht am 5. Mai 2026 nach Hamburg."),
        ("Ich wohne in St. Gallen.", "Sam wohnt in St. Gallen."),
        ("I live in St. Louis.", "Sam lives in St. Louis."),
    ],
)  # fmt: skip
def test_a_full_stop_inside_a_sentence_ends_nothing(words: str, text: str) -> None:
    assert [one.text for one in kept(words)] == [text]


def test_two_sentences_stay_two() -> None:
    made = kept("I'm 35. April is my sister. I live in York. May is nice.")
    assert [one.text for one in made] == [
        "Sam is 35 years old.",
        "Sam's sister is called April.",
        "Sam lives in York.",
    ]


@pytest.mark.parametrize("days", ["on weekdays", "on Mondays"])
def test_work_on_working_days_is_a_job(days: str) -> None:
    assert [one.predicate for one in kept(f"I work as a teacher {days}.")] == ["job"]
