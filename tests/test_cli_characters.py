import json
import os
import re
import shlex
from pathlib import Path

import pytest
import soundfile

from companion.cards import history, load_card
from companion.cli.app import run


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


def test_every_card_of_the_wild_is_looked_over_or_refused_with_a_code(workspace, capsys, data):
    for card in sorted((data / "cards").iterdir()):
        code, out, err = call(capsys, "lint", card, "--json")
        found = json.loads(out)["findings"]
        assert code in (0, 65), (card, err)
        assert code == 0 or any(finding["level"] == "error" for finding in found)
        assert all(re.fullmatch("[A-Z_]+", finding["code"]) for finding in found)


def test_a_finding_in_a_yaml_card_has_its_line(workspace, capsys):
    juno(workspace).write_text("name: Ada\n\ndescription: '{{frobnicate}}'\n")
    code, out, _ = call(capsys, "lint", "juno")
    assert code == 0
    assert "UNKNOWN_MACRO /description (line 3)" in out


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


def test_the_versions_of_a_card_are_shown_to_people(changed, capsys):
    code, out, _ = call(capsys, "restore", "juno", "--list")
    assert code == 0
    assert re.match(r" +1  20\d\d-\d\d-\d\dT.* bytes\n", out)
    code, _, err = call(capsys, "restore", "tam", "--list")
    assert code == 0
    assert "never changed" in err


def test_a_card_that_was_deleted_comes_back(changed, capsys):
    card, before = changed
    card.unlink()
    assert call(capsys, "restore", "juno", 1)[0] == 0
    assert card.read_text() == before


@pytest.mark.parametrize("verb", [("edit",), ("set", "name=x")])
def test_a_card_that_is_gone_is_not_changed_but_pointed_at(changed, capsys, verb):
    card, _ = changed
    card.unlink()
    code, _, err = call(capsys, verb[0], "juno", *verb[1:])
    assert code == 66
    assert str(card) in err


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


# ── set ──────────────────────────────────────────────────────────────────────────────────────


def juno(workspace):
    return workspace / "characters" / "juno.yaml"


def test_a_field_is_set_and_everything_else_stays(workspace, capsys):
    before = juno(workspace).read_text()
    assert call(capsys, "set", "juno", "personality=dry and warm")[0] == 0
    after = juno(workspace).read_text()
    assert load_card(juno(workspace)).fields.personality == "dry and warm"
    changed = set(before.splitlines()) ^ set(after.splitlines())
    assert all("personality" in line or "warm, steady" in line for line in changed)
    assert "# Juno, lighthouse keeper." in after


def test_a_field_that_no_card_has_is_set_and_doubted(workspace, capsys):
    code, _, err = call(capsys, "set", "juno", "descripton=Tall.")
    assert code == 0
    assert "descripton is no field that we know" in err
    assert "description" in err
    assert (
        "no field" not in call(capsys, "set", "juno", "extensions.mine.x=1", "voice.speed=1.1")[2]
    )


def test_several_fields_are_set_at_once_with_their_kinds(workspace, capsys):
    code, out, _ = call(
        capsys,
        "set",
        "juno",
        "voice.speed=1.1",
        "tags=calm, sea",
        "alternate_greetings=[Hi., Ho.]",
        "--json",
    )
    card = load_card(juno(workspace))
    assert code == 0
    assert card.voice.speed == 1.1
    assert card.fields.tags == ("calm", "sea")
    assert card.fields.alternate_greetings == ("Hi.", "Ho.")
    assert "extensions.companion.voice.speed" in json.loads(out)["set"]


def test_a_text_that_looks_like_a_number_stays_text(workspace, capsys):
    assert call(capsys, "set", "juno", "character_version=2.10")[0] == 0
    assert load_card(juno(workspace)).raw["character_version"] == "2.10"


def test_a_value_can_come_from_a_file(workspace, capsys, tmp_path):
    (tmp_path / "text").write_text("First line.\nSecond line.\n")
    assert call(capsys, "set", "juno", f"scenario=@{tmp_path / 'text'}")[0] == 0
    assert "Second line." in load_card(juno(workspace)).fields.scenario


@pytest.mark.parametrize(
    ("setting", "code", "says"),
    [
        ("voice.speed=9", 65, "extensions.companion.voice.speed"),
        ("voice.actions=sing", 65, "actions"),
        ("character_book.entries.99.content=x", 65, "Nothing was changed"),
        ("nothing", 2, "FIELD=VALUE"),
        ("scenario=@/nowhere", 66, "/nowhere"),
    ],
)
def test_what_cannot_be_set_changes_nothing(workspace, capsys, setting, code, says):
    before = juno(workspace).read_bytes()
    found, _, err = call(capsys, "set", "juno", "personality=x", setting)
    assert found == code
    assert says in err
    assert juno(workspace).read_bytes() == before
    assert not history.versions(juno(workspace))


