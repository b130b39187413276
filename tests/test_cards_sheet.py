"""What is typed becomes the card, and what is not typed stays as it was."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.cards import history, load_card, save
from companion.cards.formats import yaml, yaml_write
from companion.cards.lint import Standards, lint
from companion.cards.sheet import sheet_of
from companion.errors import CannotCreate, CardError
from companion.speech.shape import speakable

DATA = os.environ.get("COMPANION_TESTDATA")
CARDS = sorted(Path(DATA, "cards").iterdir()) if DATA else []
LETTERS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | LETTERS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(LETTERS, inside, max_size=3),
    max_leaves=12,
)
FIELDS = st.dictionaries(LETTERS.filter(lambda key: "." not in key), JSON, max_size=4)


def written(folder, name, raw):
    path = folder / name
    path.write_text(json.dumps(raw), encoding="utf-8")
    return path


def ada(folder, **fields):
    data = {"name": "Ada", "description": "Keeps bees.", **fields}
    raw = {"spec": "chara_card_v2", "spec_version": "2.0", "data": data}
    return written(folder, "ada.json", raw)


def typed(path, **fields):
    """Type other values into some fields, and save."""
    sheet = sheet_of(path)
    values = yaml.read(sheet.text, "sheet").raw | fields
    return sheet.save(yaml_write.text(values).encode(), save, 0)


@given(extras=FIELDS, said=LETTERS)
def test_one_field_is_typed_and_all_others_stay(tmp_path_factory, extras, said):
    folder = tmp_path_factory.mktemp("cards")
    path = ada(folder, extensions={"x": extras})
    before = json.loads(path.read_text("utf-8"))
    typed(path, scenario=said)
    after = json.loads(path.read_text("utf-8"))
    assert after["data"].pop("scenario") == said
    for name in ("description", "extensions"):
        assert after["data"][name] == before["data"][name]


def test_a_field_with_a_dot_in_its_name_is_typed_into_where_it_stands(tmp_path):
    path = ada(tmp_path, **{"chub.ai": {"x": 1}})
    typed(path, **{"chub.ai": {"x": 2}})
    data = json.loads(path.read_text("utf-8"))["data"]
    assert data == {"name": "Ada", "description": "Keeps bees.", "chub.ai": {"x": 2}}


def readable(file):
    try:
        return load_card(file)
    except CardError:  # test_cards_wild says which, and why
        return None


def told(card):
    """What its lorebook says; the writer completes entries by the defaults of the format."""
    entries = (card.book_raw or {}).get("entries", [])
    return [(entry["keys"], entry["content"]) for entry in entries]


@pytest.mark.skipif(not DATA, reason="COMPANION_TESTDATA is not set")
@pytest.mark.parametrize("file", [f for f in CARDS if readable(f)], ids=lambda path: path.name)
def test_every_card_of_the_wild_can_be_typed_into(tmp_path, file):
    path = tmp_path / file.name
    path.write_bytes(file.read_bytes())
    before = load_card(path)
    typed(path, personality="typed here")
    after = load_card(path)
    assert after.fields.personality == "typed here"
    assert told(after) == told(before)
    for name in before.data.keys() - {"personality", "character_book", "assets"}:
        assert after.data[name] == before.data[name]


def test_a_field_that_is_typed_away_is_gone(tmp_path):
    path = ada(tmp_path, tags=["a"])
    sheet = sheet_of(path)
    values = yaml.read(sheet.text, "sheet").raw
    del values["tags"]
    sheet.save(yaml_write.text(values).encode(), save, 0)
    assert not load_card(path).fields.tags


def test_what_is_too_long_to_type_is_left_out_and_stays(tmp_path):
    book = {"entries": [{"keys": ["x"], "content": "word " * 200_000}], "extensions": {}}
    path = ada(tmp_path, character_book=book)
    sheet = sheet_of(path)
    assert len(sheet.text) < yaml.LIMIT
    assert b"# character_book is too long" in sheet.text
    typed(path, scenario="here")
    assert load_card(path).data["character_book"]["entries"][0]["content"] == "word " * 200_000


def test_a_value_of_the_wrong_kind_changes_nothing(tmp_path):
    path = ada(tmp_path)
    before = path.read_bytes()
    with pytest.raises(CardError, match="speed"):
        typed(path, extensions={"companion": {"voice": {"speed": "fast"}}})
    assert path.read_bytes() == before
    assert not history.versions(path)


def test_a_card_that_something_else_changed_is_not_overwritten(tmp_path):
    path = ada(tmp_path)
    sheet = sheet_of(path)
    path.write_text(path.read_text().replace("bees", "goats"))
    with pytest.raises(CannotCreate, match="something else"):
        sheet.save(sheet.text.replace(b"bees", b"cats"), save, 0)


def test_a_json_card_that_cannot_be_read_is_shown_as_it_is(tmp_path):
    path = tmp_path / "ada.json"
    path.write_text('{"name": ')
    sheet = sheet_of(path)
    assert (sheet.suffix, sheet.text) == (".json", b'{"name": ')
    sheet.save(b'{"name": "Ada", "description": "Keeps bees."}', save, 0)
    assert load_card(path).name == "Ada"


@settings(max_examples=50)
@given(raw=FIELDS, texts=st.lists(LETTERS, min_size=4, max_size=4))
def test_no_card_is_too_odd_to_be_looked_over(tmp_path_factory, raw, texts):
    names = ("description", "first_mes", "mes_example", "system_prompt")
    fields = dict(zip(names, texts, strict=True))
    path = ada(tmp_path_factory.mktemp("cards"), **(raw | fields))
    standards = Standards(len, speakable, lambda _: None, 200, 20)
    try:
        card = load_card(path)
    except CardError:
        return
    assert all(finding.said for finding in lint(card, standards).findings)
