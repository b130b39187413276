"""Words that stand side by side in a question and in a line tell more than each alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from companion.memory.read import rank, together

WHEN = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "heard", "factor"),
    [
        ("I ride a bicycle to work now.", "How do I get to work now?", 1.2),
        ("She was in a car accident!", "When was the car accident?", 1.1),
        ("Ich habe Angst vor Katzen.", "Wer hat angst vor mir?", 1.1),
        ("do you think so", "do you like it", 1.0),
        ("We are going to Porto.", "When are we going to Lisbon?", 1.0),
        ("accident with my car", "When was the car accident?", 1.0),
        ("", "", 1.0),
    ],
)
def test_a_pair_of_words_counts_where_one_of_them_tells_something(
    line: str, heard: str, factor: float
) -> None:
    assert together.factor(line, heard) == pytest.approx(factor)


def test_a_line_with_a_pair_of_the_question_goes_before_one_with_the_words_apart() -> None:
    lines = ["An accident, and then a car.", "A car accident, and then."]
    candidates = [
        rank.Candidate(key, text, mine=True, said=WHEN, lexical=2.0, dense=None)
        for key, text in zip((2, 1), lines, strict=True)
    ]
    first, other = rank.ranked(candidates, "When was the car accident?", WHEN)
    assert (first.key, other.key) == (1, 2)
    assert first.parts["together"] == pytest.approx(1.1)
    assert "together" not in other.parts


def test_where_there_is_a_vector_pairs_do_not_count() -> None:
    one = rank.Candidate(1, "The car accident.", mine=True, said=WHEN, lexical=2.0, dense=1.0)
    (found,) = rank.ranked([one], "When was the car accident?", WHEN)
    assert "together" not in found.parts
