"""`companion memories`: looking, telling, correcting, forgetting, keeping."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from memory_world import settle, tell

from companion.cli.app import run
from companion.memory import Memory
from companion.memory.forget.purge import Receipt
from companion.memory.record import parse_book

if TYPE_CHECKING:
    from pathlib import Path

NOTE = {"id", "who", "text", "said", "score", "parts", "kind", "until", "source"}


@pytest.fixture
def workspace(workspace) -> Path:
    """A workspace where Sam has talked with Juno, and words alone decide."""
    folder = workspace
    assert run(["--quiet", "config", "set", "memory.embedder", "none"]) == 0
    assert run(["--quiet", "config", "set", "user.name", "Sam"]) == 0
    memory = Memory(folder / "memory_db", "Sam", "juno", name="Juno")
    tell(memory, "I live in Leeds.", "My secret word is xylograph.")
    settle(memory)
    memory.close()
    return folder


@pytest.fixture
def call(workspace, capsys):
    """Runs a verb of `memories`: exit code, what was printed (parsed with --json), and chatter."""

    def called(*arguments):
        capsys.readouterr()
        code = run(["memories", *arguments])
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in arguments and out else out, err

    return called


def one(call, text: str) -> str:
    """The id of the memory with this text."""
    return next(m["id"] for m in call("list", "--json")[1]["memories"] if m["text"] == text)


def test_lines_and_memories_are_listed_newest_first(call):
    found = call("list", "--json")[1]["memories"]
    assert {"line", "fact"} <= {note["kind"] for note in found}
    assert all(set(note) == NOTE for note in found)
    said = [note["said"][:19] for note in found]
    assert said == sorted(said, reverse=True)


def test_only_one_kind_is_listed_when_asked_for(call):
    texts = [note["text"] for note in call("list", "--kind", "fact", "--json")[1]["memories"]]
    assert texts == ["Sam lives in Leeds."]


def test_a_kind_that_there_is_not_is_answered_with_those_there_are(call):
    code, out, err = call("list", "--kind", "nosuch", "--json")
    assert (code, out) == (2, "")
    assert "line, fact, preference, event, promise, relationship, summary" in err


def test_the_forgotten_are_listed_by_kind(call):
    call("forget", one(call, "Sam lives in Leeds."))
    for kind, count in (("fact", 1), ("promise", 0)):
        found = call("list", "--forgotten", "--kind", kind, "--json")[1]["memories"]
        assert len(found) == count


def test_what_is_told_by_hand_is_a_memory(call):
    code, made, _ = call("add", "Sam is allergic to nuts.", "--pin", "--json")
    assert (code, made["memory"]["kind"]) == (0, "fact")
    xml = call("show", made["memory"]["id"])[1]
    assert 'speaker="operator"' in xml
    assert 'pinned="true"' in xml
    (found, *_) = call("search", "nuts", "--json")[1]["memories"]
    assert (found["id"], found["kind"]) == (made["memory"]["id"], "fact")
    assert found["score"] < 100  # also where no line holds the word


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", ""),
        ("add", "x" * 401),
        ("add", "A.", "--kind", "z"),
        ("add", "A.", "--kind", "summary"),
    ],
)
def test_what_can_be_no_memory_is_refused(call, arguments):
    assert call(*arguments)[0] == 2


def test_an_edit_keeps_what_was_there_before(call):
    name = one(call, "Sam lives in Leeds.")
    assert "Sam lives in Lisbon." in call("edit", name, "Sam lives in Lisbon.")[1]
    shown = call("show", name, "--history", "--json")[1]
    assert [(v["v"], v["text"]) for v in shown["history"]] == [
        (1, "Sam lives in Leeds."),
        (2, "Sam lives in Lisbon."),
    ]
    assert shown["memory"]["text"] == "Sam lives in Lisbon."
    assert call("show", name, "--history")[1].count("<memory ") == 2


def test_what_was_said_stays_as_it_was_said(call):
    code, _, err = call("edit", one(call, "I live in Leeds."), "I live in Lisbon.")
    assert code == 2
    assert "memories add" in err


def test_without_a_yes_what_is_forgotten_is_hidden_and_comes_back(call):
    name = one(call, "My secret word is xylograph.")
    code, gone, _ = call("forget", name, "--json")
    assert (code, gone["purged"], gone["receipt"]) == (0, False, None)
    assert [note["text"] for note in gone["forgotten"]] == ["My secret word is xylograph."]
    assert "Mhm." in [note["text"] for note in gone["also"]]
    assert "xylograph" not in call("list")[1]
    assert "xylograph" in call("list", "--forgotten")[1]
    assert "xylograph" in call("restore", name)[1]
    assert "xylograph" in call("list")[1]


def test_with_a_yes_no_byte_is_left_and_there_is_a_receipt(call, workspace):
    code, out, _ = call("forget", "--about", "secret word", "--yes")
    assert code == 0
    assert re.search(r"Deleted for good at .*: .*2 lines", out)
    assert "None of their words is left" in out
    files = [path for path in (workspace / "memory_db").rglob("*") if path.is_file()]
    assert not [path for path in files if b"xylograph" in path.read_bytes()]


def test_forgetting_a_memory_takes_the_line_it_rests_on_along(call):
    gone = call("forget", one(call, "Sam lives in Leeds."), "--yes", "--json")[1]
    assert gone["receipt"]["verified"]
    assert gone["receipt"]["left"] == []
    assert "Leeds" not in call("list")[1]


def test_what_is_hidden_is_deleted_when_nothing_else_is_named(call):
    call("forget", one(call, "My secret word is xylograph."))
    assert call("forget", "--yes", "--json")[1]["purged"]
    assert call("list", "--forgotten", "--json")[1]["memories"] == []


def test_everything_can_be_forgotten(call):
    assert call("forget", "everything", "--yes", "--json")[1]["receipt"]["verified"]
    assert call("list", "--json")[1]["memories"] == []


def test_forgetting_reaches_the_exports(call, workspace):
    call("export", "book.xml")
    assert "xylograph" in (workspace / "book.xml").read_text()
    assert (workspace / "book.xml").stat().st_mode & 0o777 == 0o600
    call("forget", "--about", "xylograph", "--yes")
    assert "xylograph" not in (workspace / "book.xml").read_text()


def test_nothing_of_that_name_is_said(call):
    assert call("forget", "ZZZZ")[0] == 66
    assert call("restore", "ZZZZ")[0] == 66
    assert call("edit", "ZZZZ", "A.")[0] == 66
    assert "nothing" in call("forget", "--about", "the moon")[2]


def test_an_export_is_taken_in_elsewhere_with_its_history(call):
    call("edit", one(call, "Sam lives in Leeds."), "Sam lives in Lisbon.")
    assert call("export", "book.xml", "--json")[1]["memories"] >= 6
    code, made, _ = call("import", "book.xml", "--as", "Kim", "--json")
    assert (code, made["books"][0]["refused"]) == (0, [])
    assert made["books"][0]["added"] >= 6
    again = call("import", "book.xml", "--as", "Kim", "--json")[1]["books"][0]
    assert again["added"] == 0
    assert "Sam lives in Lisbon." in call("search", "Lisbon", "--as", "Kim")[1]


def test_an_export_of_another_character_is_refused_memory_by_memory(call):
    call("export", "book.xml")
    book = call("import", "book.xml", "-c", "wren", "--json")[1]["books"][0]
    assert book["added"] == 0
    assert "character:juno" in book["refused"][0]


def test_what_was_forgotten_for_good_is_not_taken_in_again(call, workspace):
    call("export", "book.xml")
    kept = (workspace / "book.xml").read_text()
    call("forget", one(call, "Sam lives in Leeds."), "--yes")
    (workspace / "copy.xml").write_text(kept)
    call("import", "copy.xml")
    assert "Sam lives in Leeds." not in call("list")[1]


def test_a_redacted_export_names_nobody_and_quotes_nothing(call):
    call("add", "Sam trusts Maya.")
    book = call("export", "--redact")[1]
    assert "Sam" not in book
    assert "quote" not in book
    assert all(one.sources[0].session == "" for one in parse_book(book))


def test_a_broken_export_is_bad_data(call, workspace):
    call("export", "book.xml")
    text = (workspace / "book.xml").read_text()
    (workspace / "book.xml").write_text(text[: len(text) // 2])
    assert call("import", "book.xml")[0] == 65


def test_there_is_nothing_to_index_without_an_embedder(call):
    assert call("reindex")[0] == 2


def test_a_sound_memory_is_said_to_be_sound(call):
    code, verdict, _ = call("verify", "--json")
    assert (code, verdict["problems"]) == (0, [])
    assert verdict["lines"] == 4


def test_a_memory_that_the_disk_has_changed_is_put_right_and_said(call, workspace):
    with sqlite3.connect(workspace / "memory_db" / "journal.sqlite3") as db:
        db.execute("UPDATE memories SET xml = 'broken'")
    code, _, err = call("verify", "--json")
    assert code == 0
    assert "as they were again" in err


def test_what_is_wrong_with_the_memory_is_said(call, workspace):
    with sqlite3.connect(workspace / "memory_db" / "journal.sqlite3") as db:
        db.execute("DELETE FROM lines_fts_1")
    code, verdict, _ = call("verify", "--json")
    assert code == 76
    assert verdict["problems"]


class Terminal(io.StringIO):
    """Somebody at a terminal who has typed."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "purged"), [("y\n", True), ("n\n", False)])
