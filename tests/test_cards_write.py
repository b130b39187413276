"""Cards written: what the specifications ask for, and nothing lost on the way round."""

import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from card_world import IDAT, V2, V3, archive, chunk, picture, seen_by_others, text
from hypothesis import given
from hypothesis import strategies as st

from companion.cards import changed, kinds, load_card, lost, save, write
from companion.cards.formats import read, yaml_patch
from companion.cards.formats.tree import Tree
from companion.cards.model import Card, from_tree
from companion.cards.write import SUFFIX
from companion.errors import CannotCreate, CardError
from companion.lore import parse_book

rule = pytest.mark.rule
KEYS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)


def loaded(folder: Path, data: bytes | str | dict, name: str = "ada.json") -> Card:
    data = json.dumps(data) if isinstance(data, dict) else data
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return load_card(folder / name)


def through(card: Card, folder: Path, *way: str) -> Card:
    """The card written and read again, once for each kind."""
    for n, kind in enumerate(way):
        card = loaded(folder, write(card, kind), f"{n}{SUFFIX[kind]}")
    return card


@rule("12.3")
@pytest.mark.parametrize("card", [V2, V3], ids=["v2", "v3"])
def test_json_comes_back_as_the_same_tree(tmp_path, card):
    kind = f"json-v{card['spec'][-1]}"
    assert json.loads(write(loaded(tmp_path, card), kind)) == card


@rule("10.round trip")
@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("card", [V2, V3], ids=["v2", "v3"])
def test_a_second_export_is_the_first_byte_for_byte(tmp_path, card, kind):
    once = write(loaded(tmp_path, card), kind)
    assert write(loaded(tmp_path, once, "again" + SUFFIX[kind]), kind) == once


@rule("12.3")
@pytest.mark.parametrize(
    "way",
    [("png",), ("charx",), ("yaml",), ("png", "charx", "png"), ("charx", "json-v3", "png")],
    ids="-".join,
)
def test_every_way_round_keeps_the_tree(tmp_path, way):
    back = through(loaded(tmp_path, V3), tmp_path, *way)
    tree = json.loads(write(back, "json-v3"))
    tree["data"].pop("assets", None)  # the picture found on the way; none was said before
    assert tree == V3


@rule("12.3", "5.write")
def test_a_picture_keeps_every_other_chunk_through_an_archive(tmp_path):
    others = [chunk(b"tEXt", b"Author\0somebody"), IDAT, chunk(b"zzZz", b"\1\2\3")]
    card = loaded(tmp_path, picture(*others, text(b"chara", V2)), "ada.png")
    back = through(card, tmp_path, "charx", "png")
    cards, kept = seen_by_others(back.path.read_bytes())
    assert kept[1:-1] == others
    assert cards["ccv3"]["data"]["assets"][0]["uri"] == "ccdefault:"


@rule("5.write")
def test_old_cards_of_any_form_go_and_both_new_ones_stand_before_the_end(tmp_path):
    old = [text(b"Chara", V2), text(b"CCV3", V3, b"zTXt"), text(b"chara", V2, b"iTXt")]
    data = write(loaded(tmp_path, picture(old[0], IDAT, *old[1:]), "ada.png"), "png")
    cards, others = seen_by_others(data)
    assert list(cards) == ["chara", "ccv3"]
    assert [other[4:8] for other in others] == [b"IHDR", b"IDAT", b"IEND"]
    assert data.endswith(chunk(b"IEND", b""))


@rule("5.apng")
def test_the_frames_of_an_animation_survive(tmp_path):
    frames = [chunk(b"acTL", b"\0\0\0\2\0\0\0\0"), IDAT, chunk(b"fdAT", b"\0\0\0\1xyz")]
    card = loaded(tmp_path, picture(*frames, text(b"chara", V2)), "ada.png")
    assert seen_by_others(write(card, "png"))[1][1:-1] == frames


@rule("12.4")
def test_another_reader_sees_the_same_card(tmp_path):
    cards, _ = seen_by_others(write(loaded(tmp_path, V3), "png"))
    assert cards["ccv3"] == V3
    assert cards["chara"]["spec"] == "chara_card_v2"
    assert cards["chara"]["data"]["z_unknown"] == V3["data"]["z_unknown"]


@rule("5.order")
def test_keys_keep_their_order_and_text_stays_utf_8(tmp_path):
    data = write(loaded(tmp_path, V3), "json-v3")
    assert list(json.loads(data)["data"]) == list(V3["data"])
    assert "日本".encode() in data


