"""One defect of the wild each: what is understood all the same, and what is said of it."""

import contextlib
import json
from pathlib import Path

import pytest
from card_world import V2, V3, chunk, picture, text
from hypothesis import given
from hypothesis import strategies as st

from companion.cards import changed, kinds, load_card, write
from companion.cards.formats import read
from companion.cards.formats.tree import Tree
from companion.cards.model import Card, from_tree
from companion.cards.repair import garbled
from companion.cards.world import lone_book
from companion.cards.write import SUFFIX
from companion.errors import CardError
from companion.lore import parse_book

rule = pytest.mark.rule


def card(data: dict | None = None, **root: object) -> Card:
    return from_tree(Tree({**V2, "data": {**V2["data"], **(data or {})}, **root}), Path("a.json"))


def entry(**fields: object) -> dict:
    book = {"extensions": {}, "entries": [{"keys": ["k"], "content": "c", **fields}]}
    return {"character_book": book}


def said(made: Card) -> list[tuple[str, str]]:
    return [(repair.code, repair.place) for repair in made.repairs]


BOOK = "/data/character_book"
ENTRY = f"{BOOK}/entries/0"
DEFECTS = {
    "10.greetings": [
        ({"alternate_greetings": "Hi"}, "ALT_GREETINGS_STRING", "/data/alternate_greetings"),
        ({"alternate_greetings": None}, "ALT_GREETINGS_NULL", "/data/alternate_greetings"),
        ({"alternate_greetings": ["a", None]}, "ITEM_NOT_TEXT", "/data/alternate_greetings/1"),
    ],
    "10.book null": [({"character_book": None}, "BOOK_NULL", BOOK)],
    "10.name": [({"name": ""}, "NAME_EMPTY", "/data/name")],
    "10.depth": [
        (
            {"extensions": {"depth_prompt": {"prompt": "p", "depth": ""}}},
            "DEPTH_PROMPT_DEPTH",
            "/data/extensions/depth_prompt/depth",
        ),
        (entry(extensions={"depth": "x"}), "NUMBER_UNUSABLE", f"{ENTRY}/extensions/depth"),
    ],
    "10.map": [
        ({"character_book": {"entries": {"1": {"keys": []}}}}, "ENTRIES_MAP", f"{BOOK}/entries"),
        ({"character_book": {"entries": None}}, "ENTRIES_NULL", f"{BOOK}/entries"),
        ({"character_book": {"entries": [5]}}, "ENTRY_UNUSABLE", f"{ENTRY}"),
        (entry(key=["x"], keys=None) | {}, "ENTRY_KEYS_EMPTY", f"{ENTRY}/keys"),
        (entry(keys="a, b"), "ENTRY_KEYS_STRING", f"{ENTRY}/keys"),
        (entry(keys=["a", 7]), "ENTRY_KEYS_TEXT", f"{ENTRY}/keys"),
        (entry(insertion_order="7"), "NUMBER_TEXT", f"{ENTRY}/insertion_order"),
        (entry(extensions={"probability": "50"}), "NUMBER_TEXT", f"{ENTRY}/extensions/probability"),
        (entry(extensions=[]), "EXTENSIONS_EMPTY", f"{ENTRY}/extensions"),
        (entry(position=""), "POSITION_UNKNOWN", f"{ENTRY}/position"),
        (entry(position=4), "POSITION_NUMBER", f"{ENTRY}/position"),
        (entry(position="in_chat"), "POSITION_NUMBER", f"{ENTRY}/position"),
        (entry(position="before_char_defs"), "POSITION_NAME", f"{ENTRY}/position"),
        (entry(content=None), "ENTRY_CONTENT_NULL", f"{ENTRY}/content"),
        ({"character_book": "a"}, "BOOK_UNUSABLE", BOOK),
    ],
    "10.mojibake": [
        ({"description": "Zo\u00c3\u00ab caf\u00c3\u00a9"}, "GARBLED", "/data/description")
    ],
    "10.null": [
        ({"personality": None}, "TEXT_NULL", "/data/personality"),
        ({"mes_example": None}, "TEXT_NULL", "/data/mes_example"),
        ({"character_version": 2}, "TEXT_NUMBER", "/data/character_version"),
        ({"tags": "a, b"}, "TAGS_STRING", "/data/tags"),
        ({"extensions": None}, "EXTENSIONS_EMPTY", "/data/extensions"),
    ],
    "10.dates": [
        ({"creation_date": 1703462400123}, "DATE_MILLISECONDS", "/data/creation_date"),
        ({"creation_date": -62135596800}, "DATE_UNUSABLE", "/data/creation_date"),
        ({"creation_date": 1e300}, "DATE_UNUSABLE", "/data/creation_date"),
        ({"modification_date": "1703462400"}, "DATE_TEXT", "/data/modification_date"),
    ],
    "5.json": [
        ({"description": "a\0b"}, "UNWRITABLE", "/data/description"),
        ({"description": "a\ud800b"}, "UNWRITABLE", "/data/description"),
    ],
}
ROWS = [
    pytest.param(*defect, marks=rule(row), id=f"{row} {defect[1]} {n}")
    for row, defects in DEFECTS.items()
    for n, defect in enumerate(defects)
]


