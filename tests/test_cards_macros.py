"""Macros: one pass by a parser, and what they put in is never looked at again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.cards.macros import Scope, expand, fill, seen
from companion.cards.macros.engine import LONGEST

NOON = datetime(2026, 3, 14, 14, 5, 9, tzinfo=UTC)
FIELDS = {
    "description": "keeps {{scenario}}",
    "scenario": "a light by {{user}}",
    "personality": "calm {{personality}}!",
    "mesexamplesraw": "<START>\na\n<start>\nb",
    "charfirstmessage": "Ahoy",
    "charfirstmessage1": "Hello {{user}}",
    "charversion": "1.2",
}


def rule(name):
    return pytest.mark.rule(f"8.{name}")


def filled(text, **more):
    return fill(text, Scope("Nova", "Sam", FIELDS, **more))


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        pytest.param("Hello {{User}} and {{ char }}", "Hello Sam and Nova", marks=rule("names")),
        pytest.param("{{ RANDOM : a , b }}", "a", marks=rule("names")),
        pytest.param("<USER>, <bot> and <Char>", "Sam, Nova and Nova", marks=rule("char")),
        pytest.param("{{char}} {{bot}} {{user}}", "Nova Nova Sam", marks=rule("char")),
        pytest.param("{{{char}}}", "{Nova}", marks=rule("nested")),
        pytest.param("{{reverse:{{char}}}}", "avoN", marks=rule("nested")),
        pytest.param("{{random::{{user}}::b}}", "Sam", marks=rule("nested")),
        pytest.param("{{unknown::{{user}}}}", "{{unknown::Sam}}", marks=rule("unknown")),
        pytest.param("{{}} {{123}} {{.v = 1}}", "{{}} {{123}} {{.v = 1}}", marks=rule("unknown")),
        pytest.param("{{x}}a{{/x}} {{char:}}", "{{x}}a{{/x}} {{char:}}", marks=rule("unknown")),
        pytest.param("Test {{ hehe {{user}}", "Test {{ hehe Sam", marks=rule("open")),
        pytest.param("no macros { } {{ }} }", "no macros { } {{ }} }", marks=rule("open")),
        pytest.param("{{ {{ {{user}} {{", "{{ {{ Sam {{", marks=rule("open")),
        pytest.param(r"\{\{char\}\} {{char}}", "{{char}} Nova", marks=rule("open")),
        pytest.param("{{description}}", "keeps a light by Sam", marks=rule("fields")),
        pytest.param("{{personality}}", "calm !", marks=rule("fields")),
        pytest.param("{{mesExamples}}{{charVersion}}", "a\nb1.2", marks=rule("fields")),
        pytest.param("{{mesExamplesRaw}}", "<START>\na\n<start>\nb", marks=rule("fields")),
        pytest.param("{{charFirstMessage::1}}", "Hello Sam", marks=rule("fields")),
        pytest.param("{{charFirstMessage}}", "Ahoy", marks=rule("fields")),
        pytest.param("{{charFirstMessage::7}}{{persona}}", "", marks=rule("fields")),
        pytest.param("X {{original}} Y", "X  Y", marks=rule("original")),
        pytest.param("{{group}}, {{groupNotMuted}}", "Nova, Nova", marks=rule("group")),
        pytest.param("{{charIfNotGroup}}, {{notChar}}", "Nova, Sam", marks=rule("group")),
        pytest.param("{{random::one, 1::two}}", "one, 1", marks=rule("random")),
        pytest.param("{{random:a,b}} {{random a, b}}", "a a", marks=rule("random")),
        pytest.param(r"{{random:a\,b}} {{random}}", "a,b {{random}}", marks=rule("random")),
        pytest.param("{{pick: x, y}} {{pick::z}}", "x z", marks=rule("pick")),
        pytest.param("{{roll:1}}{{roll d1}}{{roll:3d1+4}}", "117", marks=rule("roll")),
        pytest.param("{{roll:x}}{{roll:0}}{{roll:101d6}}", "", marks=rule("roll")),
        pytest.param("{{roll:999999d999999}}{{roll}}", "", marks=rule("roll")),
        pytest.param("{{time}} {{isodate}}", "{{time}} {{isodate}}", marks=rule("time")),
        pytest.param("a{{newline}}b{{space}}c", "a\nb c", marks=rule("space")),
        pytest.param("a{{newline::2}}b{{space::3}}c", "a\n\nb   c", marks=rule("space")),
        pytest.param("a{{newline::999999}}b", "a" + 100 * "\n" + "b", marks=rule("space")),
        pytest.param("a{{noop}}b\n\n{{trim}}\n\n\nc\n", "abc\n", marks=rule("space")),
        pytest.param("a{{// a note}}b{{//{{user}}}}c", "abc", marks=rule("v3")),
        pytest.param("{{comment: c}}{{hidden_key:d}}", "", marks=rule("v3")),
        pytest.param('{{reverse:abc}}{{banned "w"}}', "cba", marks=rule("v3")),
        pytest.param("{{if a}}yes{{else}}no{{/if}}", "yes", marks=rule("if")),
        pytest.param("{{if {{persona}}}}yes{{else}}no{{/if}}", "no", marks=rule("if")),
        pytest.param("{{if persona}}yes{{/if}}.", ".", marks=rule("if")),
        pytest.param("{{if !persona}}{{user}}{{/if}}.", "Sam.", marks=rule("if")),
        pytest.param("{{if 1}}a{{if 0}}b{{else}}c{{/if}}{{/if}}", "ac", marks=rule("if")),
        pytest.param("{{if off}}a{{/if}}{{if x}}", "{{if x}}", marks=rule("if")),
        pytest.param("{{lastMessage}}{{input}}{{model}}", "", marks=rule("fields")),
        pytest.param("{{idleDuration}}", "just now", marks=rule("time")),
    ],
)
def test_a_macro_becomes_what_it_stands_for(text, expanded):
    assert filled(text) == expanded


@rule("original")
def test_what_is_replaced_is_put_in_once():
    text = "X {{original}} Y {{original}}"
    assert filled(text, original="<default>") == "X <default> Y "


@rule("once")
def test_a_name_that_looks_like_a_macro_stays_a_name():
    assert expand("{{user}} met {{char}}", "{{user}}", "{{char}}") == "{{char}} met {{user}}"
    evil = Scope("Nova", "{{roll:6}}", said={"lastmessage": "{{char}}"})
    assert fill("{{random::{{user}}}} {{lastMessage}}", evil) == "{{roll:6}} {{char}}"


@rule("once")
def test_separators_in_a_name_separate_nothing():
    assert expand("{{random::{{user}}::b}}", "Nova", "a::c,d") == "a::c,d"


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("{{time}}, {{date}}", "2:05 PM, March 14, 2026"),
        ("{{weekday}} {{isotime}} {{isodate}}", "Saturday 14:05 2026-03-14"),
        ("{{time::UTC+2}} {{time_UTC-5}}", "4:05 PM 9:05 AM"),
        ("{{datetimeformat::YYYY-MM-DD [at] HH:mm:ss}}", "2026-03-14 at 14:05:09"),
        ("{{timeDiff::2026-03-14T16:00::2026-03-14T14:00}}", "in 2 hours"),
        ("{{timeDiff::2026-03-11::2026-03-14}}{{timeDiff::x::y}}", "3 days ago"),
    ],
)
@rule("time")
def test_time_is_the_one_that_is_handed_in(text, expanded):
    assert filled(text, now=NOON) == expanded


@rule("time")
def test_macros_whose_text_changes_are_told():
    text = "{{user}} {{time}} {{random::a::{{roll:6}}}} {{mood}} {{if x}}{{/if}}"
    assert [m.name for m in seen(text) if m.changes] == ["time", "random", "roll"]
    assert [m.written for m in seen(text) if not m.known] == ["{{mood}}"]


@rule("pick")
def test_a_pick_hangs_on_the_conversation_and_the_place():
    text = "{{pick::a::b::c::d}}" * 12
    one, other = filled(text, seed="one"), filled(text, seed="other")
    assert (one, len(one)) == (filled(text, seed="one", turn=9), 12)
    assert one != other
    assert len(set(one)) > 1


@rule("random")
def test_a_random_choice_is_drawn_anew_in_each_turn():
    drawn = {filled("{{random::a::b::c::d}}", seed="one", turn=n) for n in range(30)}
    assert drawn == set("abcd")


@rule("roll")
@given(st.integers(1, 100), st.integers(1, 1_000_000), st.integers(0, 50))
def test_dice_stay_between_their_faces(dice, faces, turn):
    total = int(filled(f"{{{{roll:{dice}d{faces}}}}}", seed="s", turn=turn))
    assert dice <= total <= dice * faces


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("{{setvar::a::{{user}}}}{{getvar::a}}", "Sam"),
        ("{{setvar::n::2}}{{addvar::n::3}}{{incvar::n}} {{decvar::n}}", "6 5"),
        ("{{setvar::t::x}}{{addvar::t::y}}{{getvar::t}}", "xy"),
        ("{{hasvar::a}}{{setvar::a::1}}{{hasvar::a}}{{deletevar::a}}{{getvar::a}}", "falsetrue"),
        ("{{setglobalvar::a::1}}{{getvar::a}}{{getglobalvar::a}}", "1"),
    ],
)
@rule("vars")
def test_variables_hold_what_was_set(text, expanded):
    assert filled(text) == expanded


@rule("vars")
def test_variables_are_those_of_one_conversation():
    shared: dict[str, str] = {}
    filled("{{setvar::a::1}}", variables=shared)
    assert filled("{{getvar::a}}", variables=shared) == "1"
    assert filled("{{getvar::a}}") == ""


@rule("v3")
def test_hidden_keys_are_seen_where_lore_words_are_looked_for():
    assert filled("{{hidden_key:dragon}}{{// no}}", matching=True) == "dragon"


def test_what_is_not_known_is_not_said_aloud():
    assert expand("Roll {{mood::{{user}}}} now {{time}}", "Nova", "Sam", aloud=True) == "Roll  now "


@rule("caps")
@pytest.mark.parametrize(
    "text",
    [
        "{{a::" * 5000 + "}}" * 5000,
        "{{if 1}}" * 5000 + "x" + "{{/if}}" * 5000,
        "{{" * 20000,
        "{{if x}}" * 8000,
        "{{setvar::a::xxxxxxxx}}" + "{{setvar::a::{{getvar::a}}{{getvar::a}}}}{{getvar::a}}" * 500,
        "{{newline::100}}" * 5000,
        "{{reverse:" * 30 + "x" + "}}" * 30,
    ],
    ids=["deep", "deep ifs", "open", "open ifs", "doubling", "long", "reversed"],
)
def test_no_text_takes_more_than_its_bounds(text):
    assert len(filled(text)) <= len(text) + LONGEST


@rule("caps")
def test_fields_that_include_each_other_many_times_end():
    names = ("description", "scenario", "personality", "persona")
    fields = {n: "".join(f"{{{{{other}}}}}" * 50 for other in names) + "x" for n in names}
    assert len(fill("{{description}}", Scope("a", "b", fields))) <= LONGEST


@rule("caps")
@given(st.text(st.sampled_from("{}:/,\\|d6 \nif<user>charpickrandomelse"), max_size=300))
def test_any_text_of_braces_is_expanded(text):
    out = filled(text, seed="s", now=NOON)
    assert len(out) <= 20 * len(text) + LONGEST


@given(st.text(st.characters(exclude_characters="{<\\"), max_size=100))
def test_a_text_without_macros_stays_as_it_is(text):
    assert filled(text) == text
