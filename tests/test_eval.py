"""`companion eval memory`: question sets are read as published, and every figure is counted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from companion.cli.app import run
from companion.errors import BadData, MissingInput, UsageError
from companion.measure import recall, sets
from companion.measure.sets import Question

OWN = Path(__file__).parent / "golden" / "memory"
DATA = os.environ.get("COMPANION_TESTDATA")
LOCOMO = Path(DATA or ".") / "memory" / "locomo"
needs_locomo = pytest.mark.skipif(not LOCOMO.is_dir(), reason="LoCoMo is not here")

TALK = {
    "speaker_a": "Ann",
    "speaker_b": "Ben",
    "session_1_date_time": "1:56 pm on 8 May, 2023",
    "session_1": [
        {"speaker": "Ann", "dia_id": "D1:1", "text": "I have a dog called Biscuit."},
        {"speaker": "Ben", "dia_id": "D1:2", "text": "Look!", "blip_caption": "a red kite"},
    ],
    "session_2_date_time": "9:00 am on 1 June, 2023",
    "session_3": [],
}
QA = [
    {"question": "What is Ann's dog called?", "evidence": ["D:1:01; D9:9"], "category": 4},
    {"question": "Who has a kite?", "evidence": ["D1:02"], "category": 1},
    {"question": "Nothing to find?", "evidence": ["D"], "category": 5},
]


@pytest.fixture
def locomo(tmp_path: Path) -> Path:
    path = tmp_path / "locomo.json"
    path.write_text(json.dumps([{"sample_id": "conv-1", "conversation": TALK, "qa": QA}]))
    return path


def _asked(evidence: str, found: str, shown: str, **more: frozenset[str]) -> recall.Asked:
    question = Question("?", "fact", frozenset(evidence), **more)
    return recall.Asked(question, tuple(found), tuple(shown), 0.004)


def test_evidence_is_understood_in_every_spelling(locomo: Path) -> None:
    (one,) = sets.load(locomo)
    assert [(q.kind, q.evidence) for q in one.questions] == [
        ("single_hop", {"D1:1"}),
        ("multi_hop", {"D1:2"}),
    ]
    assert [line.text for line in one.lines][1] == "Look! [a red kite]"
    assert f"{one.lines[0].said:%Y-%m-%d %H:%M}" == "2023-05-08 13:56"


@needs_locomo
def test_locomo_is_read_as_it_is_published() -> None:
    made = sets.load(LOCOMO)
    assert [len(one.lines) for one in made] == [419, 369, 663, 629, 680]
    assert sum(len(one.questions) for one in made) == 997


def test_our_own_set_is_large_enough() -> None:
    questions = [q for one in sets.load(OWN) for q in one.questions]
    answerable = sum(bool(q.evidence) for q in questions)
    assert answerable >= 20
    assert len(questions) - answerable >= 20


def test_a_split_names_conversations(tmp_path: Path) -> None:
    many = [{"sample_id": str(n), "conversation": TALK, "qa": QA} for n in range(7)]
    (tmp_path / "many.json").write_text(json.dumps(many))
    names = {split: "".join(one.name for one in sets.load(tmp_path, split))
             for split in ("", "dev", "test", "2", "1-3")}  # fmt: skip
    assert names == {"": "0123456", "dev": "01234", "test": "56", "2": "2", "1-3": "123"}


@pytest.mark.parametrize("split", ["half", "9", "3-2"])
def test_a_split_that_is_not_there_is_refused(locomo: Path, split: str) -> None:
    with pytest.raises(UsageError, match="split"):
        sets.load(locomo, split)


@pytest.mark.parametrize("text", ["", "[1]", '{"format": "companion memory set"}', "[[]]"])
def test_what_is_no_question_set_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(BadData, match=r"odd\.json"):
        sets.load(tmp_path)


def test_a_set_that_is_not_there_is_missing(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(MissingInput):
            sets.load(path)


def test_a_question_about_a_line_that_is_not_there_is_refused(tmp_path: Path) -> None:
    data = json.loads((OWN / "sam.en.json").read_text("utf-8"))
    data["questions"][0]["evidence"] = ["e999"]
    (tmp_path / "odd.json").write_text(json.dumps(data))
    with pytest.raises(BadData, match="e999"):
        sets.load(tmp_path)


def test_recall_is_the_share_of_the_evidence_among_the_first() -> None:
    one = _asked("ab", "xaxxxxb", "xb")
    assert (one.recall(5), one.recall(10), one.packed, one.reciprocal) == (0.5, 1.0, 0.5, 0.5)


def test_figures_are_means_over_questions_with_evidence() -> None:
    figures = recall.report([_asked("a", "a", "a"), _asked("b", "xb", ""), _asked("", "x", "x")])
    assert (figures["n"], figures["mrr"], figures["packed_recall"]) == (2, 0.75, 0.5)
    assert figures["recall"] == {"5": 1.0, "10": 1.0, "25": 1.0, "50": 1.0}
    assert figures["unanswerable"] == {"n": 1, "abstained": 0.0, "lost": 0.5}
    assert figures["ms"] == {"p50": 4.0, "p95": 4.0}


def test_a_line_about_another_person_or_time_misleads_above_the_evidence_only() -> None:
    wrong, old = {"wrong": frozenset("w")}, {"old": frozenset("o")}
    misled = [_asked("a", "", shown, **wrong).misled for shown in ("aw", "wa", "a", "")]
    outdated = [_asked("a", "", shown, **old).outdated for shown in ("ao", "oa", "a", "")]
    assert misled == [True, False, False, False]
    assert outdated == [True, False, False, True]


def test_the_verb_prints_the_figures_as_json(
    locomo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--quiet", "eval", "memory", "--dataset", str(locomo), "--no-dense", "--json"]
    assert run(command) == 0
    figures = json.loads(capsys.readouterr().out)
    keys = {"schema", "n", "recall", "mrr", "by_category", "packed_recall", "ms"}
    assert figures.keys() == keys
    assert (figures["n"], figures["recall"]["5"], figures["mrr"]) == (2, 1.0, 1.0)
    assert figures["by_category"].keys() == {"single_hop", "multi_hop"}


def test_the_verb_prints_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--quiet", "eval", "memory", "--dataset", str(OWN), "--no-dense"]) == 0
    table = capsys.readouterr().out
    assert "R@5" in table
    assert "31 unanswerable" in table