def test_the_version_2_copy_says_what_it_lost(tmp_path):
    card = loaded(tmp_path, V3)
    tree = json.loads(write(card, "json-v2"))["data"]
    said = [(repair.code, repair.place) for repair in lost(card, "json-v2")]
    assert said == [
        ("V3_ONLY", "/data/nickname"),
        ("DECORATOR", "/data/character_book/entries/0/content"),
    ]
    assert tree["creator_notes"].startswith("This is the Version 2 copy")
    entry = tree["character_book"]["entries"][0]
    assert entry["content"] == "The sea is near."
    assert entry["extensions"] == {"x": 1, "depth": 2, "position": 4, "role": 1}


def richer(**fields):
    """A version 2 card with what version 2 has not, and an entry with decorators."""
    book = V3["data"]["character_book"]
    more = {"nickname": "Nov", "source": ["x"], "creation_date": 7, "character_book": book}
    return {**V2, "data": {**V2["data"], **more, **fields}}


@pytest.mark.parametrize(
    "tree",
    [
        richer(),
        {**V3, "spec_version": "3.1", "data": {"name": "Ada", "description": "", "tags": "a, b"}},
        {"name": "Ada", "description": "", "nickname": "N", "own": 1, "chat": "x"},
        {"char_name": "Ada", "char_persona": "", "char_greeting": "Hi"},
    ],
    ids=["v2", "v3", "v1", "gradio"],
)
def test_a_json_card_that_is_saved_in_its_place_has_changed_in_one_field_only(tmp_path, tree):
    card = loaded(tmp_path, tree)
    made = changed(card, "description", "new")
    save(made, card.path)
    assert json.loads(card.path.read_bytes()) == made.raw
    name = "char_persona" if "char_name" in tree else "description"
    fields = {**tree.get("data", tree), name: "new"}
    assert made.raw == ({**tree, "data": fields} if "data" in tree else fields)


def test_what_no_file_should_hold_stays_as_it_is_in_a_json_card(tmp_path):
    tree = json.dumps(richer(zoo="n\0")).replace("n\\u0000", "n\\u0000\\ud800")
    card = loaded(tmp_path, tree)
    save(changed(card, "description", "new"), card.path)
    assert json.loads(card.path.read_bytes())["data"]["zoo"] == "n\0\ud800"


def test_a_card_with_fields_of_version_3_loses_none_in_a_json_file_of_no_said_version(tmp_path):
    card = loaded(tmp_path, richer())
    save(card, tmp_path / "b.json")
    assert json.loads((tmp_path / "b.json").read_bytes())["data"]["nickname"] == "Nov"


@pytest.mark.parametrize("kind", kinds())
def test_a_lorebook_is_called_by_the_same_words_in_every_kind_of_file(tmp_path, kind):
    keys = [["/dragons?/i"], ["a.c", "/(/"]]
    book = {"entries": [{"keys": some, "content": "x"} for some in keys]}
    card = loaded(tmp_path, {**V2, "data": {**V2["data"], "character_book": book}})
    (before, _), (after, _) = (
        parse_book(one.book_raw) for one in (card, through(card, tmp_path, kind))
    )
    assert [(e.keys, e.patterns) for e in after.entries] == [
        (e.keys, e.patterns) for e in before.entries
    ]


def test_a_version_2_card_is_not_said_to_lose_anything(tmp_path):
    card = loaded(tmp_path, V2)
    assert lost(card, "json-v2") == lost(card, "png") == ()
    assert json.loads(write(card, "json-v2"))["data"]["creator_notes"] == "n"


def test_a_lone_card_of_six_fields_becomes_a_whole_one(tmp_path):
    card = loaded(tmp_path, {"name": "Ada", "description": "d", "avatar": "x", "own": 1})
    tree = json.loads(write(card, "json-v3"))
    assert (tree["spec"], tree["spec_version"], tree["avatar"]) == ("chara_card_v3", "3.0", "x")
    assert tree["data"]["own"] == 1
    assert tree["data"]["group_only_greetings"] == tree["data"]["tags"] == []


@rule("10.book null")
def test_a_book_that_is_nothing_is_not_written(tmp_path):
    card = loaded(tmp_path, {**V2, "data": {**V2["data"], "character_book": None}})
    assert card.book_raw is None
    assert b"character_book" not in write(card, "json-v2")


