"""The page of the rules of character cards is what the tests give."""

from __future__ import annotations

import rulebook
from rulebook import FAILED, PAGE, PASSED, UNRUN, Run

CURE = "write it anew: pytest tests -m rule --rules-page"


def _page() -> dict[str, tuple[str, set[str]]]:
    return rulebook.shown(PAGE.read_text("utf-8"))


def test_every_rule_that_a_test_names_is_on_the_list(rules_run: Run) -> None:
    unknown = set(rules_run.tests) - {row.name for row in rulebook.rows()}
    assert not unknown, f"not in {rulebook.LIST}: {sorted(unknown)}"


def test_the_page_has_the_rules_of_the_list() -> None:
    assert list(_page()) == [row.name for row in rulebook.rows()], CURE


def test_the_page_says_how_the_rules_stand_in_this_run(rules_run: Run) -> None:
    marks = {rule: rules_run.mark(rule) for rule in rules_run.tests}
    ran = {rule: mark for rule, mark in marks.items() if mark in {PASSED, FAILED}}
    page = _page()
    wrong = {
        rule: mark
        for rule, mark in ran.items()
        if (rules_run.whole or mark == FAILED) and page[rule][0] != mark
    }
    assert not wrong, f"{wrong}; {CURE}"


def test_the_page_names_the_tests_that_there_are(rules_run: Run) -> None:
    named = {rule: tests for rule, (_, tests) in _page().items()}
    missing = {r: tests - named[r] for r, tests in rules_run.tests.items() if tests - named[r]}
    assert not missing, f"not on the page: {missing}; {CURE}"
    if rules_run.whole:
        gone = {r: t for r, t in named.items() if t - rules_run.tests.get(r, set())}
        assert not gone, f"no such tests: {gone}; {CURE}"


def test_a_rule_is_proved_only_when_every_case_of_it_passed() -> None:
    def mark(*ended: str) -> str:
        cases = {str(n): end for n, end in enumerate(ended)}
        return Run({"r": {"t"}}, {"t": cases}, {("r", "t"): set(cases)}).mark("r")

    assert mark("passed", "passed") == PASSED
    assert mark("passed", "failed") == FAILED
    assert {mark("passed", "skipped"), mark("")} == {UNRUN}
    assert Run().mark("r") == rulebook.UNTESTED
