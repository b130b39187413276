import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from memory_world import Words, settle, tell

from companion.cli.app import run
from companion.cli.shell import SHELL
from companion.doctor import examine
from companion.memory import Memory

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


def remember(workspace, *lines):
    memory = Memory(workspace / "memory_db", "Sam", "juno", Words())
    tell(memory, *lines)
    settle(memory)
    memory.close()
    return workspace / "memory_db" / "journal.sqlite3"


def test_a_journal_that_is_none_is_noticed(workspace):
    (workspace / "memory_db" / "journal.sqlite3").write_bytes(b"not a database at all")
    (found,) = findings("memory")
    assert not found.ok
    assert found.cure


def test_a_sound_memory_is_counted(workspace):
    remember(workspace, "I live in Leeds.")
    (found,) = findings("memory")
    assert found.ok
    assert "2 lines and 1 memories" in found.found
    assert "MB, sound" in found.found


def test_a_memory_that_is_in_use_is_looked_at_all_the_same(workspace):
    memory = Memory(workspace / "memory_db", "Sam", "juno")
    tell(memory, "I live in Leeds.")
    (found,) = findings("memory")
    memory.close()
    assert "2 lines" in found.found


def test_looking_at_the_memory_changes_nothing(workspace):
    folder = remember(workspace, "I live in Leeds.").parent
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    list(examine(SHELL.settings))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_damage_inside_the_journal_is_noticed(workspace):
    journal = remember(workspace, *(f"I have {n} cats." for n in range(50)))
    pages = bytearray(journal.read_bytes())
    pages[8 * 4096 : 20 * 4096] = bytes(range(256)) * (12 * 16)
    journal.write_bytes(pages)
    (found,) = findings("memory")
    assert (found.ok, "damaged" in found.found) == (False, True)
    assert "copy takes over" in found.cure


def test_the_copy_of_the_memory_is_dated(workspace):
    journal = remember(workspace, "I live in Leeds.")
    copy = journal.with_name("journal.kept.sqlite3")
    os.utime(copy, (1_780_000_000, 1_780_000_000))
    assert findings("copy")[0].found.startswith("of 2026-05-2")
    copy.unlink()
    assert findings("copy")[0].found == "none yet; made while nobody speaks"


def test_too_little_room_for_a_copy_is_said(workspace):
    journal = remember(workspace, "I live in Leeds.")
    with journal.open("r+b") as file:
        file.truncate(1 << 43)  # sparse
    (found,) = findings("copy")
    assert (found.ok, found.cure) == (False, "free some space")


def test_the_search_index_is_counted(workspace, monkeypatch):
    monkeypatch.setenv("COMPANION_MEMORY__EMBEDDER", "minilm")
    remember(workspace, "I live in Leeds.")
    assert findings("search")[0].found == "in the folder; 2 of 2 lines with a vector are in it"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://127.0.0.1:9", "http://127.0.0.1:9 does not answer; words alone are searched"),
        (
            "http://192.0.2.7:8000",
            "http://192.0.2.7:8000 is on another machine, and --offline was given",
        ),
        ("nonsense", '[memory] index = "nonsense" is not the address of a Chroma server.'),
    ],
)
def test_an_index_that_cannot_be_asked_is_said(workspace, monkeypatch, url, found):
    remember(workspace, "I live in Leeds.")
    monkeypatch.setenv("COMPANION_MEMORY__EMBEDDER", "minilm")
    monkeypatch.setenv("COMPANION_MEMORY__INDEX", url)
    (seen,) = (f for f in examine(SHELL.settings, offline=True) if f.name == "search index")
    assert (seen.ok, seen.found) == (False, found)
    assert seen.cure


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


def test_a_hotkey_that_cannot_work_here_is_said_with_the_cure(workspace, monkeypatch):
    monkeypatch.setenv("COMPANION_KEY__HOTKEY", "f9")
    monkeypatch.setenv("COMPANION_KEY__THROUGH", "pynput")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    (hotkey,) = findings("hotkey")
    assert not hotkey.ok
    assert "evdev" in hotkey.cure