@rule("5.members")
def test_files_of_an_archive_that_are_not_ours_are_copied_untouched(tmp_path):
    files = {"card.json": json.dumps(V3), "module.risum": b"\0\1", "x_meta/1.json": b"{}"}
    card = loaded(tmp_path, archive(files, before=b"\xff\xd8\xffpicture"), "ada.charx")
    data = write(changed(card, "description", "new"), "charx")
    made = zipfile.ZipFile(io.BytesIO(data))
    assert made.namelist() == list(files)
    assert [made.read(name) for name in list(files)[1:]] == [b"\0\1", b"{}"]
    assert data.startswith(b"\xff\xd8\xffpicture")


def test_a_picture_has_no_room_for_an_archive_s_other_files_and_says_so(tmp_path):
    assets = [
        {"type": "icon", "uri": "embeded://i.png", "name": "main", "ext": "png"},
        {"type": "emotion", "uri": "embeded://e.png", "name": "happy", "ext": "png"},
    ]
    tree = {**V3, "data": {**V3["data"], "assets": assets}}
    files = {"card.json": json.dumps(tree), "i.png": picture(IDAT), "e.png": picture(IDAT)}
    card = loaded(tmp_path, archive(files), "ada.charx")
    assert [repair.place for repair in lost(card, "png")] == ["/data/assets/1"]
    assert seen_by_others(write(card, "png"))[1][1:-1] == [IDAT]


@rule("10.asset colon")
@pytest.mark.parametrize("colon", [b":", b""])
def test_asset_chunks_of_both_spellings_go_into_an_archive(tmp_path, colon):
    asset = {"type": "emotion", "uri": "__asset:1", "name": "happy", "ext": "png"}
    tree = {**V3, "data": {**V3["data"], "assets": [asset]}}
    kept = chunk(b"tEXt", b"chara-ext-asset_" + colon + b"1\0aGFwcHk=")
    card = loaded(tmp_path, picture(IDAT, kept, text(b"ccv3", tree)), "ada.png")
    back = through(card, tmp_path, "charx")
    uri = back.data["assets"][0]["uri"].removeprefix("embeded://")
    assert zipfile.ZipFile(back.path).read(uri) == b"happy"


@rule("5.yaml")
def test_comments_of_a_yaml_card_survive_an_edit(tmp_path):
    lines = "# mine\nname: Ada # her name\ndescription: >\n  Old.\n  Text.\n# end\ntags: [a]\n"
    card = loaded(tmp_path, lines, "ada.yaml")
    save(changed(card, "description", "New: text\nof two lines"), card.path)
    assert card.path.read_text() == lines.replace(
        ">\n  Old.\n  Text.", "|-\n  New: text\n  of two lines"
    )


@rule("5.atomic")
def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    card = loaded(tmp_path, V2)
    before = card.path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "disk full")))
    with pytest.raises(CannotCreate, match="disk full"):
        save(card, card.path)
    assert card.path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["ada.json"]


def test_a_saved_card_is_for_its_owner_only(tmp_path):
    card = loaded(tmp_path, V2)
    save(card, tmp_path / "b.png")
    assert (tmp_path / "b.png").stat().st_mode & 0o777 == 0o600


def test_a_name_that_is_no_card_s_is_refused(tmp_path):
    with pytest.raises(CardError, match="no card is written"):
        save(loaded(tmp_path, V2), tmp_path / "ada.txt")


def test_a_folder_that_is_not_there_cannot_be_written_to(tmp_path):
    with pytest.raises(CannotCreate):
        save(loaded(tmp_path, V2), tmp_path / "no" / "ada.json")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@rule("10.round trip")
@pytest.mark.parametrize("kind", kinds())
@given(st.dictionaries(KEYS, JSON, max_size=4), st.dictionaries(KEYS, JSON, max_size=2))
def test_whatever_is_unknown_comes_through_deep_equal(kind, extensions, more):
    unknown = {f"z/{key}": value for key, value in more.items()}
    data = {**V2["data"], "extensions": extensions, **unknown}
    file = Path(f"ada{SUFFIX[kind]}")
    card = from_tree(Tree({**V2, "data": data}), file)
    back = from_tree(read(write(card, kind), file.name), file)
    assert yaml_patch.same(back.data.get("extensions", {}), card.data["extensions"])
    assert yaml_patch.same({k: back.data[k] for k in unknown}, unknown)
