import pytest

from companion.lore import parse_book
from companion.lore.doubts import doubts


def found(*entries, room=100, **book):
    raw = {"entries": [{"keys": ["fog"], "content": "Bess.", **entry} for entry in entries], **book}
    return list(doubts(parse_book(raw)[0], lambda text: len(text.split()), room))


def test_a_good_entry_has_no_doubts():
    assert not found({"keys": ["fog", "/storm(s|y)?/i"]})


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("EMPTY_ENTRY", {"content": " "}),
        ("NO_KEYS", {"keys": []}),
        ("BAD_PATTERN", {"keys": ["/storm(/"]}),
        ("BAD_PATTERN", {"keys": ["storm("], "use_regex": True}),
        ("ENTRY_TOO_LONG", {"content": "word " * 101}),
        ("CONSTANTS_TOO_LONG", {"constant": True, "content": "word " * 101}),
    ],
)
def test_each_kind_of_doubt_is_found(code, entry):
    assert code in {doubt.code for doubt in found(entry)}


def test_a_doubt_says_which_entry():
    (doubt,) = found({}, {"content": ""})
    assert doubt.entry == 1


def test_what_is_switched_off_is_left_alone():
    assert not found({"content": "", "enabled": False})


def test_a_word_that_calls_a_crowd_is_named():
    (doubt,) = found(*[{"content": f"Number {n}."} for n in range(9)])
    assert doubt.code == "CROWDED_KEY"
    assert "fog" in doubt.said


def test_the_books_own_budget_counts_where_it_is_smaller():
    assert found({"content": "word " * 20}, token_budget=10)[0].code == "ENTRY_TOO_LONG"