@rule("12.2")
@pytest.mark.parametrize(("data", "code", "place"), ROWS)
def test_a_defect_is_understood_and_said_with_its_place(data, code, place):
    assert (code, place) in said(card(data))


@rule("12.2")
@pytest.mark.parametrize(("data", "code", "place"), ROWS)
def test_what_was_mended_is_written_mended(tmp_path, data, code, place):
    path = tmp_path / "a.json"
    path.write_bytes(write(card(data), "json-v3"))
    left = {"GARBLED", "BOOK_UNUSABLE", "POSITION_NUMBER"}  # not ours to decide, or kept as meant
    assert {found for found, _ in said(load_card(path))} <= left


@rule("12.2", "10.root book")
def test_a_book_in_data_comes_before_one_at_the_root():
    beside = {"entries": [{"keys": ["root"], "content": "r"}]}
    used = card(character_book=beside)
    assert said(used) == [("BOOK_AT_ROOT", "/character_book")]
    assert used.book_raw["entries"][0]["keys"] == ["root"]
    assert card(entry(), character_book=beside).book_raw["entries"][0]["keys"] == ["k"]


@rule("10.mirror")
def test_a_copy_at_the_root_that_differs_is_said_and_data_used():
    made = card(description="stale", name="Ada")
    assert said(made) == [("MIRROR_DIFFERS", "/description")]
    assert made.fields.description == V2["data"]["description"]


@rule("10.map")
def test_entries_as_an_object_keep_their_own_order():
    entries = {"a": {"keys": ["2"], "displayIndex": 2}, "b": {"keys": ["1"], "uid": 1}}
    book = card({"character_book": {"entries": entries}}).book_raw
    assert [item["keys"] for item in book["entries"]] == [["1"], ["2"]]


def test_names_of_a_world_s_entry_are_understood():
    world = {"key": ["a"], "keysecondary": ["b"], "order": 3, "disable": True, "content": "c"}
    made = card({"character_book": {"entries": [world]}}).book_raw["entries"][0]
    assert (made["keys"], made["secondary_keys"]) == (["a"], ["b"])
    assert (made["insertion_order"], made["enabled"]) == (3, False)


@rule("10.scan depth")
def test_an_absent_scan_depth_stays_absent():
    assert "scan_depth" not in card(entry()).book_raw
    assert (
        card({"character_book": {"scan_depth": None, "entries": []}}).book_raw["scan_depth"] is None
    )


@rule("10.length")
@pytest.mark.parametrize("kind", kinds())
def test_no_text_is_cut(tmp_path, kind):
    long = "word " * 40_000
    path = tmp_path / f"a{SUFFIX[kind]}"
    path.write_bytes(write(card({"description": long}), kind))
    assert load_card(path).fields.description == long


@rule("10.ztxt")
def test_a_compressed_text_is_read():
    assert read(picture(text(b"chara", V2, b"zTXt")), "a.png").raw == V2


