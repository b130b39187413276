"""The side-by-side with other programs: what of it needs none of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "benchmarks" / "peers"


@pytest.fixture(scope="module")
def peers():
    """The scripts import each other by their names, as scripts do."""
    sys.path.insert(0, str(PEERS))
    import figures
    import pace
    import running
    import said

    yield figures, pace, running, said
    sys.path.remove(str(PEERS))


def test_a_block_is_due_when_a_microphone_would_have_it_whole(peers):
    _, pace, _, _ = peers
    replay = pace.Replay(np.zeros(16_100, np.int16), 16_000)
    due = [at for at, _ in replay.blocks()]
    assert due[0] == pytest.approx(0.02)
    assert due[-1] == pytest.approx(replay.seconds)
    assert sum(len(block) for _, block in replay.blocks()) == 16_100


def test_silence_that_a_side_sends_first_is_counted(peers):
    _, pace, _, _ = peers
    speaker = pace.Loudspeaker()
    speaker.play(np.zeros(1_600, np.float32), 16_000, at=5.0)
    speaker.play(np.full(160, 0.5, np.float32), 16_000, at=5.01)
    assert speaker.audible == pytest.approx(5.1)


def test_sound_that_comes_late_is_heard_when_it_comes(peers):
    _, pace, _, _ = peers
    speaker = pace.Loudspeaker()
    speaker.play(np.zeros(160, np.float32), 16_000, at=5.0)
    speaker.play(np.array([0.0, 0.0, 0.5], np.float32), 16_000, at=9.0)
    assert speaker.audible == pytest.approx(9.0 + 2 / 16_000)


def test_a_side_that_listens_early_gets_no_word_before_it_was_spoken(peers, tmp_path, monkeypatch):
    *_, said = peers
    file = tmp_path / "said.json"
    file.write_text(json.dumps({"reply": "Yes.", "words": "one two three four"}))
    monkeypatch.setenv(said.VARIABLE, str(file))
    monkeypatch.setattr(said, "share", [0.5])
    assert said.wanted("words") == "one two"
    assert said.wanted("reply") == "Yes."


def test_a_turn_with_another_reply_does_not_count(peers):
    figures, *_ = peers
    good = {"audio": "1", "first_sound_s": 0.2, "same_reply": True}
    good |= {"cpu_s": 0.1, "cpu_to_first_sound_s": 0.05}
    other = good | {"same_reply": False}
    turns = {"companion": [good, good], "x": [good | {"first_sound_s": 0.4}, other]}
    result = figures.compared("x", {"version": "1"}, {"explicit": turns})
    assert result["ratio_explicit"]["median"] == 0.5
    assert result["left_out"] == 1


def test_processor_seconds_count_what_a_process_has_started(peers):
    _, pace, running, _ = peers
    spin = "x = 0\nwhile x < 4_000_000: x += 1\nprint(flush=True)\ninput()"
    shell = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        assert pace.processor_seconds(running.tree([process.pid])) > 0.05
        process.communicate("\n")


def test_what_is_only_on_github_is_said_and_fails(tmp_path):
    command = [sys.executable, str(PEERS / "install.py"), "vtuber", "--into", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "clone it from GitHub" in done.stdout
    assert "--checkout" in done.stdout


def test_a_peer_that_is_not_there_says_how_to_get_it(peers, tmp_path):
    _, _, running, _ = peers
    (tmp_path / "llama-server" / "uvicorn").mkdir(parents=True)
    assert "install.py pipecat" in running.missing("pipecat", tmp_path)


def test_the_command_of_a_result_names_no_place_of_this_machine(peers):
    import side_by_side

    given = ["--shapes", "--peers", "/home/sam/x", "--threads", "1", "--out", "/tmp/y"]
    assert side_by_side.command(given).endswith("side_by_side.py --shapes --threads 1")


def test_our_own_side_holds_the_key_and_says_what_it_should(tmp_path):
    said = tmp_path / "said.json"
    said.write_text(json.dumps({"reply": "Good evening, Sam. How are you?", "words": None}))
    offline = ROOT / "models" / "offline"
    wish = {"whisper": str(offline / "whisper"), "gguf": str(offline / "companion.gguf")}
    wish |= {"threads": 1, "rate": 48_000, "memory": False}
    turn = {"audio": str(offline / "demo" / "11.wav"), "pids": []}
    done = subprocess.run(
        [sys.executable, str(PEERS / "companion_side.py")],
        input=f"{json.dumps(wish)}\n{json.dumps(turn)}\n",
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"COMPANION_SAID": str(said)},
    )
    ready, answer = map(json.loads, done.stdout.splitlines())
    assert "Juno" in ready["card"]
    assert answer["reply"] == "Good evening, Sam. How are you?"
    assert "where do I live" in answer["heard"]
    assert answer["first_sound_s"] > 0
