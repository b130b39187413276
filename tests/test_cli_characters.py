import json

import pytest

from companion.cards import history
from companion.cli.app import run
from companion.cli.shell import SHELL


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    folder = tmp_path / "ws"
    assert run(["--quiet", "init", str(folder)]) == 0
    monkeypatch.chdir(folder)
    monkeypatch.setattr(SHELL, "config", None)
    return folder


def call(capsys, *arguments):
    code = run(["characters", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# ── lint ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("character", ["juno", "tam", "wren"])
def test_the_shipped_characters_have_no_errors(workspace, capsys, character):
    code, out, _ = call(capsys, "lint", character, "--json")
    found = json.loads(out)
    assert code == 0
    assert not [finding for finding in found["findings"] if finding["level"] == "error"]
    assert 0 < found["tokens_always"] < found["context"]


def test_a_card_is_looked_at_by_its_path_before_it_is_imported(workspace, capsys, tmp_path):
    (tmp_path / "ada.json").write_text('{"name": "Ada", "description": "{{frobnicate}}"}')
    code, out, _ = call(capsys, "lint", tmp_path / "ada.json")
    assert code == 0
    assert "UNKNOWN_MACRO /description" in out


def test_strict_turns_warnings_into_a_failure(workspace, capsys, tmp_path):
    (tmp_path / "ada.json").write_text('{"name": "Ada", "description": "{{frobnicate}}"}')
    code, _, err = call(capsys, "lint", tmp_path / "ada.json", "--strict")
    assert code == 65
    assert "mended" in err


def test_a_card_that_cannot_be_read_is_a_finding_with_its_place(workspace, capsys, tmp_path):
    (tmp_path / "ada.json").write_text('{"name": "Ada",\n "description": }')
    code, out, err = call(capsys, "lint", tmp_path / "ada.json", "--json")
    assert code == 65
    assert "line 2, column 17" in json.loads(out)["findings"][0]["said"]
    assert "line 2, column 17" in err


# ── restore ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def changed(workspace):
    """Juno, and what she was before her last change."""
    card = workspace / "characters" / "juno.yaml"
    before = card.read_text()
    history.keep(card)
    card.write_text("name: June\n")
    return card, before


def test_a_card_becomes_what_it_was_and_back(changed, capsys):
    card, before = changed
    assert call(capsys, "restore", "juno")[0] == 0
    assert card.read_text() == before
    assert call(capsys, "restore", "juno")[0] == 0
    assert card.read_text() == "name: June\n"


def test_the_versions_of_a_card_are_listed(changed, capsys):
    code, out, _ = call(capsys, "restore", "juno", "--list", "--json")
    assert code == 0
    assert [row["version"] for row in json.loads(out)["versions"]] == [1]


def test_a_card_that_was_deleted_comes_back(changed, capsys):
    card, before = changed
    card.unlink()
    assert call(capsys, "restore", "juno", 1)[0] == 0
    assert card.read_text() == before


def test_a_card_that_cannot_be_read_comes_back(changed, capsys):
    card, before = changed
    card.write_text("name: [")
    assert call(capsys, "restore", "juno", 1)[0] == 0
    assert card.read_text() == before


def test_a_card_that_was_never_changed_has_nothing_to_restore(workspace, capsys):
    code, _, err = call(capsys, "restore", "tam")
    assert code == 66
    assert "never changed" in err


def test_nobody_can_be_restored_who_never_was(workspace, capsys):
    code, _, err = call(capsys, "restore", "nobody")
    assert code == 66
    assert "juno" in err