@rule("10.decorators")
def test_at_signs_in_a_description_are_text(tmp_path):
    made = card({"description": "@@@SYSTEM obey\n@@depth 4\ntext"})
    assert made.repairs == ()
    assert made.persona("Sam").description == "@@@SYSTEM obey\n@@depth 4\ntext"
    assert b"@@@SYSTEM" in write(made, "json-v2")


@rule("10.markup")
def test_card_text_that_steers_a_terminal_does_not_leave_the_card():
    made = card({"first_mes": "\x1b]0;title\x07<script>[bold]x[/bold]\u202e"})
    assert made.persona("Sam").greeting == "]0;title<script>[bold]x[/bold]"


@rule("5.json")
@pytest.mark.parametrize(
    "number", [b"NaN", b"-Infinity", b"1e999", b"9" * 5000], ids=["nan", "inf", "1e999", "long"]
)
def test_what_is_no_number_is_refused(number):
    with pytest.raises(CardError, match="not a number") as caught:
        read(b'{"name": "a", "description": "b", "x": ' + number + b"}", "a.json")
    assert caught.value.reason == "NOT_JSON"


@rule("5.json")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_byte_order_mark_is_no_part_of_the_card(encoding):
    assert read(json.dumps(V2, ensure_ascii=False).encode(encoding), "a.json").raw == V2


def test_a_key_that_stands_twice_is_said():
    tree = read(b'{"name": "a", "name": "b", "description": "c"}', "a.json")
    assert [(r.code, "'name'" in r.said) for r in tree.repairs] == [("DUPLICATE_KEY", True)]
    assert tree.raw["name"] == "b"


@rule("5.limits")
def test_many_small_values_are_refused_before_they_are_made():
    with pytest.raises(CardError, match="more than 200,000 values"):
        read(b'{"a":[' + b"[]," * 2_000_000 + b"1]}", "a.json")


@rule("5.limits")
def test_many_commas_in_prose_are_no_values():
    assert read(b'{"name":"' + b"a, " * 300_000 + b'"}', "a.json").raw


@rule("5.other")
@pytest.mark.parametrize(
    ("start", "says"),
    [
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WEBP"),
        (b"GIF89a", "GIF"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"%PDF-1.7", "not a character card"),
        (b"BM\0\0", "not a character card"),
    ],
    ids=["webp", "gif", "jpeg", "pdf", "bmp"],
)
def test_another_picture_is_refused_by_name(start, says):
    with pytest.raises(CardError, match=says) as caught:
        read(start + b"\0" * 50, "a.bin")
    assert caught.value.reason in {"FOREIGN_FORMAT", "NO_CARD_DATA"}


@rule("5.several")
def test_of_several_texts_the_first_that_can_be_read_is_taken():
    broken = chunk(b"tEXt", b"chara\0bm90IGpzb24=")
    tree = read(picture(broken, text(b"chara", V2), text(b"chara", V3)), "a.png")
    assert tree.raw == V2
    assert tree.repairs[0].code == "NEWER_CARD_BROKEN"
    assert tree.notes == ("3 cards are inside; 'chara' was used.",)


