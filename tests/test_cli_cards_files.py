"""Cards in and out on the command line: import, export, diff."""

import json
import os

import pytest
from card_world import IDAT, V2, V3, archive, picture, text

from companion.cards import history, load_card
from companion.cli.app import run

rule = pytest.mark.rule


def call(capsys, *arguments):
    capsys.readouterr()
    code = run(["characters", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def given(folder, data, name="Ada L.json"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return path


@pytest.mark.parametrize(
    ("data", "name", "becomes"),
    [
        (V2, "Ada L.json", "ada-l.json"),
        (picture(IDAT, text(b"chara", V2)), "Ada L.bin", "ada-l.png"),
        (archive({"card.json": json.dumps(V3)}), "Ada L.zip", "ada-l.charx"),
        (archive({"card.json": json.dumps(V3)}, b"\xff\xd8\xff"), "Ada L.jpeg", "ada-l.charx"),
        (b"name: Ada\ndescription: d\n", "Ada L.yaml", "ada-l.yaml"),
    ],
    ids=["json", "png", "charx", "jpeg", "yaml"],
)
@rule("10.json")
def test_every_form_is_imported_as_it_is(workspace, capsys, tmp_path, data, name, becomes):
    file = given(tmp_path, data, name)
    code, out, _ = call(capsys, "import", file)
    assert (code, out) == (0, "ada-l\n")
    assert (workspace / "characters" / becomes).read_bytes() == file.read_bytes()
    assert call(capsys, "show", "ada-l")[0] == 0


def piped(data):
    """A pipe with a card in it, as `<(...)` of a shell gives one."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as end:
        end.write(data)
    return reading


@pytest.mark.parametrize(
    ("data", "suffix"),
    [(json.dumps(V2).encode(), "json"), (archive({"card.json": json.dumps(V3)}), "charx")],
)
def test_a_card_that_comes_through_a_pipe_is_written_whole(workspace, capsys, data, suffix):
    reading = piped(data)
    code, out, _ = call(capsys, "import", f"/dev/fd/{reading}", "--id", "Piped")
    os.close(reading)
    assert (code, out) == (0, "piped\n")
    assert (workspace / f"characters/piped.{suffix}").read_bytes() == data


def test_a_pipe_takes_the_place_of_a_card_with_all_that_it_holds(workspace, capsys):
    reading = piped(data := json.dumps(V2).encode())
    assert call(capsys, "import", f"/dev/fd/{reading}", "--id", "juno", "--replace")[0] == 0
    os.close(reading)
    assert (workspace / "characters/juno.json").read_bytes() == data


def test_an_empty_pipe_replaces_nobody(workspace, capsys):
    before = (workspace / "characters/juno.yaml").read_bytes()
    reading = piped(b"")
    assert call(capsys, "import", f"/dev/fd/{reading}", "--id", "juno", "--replace")[0] == 65
    os.close(reading)
    assert (workspace / "characters/juno.yaml").read_bytes() == before


GARBLED = {**V2, "data": {**V2["data"], "description": "caf\u00c3\u00a9"}}


def test_a_card_that_is_there_already_is_kept_before_its_letters_are_mended(workspace, capsys):
    there = given(workspace / "characters", GARBLED, "ada.json")
    before = there.read_bytes()
    assert call(capsys, "import", there, "--mend-letters")[0] == 0
    assert load_card(there).fields.description == "caf\u00e9"
    assert [version.path.read_bytes() for version in history.versions(there)] == [before]


def test_letters_that_are_right_are_no_reason_to_write_a_card(workspace, capsys):
    there = given(workspace / "characters", V2, "ada.json")
    before = there.read_bytes()
    assert call(capsys, "import", there, "--mend-letters")[0] == 0
    assert there.read_bytes() == before
    assert history.versions(there) == ()


def test_repairs_are_said_with_their_places(workspace, capsys, tmp_path):
    file = given(tmp_path, {**V2, "data": {**V2["data"], "tags": "a, b", "personality": None}})
    code, out, _ = call(capsys, "import", file, "--json")
    assert code == 0
    told = [(repair["code"], repair["place"]) for repair in json.loads(out)["repairs"]]
    assert told == [("TEXT_NULL", "/data/personality"), ("TAGS_STRING", "/data/tags")]


@rule("10.same name")
def test_a_second_card_of_one_name_is_refused_and_kept_apart_by_an_id(workspace, capsys, tmp_path):
    given(tmp_path, V2, "ada.json")
    other = given(tmp_path, {**V2, "x": 1}, "Ada.json")
    assert call(capsys, "import", tmp_path / "ada.json")[0] == 0
    code, _, err = call(capsys, "import", other)
    assert (code, "--id ada-2" in err) == (73, True)
    assert call(capsys, "import", other, "--id", "ada-2")[:2] == (0, "ada-2\n")
    assert "x" not in load_card(workspace / "characters/ada.json").raw


def test_the_same_card_again_is_no_second_one(workspace, capsys, tmp_path):
    file = given(tmp_path, V2, "ada.json")
    assert [call(capsys, "import", file)[0] for _ in range(2)] == [0, 0]


def test_what_is_replaced_is_kept(workspace, capsys, tmp_path):
    call(capsys, "import", given(tmp_path, V2, "ada.json"))
    newer = given(tmp_path, picture(text(b"ccv3", V3)), "ada.png")
    assert call(capsys, "import", newer, "--replace")[0] == 0
    folder = workspace / "characters"
    assert [path.name for path in folder.glob("ada.*")] == ["ada.png"]
    assert len(history.versions(folder / "ada.png")) == 1


@pytest.mark.parametrize("data", [b"{", b"hello", b"\x89PNG\r\n\x1a\n", archive({"../x": ""})])
def test_what_cannot_be_used_leaves_nothing_behind(workspace, capsys, tmp_path, data):
    before = sorted((workspace / "characters").rglob("*"))
    code, _, err = call(capsys, "import", given(tmp_path, data, "bad.json"))
    assert code == 65
    assert "bad.json" in err
    assert sorted((workspace / "characters").rglob("*")) == before


@rule("10.markup")
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'"\\e]0;x\\a": 1\n"\\e]0;x\\a": 2\n', "bad.yaml"),
        (archive({"\x1b]0;x\x07/card.json": "{"}), "bad.charx"),
        (
            {**V2, "data": {**V2["data"], "extensions": {"companion": {"voice": "\x1b"}}}},
            "\x1b.json",
        ),
    ],
    ids=["yaml", "charx", "name"],
)
def test_an_error_that_quotes_a_card_steers_no_terminal(workspace, capsys, tmp_path, data, name):
    code, _, err = call(capsys, "import", given(tmp_path, data, name))
    assert code == 65
    assert "\x1b" not in err
    assert "\x07" not in err


def test_a_file_that_is_not_there_is_missing_input(workspace, capsys):
    assert call(capsys, "import", "nowhere.png")[0] == 66


@pytest.mark.parametrize("kind", ["png", "charx", "yaml", "json-v2", "json-v3"])
def test_a_shipped_character_is_exported_and_comes_back(workspace, capsys, kind):
    code, out, _ = call(capsys, "export", "juno", "--to", kind)
    assert code == 0
    assert load_card(workspace / out.strip()).persona("Sam") == load_card(
        workspace / "characters/juno.yaml"
    ).persona("Sam")


def test_the_suffix_says_what_an_export_becomes(workspace, capsys):
    assert call(capsys, "export", "juno", "out.charx", "--json")[0] == 0
    assert (workspace / "out.charx").read_bytes().startswith(b"PK")


def test_an_export_overwrites_nothing_unless_told(workspace, capsys):
    (workspace / "a.png").write_text("mine")
    assert call(capsys, "export", "juno", "a.png")[0] == 73
    assert (workspace / "a.png").read_text() == "mine"
    assert call(capsys, "export", "juno", "a.png", "--force")[0] == 0


def test_an_export_says_what_version_2_cannot_hold(workspace, capsys, tmp_path):
    file = given(tmp_path, V3)
    code, out, _ = call(capsys, "export", file, "a.json", "--to", "json-v2", "--json")
    assert code == 0
    assert json.loads(out)["lost"][0]["place"] == "/data/nickname"


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--to", "webp"], 2), (["a.txt"], 65), (["no/a.png"], 73)]
)
def test_an_export_that_cannot_be_is_refused(workspace, capsys, arguments, code):
    assert call(capsys, "export", "juno", *arguments)[0] == code


def test_two_cards_are_compared_field_by_field(workspace, capsys, tmp_path):
    one = given(tmp_path, V2, "one.json")
    data = {**V2["data"], "first_mes": "Good day.", "nickname": "A", "tags": []}
    other = given(tmp_path, {**V2, "data": data}, "two.json")
    code, out, _ = call(capsys, "diff", one, other)
    assert code == 0
    assert out.splitlines() == [
        "changed /first_mes: Hello. → Good day.",
        'removed /tags: ["t"]',
        "added /nickname: A",
    ]


def test_a_card_in_json_and_in_a_picture_is_the_same(workspace, capsys):
    call(capsys, "export", "juno", "juno.png")
    code, out, _ = call(capsys, "diff", "juno", "./juno.png", "--json")
    assert (code, json.loads(out)["same"]) == (0, True)


def test_a_long_text_is_compared_by_its_sentences(workspace, capsys, tmp_path):
    long = [f"Sentence number {n} is here." for n in range(9)]
    one = given(tmp_path, {"name": "A", "description": " ".join(long)}, "one.json")
    long[4] = "This one is new."
    other = given(tmp_path, {"name": "A", "description": " ".join(long)}, "two.json")
    assert call(capsys, "diff", one, other)[1].splitlines() == [
        "changed /description",
        "  -Sentence number 4 is here.",
        "  +This one is new.",
    ]


WORLD = {
    "entries": {
        "1": {"uid": 1, "key": ["sea"], "content": "wide", "order": "7", "displayIndex": 1},
        "0": {"uid": 0, "key": ["a"], "content": "b", "disable": True, "position": 4, "depth": 2},
    }
}


def test_a_world_of_its_own_becomes_the_book_of_a_character(workspace, capsys, tmp_path):
    call(capsys, "import", given(tmp_path, V2, "ada.json"))
    code, _, err = call(capsys, "import", given(tmp_path, WORLD, "world.json"), "--into", "ada")
    assert code == 0, err
    first, second = load_card(workspace / "characters/ada.json").book_raw["entries"]
    assert (first["id"], first["enabled"], first["extensions"]["depth"]) == (0, False, 2)
    assert (second["keys"], second["insertion_order"], second["content"]) == (["sea"], 7, "wide")


def test_a_book_does_not_take_the_place_of_another_unless_told(workspace, capsys, tmp_path):
    book = {"spec": "lorebook_v3", "data": {"entries": [{"keys": ["x"], "content": "y"}]}}
    call(capsys, "import", given(tmp_path, V3, "ada.json"))
    file = given(tmp_path, book, "book.json")
    assert call(capsys, "import", file, "--into", "ada")[0] == 73
    assert call(capsys, "import", file, "--into", "ada", "--replace")[0] == 0
    (entry,) = load_card(workspace / "characters/ada.json").book_raw["entries"]
    assert entry["content"] == "y"


LISTED = {
    "code": 0,
    "data": [
        {"name": "World", "entryList": [{"keywords": ["fog"], "content": "thick", "name": "Fog"}]}
    ],
}
"""A form in which a website gives lorebooks away."""


def test_a_list_of_books_becomes_the_book_of_a_character_too(workspace, capsys, tmp_path):
    call(capsys, "import", given(tmp_path, V2, "ada.json"))
    code, _, err = call(capsys, "import", given(tmp_path, LISTED, "l.json"), "--into", "ada")
    assert code == 0, err
    (entry,) = load_card(workspace / "characters/ada.json").book_raw["entries"]
    assert (entry["keys"], entry["content"]) == (["fog"], "thick")


@pytest.mark.parametrize(
    "book", [WORLD, LISTED, {"spec": "lorebook_v3", "data": {"entries": []}}], ids=str
)
def test_a_lorebook_that_is_imported_as_a_card_is_refused_with_the_way_in(
    workspace, capsys, tmp_path, book
):
    code, _, err = call(capsys, "import", given(tmp_path, book, "book.json"))
    assert (code, "this is a lorebook" in err, "--into" in err) == (65, True, True)


def test_where_nothing_can_be_written_the_cure_is_named(workspace, capsys, tmp_path):
    code, _, err = call(capsys, "export", "juno", tmp_path / "nowhere" / "juno.png")
    assert (code, "nowhere/juno.png" in err, "folder" in err) == (73, True, True)


def test_what_is_no_lorebook_is_refused(workspace, capsys, tmp_path):
    code, _, err = call(capsys, "import", given(tmp_path, V2), "--into", "juno")
    assert (code, "no lorebook" in err) == (65, True)


@rule("10.mojibake")
def test_garbled_letters_are_put_right_when_asked(workspace, capsys, tmp_path):
    file = given(tmp_path, {**V2, "data": {**V2["data"], "scenario": "a caf\u00c3\u00a9"}})
    _, out, _ = call(capsys, "import", file, "--json")
    assert json.loads(out)["repairs"][0]["code"] == "GARBLED"
    assert call(capsys, "import", file, "--replace", "--mend-letters")[0] == 0
    card = load_card(workspace / "characters/ada-l.json")
    assert (card.fields.scenario, card.repairs) == ("a caf\u00e9", ())


def test_a_picture_on_the_internet_is_said_and_not_fetched(workspace, capsys, tmp_path):
    asset = {"type": "icon", "uri": "https://example.org/a.png", "name": "main", "ext": "png"}
    file = given(tmp_path, {**V3, "data": {**V3["data"], "assets": [asset]}})
    _, out, _ = call(capsys, "import", file, "--json")
    assert json.loads(out)["notes"] == [
        "1 file of the card is on the internet (https://example.org/a.png) and was not fetched."
    ]


def test_show_says_what_was_odd(workspace, capsys, tmp_path):
    file = given(tmp_path, {**V2, "data": {**V2["data"], "personality": None}})
    _, out, err = call(capsys, "show", file)
    assert "TEXT_NULL /data/personality" in err
    _, out, _ = call(capsys, "show", file, "--json")
    assert json.loads(out)["repairs"][0]["code"] == "TEXT_NULL"


@rule("12.1")
def test_every_card_of_the_wild_is_imported_looked_over_shown_and_exported(
    workspace, capsys, testdata
):
    imported = 0
    for n, file in enumerate(sorted((testdata / "cards").iterdir())):
        code, *_ = call(capsys, "import", file, "--id", f"w{n}")
        assert code in (0, 65), file
        if code:
            continue
        imported += 1
        assert json.loads(call(capsys, "lint", f"w{n}", "--json")[1])["findings"] is not None
        assert json.loads(call(capsys, "preview", f"w{n}", "--json")[1])["sections"]
        assert call(capsys, "export", f"w{n}", f"{n}.png")[0] == 0
        assert load_card(workspace / f"{n}.png").name == load_card(file).name
    assert imported >= 22


@pytest.mark.parametrize("said", [{"extensions": {"k\ud800": {"a": "n\0"}}}, {"k\ud800": "n\0"}])
def test_a_card_with_half_a_character_in_a_key_stops_nobody_from_being_listed(
    workspace, capsys, said
):
    card = {**V2, "spec_version": "\ud800", "data": {**V2["data"], **said}}
    file = given(workspace / "characters", card, "ada.json")
    for verb in (["list"], ["show", file], ["lint", file], ["import", file]):
        assert call(capsys, *verb, "--json")[0] == 0


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("Talk like a pirate. {{original}}", "  Talk like a pirate.\n"),
        ("{{original}} Talk fast.", "  Talk fast.\n"),
        ("Talk low. {{original}} Talk fast.", "  Talk low.\n  Talk fast.\n"),
    ],
)
def test_show_has_the_instructions_before_and_after_ours(
    workspace, capsys, tmp_path, prompt, shown
):
    file = given(tmp_path, {**V2, "data": {**V2["data"], "system_prompt": prompt}})
    assert f"\nInstructions\n{shown}" in call(capsys, "show", file)[1]


def test_show_has_the_note_that_stands_among_the_messages(workspace, capsys, tmp_path):
    note = {"depth_prompt": {"prompt": "{{user}} is late.", "depth": 4, "role": "system"}}
    file = given(tmp_path, {**V2, "data": {**V2["data"], "extensions": note}})
    assert "\nNote\n  Sam is late.\n" in call(capsys, "show", file, "--as", "Sam")[1]


def test_a_card_that_cannot_be_read_is_listed_with_its_code(workspace, capsys):
    given(workspace / "characters", b"{", "bad.json")
    rows = json.loads(call(capsys, "list", "--json")[1])["characters"]
    assert {row["code"] for row in rows if row["id"] == "bad"} == {"NOT_JSON"}
