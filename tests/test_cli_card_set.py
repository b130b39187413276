"""`set` on the command line: a text is what was typed, and only other kinds are read as YAML."""

import json

import pytest

from companion.cards import load_card
from companion.cli.app import run
from companion.cli.card_set import assignment
from companion.errors import CardError

BOOK = "character_book.entries.0"


@pytest.mark.parametrize(
    "text",
    [
        *("# Morning", "*waves* Hello", "- one", "a: b", "1", "true", "null", "[waves]"),
        *("'quoted'", "{{char}} nods", "The king lives here.\nName: Arthur\n", "@@depth 0\nx"),
    ],
)
@pytest.mark.parametrize(
    "field",
    [
        *("personality", "alternate_greetings.0", "group_only_greetings.1", "tags.0", "source.0"),
        *(f"{BOOK}.{name}" for name in ("content", "name", "comment", "keys.0")),
        *("character_book.entries.7.secondary_keys.1", "character_book.name"),
        *("extensions.depth_prompt.prompt", "creator_notes_multilingual.de"),
    ],
)
def test_a_text_is_taken_as_it_is(field, text, tmp_path):
    (tmp_path / "text").write_text(text)
    assert assignment(f"{field}=@{tmp_path / 'text'}") == (field, text)
    escaped = text.replace("@@", "\\@@")
    assert assignment(f"{field}={escaped}") == (field, text)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("alternate_greetings=*waves* Hello", ["*waves* Hello"]),
        ("alternate_greetings=# Morning: one", ["# Morning: one"]),
        ("alternate_greetings={{char}}", ["{{char}}"]),
        ("alternate_greetings=[Hi., Ho.]", ["Hi.", "Ho."]),
        ("tags=calm, sea", ["calm", "sea"]),
        (f"{BOOK}.keys=moon, *sun*", ["moon", "*sun*"]),
        (f"{BOOK}.keys=[moon, sun]", ["moon", "sun"]),
        (f"{BOOK}.keys=/a{{1,2}}/i", ["/a{1,2}/i"]),
        (f"{BOOK}.secondary_keys=night", ["night"]),
    ],
)
def test_one_text_for_a_list_of_texts_is_one_of_them(setting, value):
    assert assignment(setting)[1] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("1.5", 1.5), ("true", True), ("[1, a]", [1, "a"]), ("{a: {b: 2}}", {"a": {"b": 2}})),
        *(("null", None), ("", None), (" 7\n", 7), ("2.10.1", "2.10.1"), ("no", "no")),
        *(("# one", "# one"), ("5 # five", "5 # five"), ("*waves*", "*waves*"), ("a: b", "a: b")),
        *(("{{char}} nods", "{{char}} nods"), ("[x] y", "[x] y"), ("5\nvalue: 6", "5\nvalue: 6")),
        *(("[a]\nb: c", "[a]\nb: c"), ("- a\n- b", "- a\n- b"), ("|", "|")),
    ],
)
def test_elsewhere_only_what_is_plainly_no_text_is_none(text, value):
    assert assignment(f"extensions.mine.x={text}")[1] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("'7'", "7"), ('"1.0"', "1.0"), ("'it''s'", "it's"), ('"a: b # c"', "a: b # c")),
        *(('"Hi," she says.', '"Hi," she says.'), ("'tis", "'tis"), ('"a": b', '"a": b')),
        *(('"a"\nb: c', '"a"\nb: c'), ("'", "'")),
    ],
)
def test_quotes_around_a_text_are_those_of_yaml_and_no_others_are(text, value):
    assert assignment(f"extensions.mine.x={text}")[1] == value


def test_a_voice_may_be_set_in_quotes():
    assert assignment('voice.model="a"')[1] == "a"
    assert assignment("voice.speed='0.9'")[1] == "0.9"
    assert assignment(f"{BOOK}.keys='fog, bank'")[1] == ["fog, bank"]


@pytest.mark.parametrize("field", ["personality", "tags.0", "extensions.x"])
@pytest.mark.parametrize(
    ("text", "meant"), [("a\udcffb", "a\ufffdb"), ("\ud83d\ude00", "\U0001f600")]
)
def test_half_a_character_is_joined_with_its_other_half_or_shown_as_one_that_is_lost(
    field, text, meant
):
    assert assignment(f"{field}={text}") == (field, meant)
    assert assignment(f"extensions.{text}=1")[0] == f"extensions.{meant}"


def test_half_a_character_that_yaml_spells_is_lost_too():
    assert assignment('extensions.x={"\\ud83d": ["\\ud83d"]}')[1] == {"\ufffd": ["\ufffd"]}


def test_an_object_with_a_slip_in_it_is_not_taken_for_a_text():
    with pytest.raises(CardError, match="not valid YAML"):
        assignment("character_book={entries: [")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("alternate_greetings.0=", None), (f"{BOOK}.content=", ""), (f"{BOOK}.keys=", None)],
)
def test_nothing_takes_an_item_out_and_empties_a_text(setting, value):
    assert assignment(setting)[1] == value


def test_what_was_set_in_a_lorebook_and_a_list_is_in_the_file(workspace, tmp_path):
    (tmp_path / "two").write_text("The king lives here.\nName: Arthur\n")
    book = {"entries": [{"keys": ["king"], "content": "", "extensions": {}}], "extensions": {}}
    data = {"name": "Nova", "description": "", "alternate_greetings": ["a"], "character_book": book}
    card = tmp_path / "nova.json"
    card.write_text(json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": data}))
    settings = [f"{BOOK}.content=@{tmp_path / 'two'}", "alternate_greetings.0=# Morning"]
    assert run(["characters", "set", str(card), *settings]) == 0
    made = load_card(card)
    assert made.fields.alternate_greetings == ("# Morning",)
    assert made.book_raw["entries"][0]["content"] == "The king lives here.\nName: Arthur\n"


def test_a_comparison_shows_removed_lines_that_begin_with_a_dash_or_a_plus(
    workspace, capsys, tmp_path
):
    lines = ["Traits, as they have always been, of Nova:", "- hates noise", "+ rain", "@@ depth"]
    cards = [tmp_path / "one.json", tmp_path / "two.json"]
    for card, said in zip(cards, (lines, lines[:1]), strict=True):
        card.write_text(json.dumps({"name": "Nova", "description": "\n".join(said)}))
    assert run(["characters", "diff", *map(str, cards)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "changed /description",
        *("  -- hates noise", "  -+ rain", "  -@@ depth"),
    ]


def test_texts_that_differ_in_line_breaks_alone_are_compared(workspace, capsys, tmp_path):
    cards = [tmp_path / "one.json", tmp_path / "two.json"]
    sentence = "This is one sentence of the description."
    for card, between in zip(cards, " \n", strict=True):
        said = f"{sentence}{between}{sentence}"
        card.write_text(json.dumps({"name": "Nova", "description": said}))
    assert run(["characters", "diff", *map(str, cards)]) == 0
    assert capsys.readouterr().out.splitlines() == ["changed /description"]
