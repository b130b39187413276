import re
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
        ("llm = 3\n[companion]\n", "config.toml line 1: llm=3 is not possible: write a section"),
        ("root = '/'\n[companion]\n", "config.toml line 1: unknown key 'root'; did you"),
    ],
)
def test_a_wrong_file_is_one_error_with_the_place(tmp_path, text, message):
    with pytest.raises(ConfigError) as caught:
        config.load(workspace(tmp_path, text), environment={})
    assert str(caught.value).startswith(message)


def test_a_wrong_environment_variable_is_named(tmp_path):
    with pytest.raises(ConfigError, match="COMPANION_LLM__CONTEXT"):
        config.load(workspace(tmp_path), environment={"COMPANION_LLM__CONTEXT": "soon"})


def test_the_program_names_only_settings_that_there_are():
    there = config.Settings().model_dump()
    name = re.compile(rf"(?<!\w)\[({'|'.join(there)})\] (?!in )(\w+)")
    files = (SHIPPED.parent / "companion").rglob("*.py")
    named = [(file.name, *found) for file in files for found in name.findall(file.read_text())]
    assert [one for one in named if one[2] not in there[one[1]]] == []


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


@pytest.mark.parametrize("name", ["COMPANION_FOO__BAR", "COMPANION_LMM__THREADS"])
def test_a_variable_for_no_section_is_named_itself(tmp_path, name):
    with pytest.raises(ConfigError, match=f"^{name}: unknown key"):
        config.load(workspace(tmp_path), environment={name: "1"})


@pytest.mark.parametrize(
    "said",
    [{"environment": {"COMPANION_LLM__THREADS": "2"}}, {"overrides": {"llm": {"threads": 2}}}],
)
def test_a_value_for_a_section_that_is_none_is_one_error(tmp_path, said):
    with pytest.raises(ConfigError, match="line 1: llm=3 is not possible"):
        config.load(workspace(tmp_path, "llm = 3\n[companion]\n"), **{"environment": {}, **said})


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("[companion]\ncharacter = 'wren'\n", "utf-8-sig")
    loaded = config.load(start=tmp_path, environment={})
    assert (loaded.companion.character, loaded.file) == ("wren", file.resolve())


def test_a_linked_file_leaves_the_workspace_where_the_link_is(tmp_path):
    (tmp_path / "dotfiles").mkdir()
    kept = tmp_path / "dotfiles" / "companion.toml"
    kept.write_text("[companion]\n")
    (tmp_path / "ws").mkdir()
    link = tmp_path / "ws" / "config.toml"
    link.symlink_to(kept)
    loaded = config.load(start=tmp_path / "ws", environment={})
    assert (loaded.root, loaded.file) == (link.parent, link)


def test_settings_know_the_file_they_came_from(tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text("[companion]\n")
    monkeypatch.chdir(tmp_path)
    assert config.load(Path("mine.toml"), environment={}).file == tmp_path / "mine.toml"
