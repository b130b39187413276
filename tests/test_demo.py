"""The demo as a whole, with every engine real, and its contract."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from companion.pack.demo import check_memory, script

ROOT = Path(__file__).parents[1]
TURN = {
    "run", "audio_in", "spoken", "heard", "wer", "recalled", "reply", "said", "audio_out",
    "seconds", "tokens", "ms",
}  # fmt: skip


def demo(folder, *options):
    command = [sys.executable, "-m", "companion", "demo", "--json", "--record", str(folder)]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    code, report = demo(folder)
    return code, report, folder


def test_two_runs_of_at_least_ten_turns_keep_the_contract(played):
    _, report, _ = played
    turns = report["turns"]
    assert report["schema"] == 1
    assert {"character", "sample_rate"} <= set(report)
    assert len(turns) >= 10
    assert {turn["run"] for turn in turns} == {1, 2}
    assert all(set(turn) == TURN for turn in turns)
    for turn in turns:
        assert set(turn["ms"]) == {
            "stt", "recall", "prefill", "first_token", "first_audio", "total",
        }  # fmt: skip
        assert {"prompt", "new", "evaluated", "reused", "generated"} <= set(turn["tokens"])


def test_each_turn_leaves_a_playable_wav_at_the_configured_rate(played):
    _, report, folder = played
    assert len(list(folder.glob("*.wav"))) == len(report["turns"])
    for turn in report["turns"]:
        info = soundfile.info(turn["audio_out"])
        assert (info.samplerate, info.channels) == (report["sample_rate"], 1)
        assert info.duration == pytest.approx(turn["seconds"], abs=0.05)
        assert json.loads(Path(turn["audio_out"]).with_suffix(".json").read_text())["text"]


def test_a_memory_of_the_first_day_is_used_on_the_second(played):
    code, report, _ = played
    assert report["memory_words"]
    assert code == 0


def test_what_is_known_at_the_end_was_said_in_the_demo(played):
    known = played[1]["known"]
    assert "Sam" in known
    assert "oxford" in known.lower()


def test_without_memory_the_check_fails(tmp_path):
    code, report = demo(tmp_path, "--no-memory")
    assert code == 1
    assert report["memory_words"] == []
    assert all(turn["recalled"] == [] for turn in report["turns"])


def test_later_turns_cost_their_new_tokens_only(played):
    costs = [turn["tokens"] for turn in played[1]["turns"][1:10]]
    assert sum(c["evaluated"] for c in costs) <= 1.2 * sum(c["new"] for c in costs)


def test_the_recordings_are_all_there():
    assert sum(len(run) for run in script()) >= 10
    assert all(Path(line["audio"]).is_file() for run in script() for line in run)


def one(run, heard, reply, recalled=()):
    notes = [{"id": "1", "text": text} for text in recalled]
    return {"run": run, "heard": heard, "spoken": heard, "reply": reply, "recalled": notes}


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        ([one(2, "my dog?", "It is Biscuit.", ["my dog is called Biscuit"])], ["biscuit"]),
        ([one(1, "my dog?", "It is Biscuit.", ["my dog is called Biscuit"])], []),
        ([one(2, "my dog Biscuit?", "Biscuit!", ["my dog is called Biscuit"])], []),
        ([one(2, "hi", "Biscuit!"), one(2, "who?", "Biscuit!", ["Biscuit"])], []),
        ([one(2, "who?", "The lighthouse.", ["a lighthouse"])], []),
    ],
    ids=["used", "first day", "in the question", "in the history", "in the card"],
)
def test_only_words_that_a_memory_alone_can_have_brought_count(turns, words):
    assert check_memory(turns, "Juno keeps the lighthouse.") == words
