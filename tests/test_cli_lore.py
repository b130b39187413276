"""`companion characters lore test`: why each entry was told or not."""

import json
import os
from pathlib import Path

import pytest
from lore_world import entry, talk

from companion.cli.app import run
from companion.cli.shell import SHELL
from companion.lore import Lorebook, parse_book
from companion.lore.explain import sentence

DATA = Path(os.environ.get("COMPANION_TESTDATA", "")) / "cards"


@pytest.fixture
def card(tmp_path, monkeypatch):
    assert run(["--quiet", "init", str(tmp_path / "ws")]) == 0
    monkeypatch.chdir(tmp_path / "ws")
    monkeypatch.setattr(SHELL, "config", None)
    entries = [
        entry("The tower is \x1b[31mblue.", name="Tower"),
        entry("The moon is full.", name="Moon", keys=["moon"]),
        entry("Old.", name="Off", enabled=False),
        entry("Slow.", name="Slow", keys=["/(a|aa)+$/"]),
    ]
    data = {"name": "Mira", "description": "Mira.", "character_book": {"entries": entries}}
    path = tmp_path / "mira.json"
    path.write_text(json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": data}))
    return path


def call(capsys, *arguments):
    code = run(["characters", "lore", "test", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.rule("7.explain")
def test_each_entry_is_named_with_the_reason(card, capsys):
    code, out, _ = call(capsys, card, "What about the tower?")
    assert code == 0
    assert 'told Tower: the key "tower" was said in the newest message' in out
    assert "Moon: none of its keys was said" in out
    assert "Off: it is switched off" in out


@pytest.mark.rule("7.explain")
def test_each_entry_is_in_the_json(card, capsys):
    code, out, _ = call(capsys, card, "the moon", "really?", "yes", "--json")
    found = json.loads(out)
    assert code == 0
    assert [one["name"] for one in found["told"]] == ["Moon"]
    assert {one["name"]: one["reason"] for one in found["entries"]}["Off"] == "disabled"
    assert {one["name"]: one["message"] for one in found["entries"]}["Moon"] == -3


@pytest.mark.rule("10.markup")
def test_what_an_entry_says_does_not_steer_the_terminal(card, capsys):
    assert "\x1b" not in call(capsys, card, "tower")[1]


@pytest.mark.rule("7.regex time")
def test_a_pattern_that_takes_too_long_is_named(card, capsys):
    assert "/(a|aa)+$/" in call(capsys, card, "a" * 300 + "!")[2]


def test_a_character_without_a_book_says_so(card, capsys):
    path = card.with_name("kit.json")
    path.write_text(json.dumps({"name": "Kit", "description": "Kit."}))
    code, _, told = call(capsys, path, "hello")
    assert code == 0
    assert "Kit has no lorebook" in told


@pytest.mark.rule("7.books")
def test_a_lorebook_that_stands_alone_can_be_tried(card, capsys):
    path = card.with_name("world.json")
    path.write_text(json.dumps({"spec": "lorebook_v3", "data": {"entries": [entry("told")]}}))
    assert call(capsys, path, "tower")[1].startswith("told 0")


def test_what_is_neither_card_nor_book_is_refused(card, capsys):
    path = card.with_name("other.json")
    path.write_text('{"weather": "fine"}')
    assert call(capsys, path, "tower")[0] == 65


@pytest.mark.rule("7.explain")
@pytest.mark.parametrize(
    "raw",
    [
        {"content": "@@dont_activate\nx"},
        {"content": "@@activate_only_after 9\nx"},
        {"content": "@@activate_only_every 3\nx"},
        {"content": "@@is_greeting 3\nx"},
        {"content": "@@is_user_icon me\nx"},
        {"content": "@@exclude_keys tower\nx"},
        {"content": "@@additional_keys moon\nx"},
        {"content": "@@activate\nx"},
        {"content": ""},
        {"keys": []},
        {"keys": ["("], "use_regex": True},
        *({"selective": True, "secondary_keys": ["moon", "sea"],
           "extensions": {"selectiveLogic": n}} for n in range(4)),
        *({"extensions": extensions} for extensions in (
            {"delay": 9}, {"probability": 0}, {"delay_until_recursion": 2}, {"position": 7},
            {"triggers": ["quiet"]}, {"character_filter": {"names": ["nobody"]}})),
    ],
)  # fmt: skip
def test_every_reason_has_a_sentence(raw):
    read, _ = parse_book({"entries": [entry(**raw)]})
    told = Lorebook(read, len).told(talk("the tower", "sea and tower"), 1, {}, everyone=True)
    assert "{" not in sentence(told.why[0])


@pytest.mark.skipif("COMPANION_TESTDATA" not in os.environ, reason="no COMPANION_TESTDATA")
@pytest.mark.rule("12.1")
def test_every_book_of_the_test_data_is_read(card, capsys):
    from companion import cards
    from companion.errors import CardError

    found = {}
    for path in sorted(DATA.iterdir()):
        try:
            one = cards.load_card(path)
        except CardError:
            continue
        book, notes = parse_book(one.book_raw, sillytavern=one.sillytavern)
        if one.book_raw:
            found[path.name] = (len(book.entries), notes)
    assert len(found) >= 8
    assert all(entries and not notes for entries, notes in found.values())
