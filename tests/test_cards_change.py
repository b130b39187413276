"""One field of a card changed, and nothing else."""

from pathlib import Path

import pytest

from companion.cards import changed
from companion.cards.formats.tree import Tree
from companion.cards.model import Card, from_tree
from companion.errors import CardError


def card(**more: object) -> Card:
    raw = {
        "spec": "chara_card_v2",
        "spec_version": "2.0",
        "data": {"name": "Ada", "description": "old", "x/unknown": {"y": [1]}},
        **more,
    }
    return from_tree(Tree(raw), Path("ada.json"))


def test_a_changed_field_leaves_everything_else_deep_equal():
    before = card(zoo=[{}])
    after = changed(before, "description", "new")
    assert (before.fields.description, after.fields.description) == ("old", "new")
    assert {**after.raw, "data": {**after.raw["data"], "description": "old"}} == before.raw


def test_a_copy_at_the_root_is_changed_where_there_is_one_and_never_made():
    assert "description" not in changed(card(), "description", "new").raw
    assert changed(card(description="old"), "description", "new").raw["description"] == "new"


def test_objects_on_the_way_are_made():
    made = changed(card(), "extensions.companion.voice.speed", 1.5)
    assert made.voice.speed == 1.5


def test_a_field_is_found_by_the_name_its_file_has_for_it():
    old = from_tree(Tree({"char_name": "Ada", "char_greeting": "Hi"}), Path("a.json"))
    made = changed(old, "first_mes", "Ho")
    assert made.raw == {"char_name": "Ada", "char_greeting": "Ho"}
    assert made.fields.first_mes == "Ho"


EMPTY = {
    "tags": [],
    "alternate_greetings": [],
    "creator": "",
    "system_prompt": "",
    "extensions": {},
}


@pytest.mark.parametrize(("field", "empty"), EMPTY.items())
def test_a_field_that_every_card_has_is_emptied_where_others_are_taken_out(field, empty):
    assert changed(card(tags=["a"]), field, None).data[field] == empty
    bare = from_tree(Tree({"name": "Ada", "description": "", "tags": ["a"]}), Path("ada.json"))
    assert field not in changed(bare, field, None).raw


def test_a_list_that_version_3_has_is_emptied_in_a_card_of_it():
    new = card(spec="chara_card_v3", spec_version="3.0")
    assert changed(new, "group_only_greetings", None).data["group_only_greetings"] == []
    assert "group_only_greetings" not in changed(card(), "group_only_greetings", None).data
    assert "character_book" not in changed(new, "character_book", None).data


def test_items_of_a_list_are_set_added_and_taken_out():
    made = changed(card(), "tags", ["a", "b"])
    assert changed(made, "tags.1", "c").fields.tags == ("a", "c")
    assert changed(made, "tags.2", "c").fields.tags == ("a", "b", "c")
    assert changed(made, "tags.0", None).fields.tags == ("b",)


@pytest.mark.parametrize("field", ["tags.9", "tags.x", "name.first", "a..b", "", "tags.0.x"])
def test_a_place_that_is_not_there_is_named_and_nothing_changes(field):
    before = changed(card(), "tags", ["a"])
    with pytest.raises(CardError, match="cannot be set") as caught:
        changed(before, field, "x")
    assert caught.value.place
    assert before.fields.tags == ("a",)


def test_a_value_of_the_wrong_kind_is_refused():
    with pytest.raises(CardError, match="must be text") as caught:
        changed(card(), "name", ["Ada"])
    assert (caught.value.reason, caught.value.place) == ("BAD_FIELD", "/data/name")


def test_the_date_of_the_last_change_is_set_where_the_card_keeps_one():
    dated = changed(card(), "modification_date", 5)
    assert changed(dated, "name", "B", now=9).data["modification_date"] == 9
    assert "modification_date" not in changed(card(), "name", "B", now=9).data


def test_the_lorebook_is_an_object_or_not_there():
    assert card().book_raw is None
    assert changed(card(), "character_book", {"entries": []}).book_raw == {"entries": []}


@pytest.mark.parametrize(
    ("note", "seen"),
    [
        ({"prompt": "p", "depth": 2, "role": "user"}, ("p", 2, "user")),
        ({"prompt": "p", "depth": "", "role": "boss"}, ("p", 4, "system")),
        ({"prompt": " ", "depth": 2}, None),
        ("p", None),
    ],
)
def test_the_depth_note_is_read_with_its_usual_values(note, seen):
    found = changed(card(), "extensions.depth_prompt", note).depth_prompt
    assert (found and (found.prompt, found.depth, found.role)) == seen


def entry(key: str) -> dict[str, object]:
    return {"keys": [key], "content": f"of the {key}", "extensions": {}}