@rule("5.jsonfile", "5.yaml")
@pytest.mark.parametrize(
    ("tree", "flavour"),
    [
        ({"name": "A", "description": "d", "first_mes": "g"}, "v1"),
        ({"name": "A", "description": "d", "first_mes": "g", "tags": []}, "unwrapped"),
        ({"char_name": "A", "char_persona": "d", "char_greeting": "g"}, "gradio"),
        ({"name": "A", "context": "d", "greeting": "g", "example_dialogue": "e"}, "oobabooga"),
        ({"spec": "chara_card_v2", "data": {"name": "A", "description": "d", "first_mes": "g"}}, 2),
        ({"spec": "chara_card_v3", "data": {"name": "A", "description": "d", "first_mes": "g"}}, 3),
    ],
    ids=["v1", "unwrapped", "gradio", "oobabooga", "v2", "v3"],
)
@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_every_age_of_card_is_read_and_written_as_todays(tmp_path, tree, flavour, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text(json.dumps(tree, indent=1))
    written = json.loads(write(load_card(path), "json-v3"))
    assert [written["data"][key] for key in ("name", "description", "first_mes")] == ["A", "d", "g"]
    assert written["data"]["mes_example"] == ("e" if flavour == "oobabooga" else "")


@pytest.mark.parametrize("spec", [{}, [], 5, "chara_card_v9"])
def test_a_card_of_an_unknown_kind_is_read_as_the_kinds_we_know(spec):
    assert said(card(spec=spec)) == [("SPEC_UNKNOWN", "/spec")]


@pytest.mark.parametrize("version", ["3.1", "2.0", 3, None, "new", {}])
def test_a_version_3_card_is_read_whatever_number_it_says(version):
    made = from_tree(Tree({**V3, "spec_version": version}), Path("a.json"))
    codes = {code for code, _ in said(made)}
    assert codes <= {"SPEC_NEWER", "SPEC_VERSION"}
    assert ("SPEC_NEWER" in codes) == (version == "3.1")


def test_garbled_text_can_be_told_from_text():
    assert garbled("caf\u00c3\u00a9") == "caf\u00e9"
    assert garbled("\u00e2\u20ac\u0153hi\u00e2\u20ac\x9d") == "\u201chi\u201d"
    assert [garbled(text) for text in ("caf\u00e9", "plain", "S\u00c3O PAULO")] == ["", "", ""]


FLOATS = st.floats(allow_nan=False, allow_infinity=False)  # no reader lets others in
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [*V3["data"], "assets", "creation_date", "source", "nickname", "spec", "data"]


@rule("12.5")
@given(st.sampled_from(FIELDS), JSON, st.booleans())
def test_anything_in_any_field_is_read_or_refused_with_one_card_error(field, value, at_root):
    tree = {**V3, field: value} if at_root else {**V3, "data": {**V3["data"], field: value}}
    with contextlib.suppress(CardError):
        made = from_tree(Tree(tree), Path("a.json"))
        assert made.persona("Sam").name
        assert all(write(made, kind) for kind in kinds())


@rule("12.5", "10.round trip")
@given(JSON, st.sampled_from(["keys", "position", "extensions", "insertion_order", "x", "content"]))
def test_a_book_with_anything_in_it_comes_back_the_same(value, field):
    book = {"entries": [{"keys": ["a"], "content": "b", field: value}], "x": value}
    made = card({"character_book": book})
    once = write(made, "json-v3")
    assert write(from_tree(read(once, "a.json"), Path("a.json")), "json-v3") == once


OTHERS = {
    "agnai": {"name": "m", "entry": "old mill", "keywords": ["mill"]},
    "novelai": {"displayName": "m", "text": "old mill", "keys": ["mill"]},
    "risu": {"comment": "m", "content": "old mill", "key": "mill", "insertorder": 7,
             "secondkey": "a, b", "selective": True, "alwaysActive": True},
    "both": {"name": "m", "entry": "old mill", "text": "other", "key": ["mill"], "keywords": []},
}  # fmt: skip


@pytest.mark.parametrize("one", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("kind", kinds())
def test_lorebooks_of_other_programs_say_the_same_inside_a_card(one, kind):
    alone, _ = parse_book({"entries": [one]})
    book, _ = lone_book({"entries": [one]}, "world.json")
    made = changed(card(), "character_book", book)
    file = Path(f"a{SUFFIX[kind]}")
    back = from_tree(read(write(made, kind), file.name), file)
    inside, _ = parse_book(back.book_raw)
    assert inside.entries == alone.entries
    assert (alone.entries[0].keys, alone.entries[0].content) == (("mill",), "old mill")


HALF, BAD = "k\ud800", "n\0"


@pytest.mark.parametrize(
    "data",
    [
        {"extensions": {HALF: {"a": BAD}}},
        {HALF: BAD},
        {"creator_notes_multilingual": {HALF: BAD}},
        entry(extensions={HALF: BAD}),
        {"character_book": {"entries": {HALF: {"key": ["a"], "content": BAD}}}},
    ],
    ids=["extension", "field", "notes", "entry", "book"],
)
def test_what_is_said_of_half_a_character_can_be_printed(data):
    made = card(data)
    assert said(made)
    assert "k\ufffd" in "".join(place for _, place in said(made))
    assert json.dumps([made.data, said(made)], ensure_ascii=False).encode()
    assert all(write(made, kind) for kind in kinds())
