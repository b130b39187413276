import pytest

from companion.cards import history
from companion.errors import CannotCreate, MissingInput


@pytest.fixture
def card(tmp_path):
    path = tmp_path / "ada.yaml"
    path.write_text("name: Ada\n")
    return path


def change(card, text):
    history.keep(card)
    history.put(card, text.encode())


def test_a_version_is_kept_before_a_card_is_overwritten(card):
    change(card, "name: Bea\n")
    (kept,) = history.versions(card)
    assert kept.number == 1
    assert kept.path.read_text() == "name: Ada\n"
    assert kept.path.parent == card.parent / ".history" / "ada"


def test_what_is_kept_already_is_not_kept_again(card):
    assert history.keep(card) is not None
    assert history.keep(card) is None


def test_a_card_that_is_not_there_has_nothing_to_keep(tmp_path):
    assert history.keep(tmp_path / "nobody.yaml") is None


def test_a_version_comes_back_and_what_was_there_is_kept(card):
    change(card, "name: Bea\n")
    assert history.bring_back(card, 1) == card
    assert card.read_text() == "name: Ada\n"
    assert history.versions(card)[-1].path.read_text() == "name: Bea\n"


def test_a_version_of_another_kind_of_file_replaces_the_card(card, tmp_path):
    history.keep(card)
    card.unlink()
    other = tmp_path / "ada.json"
    other.write_text("{}")
    assert history.bring_back(other, 1) == card
    assert not other.exists()


def test_a_version_that_is_not_there_is_answered_with_those_that_are(card):
    change(card, "name: Bea\n")
    with pytest.raises(MissingInput, match=r"no version 7.*There are: 1"):
        history.bring_back(card, 7)


def test_the_oldest_versions_go_when_there_are_too_many(card):
    for n in range(history.MOST + 3):
        change(card, f"name: Ada {n}\n")
    numbers = [version.number for version in history.versions(card)]
    assert numbers == list(range(4, history.MOST + 4))


def test_the_oldest_versions_go_when_they_are_too_large(card, monkeypatch):
    monkeypatch.setattr(history, "LARGEST", 25)
    for n in range(5):
        change(card, f"name: Ada {n}\n")
    assert sum(version.size for version in history.versions(card)) <= 25


def test_versions_are_for_the_owner_only(card):
    version = history.keep(card)
    assert version.path.stat().st_mode & 0o777 == 0o600
    assert version.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_card_that_cannot_be_kept_is_said_so(card):
    (card.parent / ".history").write_text("in the way")
    with pytest.raises(CannotCreate, match="history"):
        history.keep(card)


def test_a_write_that_fails_leaves_the_card_as_it_was(tmp_path):
    (tmp_path / "ada.yaml").mkdir()
    with pytest.raises(CannotCreate):
        history.put(tmp_path / "ada.yaml", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["ada.yaml"]


def test_a_card_that_is_gone_is_found_by_its_versions(card):
    history.keep(card)
    card.unlink()
    assert history.forgotten(card.parent, "Ada") == card
    assert history.forgotten(card.parent, "nobody") is None
