import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.key.codes import ASK, NO_PROTOCOL, Codes, Key


def keys(*pieces, phases=True):
    codes = Codes()
    codes.phases = phases
    return [key for piece in pieces for key in codes.feed(piece)]


@pytest.mark.parametrize(
    ("sent", "text", "phase"),
    [
        (b"\x1b[32u", " ", "press"),
        (b"\x1b[32;1:1;32u", " ", "press"),
        (b"\x1b[32;1:2;32u", " ", "repeat"),
        (b"\x1b[32;1:3u", " ", "release"),
        (b"\x1b[32;129:3u", " ", "release"),  # num lock is on
        (b"\x1b[13;1:1u", "\r", "press"),
        (b"\x1b[57414;1:3u", "\r", "release"),
        (b"\x1b[127u", "\x7f", "press"),
        (b"\x1b[27u", "\x1b", "press"),
        (b"\x1b[97;1;97u", "a", "press"),
        (b"\x1b[97:65;2;65u", "A", "press"),
        (b"\x1b[97:65;2u", "A", "press"),  # a terminal that does not tell the text
        (b"\x1b[246;1;246u", "ö", "press"),
        (b"\x1b[99;5u", "\x03", "press"),
        (b"\x1b[1089::99;5u", "\x03", "press"),  # Ctrl-C on a Russian keyboard
        (b"\x1b[122;5u", "\x1a", "press"),
        (b"\x1b[100;5u", "\x04", "press"),
        (b"\x1b[101;3u", "", "press"),  # Alt and a letter
        (b"\x1b[113;7;64u", "@", "press"),  # AltGr
        (b"\x1b[57441;2:1u", "", "press"),  # Shift itself
        (b"\x1b[A", "", "press"),
        (b"\x1b[1;1:3A", "", "release"),
        (b"\x1b[15;1:2~", "", "repeat"),
        (b"\x1b[O", "", "away"),  # another window is in front now
    ],
)
def test_a_code_of_the_protocol_is_one_key(sent, text, phase):
    assert keys(sent) == [Key(text, phase)]


@pytest.mark.parametrize(
    ("sent", "texts"),
    [
        ("hé".encode(), ["h", "é"]),
        (b" \r\n\x7f\x04", [" ", "\r", "\n", "\x7f", "\x04"]),
        (b"\x1b[A\x1bOPx", ["", "", "x"]),
        (b"\x1b", ["\x1b"]),
        (b"\x1bxa", ["", "a"]),
    ],
)
def test_an_old_terminal_tells_presses(sent, texts):
    assert keys(sent, phases=False) == [Key(text) for text in texts]


@pytest.mark.parametrize("phases", [True, False])
def test_a_key_that_comes_in_pieces_is_one_key(phases):
    assert keys(b"\x1b[32;1", b":3", b"u", phases=phases) == [Key(" ", "release")]
    assert keys(b"\xc3", b"\xa9", phases=phases) == [Key("é")]


def test_answers_and_news_are_no_keys():
    assert not keys(b"\x1b[?62;c\x1b[?31u\x1b[I\x1b[<0;1;2M")


@pytest.mark.parametrize(
    ("sent", "flags"),
    [
        (b"\x1b[?0u\x1b[?62;c", 0),
        (b"\x1b[?31u\x1b[?62;c", 31),
        (b"\x1b[?1;2c", NO_PROTOCOL),
        (b"\x1b[?31u", None),
        (b"", None),
    ],
)
def test_a_terminal_says_whether_it_knows_the_protocol(sent, flags):
    assert Codes().answer(sent) == flags


def test_what_is_typed_before_the_answer_is_kept():
    codes = Codes()
    assert codes.answer(b"hel\x1b[?0u") is None
    assert codes.answer(b"\x1b[?62;clo") == 0
    assert "".join(key.text for key in codes.feed(b"")) == "hello"


@given(st.lists(st.binary(max_size=30) | st.sampled_from([b"\x1b[", b"9;:u", ASK.encode()])))
def test_nothing_that_a_terminal_sends_is_an_error(pieces):
    codes = Codes()
    codes.phases = len(pieces) % 2 == 0
    for piece in pieces:
        codes.answer(piece)
        assert all(len(key.text) <= 60 for key in codes.feed(piece))
