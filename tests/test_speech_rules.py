"""What a card and its user may rely on in speech (cards 9.7): nothing but words is read out."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.cards import load_card
from companion.prompt import Assembler, Now, Room
from companion.speech.clauses import split_clauses
from companion.speech.shape import speakable
from companion.testing import NOON, Frames, Letters
from companion.values import Persona

MARKED = st.lists(
    st.sampled_from(
        [
            *"*_`~#()[]<>\"'.,!? \n",
            *("**", "```", "OOC: ", "((", "))", "😀", "❤️", "👩\u200d🚀", "é", "x = 1;"),
            *("<b>", "</i>", "<think>", "</think>", "https://a.b/c", "waves", "Hello"),
        ]
    ),
    max_size=30,
).map("".join)


@pytest.mark.rule("12.10")
@given(MARKED)
def test_no_mark_emoji_or_tag_is_spoken(text):
    for clause in split_clauses([text]):
        assert not set(clause.spoken) & set("*`")
        assert not any(unicodedata.category(c) == "So" for c in clause.spoken)
        assert not any(tag in clause.spoken for tag in ("<b>", "</i>", "<think>", "https://"))


@pytest.mark.rule("12.10")
@given(MARKED, st.integers(1, 7))
def test_what_is_spoken_does_not_hang_on_how_the_reply_arrives(text, size):
    pieces = [text[n : n + size] for n in range(0, len(text), size)]
    assert list(split_clauses(pieces)) == list(split_clauses([text]))


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("*waves* Hello.", "Hello."),
        ("((OOC: tea)) Hello. [OOC: back]", "Hello."),
        ("**Hello** `there`\n```\ncode\n```", "Hello there"),
        ("Hello 😀 https://a.b/c <b>there</b>", "Hello there"),
        ("*only this*", ""),
    ],
)
def test_only_words_are_read_out(text, spoken):
    assert speakable(text) == spoken


def test_a_stage_direction_is_left_out_though_its_end_comes_late():
    assert "".join(c.spoken for c in split_clauses(["*wa", "ves", "* Hel", "lo."])) == "Hello."


def test_the_voice_of_a_card_is_kept_in_its_extensions(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "name: A\ndescription: b\nextensions:\n  companion:\n    voice:\n      model: x\n"
    )
    card = load_card(tmp_path / "a.yaml")
    assert card.voice.model == "x"
    assert card.raw["extensions"] == {"companion": {"voice": {"model": "x"}}}


def built(**more):
    build = Assembler(Letters(), Frames(), Room(4096, 64, 200))
    return build.assemble(Persona("Juno", "Sam", **more), [], Now("hi", (), NOON))


def test_the_spoken_style_stands_in_every_prompt_whatever_the_card_says():
    for more in ({}, {"system": "Write long lists."}, {"lead": "First."}):
        assert "short spoken sentences" in "".join(s.text for s in built(**more).sections)


def test_a_reply_ends_where_it_would_speak_for_somebody_else():
    assert built().stops == ("\nSam:", "\nJuno:")
