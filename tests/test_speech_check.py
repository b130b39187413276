"""What is wrong with a reply, by rules that anybody can read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.speech.check import Talk, check

JUNO = Talk("Juno", "Sam", "How is the light?", ("The lamp is lit and the kettle is on.",))


def codes(reply, talk=JUNO):
    return [flaw.code for flaw in check(reply, talk)]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("As an AI language model, I have no cat.", "OUT_OF_CHARACTER"),
        ("I'm just a language model.", "OUT_OF_CHARACTER"),
        ("I am an AI and cannot see the sea.", "OUT_OF_CHARACTER"),
        ("Ich bin nur ein Sprachmodell.", "OUT_OF_CHARACTER"),
        ("Fine.\nSam: And the cat?", "SPEAKS_FOR_USER"),
        ("You: I am tired.", "SPEAKS_FOR_USER"),
        ('Then Sam says, "I am cold."', "SPEAKS_FOR_USER"),
        ("The lamp is lit, and the kettle is on!", "REPEATS"),
        ("How is the light?", "REPEATS"),
        ("I like the storm. I like the storm.", "REPEATS"),
        ("The tide comes in and goes out again. " * 7 + "Yes.", "TOO_LONG"),
    ],
)
def test_a_flaw_is_seen(reply, code):
    assert code in codes(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "The sea is calm tonight. Did you eat?",
        "Good night. Good night.",
        "Sam, you said you were tired.",
        "Did Sam say that? Anders asked about you.",
        "My aid to sailors is the lamp.",
        "*lights the lamp* " * 10 + "There.",
        "Yes.",
        "",
    ],
)
def test_a_good_reply_is_left_alone(reply):
    assert codes(reply) == []


def test_a_character_that_is_a_machine_may_say_so():
    assert not codes("I am an AI.", Talk("Hal", "Sam", about="Hal is an AI on a ship."))


def test_short_replies_may_come_again():
    assert not codes("Good night, Sam.", Talk("Juno", "Sam", before=("Good night, Sam.",)))


def test_each_flaw_says_where_it_shows_and_what_helps():
    (flaw,) = check("Fine.\nSam: And?", JUNO)
    assert flaw.said == "Sam:"
    assert "never for Sam" in flaw.cure


@given(st.text(), st.text(min_size=1), st.lists(st.text(), max_size=3))
def test_any_reply_can_be_looked_at(reply, user, before):
    assert len(check(reply, Talk("Juno", user, reply, tuple(before)))) <= 4
