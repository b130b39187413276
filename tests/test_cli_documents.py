"""`companion memories import` takes documents in, and `documents` lists them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from companion.cli.app import run
from companion.cli.shell import SHELL

KESTREL = "# Kestrel\n## Harbour\nThe north pier was built in 1821 by Ada Lind.\n"


@pytest.fixture
def kestrel(tmp_path, monkeypatch) -> str:
    """A document in a new workspace where words alone decide."""
    folder = tmp_path / "ws"
    assert run(["--quiet", "init", str(folder)]) == 0
    monkeypatch.chdir(folder)
    monkeypatch.setattr(SHELL, "config", None)
    assert run(["--quiet", "config", "set", "memory.embedder", "none"]) == 0
    (folder / "kestrel.md").write_text(KESTREL)
    return "kestrel.md"


def call(capsys, *arguments):
    capsys.readouterr()
    code = run(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_document_is_taken_in_once(kestrel, capsys):
    assert "kestrel.md: 1 passages" in call(capsys, "memories", "import", kestrel)[1]
    assert "kestrel.md: unchanged" in call(capsys, "memories", "import", kestrel)[1]


def test_what_was_taken_in_is_listed(kestrel, capsys):
    call(capsys, "memories", "import", kestrel)
    code, out, _ = call(capsys, "memories", "documents", "--json")
    (document,) = json.loads(out)["documents"]
    assert (code, document["title"], document["passages"]) == (0, "Kestrel", 1)
    assert document["file"] == str(Path.cwd() / kestrel)
    assert "1 passages  kestrel.md (Kestrel)" in call(capsys, "memories", "documents")[1]


def test_a_passage_is_found_and_cited(kestrel, capsys):
    call(capsys, "memories", "import", kestrel)
    _, out, _ = call(capsys, "memories", "search", "who built the pier", "--json")
    (found,) = json.loads(out)["memories"]
    assert (found["kind"], found["source"]) == ("lore", "kestrel.md · Harbour")
    assert "kestrel.md · Harbour: The north pier" in call(capsys, "memories", "search", "pier")[1]


def test_what_was_left_out_of_a_lorebook_is_told(kestrel, capsys):
    entries = [
        {"content": "Old.", "keys": ["pier"]},
        {"content": "X", "name": "Y", "enabled": False},
    ]
    Path("isles.json").write_text(json.dumps({"entries": entries}))
    code, out, err = call(capsys, "memories", "import", "isles.json")
    assert (code, out.split(": ")[1]) == (0, "1 passages\n")
    assert "left out: Y: switched off" in err


@pytest.mark.parametrize(
    ("name", "data", "code", "says"),
    [
        ("none.md", None, 66, "There is no file"),
        ("a.docx", b"PK", 65, "Those that can end in"),
        ("a.txt", b"\x00\x01", 65, "is not text"),
        ("a.xml", b"<a>\n<b></a>", 65, "a.xml, line 2"),
        ("a.json", b"{}", 65, "holds no lorebook"),
    ],
)
def test_a_file_that_cannot_be_taken_in_says_why(kestrel, capsys, name, data, code, says):
    if data is not None:
        Path(name).write_bytes(data)
    found, _, err = call(capsys, "memories", "import", name)
    assert found == code
    assert says in err


def test_a_book_of_memories_is_told_from_a_document(tmp_path):
    from companion.cli.documents import is_book

    (tmp_path / "a.xml").write_text('<memories xmlns="urn:companion:memory:1"></memories>')
    (tmp_path / "b.xml").write_text("<world/>")
    assert is_book(tmp_path / "a.xml")
    assert not is_book(tmp_path / "b.xml")
    assert not is_book(tmp_path / "none.xml")


def test_nothing_taken_in_is_said_with_how_to(kestrel, capsys):
    assert "companion memories import FILE" in call(capsys, "memories", "documents")[2]


def test_an_import_is_taken_back_and_restored(kestrel, capsys):
    out = call(capsys, "memories", "import", kestrel, "--json")[1]
    name = json.loads(out)["documents"][0]["id"]
    assert call(capsys, "memories", "forget", name, "--yes")[0] == 0
    assert json.loads(call(capsys, "memories", "search", "pier", "--json")[1])["memories"] == []
    assert json.loads(call(capsys, "memories", "documents", "--json")[1])["documents"] == []


def test_a_passage_is_not_forgotten_alone(kestrel, capsys):
    call(capsys, "memories", "import", kestrel)
    (found,) = json.loads(call(capsys, "memories", "search", "pier", "--json")[1])["memories"]
    for verb in ("show", "forget"):
        code, _, err = call(capsys, "memories", verb, found["id"])
        assert code == 2
        assert "is a passage of kestrel.md · Harbour" in err
        assert "takes the document out" in err
