import json
import shutil
import sys
from pathlib import Path

import pytest

from companion.cli.app import run
from companion.cli.shell import SHELL
from companion.doctor import examine

ROOT = Path(__file__).parents[1]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    folder = tmp_path / "ws"
    run(["--quiet", "init", str(folder)])
    monkeypatch.chdir(folder)
    monkeypatch.setattr(SHELL, "config", None)
    monkeypatch.setenv("COMPANION_MEMORY__EMBEDDER", "none")
    return folder


def findings(name):
    return [f for f in examine(SHELL.settings) if f.name.startswith(name)]


def test_with_everything_in_place_a_conversation_is_possible(workspace, capsys):
    assert run(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["healthy"]
    assert all(f["ok"] for f in report["findings"] if f["needed"])


def test_a_missing_library_is_one_line_with_the_command(workspace, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    assert run(["doctor"]) == 69
    lines = [x for x in capsys.readouterr().out.splitlines() if "llama-cpp-python" in x]
    assert len(lines) == 1
    assert "pip install llama-cpp-python" in lines[0]


def test_a_truncated_model_is_told_from_a_missing_one(workspace, monkeypatch):
    whole = (ROOT / "models" / "offline" / "companion.gguf").read_bytes()
    (workspace / "models" / "cut.gguf").write_bytes(whole[: len(whole) // 2])
    monkeypatch.setenv("COMPANION_LLM__MODEL", "cut.gguf")
    (cut,) = findings("language model")
    monkeypatch.setenv("COMPANION_LLM__MODEL", "none.gguf")
    (missing,) = findings("language model")
    assert not cut.ok
    assert "incomplete" in cut.found
    assert missing.cure == "companion models pull"


def test_a_voice_without_its_json_is_named_with_the_cure(workspace):
    (workspace / "voices" / "en_US-tam-low.onnx.json").unlink()
    (found,) = findings("voice en_US-tam-low")
    assert not found.ok
    assert "en_US-tam-low.onnx.json" in found.found
    assert found.cure


def test_without_a_microphone_typing_is_offered(workspace, monkeypatch):
    monkeypatch.setenv("COMPANION_AUDIO__MICROPHONE", "no such thing")
    (found,) = findings("microphone")
    assert not found.ok
    assert "typed" in found.found
    assert found.cure


def test_a_missing_whisper_names_what_is_not_there(workspace, monkeypatch):
    monkeypatch.setenv("COMPANION_STT__MODEL", "nothing")
    (found,) = findings("Whisper")
    assert not found.ok
    assert "model.bin" in found.found


def test_a_damaged_journal_is_noticed(workspace):
    (workspace / "memory_db" / "journal.sqlite3").write_bytes(b"not a database at all")
    (found,) = findings("memory")
    assert not found.ok


def test_wrong_settings_end_the_examination_with_one_line(workspace):
    (workspace / "config.toml").write_text("[companion]\nnonsense = 1\n")
    *_, last = examine(SHELL.settings)
    assert last.name == "settings"
    assert "nonsense" in last.found


def test_an_unknown_character_is_needed_and_missing(workspace):
    shutil.copy(workspace / "characters" / "juno.yaml", workspace / "characters" / "other.yaml")
    (workspace / "characters" / "juno.yaml").unlink()
    (found,) = findings("character")
    assert not found.ok
    assert found.needed
