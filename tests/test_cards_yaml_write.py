"""YAML written for people: what is written is what is read, by us and by others."""

import difflib
from pathlib import Path

import pytest
import yaml as others
from hypothesis import given
from hypothesis import strategies as st

from companion.cards.formats import yaml, yaml_patch, yaml_write

rule = pytest.mark.rule
SHIPPED = sorted((Path(__file__).parents[1] / "characters").glob("*.yaml"))
TRICKY = st.sampled_from(
    [
        *(
            "no",
            "Yes",
            "on",
            "null",
            "~",
            "1:30",
            "012",
            "0x1f",
            "1e5",
            ".inf",
            "2026-11-21",
            "<<",
            "=",
        ),
        *(
            "a: b",
            "a #b",
            "- a",
            "'",
            '"',
            "\\",
            "{{char}}",
            "[a]",
            "@x",
            "`",
            "%a",
            "&a",
            "*a",
            "!t",
        ),
        *(
            " a",
            "a ",
            "a\n",
            "a\n\n",
            "\na",
            "a\n b",
            "a \nb",
            "\t",
            "\x85",
            "\u2028",
            "\ufeff",
            "é😀",
        ),
        *(
            "x" * 200,
            "word " * 60,
            "two  blanks " * 20,
            "---",
            "...",
            "a\n---\nb",
            "#",
            "?",
            ":",
            "-",
        ),
    ]
)
TEXT = TRICKY | st.text(st.characters(exclude_categories=("Cs",)), max_size=80)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
CARDS = st.dictionaries(TEXT, VALUES, max_size=5)


def ours(text: str) -> dict:
    return yaml.read(text.encode(), "x.yaml").raw


@rule("5.yaml")
@given(CARDS)
def test_what_is_written_is_what_is_read(values):
    assert yaml_patch.same(ours(yaml_write.text(values)), values)


@rule("5.yaml")
@given(CARDS)
def test_another_reader_sees_the_same_values(values):
    assert yaml_patch.same(others.safe_load(yaml_write.text(values)), values)


@given(CARDS, CARDS)
def test_a_changed_text_says_exactly_the_new_values_to_every_reader(old, new):
    text = yaml_patch.patched(yaml_write.text(old), {**old, **new})
    assert yaml_patch.same(ours(text), {**old, **new})
    assert yaml_patch.same(others.safe_load(text), {**old, **new})


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_cards_say_the_same_to_every_reader(path):
    assert yaml_patch.same(ours(path.read_text()), others.safe_load(path.read_text()))


CARD = """\
# About Ada.
name: Ada   # her name

# Who she is.
description: >
  She counts.
  A lot.

tags: [a, b]  # for people
extensions:
  companion:
    voice:
      speed: 0.9   # slower
      gain: 1.0
greetings:
  # the usual one
  - one
  - two
# the end
"""


@pytest.mark.parametrize(
    ("change", "gone", "come"),
    [
        ({"name": "Bea"}, ["name: Ada   # her name"], ["name: Bea   # her name"]),
        ({"name": 7}, ["name: Ada   # her name"], ["name: 7   # her name"]),
        (
            {"description": "Short."},
            ["description: >", "  She counts.", "  A lot."],
            ["description: Short."],
        ),
        ({"tags": ["c"]}, ["tags: [a, b]  # for people"], ["tags: [c]  # for people"]),
        (
            {"extensions": {"companion": {"voice": {"speed": 1.2, "gain": 1.0}}}},
            ["      speed: 0.9   # slower"],
            ["      speed: 1.2   # slower"],
        ),
        ({"greetings": ["one", "three"]}, ["  - two"], ["  - three"]),
        ({"new": "x"}, [], ["new: x"]),
    ],
    ids=["word", "number", "block", "list", "deep", "item", "added"],
)
def test_only_the_lines_of_a_change_change(change, gone, come):
    text = yaml_patch.patched(CARD, {**ours(CARD), **change})
    lines = list(difflib.ndiff(CARD.splitlines(), text.splitlines()))
    assert [line[2:] for line in lines if line[0] == "-"] == gone
    assert [line[2:] for line in lines if line[0] == "+"] == come


def test_a_field_that_goes_takes_only_its_own_lines():
    values = ours(CARD)
    del values["description"]
    text = yaml_patch.patched(CARD, values)
    assert "# Who she is." in text
    assert "counts" not in text


def test_an_anchor_is_written_out_rather_than_changed_twice():
    text = yaml_patch.patched("a: &x 1\nb: *x\n", {"a": 2, "b": 1})
    assert ours(text) == {"a": 2, "b": 1}


def test_long_texts_are_blocks_of_lines():
    text = yaml_write.text({"a": "word " * 40 + "end", "b": "one\ntwo\n"})
    assert text.startswith("a: >-\n  word")
    assert text.endswith("\nb: |\n  one\n  two\n")
    assert max(map(len, text.splitlines())) <= yaml_write.WIDTH
