"""The loop closed: what the demo's character says, heard by the offline Whisper."""

import json

from companion.cli.app import run
from companion.measure.loop import Reply, report

MOST = 0.15
"""Of the words of the replies may be heard wrongly."""


def reply(said, heard, scene="return"):
    return Reply(scene, 1, said, heard, 1.0)


def test_errors_are_counted_over_all_words_and_not_reply_by_reply():
    replies = [reply("Yes.", "no"), reply("I have a little dog.", "I have a little dog.")]
    figures = report(replies, 0)
    assert (figures["words"], figures["errors"], figures["wer"]) == (6, 1, 0.1667)


def test_each_scene_has_its_own_figures():
    figures = report([reply("one two", "one two"), reply("one", "two", "secret")], 3)
    wrong = {name: row["wer"] for name, row in figures["by_scene"].items()}
    assert wrong == {"return": 0.0, "secret": 1.0}
    assert figures["left_out"] == 3


def test_case_and_stops_are_no_errors():
    assert reply("Hello, Sam!", "hello sam.").errors == 0


def test_nothing_heard_is_all_wrong():
    assert reply("Hello, Sam!", "").errors == 2


def test_the_demo_understands_itself(capsys):
    assert run(["--quiet", "eval", "loop", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["n"] + figures["left_out"] >= 30
    assert figures["model"].endswith("offline/whisper")
    assert figures["wer"] <= MOST, [r for r in figures["replies"] if r["errors"]]
