"""A conversation with the engines that ship, and what its turns leave behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from live import ROOT

from companion.cli.app import run

if TYPE_CHECKING:
    from pathlib import Path

LINES = ("Hello, how are you today?", "This is private.", "I have a secret.", "Remember again.")


def talk(folder: Path, *lines: str) -> None:
    """Type some lines into a conversation."""
    done = subprocess.run(
        [sys.executable, "-m", "companion", "talk", "--text", "--as", "Sam"],
        input="".join(f"{line}\n" for line in lines),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which somebody typed these lines."""
    folder = tmp_path_factory.mktemp("talk") / "ws"
    assert run(["--quiet", "init", str(folder)]) == 0
    talk(folder, *LINES)
    return folder


def last(workspace: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict:
    assert run(["--config", str(workspace / "config.toml"), "stats", "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_turns_are_noted_and_private_ones_are_not(workspace, capsys):
    turns = last(workspace, capsys)["turns"]
    # “this is private” is kept by nobody either; “remember again” leaves no line of the memory
    assert turns[0]["kind"] == "typed"
    assert [turn["kind"] for turn in turns].count("typed") == 1


def test_a_real_turn_has_a_time_for_every_stage_and_costs_processor_time(workspace, capsys):
    turn = last(workspace, capsys)["turns"][0]
    stages = {span["stage"] for span in turn["spans"]}
    assert {"hear", "recall", "prompt", "prefill", "decode"} <= stages
    assert turn["cpu_s"] > 0
    assert turn["tokens"]["evaluated"] > 0


def test_no_word_of_a_real_conversation_is_in_the_file(workspace):
    text = (workspace / "memory_db" / "turns.jsonl").read_text()
    assert not re.findall(r"[^\W\d_]{6,}", text)
    for word in ("hello", "secret", "Sam", "juno"):
        assert word.lower() not in text.lower().replace('"hello"', "")


def test_with_the_setting_off_nothing_is_noted(tmp_path):
    folder = tmp_path / "ws"
    assert run(["--quiet", "init", str(folder)]) == 0
    assert (
        run(["--config", str(folder / "config.toml"), "config", "set", "stats.keep", "false"]) == 0
    )
    talk(folder, "Hello.")
    assert not (folder / "memory_db" / "turns.jsonl").exists()