@pytest.mark.parametrize("verb", ["set", "edit"])
def test_a_card_behind_a_link_is_changed_where_it_is(workspace, capsys, tmp_path, editor, verb):
    real = juno(workspace).rename(tmp_path / "real.yaml")
    juno(workspace).symlink_to(real)
    editor("s/^name: Juno/name: June/")
    assert call(capsys, verb, "juno", *(["name=June"] if verb == "set" else []))[0] == 0
    assert juno(workspace).is_symlink()
    assert load_card(real).name == "June"


def test_what_was_set_can_be_taken_back(workspace, capsys):
    before = juno(workspace).read_bytes()
    assert call(capsys, "set", "juno", "personality=x")[0] == 0
    assert call(capsys, "restore", "juno")[0] == 0
    assert juno(workspace).read_bytes() == before


@pytest.mark.parametrize("name", ["tavernkit_test_character.png", "tavernkit_test_character.charx"])
def test_a_picture_and_an_archive_are_set_in_place(workspace, capsys, tmp_path, data, name):
    card = tmp_path / name
    card.write_bytes((data / "cards" / name).read_bytes())
    assert call(capsys, "set", card, "voice.speed=1.2", "personality=brave")[0] == 0
    made = load_card(card)
    assert made.voice.speed == 1.2
    assert made.fields.personality == "brave"
    assert made.data["first_mes"] == load_card(data / "cards" / name).data["first_mes"]


@pytest.fixture
def data():
    folder = os.environ.get("COMPANION_TESTDATA")
    if not folder:
        pytest.skip("COMPANION_TESTDATA is not set")
    return Path(folder)


# ── edit ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def editor(tmp_path, monkeypatch):
    """An editor that does what it is told with sed, and keeps how it was called."""

    def use(*scripts, code=0):
        lines = [f'sed -i {shlex.quote(script)} "$file"' for script in scripts]
        tool = tmp_path / "editor"
        steps = "\n".join(lines)
        tool.write_text(
            f'#!/bin/sh\nfor file; do :; done\necho "$@" >> {tmp_path}/calls\n'
            f"{steps}\nexit {code}\n"
        )
        tool.chmod(0o755)
        monkeypatch.setenv("VISUAL", f"{tool} -w")
        return tmp_path / "calls"

    return use


def test_an_edit_becomes_the_card_letter_by_letter(workspace, capsys, editor):
    calls = editor("s/Juno keeps the lighthouse/Juno keeps the old lighthouse/", "1i # mine")
    code, _, err = call(capsys, "edit", "juno")
    assert code == 0
    text = juno(workspace).read_text()
    assert text.startswith("# mine\n# Juno, lighthouse keeper.")
    assert "keeps the old lighthouse" in load_card(juno(workspace)).fields.description
    assert "restore" in err
    assert calls.read_text().startswith("-w ")


def test_a_syntax_error_says_line_and_column_and_keeps_what_was_typed(workspace, capsys, editor):
    before = juno(workspace).read_bytes()
    editor("s/^personality: .*/personality: [warm/")
    code, _, err = call(capsys, "edit", "juno")
    draft = history.draft_of(juno(workspace))
    assert code == 65
    assert re.search(r"line \d+, column \d+", err)
    assert f"What you typed is kept in {draft}" in err
    assert "`companion characters edit juno` opens it again" in err
    assert "personality: [warm" in draft.read_text()
    assert juno(workspace).read_bytes() == before


def test_a_value_of_the_wrong_kind_is_said_with_its_line(workspace, capsys, editor):
    editor("s/      speed: .*/      speed: fast/")
    code, _, err = call(capsys, "edit", "juno")
    lines = history.draft_of(juno(workspace)).read_text().splitlines()
    assert code == 65
    assert f"line {lines.index('      speed: fast') + 1}, column 7" in err
    assert "extensions.companion.voice.speed" in err


def test_an_edit_that_was_kept_is_opened_again(workspace, capsys, editor):
    editor("s/^personality: .*/personality: [warm/")
    assert call(capsys, "edit", "juno")[0] == 65
    editor("s/^personality: .*/personality: warm/")
    code, _, err = call(capsys, "edit", "juno")
    assert code == 0
    assert "opened again" in err
    assert "companion characters edit juno --fresh" in err
    assert load_card(juno(workspace)).fields.personality == "warm"
    assert not history.draft_of(juno(workspace)).exists()


