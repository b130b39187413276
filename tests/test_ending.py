from hypothesis import given
from hypothesis import strategies as st

from companion.llm.ending import StopAt, goes_in_circles


def through(pieces, stops):
    ending = StopAt(stops)
    return "".join(ending.feed(p) for p in pieces) + ending.end()


def test_a_reply_ends_at_a_stop_text():
    assert through(["Hello.\nSam", ": and you?"], ["\nSam:"]) == "Hello."


def test_what_only_looks_like_a_stop_text_is_let_through():
    assert through(["Hello.\nSa", "lt air."], ["\nSam:"]) == "Hello.\nSalt air."


def test_the_earliest_stop_text_counts():
    assert through(["a\nJuno: b\nSam: c"], ["\nSam:", "\nJuno:"]) == "a"


@given(st.text("ab\nSam: ", max_size=60), st.lists(st.integers(1, 7)))
def test_the_chunking_changes_nothing(text, sizes):
    pieces, rest = [], text
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    whole = through([text], ["\nSam:", "\na:"])
    assert through([*pieces, rest], ["\nSam:", "\na:"]) == whole
    assert "\nSam:" not in whole


def test_nothing_comes_after_the_stop():
    ending = StopAt(["\nSam:"])
    ending.feed("x\nSam: y")
    assert ending.reached
    assert ending.feed("more") == ""
    assert ending.whole == "x"


def test_a_phrase_said_three_times_goes_in_circles():
    assert goes_in_circles([9, 9, *([1, 2, 3, 4, 5] * 3)])
    assert goes_in_circles([7] * 12)


def test_a_word_said_three_times_is_speech():
    assert not goes_in_circles([1, 2, 7, 7, 7])
    assert not goes_in_circles(list(range(200)))
