import json
import subprocess
import sys
from pathlib import Path

import pytest

from companion.cli.app import run
from companion.cli.shell import SHELL

ROOT = Path(__file__).parents[1]


def call(capsys, *arguments):
    code = run(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_init_makes_a_workspace_and_leaves_alone_what_is_there(tmp_path, capsys):
    folder = tmp_path / "new"
    assert run(["init", str(folder)]) == 0
    (folder / "config.toml").write_text("[companion]\ncharacter = 'wren'\n")
    code, out, _ = call(capsys, "init", str(folder), "--json")
    assert code == 0
    assert json.loads(out)["made"] == []
    assert "wren" in (folder / "config.toml").read_text()
    assert (folder / "memory_db").stat().st_mode & 0o777 == 0o700


def test_init_below_a_file_cannot_be_done(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    code, _, err = call(capsys, "init", str(tmp_path / "file" / "ws"))
    assert code == 73
    assert "file" in err


def test_a_setting_is_changed_and_the_comments_stay(workspace, capsys):
    assert run(["config", "set", "llm.threads", "3"]) == 0
    text = (workspace / "config.toml").read_text()
    assert "threads = 3" in text
    assert "# threads while writing" in text
    code, out, _ = call(capsys, "config", "show", "--json")
    assert code == 0
    assert json.loads(out)["settings"]["llm"]["threads"] == 3


@pytest.mark.parametrize(
    ("name", "value", "code", "says"),
    [
        ("llm.threads", "many", 78, "llm.threads"),
        ("llm.thread", "2", 78, "did you mean"),
        ("threads", "2", 2, "SECTION.KEY"),
    ],
)
def test_a_wrong_setting_changes_nothing(workspace, capsys, name, value, code, says):
    before = (workspace / "config.toml").read_bytes()
    got, _, err = call(capsys, "config", "set", name, value)
    assert got == code
    assert says in err
    assert (workspace / "config.toml").read_bytes() == before


def test_config_path_is_the_file_in_use(workspace, capsys):
    assert call(capsys, "config", "path")[1].strip() == str(workspace / "config.toml")


@pytest.fixture
def mine(workspace):
    """A file of another name, which --config chooses, in place of config.toml."""
    return (workspace / "config.toml").rename(workspace / "mine.toml")


def test_the_file_that_was_chosen_is_named_everywhere(mine, capsys):
    call_ = ("--config", "mine.toml")
    assert call(capsys, *call_, "config", "path")[1].strip() == str(mine)
    assert json.loads(call(capsys, *call_, "config", "show", "--json")[1])["path"] == str(mine)
    found = json.loads(call(capsys, *call_, "doctor", "--json")[1])["findings"]
    assert next(f["found"] for f in found if f["name"] == "settings") == str(mine)


def test_the_name_that_was_asked_for_is_kept_in_the_chosen_file(mine, monkeypatch):
    import io

    from companion import config
    from companion.cli.talk import ask_name

    monkeypatch.setattr("sys.stdin", io.StringIO("Ann\n"))
    assert ask_name(config.load(mine)) == "Ann"
    assert config.load(mine, environment={}).user.name == "Ann"
    assert not mine.with_name("config.toml").exists()


def test_a_linked_file_is_changed_where_it_is(workspace, tmp_path, capsys):
    link, kept = workspace / "config.toml", tmp_path / "companion.toml"
    link.rename(kept)
    link.symlink_to(kept)
    assert call(capsys, "config", "set", "llm.threads", "3")[0] == 0
    assert call(capsys, "config", "path")[1].strip() == str(link)
    assert link.is_symlink()
    assert "threads = 3" in kept.read_text()


def test_a_mistyped_option_is_no_value(workspace, capsys):
    code, _, problem = call(capsys, "config", "set", "user.name", "--jso")
    assert code == 2
    assert "--jso" in problem
    assert "--jso" not in (workspace / "config.toml").read_text()


def test_a_setting_can_be_below_zero(workspace, capsys):
    code, out, _ = call(capsys, "config", "set", "llm.seed", "-1", "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["name"], told["value"]) == ("llm.seed", -1)
    assert told["path"] == str(workspace / "config.toml")
    assert "seed = -1" in (workspace / "config.toml").read_text()


def test_the_path_of_the_settings_is_told_to_programs(workspace, capsys):
    told = json.loads(call(capsys, "config", "path", "--json")[1])
    assert told == {"schema": 1, "path": str(workspace / "config.toml")}


def test_outside_a_workspace_every_verb_says_how_to_make_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(SHELL, "config", None)
    code, _, err = call(capsys, "memories", "list")
    assert code == 78
    assert "companion init" in err


def test_an_unknown_verb_or_option_is_a_usage_error(capsys):
    assert call(capsys, "sing")[0] == 2
    assert call(capsys, "doctor", "--loud")[0] == 2


def test_a_traceback_is_shown_only_when_asked_for(workspace, capsys, monkeypatch):
    code, _, err = call(capsys, "say", "x", "-c", "nobody")
    assert code == 66
    assert "Traceback" not in err
    assert "juno" in err
    monkeypatch.setattr(SHELL, "debug", False)
    with pytest.raises(Exception, match="nobody"):
        run(["--debug", "say", "x", "-c", "nobody"])


def test_nothing_is_remembered_in_a_new_workspace(workspace, capsys):
    code, out, _ = call(capsys, "memories", "list", "--json")
    assert code == 0
    assert json.loads(out) == {"schema": 1, "memories": []}
    assert json.loads(call(capsys, "conversations", "list", "--json")[1])["conversations"] == []
    assert call(capsys, "conversations", "show")[0] == 66
    assert call(capsys, "memories", "show", "ABCD")[0] == 66


def test_devices_are_listed_also_where_there_are_none(workspace, capsys):
    code, out, _ = call(capsys, "devices", "list", "--json")
    assert code == 0
    assert isinstance(json.loads(out)["devices"], list)


def test_the_version_is_the_packages(capsys):
    from companion import __version__

    assert call(capsys, "--version")[1].strip() == f"companion {__version__}"


def test_help_loads_no_engine():
    script = (
        "import sys; from companion.cli.app import run; run(['--help']);"
        "bad = {'llama_cpp','chromadb','faster_whisper','piper','torch','ctranslate2','numpy',"
        "'onnxruntime','sounddevice'} & set(sys.modules); sys.exit(f'loaded {bad}' if bad else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr


def test_say_writes_a_wav_at_the_configured_rate(workspace, capsys):
    import soundfile

    code, out, _ = call(capsys, "say", "Good evening.", "-o", "hello.wav", "--json")
    assert code == 0
    assert soundfile.info("hello.wav").samplerate == 22_050
    assert soundfile.info("hello.wav").duration == pytest.approx(
        json.loads(out)["seconds"], abs=0.1
    )


def test_say_nothing_is_a_usage_error(workspace, capsys):
    assert call(capsys, "say", "  ")[0] == 2


def test_what_was_said_can_be_transcribed(workspace, capsys):
    audio = ROOT / "models" / "offline" / "demo" / "01.wav"
    code, out, _ = call(capsys, "transcribe", str(audio), "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["speech"]
    assert answer["text"]


def test_a_silent_recording_has_no_words(workspace, capsys):
    import numpy as np
    import soundfile

    soundfile.write("silence.wav", np.zeros(16_000), 16_000)
    code, out, err = call(capsys, "transcribe", "silence.wav")
    assert (code, out) == (0, "")
    assert "No words" in err