def with_entries(entries: object) -> Card:
    return changed(card(), "character_book", {"entries": entries})


def test_a_lorebook_beside_the_fields_is_changed_where_it_stands():
    before = card(character_book={"entries": [entry("moon"), entry("sun")]})
    after = changed(before, "character_book.entries.0.content", "new")
    assert after.raw["data"] == before.raw["data"]
    new = {**entry("moon"), "content": "new"}
    assert after.raw["character_book"] == {"entries": [new, entry("sun")]}
    assert "character_book" not in changed(before, "character_book", None).raw


def test_an_entry_of_a_lorebook_that_is_an_object_is_found_by_its_name():
    made = changed(with_entries({"7": entry("moon")}), "character_book.entries.7.content", "new")
    assert made.raw["data"]["character_book"] == {
        "entries": {"7": {**entry("moon"), "content": "new"}}
    }


@pytest.mark.parametrize(
    ("entries", "name"),
    [(None, "0"), ({}, "0"), ({"0": entry("moon"), "1": entry("sea")}, "2"), ({"7": {}}, "8")],
)
def test_an_entry_one_past_the_last_is_a_new_one(entries, name):
    before = with_entries(entries) if entries is not None else card()
    made = changed(before, f"character_book.entries.{name}", entry("sun"))
    kept = made.raw["data"]["character_book"]["entries"]
    assert kept == ({**entries, name: entry("sun")} if entries is not None else [entry("sun")])
    assert made.book_raw["entries"][-1] == entry("sun")


@pytest.mark.parametrize(("name", "value"), [("3", {}), ("2", None), ("2.content", "x")])
def test_a_number_that_makes_no_new_entry_is_refused_with_the_one_that_does(name, value):
    before = with_entries({"0": entry("moon"), "1": entry("sea")})
    with pytest.raises(CardError, match="cannot be set") as caught:
        changed(before, f"character_book.entries.{name}", value)
    assert "a new one is character_book.entries.2" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("field", "value", "place", "cure"),
    [
        ("character_book.entries.0.content", "x", "/character_book/entries/0", "7, 9"),
        ("character_book.entries.0", {}, "/character_book/entries/0", "7, 9"),
        ("character_book.entries.0", None, "/character_book/entries/0", "7, 9"),
        ("character_book.notes.0", "x", "/character_book/notes/0", "character_book.notes="),
        ("extensions.mine.0.x", "x", "/extensions/mine/0", "extensions.mine="),
    ],
)
def test_a_number_that_names_nothing_in_an_object_is_refused(field, value, place, cure):
    before = with_entries({"7": entry("moon"), "9": entry("sun")})
    with pytest.raises(CardError, match="cannot be set: 0 is not in") as caught:
        changed(before, field, value)
    assert caught.value.place == place
    assert cure in (caught.value.hint or "")


def test_an_entry_that_is_not_in_the_list_is_refused_with_the_way_to_add_one():
    with pytest.raises(CardError, match="cannot be set") as caught:
        changed(with_entries([entry("moon")]), "character_book.entries.1.content", "x")
    assert "character_book.entries.1=" in (caught.value.hint or "")


def test_an_item_of_what_is_one_text_is_refused_with_the_way_to_set_all_of_it():
    with pytest.raises(CardError, match="inside text") as caught:
        changed(changed(card(), "alternate_greetings", "Hi"), "alternate_greetings.0", "Ho")
    assert "alternate_greetings=" in (caught.value.hint or "")


@pytest.mark.parametrize("field", ["alternate_greetings", "tags"])
def test_the_first_item_of_a_list_that_is_not_there_makes_it(field):
    assert changed(card(), f"{field}.0", "Hi").data[field] == ["Hi"]


@pytest.mark.parametrize("nothing", [[], None])
def test_extensions_that_are_an_empty_list_take_a_voice(nothing):
    made = changed(changed(card(), "extensions", nothing), "extensions.companion.voice.speed", 0.9)
    assert made.voice.speed == 0.9


def test_a_field_with_a_dot_in_its_name_is_named_by_its_parts():
    raw = {"name": "Ada", "description": "", "chub.ai": {"x": 1}}
    made = changed(from_tree(Tree(raw), Path("ada.json")), ("chub.ai", "x"), 2)
    assert made.raw == {**raw, "chub.ai": {"x": 2}}


def test_a_file_made_by_sillytavern_is_known_by_its_keys():
    assert not card().sillytavern
    assert card(talkativeness="0.5").sillytavern
    book = {"entries": [{"keys": ["a"], "content": "b", "extensions": {"display_index": 0}}]}
    assert changed(card(), "character_book", book).sillytavern