def test_an_edit_that_is_older_than_the_card_says_so(workspace, capsys, editor):
    editor("s/^personality: .*/personality: [warm/")
    assert call(capsys, "edit", "juno")[0] == 65
    assert call(capsys, "set", "juno", "scenario=Later.")[0] == 0
    editor("s/^personality: .*/personality: warm/")
    _, _, err = call(capsys, "edit", "juno")
    assert "changed after that" in err
    assert b"Later." in history.versions(juno(workspace))[-1].path.read_bytes()


def test_an_edit_can_begin_anew(workspace, capsys, editor):
    editor("s/^personality: .*/personality: [warm/")
    assert call(capsys, "edit", "juno")[0] == 65
    editor("s/^name: Juno/name: June/")
    assert call(capsys, "edit", "juno", "--fresh")[0] == 0
    assert load_card(juno(workspace)).name == "June"


def test_an_editor_that_changes_nothing_changes_nothing(workspace, capsys, editor):
    editor()
    code, out, err = call(capsys, "edit", "juno", "--json")
    assert code == 0
    assert json.loads(out)["changed"] is False
    assert "Nothing was changed" in err
    assert "--wait" in err
    assert not history.versions(juno(workspace))


def test_an_editor_that_fails_loses_nothing(workspace, capsys, editor):
    before = juno(workspace).read_bytes()
    editor("s/^name: Juno/name: June/", code=3)
    code, _, err = call(capsys, "edit", "juno")
    assert code == 73
    assert "code 3" in err
    assert "name: June" in history.draft_of(juno(workspace)).read_text()
    assert juno(workspace).read_bytes() == before


def test_a_card_that_changed_meanwhile_is_not_overwritten(workspace, capsys, editor, monkeypatch):
    editor("s/^name: Juno/name: June/", f"w {juno(workspace)}")
    code, _, err = call(capsys, "edit", "juno")
    assert code == 73
    assert "changed by something else" in err
    assert "name: June" in history.draft_of(juno(workspace)).read_text()


def test_doubts_are_pointed_at_and_nothing_is_refused(workspace, capsys, editor):
    editor("s/^personality: .*/personality: '{{frobnicate}}'/")
    code, _, err = call(capsys, "edit", "juno")
    assert code == 0
    assert "{{frobnicate}} is no macro we know" in err


def test_a_broken_card_can_be_edited_into_a_good_one(workspace, capsys, editor):
    juno(workspace).write_text("name: [Juno\n")
    editor(r"s/.*/name: Juno\ndescription: a keeper/")
    assert call(capsys, "edit", "juno")[0] == 0
    assert load_card(juno(workspace)).name == "Juno"


def test_a_json_card_is_edited_as_yaml_and_keeps_what_we_do_not_know(workspace, capsys, editor):
    card = workspace / "characters" / "ada.json"
    raw = {
        "spec": "chara_card_v2",
        "spec_version": "2.0",
        "odd": [1, {"x": None}],
        "data": {"name": "Ada", "description": "Keeps bees.", "extensions": {"chub": {"id": 7}}},
    }
    card.write_text(json.dumps(raw))
    editor("s/Keeps bees/Keeps goats/")
    assert call(capsys, "edit", "ada")[0] == 0
    raw["data"]["description"] = "Keeps goats."
    made = json.loads(card.read_text())
    assert made["odd"] == raw["odd"]
    assert made["data"]["extensions"] == {"chub": {"id": 7}}
    assert made["data"]["description"] == "Keeps goats."


@pytest.mark.parametrize(
    ("variable", "code", "says"),
    [("/nowhere/editor", 66, "/nowhere/editor"), ("'", 2, "VISUAL")],
)
def test_an_editor_that_is_not_there_is_said_so(
    workspace, capsys, monkeypatch, variable, code, says
):
    monkeypatch.setenv("VISUAL", variable)
    found, _, err = call(capsys, "edit", "juno")
    assert found == code
    assert says in err


def test_without_a_terminal_and_an_editor_it_says_what_to_set(workspace, capsys, monkeypatch):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    code, _, err = call(capsys, "edit", "juno")
    assert code == 2
    assert "EDITOR" in err


# ── new and say ──────────────────────────────────────────────────────────────────────────────


def test_a_new_character_can_be_read_talked_with_and_linted(workspace, capsys):
    code, out, _ = call(capsys, "new", "Ada Lovelace", "description=Keeps\nbees: many.", "--json")
    made = json.loads(out)
    assert code == 0
    assert made["id"] == "ada-lovelace"
    card = load_card(Path(made["path"]))
    assert card.name == "Ada Lovelace"
    assert card.fields.description == "Keeps\nbees: many."
    assert call(capsys, "lint", "ada-lovelace", "--strict")[0] == 0


