"""`companion models`, `voices` and `characters`, from the command line to the files on the disk."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hub_server import Fault, HubServer
from test_pack_gguf import model

from companion.cli.app import run

if TYPE_CHECKING:
    from collections.abc import Callable

Run = Any
VOICE = {
    "en_US-x-low": {
        "key": "en_US-x-low",
        "language": {"code": "en_US", "name_english": "English"},
        "quality": "low",
        "num_speakers": 1,
        "files": {},
    }
}
CARD = b"# Model card for x\n\n* Language: en_US\n* License: CC0 1.0\n"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.toml").write_text("[companion]\n")
    for name in ("models", "voices", "characters"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def one(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return one


def voices_hub(fault: Fault | None = None) -> HubServer:
    files = {
        "en/x/en_US-x-low.onnx": b"o" * 9000,
        "en/x/en_US-x-low.onnx.json": json.dumps(
            {"language": {"code": "en_US"}, "audio": {"sample_rate": 16000}}
        ).encode(),
        "en/x/MODEL_CARD": CARD,
    }
    listed = {
        name: {"size_bytes": len(data), "md5_digest": hashlib.md5(data).hexdigest()}
        for name, data in files.items()
    }
    voices = {"en_US-x-low": {**VOICE["en_US-x-low"], "files": listed}}
    files["voices.json"] = json.dumps(voices).encode()
    return HubServer({f"rhasspy/piper-voices/{name}": data for name, data in files.items()}, fault)


def test_a_voice_is_pulled_with_its_licence_said_first(
    call: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with voices_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        code, out, err = call("voices", "pull", "en_US-x-low", "--yes", "--json")
    assert code == 0, err
    assert err.index("licence: CC0 1.0") < err.index("config set voice.model en_US-x-low")
    assert {Path(path).name for path in json.loads(out)["files"]} == {
        "en_US-x-low.onnx",
        "en_US-x-low.MODEL_CARD.txt",
        "en_US-x-low.onnx.json",
    }
    assert (workspace / "voices/en_US-x-low.onnx").read_bytes() == b"o" * 9000


def test_a_pulled_voice_is_listed_and_verified(
    call: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with voices_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        call("voices", "pull", "en_US-x-low", "--yes")
    rows = json.loads(call("voices", "list", "--json")[1])["voices"]
    assert next(row["about"] for row in rows if row["name"] == "en_US-x-low") == "en_US, 16000 Hz"
    (workspace / "voices/en_US-x-low.onnx").write_bytes(b"changed")
    code, out, err = call("models", "verify")
    assert code == 65
    assert "wrong" in out
    assert "en_US-x-low.onnx" in out
    assert "not what they should be" in err


def test_nobody_is_asked_where_nobody_is(
    call: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with voices_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        code, _, err = call("voices", "pull", "en_US-x-low")
    assert (code, "Add --yes." in err) == (2, True)
    assert not list((workspace / "voices").iterdir())


def test_the_catalogue_is_listed_on_request(call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with voices_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        assert "en_US-x-low" in call("voices", "list", "--all")[1]
        rows = json.loads(call("voices", "list", "--all", "--json")[1])["catalogue"]
    assert rows == [
        {
            "name": "en_US-x-low",
            "language": "English",
            "quality": "low",
            "speakers": 1,
            "bytes": 9000,
        }
    ]


def test_a_catalogue_cut_short_is_a_hub_that_cannot_be_reached(
    call: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with voices_hub(Fault(cuts=9, after=10)) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        assert call("voices", "list", "--all")[0] == 69


@pytest.mark.parametrize(
    "arguments",
    [("models", "pull"), ("voices", "pull", "x"), ("voices", "list", "--all")],
)
def test_offline_nothing_is_asked_of_the_network(
    call: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    with voices_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        code, _, err = call("--offline", *arguments)
        assert server.asked == []
    assert code == 69
    assert "Offline mode" in err


def test_a_preset_that_the_hub_does_not_have_is_said(
    call: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HubServer({}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        code, _, err = call("models", "pull", "pi", "--yes")
    assert (code, "The hub has no Qwen/" in err) == (66, True)


def test_an_unknown_preset_is_answered_with_those_there_are(call: Run) -> None:
    code, _, err = call("models", "pull", "laptop")
    assert (code, "Presets: desktop, pi." in err) == (66, True)


def test_a_part_of_a_preset_can_be_pulled_alone(call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer({}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        call("models", "pull", "whisper-base.en", "--yes")
        assert "/Systran/faster-whisper-base.en/resolve/" in server.asked[0][1]


def test_models_are_listed_with_presets_and_what_is_in_use(call: Run, workspace: Path) -> None:
    model(workspace / "models/mine.gguf")
    (workspace / "config.toml").write_text('[companion]\n[llm]\nmodel = "mine.gguf"\n')
    code, out, err = call("models", "list")
    assert code == 0
    assert next(line for line in out.splitlines() if "mine.gguf" in line).startswith("* llm")
    assert "about" in out
    assert "desktop" in err
    found = json.loads(call("models", "list", "--json")[1])
    assert [preset["name"] for preset in found["presets"]] == ["desktop", "pi"]
    assert found["models"][0]["used"] is True


def test_a_card_cannot_steer_the_terminal(call: Run, workspace: Path) -> None:
    text = "\x1b]0;owned\x07\x1b[2J[bold]x[/bold]"
    card = {"name": f"A{text}", "description": text, "creator_notes": text}
    (workspace / "characters/a.json").write_text(json.dumps(card))
    (workspace / "characters/b.json").write_text('{"name": 3')
    for arguments in (("characters", "list"), ("characters", "show", "a")):
        code, out, err = call(*arguments)
        assert code == 0
        assert not any(c in out + err for c in "\x1b\x07\x9b")


def test_characters_are_listed_and_the_broken_one_with_its_reason(
    call: Run, workspace: Path
) -> None:
    (workspace / "characters/a.json").write_text('{"name": "Ada", "description": "d"}')
    (workspace / "characters/b.json").write_text('{"name": 3')
    assert "cannot be read: b.json: not valid JSON at line 1" in call("characters", "list")[1]
    rows = json.loads(call("characters", "list", "--json")[1])["characters"]
    assert [row.get("name", "error" in row) for row in rows] == ["Ada", True]


def test_a_character_is_shown_as_it_hears_itself(call: Run, workspace: Path) -> None:
    card = {"name": "Ada", "description": "{{char}} knows {{user}}.", "tags": ["x"]}
    path = workspace / "ada.json"
    path.write_text(json.dumps(card))
    assert "  Ada knows Sam." in call("characters", "show", str(path), "--as", "Sam")[1]
    found = json.loads(call("characters", "show", str(path), "--json")[1])
    assert (found["persona"]["description"], found["id"]) == ("Ada knows friend.", "ada")


def test_an_unknown_character_is_66(call: Run, workspace: Path) -> None:
    (workspace / "characters/a.json").write_text('{"name": "Ada", "description": "d"}')
    code, _, err = call("characters", "show", "zoe")
    assert (code, "Characters found: a." in err) == (66, True)


class Terminal(io.StringIO):
    """A terminal with somebody typing."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "code", "files"), [("n\n", 130, 0), ("y\n", 0, 4)])
def test_a_download_begins_when_it_is_agreed_to(
    call: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, files: int
) -> None:
    with voices_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setattr("sys.stdin", Terminal(typed))
        assert call("voices", "pull", "en_US-x-low")[0] == code
    assert len([p for p in (workspace / "voices").iterdir() if p.is_file()]) == files


def test_what_is_here_needs_no_agreement(call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with voices_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        call("voices", "pull", "en_US-x-low", "--yes")
        code, _, err = call("voices", "pull", "en_US-x-low")
    assert (code, "Everything is here already." in err) == (0, True)
