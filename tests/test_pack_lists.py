"""Manifest, catalogue, and what is installed."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import pytest
from test_pack_gguf import MODEL, model

from companion.errors import BadData, MissingInput
from companion.pack import catalogue, installed, lock
from companion.pack.manifest import Part, load_manifest
from training.pin import shipped

SHIPPED = Path(__file__).parents[1] / "models/manifest.toml"
MINIMAL = """
schema = 1
[presets.a]
about = "x"
memory_gb = 4
parts = ["p"]
[parts.p]
kind = "llm"
about = "x"
licence = "MIT"
repo = "own/model"
files = [{ name = "m.gguf", size = 3 }]
"""


def manifest(tmp_path: Path, text: str) -> Path:
    (tmp_path / "manifest.toml").write_text(text)
    return tmp_path / "manifest.toml"


def test_the_shipped_manifest_has_a_desktop_and_a_pi_with_ears_and_a_mind() -> None:
    found = load_manifest(SHIPPED)
    for name in ("desktop", "pi"):
        kinds = [found.parts[part].kind for part in found.preset(name).parts]
        assert sorted(kinds) == ["llm", "stt"]


def test_everything_in_the_shipped_manifest_is_pinned_by_commit_and_hash() -> None:
    for part in load_manifest(SHIPPED).parts.values():
        assert part.pinned
        assert len(part.revision) == 40


def test_an_unknown_preset_is_answered_with_those_there_are() -> None:
    with pytest.raises(MissingInput, match="Presets: desktop, pi"):
        load_manifest(SHIPPED).preset("laptop")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("schema = 1", "schema = 2", "schema"),
        ('parts = ["p"]', 'parts = ["q"]', "names unknown parts: q"),
        ('name = "m.gguf"', 'name = "../m.gguf"', "no name for a file"),
        ('name = "m.gguf"', 'name = "/etc/m"', "no name for a file"),
        ("size = 3", 'size = 3, sha256 = "abc"', "parts.p.files.0.sha256"),
        ("size = 3", "size = 3, sise = 3", "parts.p.files.0.sise"),
        ('repo = "own/model"', 'repo = "model"', "parts.p.repo"),
        ("schema = 1", "schema = ", "Invalid value"),
    ],
)
def test_a_manifest_that_cannot_be_is_named_with_its_place(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    with pytest.raises(BadData, match=r"manifest\.toml: ") as caught:
        load_manifest(manifest(tmp_path, MINIMAL.replace(old, new)))
    assert says in str(caught.value)


def test_a_missing_manifest_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="Reinstall"):
        load_manifest(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("kind", "folder", "file", "setting"),
    [
        ("llm", "", "m.gguf", ("llm", "m.gguf")),
        ("stt", "whisper-x", "model.bin", ("stt", "whisper-x")),
        ("voice", "", "en/en_US-x.onnx", ("voice", "en_US-x")),
    ],
)
def test_a_part_knows_what_to_write_into_the_settings(
    kind: str, folder: str, file: str, setting: tuple[str, str]
) -> None:
    values = {"kind": kind, "folder": folder, "files": [{"name": file, "size": 1}]}
    part = Part.model_validate({"about": "", "licence": "", "repo": "a/b", **values})
    assert part.setting == setting


# ── voices ───────────────────────────────────────────────────────────────────────────────────────


def voice(**changes: object) -> str:
    digest = {"size_bytes": 5, "md5_digest": "0" * 32}
    entry = {
        "key": "en_US-x-low",
        "language": {"code": "en_US", "name_english": "English"},
        "quality": "low",
        "num_speakers": 1,
        "files": {
            f"en/x/{n}": digest for n in ("en_US-x-low.onnx", "en_US-x-low.onnx.json", "MODEL_CARD")
        },
    }
    return json.dumps({"en_US-x-low": {**entry, **changes}})


def test_a_voice_is_a_model_its_settings_and_its_card() -> None:
    part = catalogue.voice_part(catalogue.parse(voice()), "en_US-x-low")
    assert [file.saved for file in part.files] == [
        "en_US-x-low.onnx",
        "en_US-x-low.onnx.json",
        "en_US-x-low.MODEL_CARD.txt",
    ]
    assert part.files[0].md5 == "0" * 32


def test_every_voice_of_the_real_catalogue_can_be_pulled(testdata: Path) -> None:
    voices = catalogue.parse((testdata / "tts/voices_catalogue.json").read_text("utf-8"))
    parts = [catalogue.voice_part(voices, name) for name in voices]
    assert len(parts) == 97
    assert all(part.setting[1] == name for part, name in zip(parts, voices, strict=True))


def test_a_misspelt_voice_is_answered_with_those_spelled_alike(testdata: Path) -> None:
    voices = catalogue.parse((testdata / "tts/voices_catalogue.json").read_text("utf-8"))
    with pytest.raises(MissingInput, match="Did you mean: en_US-lessac-medium"):
        catalogue.voice_part(voices, "en_US-lesac-medium")
    with pytest.raises(MissingInput, match="voices list --all"):
        catalogue.voice_part(voices, "###")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        "<html>",
        voice(key="../x"),
        voice(files={"../../x.onnx": {"size_bytes": 1, "md5_digest": "0" * 32}}),
        voice(files={"x.onnx": {"size_bytes": -1, "md5_digest": "0" * 32}}),
    ],
)
def test_a_catalogue_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadData, match="catalogue of voices cannot be read"):
        catalogue.parse(text)


def test_a_voice_without_settings_is_refused() -> None:
    only = {"en/en_US-x-low.onnx": {"size_bytes": 5, "md5_digest": "0" * 32}}
    with pytest.raises(BadData, match="no settings of it"):
        catalogue.voice_part(catalogue.parse(voice(files=only)), "en_US-x-low")


# ── what is here ─────────────────────────────────────────────────────────────────────────────────


def test_models_are_listed_with_the_memory_they_need(tmp_path: Path) -> None:
    model(tmp_path / "m.gguf")
    (found,) = installed.models(tmp_path, 2048)
    assert (found.kind, found.name, found.about, found.problem) == ("llm", "m.gguf", "Tiny", "")
    assert found.needed > found.size


def test_the_offline_pack_is_called_a_toy(tmp_path: Path) -> None:
    for name in ("offline/whisper/model.bin", "offline/whisper/config.json", "offline/c.gguf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    model(tmp_path / "offline/c.gguf")
    llm, stt = installed.models(tmp_path, 2048)
    assert llm.about == stt.about
    assert "toy" in llm.about
    assert stt.problem == "it lacks tokenizer.json"


def test_a_model_that_cannot_be_used_is_listed_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "page.gguf").write_text("<html>")
    model(tmp_path / "plain.gguf", MODEL[:-1])
    page, plain = installed.models(tmp_path, 2048)
    assert "a web page was saved instead" in page.problem
    assert "no chat template" in plain.problem


def test_the_cache_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "cache/x").mkdir(parents=True)
    for name in ("model.bin", "config.json"):
        (tmp_path / "cache/x" / name).write_text("")
    assert installed.models(tmp_path, 2048) == installed.models(tmp_path / "none", 2048) == ()


@pytest.mark.parametrize(
    ("settings", "about", "problem"),
    [
        ({"language": {"code": "en"}, "audio": {"sample_rate": 16000}}, "en, 16000 Hz", ""),
        (
            {"language": {"code": "en"}, "audio": {"sample_rate": 1}, "num_speakers": 3},
            "en, 1 Hz, 3 speakers",
            "",
        ),
        ([], "", "x.onnx.json cannot be read"),
        (None, "", "x.onnx.json is missing; a voice needs both"),
    ],
)
def test_voices_are_listed_with_what_they_lack(
    tmp_path: Path, settings: object, about: str, problem: str
) -> None:
    (tmp_path / "x.onnx").write_bytes(b"12345")
    if settings is not None:
        (tmp_path / "x.onnx.json").write_text(json.dumps(settings))
    (found,) = installed.voices(tmp_path)
    assert (found.name, found.size, found.about, found.problem) == ("x", 5, about, problem)


def test_verify_tells_right_from_wrong_and_unknown(tmp_path: Path) -> None:
    def entry(data: bytes) -> lock.Entry:
        return lock.Entry(hashlib.sha256(data).hexdigest(), len(data), "a/b", "", "2026-11-21")

    for name in ("good.bin", "bad.bin"):
        (tmp_path / name).write_bytes(b"good")
    lock.add(tmp_path, {"good.bin": entry(b"good"), "bad.bin": entry(b"b"), "gone": entry(b"")})
    model(tmp_path / "new.gguf")
    (tmp_path / "page.gguf").write_text("<html>")
    found = {check.path.name: check.state for check in installed.verify(tmp_path, None)}
    assert found == {
        "good.bin": "ok",
        "bad.bin": "wrong",
        "gone": "wrong",
        "new.gguf": "unknown",
        "page.gguf": "wrong",
    }


def test_verify_compares_what_is_pinned_wherever_it_came_from(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"abc").hexdigest()
    text = MINIMAL.replace("size = 3", f'size = 3, sha256 = "{digest}"')
    text += f'[offline]\n"offline/x.gguf" = "{digest}"\n'
    pinned = load_manifest(manifest(tmp_path, text))
    (tmp_path / "offline").mkdir()
    (tmp_path / "offline/x.gguf").write_bytes(b"abc")
    (tmp_path / "m.gguf").write_bytes(b"abd")
    found = {check.path.name: check.state for check in installed.verify(tmp_path, pinned)}
    assert found == {"m.gguf": "wrong", "x.gguf": "ok"}


def test_what_ships_is_pinned_and_is_what_was_pinned() -> None:
    pinned = tomllib.loads(SHIPPED.read_text("utf-8")).get("offline", {})
    assert pinned == shipped(), "run: python training/pin.py"