def test_a_new_character_can_begin_with_another(workspace, capsys):
    assert call(capsys, "new", "June", "--from", "juno", "voice.model=en_US-tam-low")[0] == 0
    made, old = (load_card(workspace / "characters" / f"{name}.yaml") for name in ("june", "juno"))
    assert made.name == "June"
    assert made.voice.model == "en_US-tam-low"
    assert made.fields.scenario == old.fields.scenario
    assert made.voice.seconds == old.voice.seconds


def test_a_character_that_is_there_is_not_overwritten(workspace, capsys):
    before = juno(workspace).read_bytes()
    code, _, err = call(capsys, "new", "JUNO")
    assert code == 73
    assert "juno.yaml" in err
    assert juno(workspace).read_bytes() == before


def test_a_new_character_needs_a_name(workspace, capsys):
    assert call(capsys, "new")[0] == 2


def test_a_greeting_is_spoken_with_the_characters_voice(workspace, capsys, tmp_path):
    out = tmp_path / "hello.wav"
    code, said, _ = call(capsys, "say", "juno", "--out", out, "--as", "Sam", "--json")
    made = json.loads(said)
    assert code == 0
    assert made["text"].startswith("Good evening, Sam.")
    assert soundfile.info(out).duration == pytest.approx(made["seconds"], abs=0.3)


def test_a_greeting_that_is_not_there_is_said_so(workspace, capsys, tmp_path):
    code, _, err = call(capsys, "say", "juno", "-g", "4", "--out", tmp_path / "x.wav")
    assert code == 66
    assert "greeting 4" in err


def test_a_lorebook_is_looked_over_with_its_card(workspace, capsys):
    entry = (
        "character_book={entries: [{keys: [fog], content: ''}, {keys: [x], content: '{{frob}}'}]}"
    )
    assert call(capsys, "set", "tam", entry)[0] == 0
    code, out, _ = call(capsys, "lint", "tam", "--json")
    found = {(finding["code"], finding["place"]) for finding in json.loads(out)["findings"]}
    assert code == 0
    assert ("EMPTY_ENTRY", "/character_book/entries/0") in found
    assert ("UNKNOWN_MACRO", "/character_book/entries/1/content") in found


def test_a_greeting_is_longer_with_its_stage_directions_and_longer_still_when_they_are_slow(
    workspace, capsys, tmp_path
):
    greeting = "first_mes=*She lights the lamp and sits down.* Good evening."
    seconds = {}
    for actions in ("drop", "speak", "slow", "voice"):
        settings = (f"voice.actions={actions}", "voice.actions_voice=en_US-tam-low")
        more = ("voice.actions_speed=0.6",) if actions == "slow" else ("voice.actions_speed=",)
        assert call(capsys, "set", "juno", greeting, *settings, *more)[0] == 0
        _, out, _ = call(capsys, "say", "juno", "--out", tmp_path / "x.wav", "--json")
        seconds[actions] = json.loads(out)["seconds"]
    assert seconds["drop"] < 0.6 * seconds["speak"]
    assert seconds["slow"] > 1.2 * seconds["speak"]
    assert seconds["voice"] > 1.5 * seconds["drop"]


def test_an_empty_folder_has_nobody_to_edit(workspace, capsys, editor):
    for file in (workspace / "characters").glob("*.yaml"):
        file.unlink()
    editor("s/a/b/")
    code, _, err = call(capsys, "edit", "kit")
    assert code == 66
    assert "companion characters new" in err


@pytest.mark.rule("10.markup")
@pytest.mark.parametrize("verb", ["lint", "say", "show"])
def test_text_of_a_card_never_steers_the_terminal(workspace, capsys, tmp_path, verb):
    odd = "\x1b]0;owned\x07\x1b[2J[bold]{{\x1b[31mx}}<script>"
    card = {"name": "Ada", "description": odd, "first_mes": f"Hi {odd}"}
    (tmp_path / "ada.json").write_text(json.dumps(card))
    more = ("--out", tmp_path / "x.wav") if verb == "say" else ()
    code, out, err = call(capsys, verb, tmp_path / "ada.json", *more)
    assert code == 0
    assert not any(c in out + err for c in "\x1b\x07\x9b")


def test_without_a_model_tokens_are_estimated_and_that_is_said(workspace, capsys, monkeypatch):
    monkeypatch.setenv("COMPANION_LLM__MODEL", "nowhere.gguf")
    code, out, err = call(capsys, "lint", "juno", "--json")
    assert code == 0
    assert json.loads(out)["tokens"]["description"] > 100
    assert "estimated" in err
