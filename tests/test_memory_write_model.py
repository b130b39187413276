"""A language model may find facts too: in one form only, and through the same gate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from write_world import ABOUT, World, line

from companion.memory.write import BY_MODEL, BY_RULES
from companion.memory.write.grammar import GRAMMAR, MOST, PREDICATES, answers, question
from companion.memory.write.languages import LANGUAGES
from companion.memory.write.model import ModelExtractor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FACT = {
    "turn": 1,
    "quote": "spent my whole life in york",
    "subject": "user",
    "predicate": "lives_in",
    "object": "york",
}
SAID = "well i have spent my whole life in york"


class Model:
    """Answers what it was told to, a few letters at a time."""

    def __init__(self, *facts: dict[str, object]) -> None:
        self.answer = json.dumps({"facts": facts})
        self.asked: list[str] = []

    def fill(self, words: str, grammar: str, most: int) -> Iterator[str]:
        assert grammar == GRAMMAR
        assert most > 0
        self.asked.append(words)
        yield ""
        yield from (self.answer[at : at + 7] for at in range(0, len(self.answer), 7))


def world_with(folder: Path, *facts: dict[str, object]) -> tuple[World, Model]:
    model = Model(*facts)
    return World(folder, extractor=ModelExtractor(model, ABOUT)), model


def test_a_fact_the_rules_do_not_see_is_kept_in_our_own_words(tmp_path: Path) -> None:
    world, _ = world_with(tmp_path, FACT)
    world.tell(SAID)
    (record,) = world.active()
    assert record.text == "Sam lives in York."
    assert record.sources[0].method == "model"
    assert record.confidence == pytest.approx(0.6)
    world.journal.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"object": "leeds"},
        {"quote": "i live in york"},
        {"turn": 7},
        {"subject": "Doe"},
        {"predicate": "secret"},
        {"object": ""},
        {"quote": None},
    ],
)
def test_what_the_line_does_not_say_is_not_kept(tmp_path: Path, changes: dict[str, object]) -> None:
    world, _ = world_with(tmp_path, FACT | changes)
    world.tell(SAID)
    assert world.all() == []
    world.journal.close()


def test_what_the_owner_only_asked_is_not_kept(tmp_path: Path) -> None:
    world, _ = world_with(tmp_path, FACT)
    world.tell("would you have spent my whole life in york?")
    assert world.all() == []
    assert world.writer.refusals[-1].method == "model"
    world.journal.close()


def test_the_model_is_shown_lines_of_the_owner_only_and_each_once(tmp_path: Path) -> None:
    world, model = world_with(tmp_path)
    world.say("I like your trombone.", speaker="character")
    world.tell("hello there", "what a day")
    world.restart()
    world.work()
    assert len(model.asked) == 1
    assert "hello there" in model.asked[0]
    assert "trombone" not in model.asked[0]
    assert world.journal.unlooked(BY_RULES + BY_MODEL, 9) == []
    world.journal.close()


def test_leaving_the_model_in_the_middle_reads_the_lines_again(tmp_path: Path) -> None:
    world, model = world_with(tmp_path, FACT)
    world.say(SAID)
    for _, _ in zip(range(5), world.writer.steps(), strict=False):
        pass
    assert world.all() == []
    world.restart()
    world.work()
    assert len(model.asked) == 2
    assert [one.text for one in world.all()] == ["Sam lives in York."]
    world.journal.close()


def test_what_the_rules_have_found_is_only_confirmed(tmp_path: Path) -> None:
    world, _ = world_with(tmp_path, FACT | {"quote": "I live in York", "object": "York"})
    world.tell("I live in York.")
    assert len(world.all()) == 1
    world.journal.close()


def test_an_answer_cut_short_gives_what_is_whole() -> None:
    cut = json.dumps({"facts": [FACT, FACT]})[:-30]
    assert len(answers(cut, [line(SAID)], ABOUT)) == 1
    assert answers("", [line(SAID)], ABOUT) == []
    assert answers('{"facts":[]}', [line(SAID)], ABOUT) == []


def test_no_more_than_a_few_findings_are_read() -> None:
    text = json.dumps({"facts": [FACT] * 50})
    assert len(answers(text, [line(SAID)], ABOUT)) == MOST


def test_every_predicate_of_the_grammar_can_be_worded() -> None:
    for language in LANGUAGES.values():
        plain = {"-likes" if one == "dislikes" else one for one in PREDICATES}
        assert plain <= language.templates.keys()


def test_the_question_shows_the_empty_answer_first() -> None:
    asked = question([line("my dog\nis called biscuit")], "Sam")
    assert asked.index('{"facts":[]}') < asked.index("Maya")
    assert asked.endswith("Line 1: my dog is called biscuit\nAnswer:")
