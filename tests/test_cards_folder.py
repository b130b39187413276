"""Cards on disk, and the characters that come with the project."""

import os
import re
import shutil
from pathlib import Path

import pytest

from companion.cards import DEFAULT_CARD, Broken, Card, find_card, list_cards, load_card
from companion.cards import folder as cards_folder
from companion.errors import CardError, Forbidden, MissingInput

SHIPPED = Path(__file__).parents[1] / "characters"
CARD = '{"name": "Ada", "description": "d"}'


def test_a_character_is_found_by_id_whatever_its_case(tmp_path):
    (tmp_path / "Ada L.json").write_text(CARD)
    assert find_card(tmp_path, "ada-l").name == find_card(tmp_path, "Ada L").name == "Ada"


def test_a_character_is_found_by_file_name(tmp_path):
    (tmp_path / "ada.json").write_text(CARD)
    assert find_card(tmp_path, "ada.json").id == "ada"


def test_a_character_is_found_by_path_outside_the_folder(tmp_path, monkeypatch):
    (tmp_path / "ada.json").write_text(CARD)
    monkeypatch.chdir(tmp_path)
    assert find_card(SHIPPED, "ada.json").name == find_card(SHIPPED, "./ada.json").name == "Ada"
    assert find_card(SHIPPED, str(tmp_path / "ada.json")).name == "Ada"


def test_an_unknown_character_is_answered_with_those_who_are_there():
    with pytest.raises(MissingInput, match="Characters found: juno, tam, wren") as caught:
        find_card(SHIPPED, "nobody")
    assert caught.value.code == 66


@pytest.mark.parametrize("name", ["empty", "absent"])
def test_an_empty_folder_has_the_built_in_character(tmp_path, name):
    (tmp_path / "empty").mkdir()
    assert find_card(tmp_path / name, "juno") is DEFAULT_CARD
    assert list_cards(tmp_path / name) == (DEFAULT_CARD,)


def test_a_path_that_leads_nowhere_is_missing_input(tmp_path):
    with pytest.raises(MissingInput, match="There is no card at"):
        find_card(tmp_path, "./nowhere.json")


def test_two_files_with_one_id_are_told_apart_by_the_owner(tmp_path):
    for name in ("ada.json", "Ada.png"):
        (tmp_path / name).write_text(CARD)
    with pytest.raises(CardError, match=r"'ada': .*Rename one"):
        find_card(tmp_path, "ada")


def test_a_broken_card_is_listed_with_its_reason_and_hides_nobody(tmp_path):
    (tmp_path / "ada.json").write_text(CARD)
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / ".hidden.json").write_text("{")
    (tmp_path / "notes.txt").write_text("no card")
    good, bad = list_cards(tmp_path)
    assert isinstance(good, Card)
    assert isinstance(bad, Broken)
    assert "line 1" in str(bad.error)


def test_a_folder_instead_of_a_card_is_refused(tmp_path):
    with pytest.raises(CardError, match="cannot be read"):
        load_card(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_card_without_permission_says_which_is_needed(tmp_path):
    (tmp_path / "ada.json").write_text(CARD)
    (tmp_path / "ada.json").chmod(0)
    with pytest.raises(Forbidden, match="chmod u\\+r"):
        load_card(tmp_path / "ada.json")


def refused(*_):
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("name", ["iterdir", "is_dir", "is_file"])
def test_a_folder_of_characters_that_may_not_be_read_is_forbidden(tmp_path, monkeypatch, name):
    (tmp_path / "ada.json").write_text(CARD)
    monkeypatch.setattr(Path, name, refused)
    with pytest.raises(Forbidden, match="chmod u\\+rx") as caught:
        list_cards(tmp_path)
    assert caught.value.code == 77


@pytest.mark.parametrize("name", ["a" * 300, f"{'a' * 300}.json"])
def test_a_name_that_is_too_long_for_a_file_is_nobody(tmp_path, name):
    (tmp_path / "ada.json").write_text(CARD)
    with pytest.raises(MissingInput, match="There is no character"):
        find_card(tmp_path, name)


def test_a_folder_name_that_no_disk_takes_is_said(tmp_path):
    with pytest.raises(CardError, match="File name too long"):
        list_cards(tmp_path / ("a" * 300))


def test_a_file_larger_than_any_card_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(cards_folder.formats, "LARGEST", 10)
    (tmp_path / "ada.json").write_text(CARD)
    with pytest.raises(CardError, match="the limit is"):
        load_card(tmp_path / "ada.json")


@pytest.mark.parametrize("who", ["juno", "tam", "wren"])
def test_a_shipped_character_is_made_for_voice(who):
    card = find_card(SHIPPED, who)
    persona = card.persona("Sam")
    assert 60 <= len(persona.description.split()) <= 120
    assert "Sam" in persona.greeting
    assert len(re.findall(r"[.?!]", persona.greeting)) <= 3
    assert 1 <= len(persona.examples) <= 2
    assert not re.search(r"[*_{}<>#\[\]]", repr((persona.description, persona.greeting)))
    assert card.notes == ()


def test_the_shipped_characters_sound_different():
    sounds = {(c.voice.model, c.voice.speed, c.voice.gain) for c in list_cards(SHIPPED)}
    assert len(sounds) == len(list_cards(SHIPPED)) >= 3


def test_a_card_file_can_be_renamed_without_becoming_somebody_else(tmp_path):
    shutil.copy(SHIPPED / "juno.yaml", tmp_path / "keeper.yaml")
    assert (find_card(tmp_path, "keeper").id, find_card(tmp_path, "keeper").name) == (
        "keeper",
        "Juno",
    )