def test_at_a_terminal_it_asks_before_anything_is_deleted(call, monkeypatch, typed, purged):
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    code, _, err = call("forget", one(call, "My secret word is xylograph."))
    assert code == 0
    assert "Delete these" in err
    assert (call("list", "--forgotten", "--json")[1]["memories"] == []) == purged


def test_an_id_can_be_typed_as_the_lists_show_it(call):
    shown = {row.split("  ")[0].strip() for row in call("list")[1].splitlines()}
    assert len(shown) == 5
    for name in shown:
        assert call("show", name)[0] == 0, name
        assert call("forget", name)[0] == 0, name
        assert call("restore", name)[0] == 0, name


@pytest.mark.parametrize(
    ("better", "left"),
    [("Sam lives in Lisbon.", ["Sam lives in Porto."]),
     ("Lisbon is home.", ["Lisbon is home.", "Sam lives in Porto."])],
)  # fmt: skip
def test_what_was_put_right_can_become_untrue_where_it_says_the_same_of_another(
    call, workspace, better, left
):
    call("edit", one(call, "Sam lives in Leeds."), better)
    memory = Memory(workspace / "memory_db", "Sam", "juno")
    tell(memory, "I live in Porto now.")
    settle(memory)
    memory.close()
    found = call("list", "--kind", "fact", "--json")[1]["memories"]
    assert sorted(note["text"] for note in found) == left


