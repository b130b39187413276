"""`companion bundle` and `companion init --from`: to another machine, without network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import wave
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from card_world import V3, archive
from live import without_network
from memory_world import settle, tell

from companion import bootstrap, config
from companion.cards import load_card
from companion.cli.app import run
from companion.errors import BadData, StoreBusy
from companion.memory import Memory
from companion.pack import bundle, lock
from companion.pack.bundle import Contents, Item
from companion.pack.remembered import PLACE, taken
from companion.values import Heard

ROOT = Path(__file__).resolve().parents[1]
SILENT = {"PULSE_SERVER": "none", "PYTHONPATH": str(ROOT)}
"""Without a sound server there is no microphone, so that what would listen plays the demo."""

PLAIN = "name: Mira\ndescription: Mira likes boats.\n"
"""A card that names no voice."""


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


def change(workspace: Path, **keys: object) -> None:
    """Change settings: `llm_model=…`, `memory_second__stage=…`."""
    for name, value in keys.items():
        section, _, key = name.replace("__", "-").partition("_")
        key = key.replace("-", "_")
        assert run(["--quiet", "config", "set", f"{section}.{key}", str(value)]) == 0


def packed(workspace: Path, *options: str) -> dict[str, Any]:
    """What the bundle of this workspace says of itself."""
    from companion.pack.unbundle import look

    target = workspace.parent / "b.tar"
    assert run(["--quiet", "bundle", str(target), "--force", *options]) == 0
    return look(target).model_dump(by_alias=True)


def unpacked(workspace: Path) -> Path:
    """A new workspace made of that bundle."""
    there = workspace.parent / "there"
    assert run(["--quiet", "init", "--from", str(workspace.parent / "b.tar"), str(there)]) == 0
    return there


def remember(workspace: Path, owner: str, character: str, *lines: str) -> Memory:
    memory = Memory(workspace / "memory_db", owner, character)
    tell(memory, *lines)
    settle(memory)
    return memory


@pytest.fixture
def sam(workspace: Path) -> Path:
    """A workspace in which three people talked."""
    change(workspace, user_name="Sam")
    remember(workspace, "Sam", "juno", "My sister is called Mara.", "I keep bees.").close()
    remember(workspace, "Kim", "juno", "I collect xylophones.").close()
    remember(workspace, "Sam", "tam", "I fear thunderstorms.").close()
    return workspace


# ── what is in it ────────────────────────────────────────────────────────────────────────────────


def test_a_bundle_makes_the_same_character_elsewhere(workspace: Path) -> None:
    said = packed(workspace)
    there = unpacked(workspace)
    for file in said["files"]:
        source = workspace / file["path"]
        source = source if source.exists() else ROOT / file["path"]
        assert (there / file["path"]).read_bytes() == source.read_bytes(), file["path"]
    kinds = {file["kind"] for file in said["files"]}
    assert kinds == {"config", "character", "llm", "stt", "voice", "licence"}


def test_it_is_said_what_a_bundle_holds_and_that_memories_are_left_out(
    sam: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, "bundle", str(sam.parent))
    assert (code, out.strip()) == (0, str(sam.parent / "companion-juno.tar"))
    assert "models/offline/companion.gguf" in err
    assert "Left out: the memories" in err
    assert "--with-memories" in err
    assert b"Mara" not in (sam.parent / "companion-juno.tar").read_bytes()


def test_a_bundle_is_listed_without_being_unpacked(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed(workspace)
    code, out, _ = call(capsys, "bundle", "--list", str(workspace.parent / "b.tar"))
    assert code == 0
    assert "voices/en_US-juno-low.onnx.json" in out
    code, out, _ = call(capsys, "bundle", "--list", str(workspace.parent / "b.tar"), "--json")
    assert json.loads(out)["contents"]["character"] == "juno"


def test_both_verbs_answer_programs(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "bundle", "b.tar", "--json")
    made = json.loads(out)
    assert (code, made["schema"]) == (0, 1)
    assert made["bytes"] == Path(made["file"]).stat().st_size
    code, out, _ = call(capsys, "init", "--from", "b.tar", "--json")
    assert json.loads(out)["workspace"] == str(workspace / "b")
    assert json.loads(out)["contents"] == made["contents"]


def test_another_character_goes_with_its_own_voice(workspace: Path) -> None:
    said = packed(workspace, "-c", "tam")
    settings = config.load(unpacked(workspace) / "config.toml", environment={})
    paths = {file["path"] for file in said["files"]}
    assert settings.companion.character == "tam"
    assert "characters/juno.yaml" not in paths
    assert f"voices/{settings.voice.model}.onnx" in paths


def test_files_from_all_over_the_disk_are_brought_together(workspace: Path) -> None:
    far = workspace.parent / "far"
    shutil.copytree(ROOT / "models" / "offline" / "whisper", far / "ears")
    shutil.copy(ROOT / "models" / "offline" / "companion.gguf", far / "big model.gguf")
    (far / "LICENSE").write_text("do as you like")
    (far / "diary.txt").write_text("private")
    for suffix in ("onnx", "onnx.json"):
        shutil.copy(ROOT / "voices" / f"en_US-tam-low.{suffix}", far / f"near.{suffix}")
    (far / "world.json").write_text('{"entries": {"0": {"keys": ["sea"], "content": "wide"}}}')
    (far / "Mira.yaml").write_text(PLAIN)
    shutil.copytree(far / "ears", far / "sense")
    change(workspace, stt_model=far / "ears", llm_model=far / "big model.gguf")
    change(workspace, voice_model=far / "near", lore_world=far / "world.json")
    change(workspace, memory_embedder=far / "sense", companion_character=far / "Mira.yaml")
    said = packed(workspace)
    there = unpacked(workspace)
    settings = config.load(there / "config.toml", environment={})
    assert (there / "models" / settings.llm.model).read_bytes() == (
        far / "big model.gguf"
    ).read_bytes()
    assert (there / "models" / settings.llm.model).with_name("LICENSE").is_file()
    assert (there / "models" / settings.stt.model / "model.bin").is_file()
    assert (there / "models" / settings.memory.embedder / "model.bin").is_file()
    assert (there / "voices" / f"{settings.voice.model}.onnx.json").is_file()
    assert (there / settings.lore.world).is_file()
    assert (there / "characters" / f"{settings.companion.character}.yaml").is_file()
    assert "diary.txt" not in json.dumps(said)
    assert str(workspace.parent) not in (there / "config.toml").read_text()


def test_a_card_that_names_its_voices_by_paths_finds_them_there(workspace: Path) -> None:
    far = workspace.parent / "far voices"
    for number, name in enumerate(("one", "two")):
        (far / name).mkdir(parents=True)
        for suffix in ("onnx", "onnx.json"):
            source = ROOT / "voices" / f"en_US-{('juno', 'tam')[number]}-low.{suffix}"
            shutil.copy(source, far / name / f"{name}.{suffix}")
    voice = {"model": str(far / "one" / "one.onnx"), "actions": "voice"}
    voice["actions_voice"] = str(far / "two" / "two.onnx")
    fields = {"name": "Mira", "description": "Mira likes boats.", "unknown": [1, {"x": None}]}
    card = {**fields, "extensions": {"companion": {"voice": voice}, "other": 7}}
    (workspace / "characters" / "mira.json").write_text(json.dumps(card))
    packed(workspace, "-c", "mira")
    there = unpacked(workspace)
    moved = load_card(there / "characters" / "mira.json").data
    names = {"model": "one", "actions_voice": "two"}
    assert moved["extensions"] == {"companion": {"voice": {**voice, **names}}, "other": 7}
    assert moved["unknown"] == card["unknown"]
    assert (there / "voices" / "two.onnx.json").is_file()


@pytest.mark.parametrize("voice", [{}, {"model": "{far}"}], ids=["as it is", "moved"])
def test_a_card_behind_a_jpeg_goes_along_as_the_archive_that_it_is(
    workspace: Path, voice: dict[str, str]
) -> None:
    far = shutil.copytree(ROOT / "voices", workspace.parent / "far") / "en_US-tam-low.onnx"
    named = {key: value.format(far=far) for key, value in voice.items()}
    data = {**V3["data"], "extensions": {"companion": {"voice": named}}}
    card = archive({"card.json": json.dumps({**V3, "data": data})}, b"\xff\xd8\xff a picture")
    (workspace / "Ada L.jpeg").write_bytes(card)
    packed(workspace, "-c", "./Ada L.jpeg")
    there = unpacked(workspace)
    assert load_card(there / "characters" / "ada-l.charx").name == "Ada"
    assert (there / "characters" / "ada-l.charx").read_bytes().startswith(b"\xff\xd8\xff a pict")
    assert config.load(there / "config.toml").companion.character == "ada-l"


def test_a_card_that_came_through_a_pipe_has_to_be_imported_first(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as end:
        end.write(json.dumps(V3))
    code, _, err = call(capsys, "bundle", "b.tar", "-c", f"/dev/fd/{reading}")
    os.close(reading)
    assert (code, "characters import" in err) == (65, True)


def test_what_lies_in_no_folder_is_left_out_and_said(workspace: Path) -> None:
    change(workspace, memory_embedder="maker/some-embedder")
    change(workspace, memory_second__stage="maker/some-judge")
    said = packed(workspace)
    settings = config.load(unpacked(workspace) / "config.toml", environment={})
    assert settings.memory.embedder == "minilm"
    assert not settings.memory.second_stage
    told = " ".join(said["left_out"])
    assert "the embedder" in told
    assert "the second stage" in told


def test_a_wake_word_and_every_part_of_a_split_model_go_along(workspace: Path) -> None:
    far = workspace.parent / "far"
    far.mkdir()
    (far / "hello.json").write_text('{"model": "hello.tflite"}')
    (far / "hello.tflite").write_bytes(b"tfl")
    for number in (1, 2):
        (workspace / "models" / f"big-0000{number}-of-00002.gguf").write_bytes(b"GGUF")
    change(workspace, free_word=far / "hello.json", llm_model="big-00001-of-00002.gguf")
    packed(workspace)
    there = unpacked(workspace)
    settings = config.load(there / "config.toml", environment={})
    assert (there / settings.free.word).with_suffix(".tflite").read_bytes() == b"tfl"
    assert (there / "models" / "big-00002-of-00002.gguf").is_file()


def test_two_voices_of_one_name_are_not_mixed_up(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = workspace.parent / "far"
    far.mkdir()
    for suffix in ("onnx", "onnx.json"):
        shutil.copy(ROOT / "voices" / f"en_US-juno-low.{suffix}", far / f"en_US-tam-low.{suffix}")
    voice = {"model": "en_US-tam-low", "actions": "voice"}
    voice["actions_voice"] = str(far / "en_US-tam-low.onnx")
    card = {"name": "Mira", "description": "M.", "extensions": {"companion": {"voice": voice}}}
    (workspace / "characters" / "mira.json").write_text(json.dumps(card))
    code, _, err = call(capsys, "bundle", "b.tar", "-c", "mira")
    assert code == 65
    assert "would both be voices/en_US-tam-low.onnx" in err


def test_the_built_in_character_goes_along_without_a_card(workspace: Path) -> None:
    shutil.rmtree(workspace / "characters")
    said = packed(workspace)
    there = unpacked(workspace)
    assert said["name"] == "Kit"
    assert list((there / "characters").iterdir()) == []


def test_only_files_of_a_whisper_are_taken_for_one(workspace: Path) -> None:
    ears = workspace / "models" / "ears"
    shutil.copytree(ROOT / "models" / "offline" / "whisper", ears)
    (ears / "diary.txt").write_text("private")
    (ears / "me.wav").write_text("private")
    change(workspace, stt_model="ears")
    paths = {file["path"] for file in packed(workspace)["files"]}
    assert "models/ears/tokenizer.json" in paths
    assert not {"models/ears/diary.txt", "models/ears/me.wav"} & paths


def test_what_belongs_to_this_machine_or_its_owner_stays_here(workspace: Path) -> None:
    change(workspace, user_name="Samantha", audio_microphone="Blue Yeti", key_button="17")
    change(workspace, memory_index="http://sam:hunter2@box.example:8000")
    with (workspace / "config.toml").open("a") as file:
        file.write("# the door code is 4711\n")
    said = packed(workspace)
    raw = (workspace.parent / "b.tar").read_bytes()
    for secret in (b"Samantha", b"Yeti", b"hunter2", b"box.example", b"4711", b"/tmp"):
        assert secret not in raw, secret
    told = " ".join(said["left_out"])
    assert "[user] name" in told
    assert "[memory] index" in told
    assert "[audio] microphone" in told


def test_recordings_logs_and_figures_stay_here(sam: Path) -> None:
    for name in ("audio_out/secret.wav", "memory_db/turns.jsonl", "characters/.history/x.yaml"):
        (sam / name).parent.mkdir(exist_ok=True)
        (sam / name).write_text("unmistakable")
    said = packed(sam, "--with-memories")
    assert b"unmistakable" not in (sam.parent / "b.tar").read_bytes()
    assert {file["path"].split("/")[0] for file in said["files"]} == {
        *("config.toml", "models", "voices", "characters", "memory_db")
    }


def test_what_was_pulled_is_known_as_that_and_must_be_what_was_pulled(workspace: Path) -> None:
    model = workspace / "models" / "qwen2.5-1.5b-instruct.gguf"
    shutil.copy(ROOT / "models" / "offline" / "companion.gguf", model)
    right = lock.Entry(bundle_sha(model), model.stat().st_size, "who/what", "abc", "2026-11-21")
    other = lock.Entry("0" * 64, 1, "who/else", "abc", "2026-11-21")
    lock.add(workspace / "models", {model.name: right, "other.gguf": other})
    change(workspace, llm_model=model.name)
    said = packed(workspace)
    assert lock.read(unpacked(workspace) / "models") == {model.name: right}
    assert {file["licence"] for file in said["files"] if file["kind"] == "llm"} == {"Apache-2.0"}
    with model.open("r+b") as file:
        file.seek(5000)
        file.write(b"\xff\x00\xff\x00")
    assert run(["bundle", str(workspace.parent / "c.tar")]) == BadData.code
    assert not (workspace.parent / "c.tar").exists()


def bundle_sha(path: Path) -> str:
    from companion.pack.pull import sha256_of

    return sha256_of(path)


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("llm.model", "none.gguf", "language model"),
        ("stt.model", "nowhere", "Whisper"),
        ("voice.model", "nobody", "voice"),
        ("lore.world", "no.json", "lorebook"),
        ("companion.character", "nobody", "character"),
    ],
)
def test_a_part_that_is_not_there_is_said_here_and_not_there(
    workspace: Path, capsys: pytest.CaptureFixture[str], setting: str, value: str, says: str
) -> None:
    card = workspace / "characters" / "juno.yaml"
    card.write_text(PLAIN)
    assert run(["--quiet", "config", "set", setting, value]) == 0
    code, _, err = call(capsys, "bundle", "b.tar")
    assert code == 66
    assert says in err
    assert not (workspace / "b.tar").exists()


def test_a_part_of_the_shipped_pack_is_sound_by_itself(workspace: Path) -> None:
    ears = workspace / "models" / "ears"
    shutil.copytree(ROOT / "models" / "offline" / "whisper", ears)
    change(workspace, stt_model="ears")
    packed(workspace)
    there = unpacked(workspace)
    assert not (there / "models" / "offline" / "whisper").exists()
    assert run(["--config", str(there / "config.toml"), "models", "verify"]) == 0


# ── memories ─────────────────────────────────────────────────────────────────────────────────────


def test_memories_go_along_when_that_is_said(sam: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, "bundle", str(sam.parent / "b.tar"), "--with-memories")
    assert code == 0
    assert "What Sam and Juno said" in err
    assert "keep it safe" in err
    there = unpacked(sam)
    assert (there / "memory_db" / "journal.sqlite3").stat().st_mode & 0o777 == 0o600
    memory = Memory(there / "memory_db", "Sam", "juno")
    kept = [line.text for talk in memory.conversations() for line in memory.lines(talk.id)]
    found = memory.search("Who is Mara?")
    verdict = memory.verify()
    memory.close()
    assert kept == ["My sister is called Mara.", "Mhm.", "I keep bees.", "Mhm."]
    assert any("Mara" in note.text for note in found)
    assert verdict.sound


def test_of_other_people_and_characters_not_a_word_goes_along(sam: Path) -> None:
    packed(sam, "--with-memories")
    raw = (sam.parent / "b.tar").read_bytes()
    assert b"Mara" in raw
    for word in (b"xylophone", b"Kim", b"thunderstorm"):
        assert word not in raw, word
    packed(sam, "--with-memories", "--as", "Kim")
    raw = (sam.parent / "b.tar").read_bytes()
    assert b"xylophone" in raw
    assert b"Mara" not in raw


def test_somebody_met_there_gets_memories_of_their_own(sam: Path) -> None:
    packed(sam, "--with-memories")
    there = unpacked(sam)
    memory = remember(there, "Lee", "juno", "I paint boats.")
    assert any("boats" in note.text for note in memory.search("What do you paint?"))
    assert memory.verify().sound
    memory.close()


def test_what_is_forgotten_does_not_go_along_and_stays_restorable_here(sam: Path) -> None:
    memory = Memory(sam / "memory_db", "Sam", "juno")
    ids = [note.id for note in memory.about("Mara")]
    memory.forget(ids)
    memory.close()
    packed(sam, "--with-memories")
    raw = (sam.parent / "b.tar").read_bytes()
    assert b"bees" in raw
    assert b"Mara" not in raw
    memory = Memory(sam / "memory_db", "Sam", "juno")
    assert any("Mara" in note.text for note in memory.forgotten())
    memory.close()


def test_a_conversation_that_goes_on_is_no_hindrance(sam: Path) -> None:
    memory = Memory(sam / "memory_db", "Sam", "juno")
    memory.hear(Heard("I bought a red kayak."))
    packed(sam, "--with-memories")
    memory.hear(Heard("It has a green paddle."))
    assert memory.verify().sound
    memory.close()
    there = Memory(unpacked(sam) / "memory_db", "Sam", "juno")
    words = " ".join(note.text for note in there.memories())
    there.close()
    assert "kayak" in words
    assert "paddle" not in words


def test_documents_go_with_the_memories_without_where_they_lay(sam: Path) -> None:
    paper = sam.parent / "harbour.txt"
    paper.write_text("The harbour of Kestrel freezes in January.\n")
    assert run(["--quiet", "memories", "import", str(paper)]) == 0
    packed(sam, "--with-memories")
    assert str(sam.parent).encode() not in (sam.parent / "b.tar").read_bytes()
    memory = Memory(unpacked(sam) / "memory_db", "Sam", "juno")
    assert [one.name for one in memory.lore.documents()] == ["harbour.txt"]
    assert any("Kestrel" in note.text for note in memory.search("When does the harbour freeze?"))
    memory.close()


def test_where_nothing_is_remembered_that_is_said(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = call(capsys, "bundle", "b.tar", "--with-memories", "--as", "Nobody")
    assert code == 66
    assert "Nothing is remembered of Nobody" in err
    assert call(capsys, "bundle", "b.tar", "--as", "Sam")[0] == 2


def test_no_copy_of_the_memories_stays_behind(sam: Path) -> None:
    before = {path.name for path in (sam / "memory_db").iterdir()}
    packed(sam, "--with-memories")
    assert {path.name for path in (sam / "memory_db").iterdir()} == before
    where = (sam / "memory_db", "Sam", "juno")
    with taken(*where), pytest.raises(StoreBusy), taken(*where):
        pass
    left = sam / "memory_db" / PLACE / "memory_db"  # of one that was killed
    left.mkdir(parents=True)
    (left / "journal.sqlite3").write_text("stale")
    packed(sam, "--with-memories")
    assert not left.exists()


def test_damaged_memories_are_not_taken_along(
    sam: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sam / "memory_db" / "journal.sqlite3").write_bytes(b"nothing of ours" * 99)
    code, _, err = call(capsys, "bundle", "b.tar", "--with-memories")
    assert code == 76
    assert "not a journal" in err
    assert not (sam / "b.tar").exists()


# ── unpacking ────────────────────────────────────────────────────────────────────────────────────


def test_a_workspace_is_never_unpacked_over(sam: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed(sam)
    before = (sam / "memory_db" / "journal.sqlite3").read_bytes()
    code, _, err = call(capsys, "init", "--from", str(sam.parent / "b.tar"), str(sam))
    assert code == 73
    assert "a workspace already" in err
    assert (sam / "memory_db" / "journal.sqlite3").read_bytes() == before


def test_a_damaged_file_is_named_and_nothing_is_left(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed(workspace)
    archive = workspace.parent / "b.tar"
    archive.write_bytes(archive.read_bytes().replace(b"GGUF\3\0", b"GGUX\3\0", 1))
    there = workspace.parent / "there"
    code, _, err = call(capsys, "init", "--from", str(archive), str(there))
    assert code == 65
    assert "companion.gguf is damaged" in err
    assert not there.exists()
    assert not list(workspace.parent.glob(".there*"))


OUTSIDE = {
    'memory = "/srv/other"': "[companion]",
    'index = "http://elsewhere.example"': "[memory]",
    'model = "../../other.gguf"': "[llm]",
    'world = "~/notes.json"': "[lore]",
    'character = "/etc/passwd"': "[companion]",
}


@pytest.mark.parametrize("line", OUTSIDE)
def test_settings_of_a_stranger_that_point_outside_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    section = OUTSIDE[line]
    text = line if section == "[companion]" else f"{section}\n{line}"
    about = Contents(made_with="1", made="2026-11-21", character="x", name="X")
    item = Item("config.toml", "config", f"[companion]\n{text}\n".encode())
    bundle.write(tmp_path / "b.tar", about, [item], lambda _: None, force=False)
    code, _, err = call(capsys, "init", "--from", str(tmp_path / "b.tar"), str(tmp_path / "ws"))
    assert code == 65
    assert "points outside" in err
    assert [one.name for one in tmp_path.iterdir()] == ["b.tar"]


def test_settings_that_this_version_does_not_know_are_said_to_be_of_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = Contents(made_with="9.9.9", made="2030-01-01", character="x", name="X")
    item = Item("config.toml", "config", b"[companion]\nteleport = true\n")
    bundle.write(tmp_path / "b.tar", about, [item], lambda _: None, force=False)
    code, _, err = call(capsys, "init", "--from", str(tmp_path / "b.tar"), str(tmp_path / "ws"))
    assert code == 78
    assert "do not fit Companion" in err
    assert not (tmp_path / "ws").exists()


def test_a_new_workspace_needs_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "init")[0] == 2


# ── without network ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def there(workspace: Path) -> tuple[Path, list[str]]:
    """An unpacked workspace, and what to put before a command."""
    packed(workspace)
    alone = without_network()
    companion = [*alone, sys.executable, "-m", "companion"]
    folder = workspace.parent / "there"
    command = [*companion, "--offline", "init", "--from", str(workspace.parent / "b.tar")]
    environment = {**os.environ, **SILENT}
    subprocess.run([*command, str(folder)], env=environment, check=True, capture_output=True)
    return folder, alone


def test_unpacked_without_network_make_talk_speaks(there: tuple[Path, list[str]]) -> None:
    folder, alone = there
    if bootstrap.has_microphone(Path(sys.executable)):
        pytest.skip("there is a microphone here: it would be talked to")
    command = [*alone, "make", "talk", "ARGS=--scene secret"]
    environment = {**os.environ, **SILENT}
    talk = subprocess.run(
        command, cwd=folder, env=environment, stdin=-3, capture_output=True, text=True, check=False
    )
    assert talk.returncode == 0, talk.stderr
    sounds = list((folder / "audio_out").rglob("*.wav"))
    assert sounds
    for path in sounds:
        with wave.open(str(path)) as sound:
            assert sound.getnframes() > 0


def test_unpacked_without_network_the_character_answers_in_writing(
    there: tuple[Path, list[str]],
) -> None:
    folder, alone = there
    command = [*alone, sys.executable, "-m", "companion", "talk", "--text", "--as", "Sam"]
    environment = {**os.environ, **SILENT}
    talk = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input="Hello there!\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Juno" in talk.stdout
    memory = Memory(folder / "memory_db", "Sam", "juno", now=lambda: datetime.now(UTC))
    assert [note.text for note in memory.memories()][-1] == "Hello there!"
    memory.close()
