"""What runs when a part is missing: each row of the design's list, with the real engines."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from companion.cli.app import run

ROOT = Path(__file__).parents[1]


@pytest.fixture
def workspace(tmp_path):
    assert run(["--quiet", "init", str(tmp_path / "ws")]) == 0
    return tmp_path / "ws"


def talk(workspace, words="hello\n", *arguments, **settings):
    """`companion talk --text` with words on stdin: (exit code, stdout, stderr)."""
    environment = {**os.environ, **settings, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "companion", "talk", "--text", "--as", "Sam", *arguments],
        input=words,
        capture_output=True,
        text=True,
        cwd=workspace,
        env=environment,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def spoken(out, name="Juno"):
    return [line for line in out.splitlines() if line.startswith(f"{name}: ")]


def test_without_a_loudspeaker_replies_are_text(workspace):
    code, out, _ = talk(workspace, "hello\n", COMPANION_AUDIO__LOUDSPEAKER="no such thing")
    assert code == 0
    assert out.count("Replies are shown as text") == 1
    assert len(spoken(out)) == 2  # the greeting and the reply


def test_without_a_voice_replies_are_text(workspace):
    shutil.rmtree(workspace / "voices")
    code, out, _ = talk(workspace, COMPANION_VOICE__MODEL="x", COMPANION_COMPANION__VOICES="none")
    assert code == 0
    assert out.count("Replies are shown as text") == 1
    assert spoken(out)


def test_an_unknown_character_names_those_there_are(workspace):
    code, _, err = talk(workspace, "", "nobody")
    assert code == 66
    assert "juno" in err


def test_an_empty_folder_has_the_built_in_character(workspace):
    code, out, _ = talk(workspace, COMPANION_COMPANION__CHARACTERS="nowhere")
    assert code == 0
    assert any(
        line.split(":")[0] not in ("Sam", "Juno") for line in out.splitlines() if ": " in line
    )


def test_without_a_model_the_cure_is_named(workspace):
    code, _, err = talk(workspace, COMPANION_LLM__MODEL="none.gguf")
    assert code == 66
    assert "companion models pull" in err


def test_without_an_embedder_recall_is_by_words(workspace):
    talk(workspace, "my kite is called Windhover\n")
    code, out, _ = talk(workspace, "what is my kite called\n", COMPANION_MEMORY__EMBEDDER="none")
    assert code == 0
    assert "Windhover" in out.split("remembers", 1)[1]


def test_an_embedder_that_is_not_here_is_said_once(workspace):
    code, out, _ = talk(workspace, COMPANION_MEMORY__EMBEDDER="nobody/nothing")
    assert code == 0
    assert out.count("Recall is by words alone") == 1


def test_memory_trouble_is_said_and_the_companion_answers(workspace):
    from companion.errors import StoreError
    from companion.events import Answered, Notice
    from companion.session import Session
    from companion.testing import Notebook, scripted

    trouble = Notebook(fails=StoreError("no space left on the disk."))
    companion, events = scripted(["I am here."], memory=trouble)
    session = Session(companion, gate=None)
    session.start(greeting=False)
    session.type("hello")
    assert session.wait(5)
    assert session.close()
    assert any(isinstance(e, Notice) and "Not remembered" in e.text for e in events)
    assert isinstance(events[-1], Answered)


def test_a_damaged_journal_without_a_copy_ends_it_unchanged(workspace):
    journal = workspace / "memory_db" / "journal.sqlite3"
    journal.parent.mkdir(exist_ok=True)
    journal.write_bytes(b"no journal of ours" * 300)
    code, _, err = talk(workspace)
    assert code == 76
    assert str(journal) in err
    assert "Nothing was changed" in err
    assert journal.read_bytes() == b"no journal of ours" * 300


def test_the_kept_copy_of_a_damaged_journal_takes_over(workspace):
    talk(workspace, "my dog is called biscuit\n")
    folder = workspace / "memory_db"
    shutil.copy(folder / "journal.sqlite3", folder / "journal.kept.sqlite3")
    (folder / "journal.sqlite3").write_bytes(b"no journal of ours" * 300)
    code, out, _ = talk(workspace, "what is my dog called\n")
    assert code == 0
    assert "damaged" in out
    assert list(folder.glob("journal.sqlite3.damaged-*"))


def test_what_was_said_is_remembered_in_the_next_conversation(workspace):
    talk(workspace, "my boat is called Marigold\n")
    code, out, _ = talk(workspace, "what is my boat called\n", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    recalled = [note for e in events if e["event"] == "Remembered" for note in e["notes"]]
    assert code == 0
    assert any("Marigold" in words for _, _, words in recalled)


def test_another_owner_or_character_recalls_none_of_it(workspace):
    talk(workspace, "my boat is called Marigold\n")
    for other in (["--as", "Ann"], ["tam"]):
        _, out, _ = talk(workspace, "what is my boat called\n", *other)
        assert "Marigold" not in out


def test_a_fresh_conversation_recalls_nothing(workspace):
    talk(workspace, "my boat is called Marigold\n")
    assert "Marigold" not in talk(workspace, "what is my boat called\n", "--fresh")[1]
