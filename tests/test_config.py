import tomllib
from pathlib import Path

import pytest

from companion import config
from companion.errors import ConfigError, MissingInput

SHIPPED = Path(__file__).parents[1] / "config.toml"


def workspace(folder, text="[companion]\n"):
    file = folder / "config.toml"
    file.write_text(text, "utf-8")
    return file


def test_the_shipped_file_holds_every_key_with_its_default():
    shipped = tomllib.loads(SHIPPED.read_text("utf-8"))
    assert shipped == config.Settings().model_dump(mode="json")


def test_every_key_of_the_shipped_file_has_a_comment():
    lines = [line for line in SHIPPED.read_text("utf-8").splitlines() if "=" in line.split("#")[0]]
    assert [line for line in lines if "# " not in line] == []


def test_the_nearest_file_with_a_companion_table_decides(tmp_path):
    workspace(tmp_path, "[companion]\ncharacter = 'wren'\n")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    workspace(inner, "[tool.other]\n")
    settings = config.load(start=inner)
    assert settings.companion.character == "wren"
    assert settings.path("x") == tmp_path.resolve() / "x"


def test_command_line_beats_environment_beats_file(tmp_path):
    file = workspace(tmp_path, "[companion]\n[llm]\nthreads = 3\nreply = 33\ncontext = 1024\n")
    environment = {"COMPANION_LLM__REPLY": "44", "COMPANION_LLM__CONTEXT": "2048", "HOME": "/"}
    loaded = config.load(file, environment=environment, overrides={"llm": {"context": 4096}})
    assert (loaded.llm.threads, loaded.llm.reply, loaded.llm.context) == (3, 44, 4096)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[companion]\n[llm]\nmodle = 'x'\n",
            "config.toml line 3: unknown key 'modle'; did you mean 'model'?",
        ),
        ("[companion]\n[lmm]\n", "config.toml line 2: unknown key 'lmm'; did you mean 'llm'?"),
        ("[companion]\n[llm]\ncontext = 9\n", "config.toml line 3: llm.context=9 is not possible"),
        ("[companion]\nzzz = 1\n", "config.toml line 2: unknown key 'zzz'; known: character"),
        ("[companion]\nx = \n", "config.toml is not valid TOML"),
    ],
)
def test_a_wrong_file_is_one_error_with_the_place(tmp_path, text, message):
    with pytest.raises(ConfigError) as caught:
        config.load(workspace(tmp_path, text), environment={})
    assert str(caught.value).startswith(message)


def test_a_wrong_environment_variable_is_named(tmp_path):
    with pytest.raises(ConfigError, match="COMPANION_LLM__CONTEXT"):
        config.load(workspace(tmp_path), environment={"COMPANION_LLM__CONTEXT": "soon"})


def test_no_workspace_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError) as caught:
        config.load(start=tmp_path)
    assert "companion init" in caught.value.hint


def test_a_named_file_that_is_missing_is_missing_input(tmp_path):
    with pytest.raises(MissingInput):
        config.load(tmp_path / "none.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xff\xfe[companion]")
    with pytest.raises(ConfigError, match="UTF-8"):
        config.load(file)
