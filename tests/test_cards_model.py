"""Cards as the prompt and the voice see them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.cards import DEFAULT_CARD
from companion.cards.formats.tree import Tree
from companion.cards.model import Card, from_tree
from companion.cards.text import clean, slug
from companion.errors import CardError


def card(file: str = "ada.json", **data: object) -> Card:
    return from_tree(
        Tree({"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": "Ada", **data}}),
        Path(file),
    )


def test_the_id_comes_from_the_file_and_the_name_from_the_card():
    made = card("Ada Lovelace (v2).json")
    assert (made.id, made.name) == ("ada-lovelace-v2", "Ada")


@pytest.mark.parametrize(
    ("stem", "expected"),
    [("Zoë", "zoë"), ("../../etc", "etc"), ("...", "card"), ("a" * 99, "a" * 64), ("Ⅸ b", "ix-b")],
)
def test_an_id_is_a_safe_word(stem, expected):
    assert slug(stem) == expected


def test_creator_notes_never_reach_the_persona():
    made = card(creator_notes="SECRET", tags=["SECRET"], creator="SECRET", x="SECRET")
    assert made.fields.creator_notes == "SECRET"
    assert "SECRET" not in repr(made.persona("Sam"))


def test_macros_are_expanded_in_every_text_but_the_name():
    made = card(
        name="{{user}}",
        description="a {{char}}",
        personality="b {{user}}",
        scenario="c {{user}}",
        system_prompt="d {{user}}",
        post_history_instructions="e {{user}}",
        first_mes="f {{user}} {{mood}}",
    )
    p = made.persona("Sam")
    texts = (p.name, p.description, p.personality, p.scenario, p.system, p.post_history, p.greeting)
    assert texts == ("{{user}}", "a {{user}}", "b Sam", "c Sam", "d Sam", "e Sam", "f Sam")


def test_examples_are_split_where_start_stands():
    made = card(mes_example="{{user}}: a\r\n{{char}}: b\n<start>\n<START>\n{{char}}: c")
    assert made.persona("Sam").examples == ("Sam: a\nAda: b", "Ada: c")


@pytest.mark.parametrize("text", ["", "<START>", "<START>\n \n<START>"])
def test_no_example_is_no_example(text):
    assert card(mes_example=text).persona("Sam").examples == ()


def test_an_owner_without_a_name_is_a_friend():
    assert card(first_mes="Hi {{user}}").persona(" \n").greeting == "Hi friend"


def test_an_owner_s_name_is_one_line_and_never_expanded():
    assert card(first_mes="Hi {{user}}").persona("{{char}}\nSystem:").greeting == (
        "Hi {{char}} System:"
    )


def test_a_nickname_is_what_the_character_goes_by():
    made = card(nickname="Countess", description="{{char}}")
    assert (made.name, made.persona("Sam").description) == ("Ada", "Countess")


def test_an_empty_name_is_replaced_by_the_file_s_and_that_is_noted():
    made = card("grace.json", name=" \n")
    assert made.name == "grace"
    assert (made.repairs[0].code, made.repairs[0].place) == ("NAME_EMPTY", "/data/name")


def test_hidden_characters_do_not_reach_the_prompt():
    hidden = "a\x00b\x1b[31mc\u202ed\U000e0041e\U000e0101f\ud800g"
    made = card(description=hidden)
    assert made.persona("Sam").description == "ab[31mcdef\ufffdg"
    assert made.raw["data"]["description"] == hidden


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters()))
def test_cleaned_text_is_clean_and_can_be_written(text):
    once = clean(text)
    assert clean(once) == once
    assert once.encode().decode() == once


def test_nothing_of_the_tree_is_lost():
    tree = {"spec": "chara_card_v2", "data": {"name": "Ada", "x": [1, {"y": None}]}, "z": {}}
    assert from_tree(Tree(tree), Path("a.json")).raw == tree


@pytest.mark.parametrize(
    "tree",
    [
        {"name": "Ada", "description": "d", "first_mes": "g"},
        {"spec": "chara_card_v3", "data": {"name": "Ada", "description": "d", "first_mes": "g"}},
        {"data": {"name": "Ada", "description": "d", "first_mes": "g"}, "name": "stale"},
        {"char_name": "Ada", "char_persona": "d", "char_greeting": "g"},
        {"name": "Ada", "context": "d", "greeting": "g"},
    ],
    ids=["v1", "v3", "no spec", "gradio", "ooba"],
)
def test_every_age_of_card_has_the_same_fields(tree):
    p = from_tree(Tree(tree), Path("a.json")).persona("Sam")
    assert (p.name, p.description, p.greeting) == ("Ada", "d", "g")


def test_a_newer_spec_is_read_and_noted():
    tree = Tree({"spec": "chara_card_v9", "data": {"name": "Ada"}})
    (repair,) = from_tree(tree, Path("a.json")).repairs
    assert (repair.code, repair.place) == ("SPEC_UNKNOWN", "/spec")
    assert "chara_card_v9" in repair.said


def test_small_slips_of_real_cards_are_forgiven():
    made = card(personality=None, description=7, alternate_greetings="Hi", tags=None)
    found = made.fields
    assert (found.personality, found.description) == ("", "7")
    assert (found.alternate_greetings, found.tags) == (("Hi",), ())


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        (
            {"spec": "chara_card_v2", "data": {}},
            "data.name is missing; a card needs at least a name",
        ),
        ({"description": "x"}, "a.json: name is missing"),
        ({"data": {"name": ["a"]}}, "data.name must be text, found a list"),
        ({"data": {"name": "a", "scenario": {}}}, "data.scenario must be text, found an object"),
        ({"data": {"name": "a", "tags": [[]]}}, "data.tags must be text, found a list"),
        ({"name": "a", "personality": True}, "personality must be text, found true"),
        ({"spec": "chara_card_v2", "data": 3}, "data must be an object, found a number"),
        ({"spec": "lorebook_v3", "data": {"entries": []}}, "this is a lorebook"),
        ({"name": "a book"}, "none of a character's other fields"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(tree, says):
    with pytest.raises(CardError, match=r"a\.json: ") as caught:
        from_tree(Tree(tree), Path("a.json"))
    assert says in str(caught.value)


def voice(**settings: object) -> Card:
    return card(extensions={"companion": {"voice": settings}})


def test_voice_settings_come_from_the_card_s_extensions():
    found = voice(model="en_US-x", speed=1.2, speaker=3, gain="0.5", greet=False, seconds=9).voice
    assert (found.model, found.speed, found.speaker, found.gain) == ("en_US-x", 1.2, 3, 0.5)
    assert (found.greet, found.seconds, found.actions, found.language) == (False, 9, "drop", "en")


def test_an_unknown_voice_setting_is_noted_not_refused():
    assert voice(sped=2).notes == (
        "data.extensions.companion.voice.sped is no setting we know; it was kept.",
    )


@pytest.mark.parametrize("extensions", [None, {}, [], {"companion": None}, {"companion": "x"}])
def test_a_card_without_voice_settings_has_the_usual_voice(extensions):
    assert card(extensions=extensions).voice == DEFAULT_CARD.voice


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"speed": 9}, "data.extensions.companion.voice.speed is wrong: input should be less"),
        ({"speed": float("nan")}, "voice.speed is wrong"),
        ({"gain": "loud"}, "voice.gain is wrong"),
        ({"actions": "sing"}, "voice.actions is wrong"),
        ({"speaker": -1}, "voice.speaker is wrong"),
    ],
)
def test_a_voice_setting_that_cannot_be_used_is_named(settings, place):
    with pytest.raises(CardError) as caught:
        voice(**settings)
    assert place in str(caught.value)


def test_voice_settings_that_are_no_object_are_named():
    with pytest.raises(CardError, match="must be an object, found a list"):
        card(extensions={"companion": {"voice": []}})


def test_the_built_in_character_greets_by_name():
    assert "Sam" in DEFAULT_CARD.persona("Sam").greeting
