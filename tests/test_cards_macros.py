"""Macros: one pass, and what they put in is never looked at again."""

import pytest

from companion.cards.macros import expand


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("Hello {{User}} and {{ char }}", "Hello Sam and Nova"),
        ("{{{char}}}", "{Nova}"),
        ("Test {{ hehe {{user}}", "Test {{ hehe Sam"),
        ("{{unknown::{{user}}}}", "{{unknown::Sam}}"),
        ("<USER>, <bot> and <Char>", "Sam, Nova and Nova"),
        (r"{{random:a\,b}}", "a,b"),
        ("{{random::one::two}} {{pick: x, y}} {{random a,b}}", "one x a"),
        ("X {{original}} Y", "X  Y"),
        ("a{{// a note}}b{{comment: c}}{{hidden_key:d}}{{noop}}", "ab"),
        ("a{{newline}}b{{space}}c", "a\nb c"),
        ("{{roll:6}} {{time}} {{}} {{123}}", "{{roll:6}} {{time}} {{}} {{123}}"),
        ("{{random}}", "{{random}}"),
        ("no macros { } {{", "no macros { } {{"),
    ],
)
def test_a_macro_becomes_what_it_stands_for(text, expanded):
    assert expand(text, "Nova", "Sam") == expanded


def test_a_name_that_looks_like_a_macro_stays_a_name():
    assert expand("{{user}} met {{char}}", "{{user}}", "{{char}}") == "{{char}} met {{user}}"


def test_what_is_not_known_is_not_said_aloud():
    assert expand("Roll {{roll:6}} now", "Nova", "Sam", aloud=True) == "Roll  now"