def test_a_document_is_forgotten_and_restored_by_its_name(call, workspace):
    (workspace / "kestrel.md").write_text("# Kestrel\nThe north pier was built by Ada Lind.\n")
    call("import", "kestrel.md")
    gone = call("forget", "kestrel.md", "--json")[1]
    assert [note["who"] for note in gone["forgotten"]] == ["kestrel.md"]
    assert call("search", "north pier")[1] == ""
    assert call("restore", "kestrel.md")[0] == 0
    assert "Ada Lind" in call("search", "north pier")[1]
    assert call("forget", "kestrel.md", "--yes", "--json")[1]["receipt"]["verified"]
    assert call("search", "north pier")[1] == ""


def set_up_index(address: str) -> None:
    assert run(["--quiet", "config", "set", "memory.embedder", "minilm"]) == 0
    assert run(["--quiet", "config", "set", "memory.index", address]) == 0


@pytest.mark.parametrize("verb", [["memories", "search", "x"], ["talk", "--text"]])
@pytest.mark.parametrize("host", ["chroma.example", "192.0.2.7", "[2001:db8::1]"])
@pytest.mark.usefixtures("workspace")
def test_offline_an_index_on_another_machine_is_refused(capsys, verb, host):
    set_up_index(f"http://{host}:8000")
    assert run(["--offline", *verb]) == 69
    err = capsys.readouterr().err
    assert f'[memory] index = "http://{host}:8000" is on another machine.' in err
    assert 'set index = ""' in err


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
@pytest.mark.usefixtures("workspace")
def test_offline_an_index_on_this_machine_may_be_asked(capsys, host):
    set_up_index(f"http://{host}:9")
    assert run(["--offline", "memories", "list"]) == 0
    assert run(["--offline", "memories", "forget"]) == 0
    assert "Offline" not in capsys.readouterr().err


@pytest.mark.usefixtures("workspace")
def test_offline_an_index_that_is_not_asked_is_no_matter(capsys):
    set_up_index("http://chroma.example:8000")
    assert run(["--offline", "memories", "list"]) == 0  # by words alone
    assert run(["--quiet", "config", "set", "memory.embedder", "none"]) == 0
    assert run(["--offline", "memories", "search", "Leeds"]) == 0
    assert "Leeds" in capsys.readouterr().out


@pytest.mark.usefixtures("workspace")
def test_an_address_that_is_none_is_told_as_such(capsys):
    set_up_index("http://[::1")
    assert run(["--offline", "memories", "search", "x"]) == 78
    assert "is not the address of a Chroma server" in capsys.readouterr().err


def test_a_receipt_names_what_of_a_server_cannot_be_checked():
    from companion.cli.correcting import _receipt

    receipt = Receipt(datetime.now(UTC), ("A",), {"lines": 1}, away=True, elsewhere=True)
    assert receipt.told()[-2:] == (
        "The index server did not answer: their vectors are deleted when it does.",
        "What the index server keeps of vectors in its own files cannot be checked.",
    )
    assert (_receipt(receipt)["away"], _receipt(receipt)["elsewhere"]) == (True, True)
