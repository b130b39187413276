"""YAML cards: what people write is what they get."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.cards.formats import read, yaml
from companion.errors import CardError


def tree(text: str) -> dict:
    return read(text.encode(), "x.yaml").raw


@pytest.mark.parametrize(
    "word", ["on", "no", "yes", "off", "012", "1:30", "0o17", "0x1F", "1_000", "2024-01-02", ".5"]
)
def test_words_that_yaml_once_turned_into_something_else_stay_words(word):
    assert tree(f"name: {word}") == {"name": word}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("1e999", "1e999"),
        ("'12'", "12"),
    ],
)
def test_a_plain_word_is_a_number_only_where_json_would_call_it_one(word, value):
    found = tree(f"name: {word}")["name"]
    assert (found, type(found)) == (value, type(value))


def test_a_block_keeps_its_lines_and_quotes():
    assert tree('a: |\n  She says: "no".\n  # not a comment\n')["a"] == (
        'She says: "no".\n# not a comment\n'
    )


def test_keys_stay_as_they_are_written():
    assert tree("no: 1\n1: 2\ntrue: 3") == {"no": 1, "1": 2, "true": 3}


def test_an_alias_is_its_anchor_s_value():
    assert tree("a: &x [1, b]\nc: *x") == {"a": [1, "b"], "c": [1, "b"]}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1", "line 1"),
        ("a: b: c", "line 1, column 5"),
        ("name: x\nname: y", "'name' stands twice, the second time at line 2, column 1"),
        ("a: !!python/object:os.system x", "line 1, column 4 is not used in cards"),
        ("? [a]\n: b", "is not a word"),
        ("- a", "found a list"),
        ("", "found nothing"),
        ("just text", "found text"),
        ("a: &x [*x]", "unfold without end"),
        ("a: *nowhere", "undefined alias"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: \x00", "is not for YAML"),
        ("a: " + "[" * 5000, "more than 64 deep"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, says):
    with pytest.raises(CardError, match=r"x\.yaml") as caught:
        tree(text)
    assert says in str(caught.value)


def test_aliases_that_multiply_are_stopped():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(CardError, match="unfold without end"):
        tree("\n".join(lines))


def test_bytes_that_are_no_text_are_named_by_their_place():
    with pytest.raises(CardError, match="byte 3 is not UTF-8"):
        read(b"a: \xff", "x.yaml")


def test_more_yaml_than_anyone_writes_is_refused():
    with pytest.raises(CardError, match="the limit is 1 MB"):
        read(b"a" * (yaml.LIMIT + 1), "x.yaml")


SAFE = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_one_card_error(text):
    try:
        tree(text.encode("utf-8", "replace").decode())
    except CardError as refused:
        said = str(refused)
    else:
        said = "x.yaml"
    assert "x.yaml" in said


@settings(max_examples=60, deadline=None)
@given(SAFE.filter(lambda s: "\x85" not in s))
def test_quoted_text_comes_back_as_it_was(text):
    quoted = text.replace("'", "''")
    lines = any(c in text for c in "\u2028\u2029\n\r")
    assert lines or tree(f"a: '{quoted}'") == {"a": text}


@pytest.mark.rule("5.limits")
def test_more_values_than_people_write_are_not_read_to_the_end():
    with pytest.raises(CardError, match=r"more than 50,000 values.*JSON") as caught:
        read(b"a: [" + b"b," * 60_000 + b"]", "a.yaml")
    assert caught.value.reason == "TOO_LARGE"
