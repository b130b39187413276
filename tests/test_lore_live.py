"""A lorebook in a real conversation: the model and the voice that ship."""

import json

import pytest
from lore_world import entry

from companion.cli.app import run
from companion.compose import Wishes, compose
from companion.config import load
from companion.flow import Cancel
from companion.sound.wav import WavSpeaker
from companion.trace import Trace
from companion.turn import turn
from companion.values import Heard

ENTRIES = [
    entry("It is always windy on the island.", constant=True, position="before_char"),
    entry("My boat is called Heron.", keys=["boat"]),
    entry("The well is deep.", keys=["well"], position="before_char"),
]


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    home = tmp_path_factory.mktemp("lore")
    assert run(["--quiet", "init", str(home / "ws")]) == 0
    data = {
        "name": "Juno",
        "description": "Juno keeps a lighthouse on a small island.",
        "character_book": {"entries": ENTRIES},
    }
    path = home / "juno.json"
    path.write_text(json.dumps({"spec": "chara_card_v2", "spec_version": "2.0", "data": data}))
    settings = load(home / "ws" / "config.toml")
    exact = {"llm": settings.llm.model_copy(update={"temperature": 0.0})}
    wishes = Wishes(str(path), "Sam", listen=False, remember=False, loudspeaker=WavSpeaker(16_000))
    made = compose(settings.model_copy(update=exact), wishes, lambda _: None)
    made.warm()
    yield made
    made.close()


def ask(parts, words):
    trace = Trace()
    return turn(parts.companion, Heard(words), Cancel(), trace), trace.tokens


def test_what_an_entry_tells_is_in_the_spoken_reply(parts):
    said, _ = ask(parts, "What is your boat called?")
    assert "Heron" in said.text
    assert said.seconds > 0.5


@pytest.mark.rule("12.8")
def test_entries_that_come_and_go_cost_the_new_tokens_only(parts):
    costs = [ask(parts, words)[1] for words in ("Good day.", "The well?", "And the boat?", "Bye.")]
    assert all(cost["evaluated"] <= cost["new"] for cost in costs[1:])
    assert all(cost["reused"] > cost["new"] for cost in costs[1:])
