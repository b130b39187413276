"""What may not be read or written: it is said with its cure, and is nobody's bug."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rights import mode

from companion.cli.app import run

HERE = Path(__file__).parent


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = run(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


TALK = """
import sys
from rights import put_down
from companion.cli.app import run
put_down()
sys.exit(run(["talk", "--text", "--as", "Sam"]))
"""


def talked(folder: Path, words: str = "hello\n") -> tuple[int, str, str]:
    """A conversation in a process of its own, which is allowed what the modes of files say."""
    path = os.pathsep.join([str(HERE), str(HERE.parent)])
    done = subprocess.run(
        [sys.executable, "-c", TALK],
        input=words,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def findings(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str]]:
    found = json.loads(call(capsys, "doctor", "--json")[1])["findings"]
    return {one["name"]: one for one in found}


@pytest.fixture
def offline(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace that remembers by words alone, and has a folder of models of its own."""
    monkeypatch.setenv("COMPANION_MEMORY__EMBEDDER", "none")
    (workspace / "models").mkdir(exist_ok=True)
    return workspace


@pytest.mark.parametrize(
    ("folder", "verb"),
    [
        ("voices", ("say", "Hello.", "-o", "hello.wav")),
        ("models", ("models", "verify")),
    ],
)
def test_a_folder_that_may_not_be_read_is_named_with_its_cure(
    offline: Path, capsys: pytest.CaptureFixture[str], folder: str, verb: tuple[str, ...]
) -> None:
    with mode(offline / folder, 0):
        code, _, err = call(capsys, *verb)
    assert code == 77
    assert f"{offline / folder} may not be read" in err
    assert "chmod" in err


def test_with_voices_that_may_not_be_read_replies_are_text(
    offline: Path,
) -> None:
    with mode(offline / "voices", 0):
        code, out, _ = talked(offline)
    assert code == 0
    assert out.count("Replies are shown as text") == 1
    assert out.count("\nJuno: ") == 2


def test_with_models_that_may_not_be_read_it_ends_and_says_so(offline: Path) -> None:
    with mode(offline / "models", 0):
        code, _, err = talked(offline)
    assert code == 77
    assert f"{offline / 'models'} may not be read" in err


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("voices", "voice"),
        ("models", "language model"),
        ("memory_db", "memory"),
        ("characters", "character"),
    ],
)
def test_the_doctor_goes_on_where_a_folder_may_not_be_read(
    offline: Path, capsys: pytest.CaptureFixture[str], folder: str, name: str
) -> None:
    with mode(offline / folder, 0):
        found = findings(capsys)
    wrong = next(one for one in found.values() if one["name"].startswith(name))
    assert not wrong["ok"]
    assert "may not be read" in wrong["found"]
    assert wrong["cure"]
    assert "disk" in found


@pytest.fixture
def closed(offline: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the memory is to be made."""
    (offline / "closed").mkdir()
    monkeypatch.setenv("COMPANION_COMPANION__MEMORY", "closed/memory")
    return offline / "closed"


def test_the_doctor_says_that_the_memory_may_not_be_written(
    closed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mode(closed, 0o500):
        found = findings(capsys)["memory"]
    assert not found["ok"]
    assert f"{closed} may not be written" in found["found"]
    assert "[companion] memory" in found["cure"]


@pytest.mark.parametrize("name", ["journal.sqlite3", "lock"])
def test_the_doctor_says_that_a_file_of_the_memory_may_not_be_written(
    offline: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(["memories", "list"]) == 0
    with mode(offline / "memory_db" / name, 0o400):
        found = findings(capsys)["memory"]
    assert not found["ok"]
    assert f"{name} may not be written" in found["found"]


def test_it_answers_where_the_memory_may_not_be_made(closed: Path) -> None:
    with mode(closed, 0o500):
        code, out, _ = talked(closed.parent)
    assert code == 0
    assert out.count("Nothing will be remembered") == 1
    assert out.count("\nJuno: ") == 2


@pytest.mark.parametrize("name", ["journal.sqlite3", "lock"])
def test_it_answers_where_the_memory_may_not_be_written(offline: Path, name: str) -> None:
    assert run(["memories", "list"]) == 0
    with mode(offline / "memory_db" / name, 0o400):
        code, out, _ = talked(offline)
    assert code == 0
    assert out.count("Nothing will be remembered") == 1
    assert out.count("\nJuno: ") == 2


def test_a_verb_about_memories_ends_where_they_may_not_be_written(
    closed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mode(closed, 0o500):
        assert call(capsys, "memories", "list")[0] == 77


def test_the_doctor_says_which_voice_may_not_be_read(
    offline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = offline / "voices" / "en_US-tam-low.onnx"
    with mode(file, 0):
        found = findings(capsys)["voice en_US-tam-low"]
    assert not found["ok"]
    assert (found["found"], file.name in found["cure"]) == (f"{file} may not be read.", True)


def test_a_card_is_looked_at_where_its_voice_may_not_be_read(
    offline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mode(offline / "voices", 0):
        assert call(capsys, "characters", "lint", "juno")[0] == 0


def test_settings_that_may_not_be_read_are_named_with_their_cure(
    offline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mode(offline / "config.toml", 0):
        code, _, err = call(capsys, "config", "path")
    assert code == 77
    assert "chmod" in err
