"""Which rules of character cards this run has proved, and the page that says so.

A test names its rows of `tests/golden/rules.toml` with `@pytest.mark.rule("7.sticky")`. The page,
`docs/characters-rules.md`, is never written by hand:

    pytest tests -m rule --rules-page

`tests/test_character_rules.py` fails where the page is not what the run gives.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
LIST = HERE / "golden" / "rules.toml"
PAGE = HERE.parent / "docs" / "characters-rules.md"
LAST = "test_character_rules.py"
PASSED, FAILED, UNRUN, UNTESTED = "✓", "✗", "not run here", "no test"
HEAD = """# The rules of character cards

Made by a run of the tests (`pytest tests -m rule --rules-page`); a test fails when it is not what
the run gives. What the rules mean for you is told in [characters.md](characters.md).

{count}
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One rule: its table, its name, what it says."""

    table: str
    name: str
    says: str


@dataclass(slots=True)
class Run:
    """What one run has seen.

    Attributes:
        tests: Rule → tests that name it, `file: function`.
        seen: Test → how each of its cases ended; "" for one that has not run.
        absent: Test files that name rules and were not collected.
    """

    tests: dict[str, set[str]] = field(default_factory=dict)
    seen: dict[str, dict[str, str]] = field(default_factory=dict)
    cases: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)

    @property
    def whole(self) -> bool:
        """Whether every test that names a rule was collected."""
        return not self.absent

    def mark(self, rule: str) -> str:
        """How the rule stands in this run."""
        ended = [
            self.seen[test].get(case, "")
            for test in self.tests.get(rule, ())
            for case in self.cases[rule, test]
        ]
        if not ended:
            return UNTESTED
        if "failed" in ended:
            return FAILED
        return PASSED if set(ended) == {"passed"} else UNRUN


def rows() -> list[Row]:
    """All rules, in the order of the list."""
    tables = tomllib.loads(LIST.read_text("utf-8")).values()
    return [Row(t["title"], name, says) for t in tables for name, says in t["rules"].items()]


def page(run: Run) -> str:
    """The page that this run gives."""
    known = rows()
    marks = {row.name: run.mark(row.name) for row in known}
    proved = sum(mark == PASSED for mark in marks.values())
    text = HEAD.format(count=f"{proved} of {len(known)} rules are proved by tests that pass.")
    table = ""
    for row in known:
        if row.table != table:
            table = row.table
            text += f"\n## {table}\n\n| rule | | | tests |\n| --- | --- | --- | --- |\n"
        tests = ", ".join(f"`{test}`" for test in sorted(run.tests.get(row.name, ())))
        text += f"| {row.name} | {_cell(row.says)} | {marks[row.name]} | {tests} |\n"
    return text


def shown(text: str) -> dict[str, tuple[str, set[str]]]:
    """What a page says: rule → its mark and its tests."""
    lines = [line.replace(r"\|", "").split("|") for line in text.splitlines() if line[:1] == "|"]
    cells = [[cell.strip() for cell in line[1:5]] for line in lines if len(line) > 4]
    found = [row for row in cells if row[0] not in {"rule", "---"}]
    return {name: (mark, set(tests.replace("`", "").split(", ")) - {""})
            for name, _, mark, tests in found}  # fmt: skip


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


# ── how pytest tells us ──────────────────────────────────────────────────────────────────────

_RUN = pytest.StashKey[Run]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rules-page", action="store_true", help=f"write {PAGE.name} from this run")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RUN] = Run()


def _rules(item: pytest.Item) -> Iterator[str]:
    for mark in item.iter_markers("rule"):
        yield from mark.args


@pytest.hookimpl(tryfirst=True)  # before -m and -k take any away
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    run = config.stash[_RUN]
    for item in items:
        for rule in _rules(item):
            test = _test(item.nodeid)
            run.tests.setdefault(rule, set()).add(test)
            run.cases.setdefault((rule, test), set()).add(item.nodeid)
            run.seen.setdefault(test, {})[item.nodeid] = ""
    naming = {path.name for path in HERE.glob("test_*.py") if "mark.rule" in path.read_text()}
    run.absent = naming - {item.path.name for item in items}
    items.sort(key=lambda item: item.path.name == LAST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    seen = item.config.stash[_RUN].seen.get(_test(item.nodeid), {})
    if item.nodeid in seen and (report.when == "call" or report.outcome != "passed"):
        seen[item.nodeid] = report.outcome
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("rules_page"):
        run = session.config.stash[_RUN]
        if not run.whole:
            absent = ", ".join(sorted(run.absent))
            raise pytest.UsageError(f"--rules-page needs all tests: {absent} is not among them")
        PAGE.write_text(page(run), "utf-8")


def _test(nodeid: str) -> str:
    file, _, rest = nodeid.partition("::")
    return f"{Path(file).stem}: {rest.partition('[')[0]}"


@pytest.fixture
def rules_run(request: pytest.FixtureRequest) -> Run:
    """What this run has proved so far; tests that ask for it come last."""
    return request.config.stash[_RUN]
