"""What of a card reaches the prompt, and what its macros stand for there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.cards.formats.tree import Tree
from companion.cards.model import from_tree
from companion.cards.persona import Opening, scope
from companion.errors import MissingInput
from companion.prompt import Assembler, Now, Room
from companion.testing import NOON, Frames, Letters

NOW = datetime(2026, 3, 14, 14, 5, tzinfo=UTC)


def card(**data):
    return from_tree(
        Tree({"spec": "chara_card_v3", "data": {"name": "Ada", **data}}), Path("a.json")
    )


def prompt_of(made):
    build = Assembler(Letters(), Frames(), Room(4096, 64, 200))
    prompt = build.assemble(made.persona("Sam"), [], Now("hello", (), NOON))
    return "".join(section.text for section in prompt.sections)


@pytest.mark.rule("8.where")
@pytest.mark.parametrize(
    "field",
    [
        *("description", "personality", "scenario", "first_mes", "mes_example"),
        *("system_prompt", "post_history_instructions"),
    ],
)
def test_macros_are_expanded_in_what_is_prompt(field):
    assert "<Ada and Sam>" in prompt_of(card(**{field: "<{{char}} and {{user}}>"}))


@pytest.mark.rule("8.where")
def test_macros_are_not_expanded_in_names_notes_memory_or_speech():
    made = card(name="{{user}}", creator_notes="{{char}}", tags=["{{char}}"])
    build = Assembler(Letters(), Frames(), Room(4096, 64, 200))
    said = build.assemble(made.persona("Sam"), [], Now("{{char}}", (), NOON)).sections
    assert (made.persona("Sam").name, made.fields.creator_notes) == ("{{user}}", "{{char}}")
    assert said[-2].text.endswith("{{char}}")


@pytest.mark.rule("8.where")
def test_macros_are_expanded_in_a_depth_note():
    note = {"prompt": "Think of {{user}}.", "depth": "", "role": "system"}
    made = card(extensions={"depth_prompt": note}).persona("Sam")
    assert [(n.text, n.depth, n.role) for n in made.aside] == [("Think of Sam.", 4, "system")]


@pytest.mark.rule("13.user in name")
def test_a_macro_in_a_name_stays():
    made = card(name="{{user}}'s cat", description="{{char}}").persona("Sam")
    assert (made.name, made.description) == ("{{user}}'s cat", "{{user}}'s cat")


@pytest.mark.rule("12.7")
@pytest.mark.parametrize("field", ["creator_notes", "creator", "character_version"])
def test_what_is_for_people_is_in_no_prompt(field):
    made = card(
        **{field: "SENTINEL"},
        tags=["SENTINEL"],
        source=["SENTINEL"],
        creator_notes_multilingual={"en": "SENTINEL"},
        group_only_greetings=["SENTINEL"],
        alternate_greetings=["SENTINEL"],
        character_book={"name": "SENTINEL", "description": "SENTINEL", "entries": []},
        extensions={"agnai/x": "SENTINEL"},
    )
    assert "SENTINEL" not in prompt_of(made)


@pytest.mark.rule("8.original")
def test_our_instructions_stand_where_the_card_wants_them():
    text = prompt_of(card(system_prompt="Before. {{original}} After. {{original}}"))
    assert text.index("Before.") < text.index("You are Ada") < text.index("After.")
    assert text.count("You are Ada") == 1


@pytest.mark.rule("8.original")
def test_our_instructions_come_first_where_the_card_does_not_say():
    text = prompt_of(card(system_prompt="Rhyme.", post_history_instructions="{{original}} Go."))
    assert text.index("You are Ada") < text.index("Rhyme.") < text.index("[Go.]")


@pytest.mark.rule("13.post history")
def test_the_card_s_last_word_stands_after_the_history():
    text = prompt_of(card(post_history_instructions="A{{original}}B", first_mes="Ahoy"))
    assert text.index("Ahoy") < text.index("[AB]") < text.index("hello")


@pytest.mark.rule("8.fields")
def test_fields_of_the_card_can_be_put_into_each_other():
    made = card(description="One.", scenario="{{description}} Two.", first_mes="{{scenario}}")
    assert made.persona().greeting == "One. Two."


@pytest.mark.rule("8.char")
def test_the_nickname_is_what_char_stands_for():
    made = card(nickname="Countess", first_mes="{{char}}, <BOT>")
    assert made.persona().greeting == "Countess, Countess"


@pytest.mark.rule("8.time")
def test_time_is_that_of_the_opening():
    opening = Opening("Sam", now=NOW)
    assert card(first_mes="It is {{time}}.").persona(opening=opening).greeting == "It is 2:05 PM."
    assert card(first_mes="It is {{time}}.").persona("Sam").greeting == "It is ."


@pytest.mark.rule("8.pick")
def test_chance_is_drawn_once_for_a_conversation():
    made = card(first_mes="{{random::a::b::c}}" * 20)
    one = made.persona(opening=Opening("Sam", "one")).greeting
    assert one == made.persona(opening=Opening("Sam", "one")).greeting
    assert one != made.persona(opening=Opening("Sam", "two")).greeting


@pytest.mark.rule("8.vars")
def test_variables_last_from_one_field_to_the_next():
    made = card(description="{{setvar::mood::glad}}", first_mes="I am {{getvar::mood}}.")
    assert made.persona().greeting == "I am glad."
    assert scope(made, Opening()).variables == {}


def test_another_greeting_can_open_the_conversation():
    made = card(first_mes="One", alternate_greetings=["Two", "Three"])
    said = [made.persona(opening=Opening(greeting=n)).greeting for n in (0, 1, 2)]
    assert said == ["One", "Two", "Three"]
    with pytest.raises(MissingInput, match="no greeting 3"):
        made.persona(opening=Opening(greeting=3))


BRACES = st.text(st.sampled_from("{}:<>/\\| \ncharuseforigndm6if\u202e\ud800"), max_size=120)


@pytest.mark.rule("8.caps")
@given(st.tuples(*[BRACES] * 6), BRACES)
def test_any_card_makes_a_prompt_that_ends_with_the_words(texts, owner):
    names = ("description", "scenario", "first_mes", "mes_example", "system_prompt")
    made = card(**dict(zip((*names, "post_history_instructions"), texts, strict=True)))
    build = Assembler(Letters(), Frames(), Room(4096, 64, 200))
    person = made.persona(opening=Opening(owner, "seed", NOW))
    prompt = build.assemble(person, [], Now("hello", (), NOON))
    assert prompt.sections[-2].text.endswith("hello")
    assert all(len(text) < 5000 for text in (person.description, person.system, person.greeting))
