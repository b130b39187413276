"""JSON cards: read whatever their age, refused with line and column."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.cards.formats import read
from companion.cards.formats.json import TEXT_LIMIT
from companion.errors import CardError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_card_is_read_in_the_encodings_editors_save(encoding):
    assert read('{"name": "Zoë"}'.encode(encoding), "a.json").raw == {"name": "Zoë"}


def test_what_begins_like_json_needs_no_suffix():
    assert read(b' {"name": "Ada"}', "card").raw == {"name": "Ada"}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"a": 1,\n  "b" 2}', "line 2, column 7"),
        (b"[1]", "found a list"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": -Infinity}', "-Infinity is not a number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number of thousands of digits is not"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
        (b"[" * 100_000, "64 deep"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "more than 64 deep"),
        (b'{"a": [' + b"1," * 200_001 + b"1]}", "more than 200,000 values"),
        (b" " * (TEXT_LIMIT + 1), "the limit is 8 MB"),
    ],
    ids=["comma", "list", "nan", "infinity", "long", "utf8", "bomb", "deep", "wide", "large"],
)
def test_what_is_wrong_is_said_with_its_place(data, says):
    with pytest.raises(CardError, match=r"a\.json") as caught:
        read(data, "a.json")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04....", "archive has no end"),
        (b"\xff\xd8\xff\xe0", "no archive behind the picture"),
        (b"hello", "not a character card"),
    ],
)
def test_other_files_are_refused_with_what_would_do(data, says):
    with pytest.raises(CardError, match=says):
        read(data, "a.bin")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_one_card_error(data):
    try:
        read(data, "a.json")
    except CardError as refused:
        said = str(refused)
    else:
        said = "a.json"
    assert "a.json" in said


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
).filter(lambda v: "inf" not in repr(v))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_the_tree_is_kept_as_it_stands(card):
    assert read(json.dumps(card).encode(), "a.json").raw == card
