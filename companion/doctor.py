"""What is there, what is missing, and the command that mends it: one line each.

Looks without changing anything and without loading a model.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from companion import cards
from companion.errors import CompanionError, DeviceError, Forbidden, install, readable
from companion.sound.clib import before_portaudio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from companion.config import Settings
    from companion.memory.store.health import Health

LIBRARIES = {
    "llama_cpp": ("llama-cpp-python", True),
    "faster_whisper": ("faster-whisper", False),
    "piper": ("piper-tts", False),
    "chromadb": ("chromadb", False),
    "sounddevice": ("sounddevice", False),
    "soundfile": ("soundfile", False),
    "soxr": ("soxr", False),
}
"""What is loaded during a conversation: module → (package, whether nothing goes without it)."""

NEEDED = {"character", "language model"}
"""Of what lies in folders: there is no conversation without."""
SPACE = 500_000_000
"""Bytes of free disk below which a warning is due."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What was looked at.
        ok: Whether it is as it should be.
        found: What was found.
        cure: The command or step that mends it; "" where nothing has to be.
        needed: Whether there is no conversation without it.
    """

    name: str
    ok: bool
    found: str
    cure: str = ""
    needed: bool = False


def examine(load: Callable[[], Settings], *, offline: bool = False) -> Iterator[Finding]:
    """Look at everything a conversation needs, in the order of a turn.

    Args:
        load: Gives the settings.
        offline: Ask no other machine.
    """
    yield _python()
    yield from (_library(module, *about) for module, about in LIBRARIES.items())
    try:
        settings = load()
    except CompanionError as error:
        yield _failed("settings", error, needed=True)
        return
    yield Finding("settings", ok=True, found=str(settings.file))
    yield from _parts(settings, offline=offline)
    yield _device("microphone", "input", settings.audio.microphone)
    yield _device("loudspeaker", "output", settings.audio.loudspeaker)
    if settings.key.hotkey:
        yield _hotkey(settings)
    yield _disk(settings)


def _parts(settings: Settings, *, offline: bool) -> Iterator[Finding]:
    """What lies in folders, any of which may be closed to this account."""
    place, at = settings.companion, settings.path
    models = at(place.models)
    yield from _within(at(place.characters), "character", lambda: [_character(settings)])
    yield from _within(models, "language model", lambda: [_model(settings)])
    yield from _within(models, "Whisper", lambda: [_whisper(settings)])
    yield from _within(at(place.voices), "voice", lambda: _voices(settings))
    yield from _within(models, "embedder", lambda: [_embedder(settings)])
    memory = at(place.memory)
    yield from _within(memory, "memory", lambda: _memory(settings, offline=offline))


def _within(folder: Path, name: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What is found in a folder; in place of what cannot be found out, why."""
    try:
        with readable(folder):
            yield from look()
    except CompanionError as error:
        yield _failed(name, error, needed=name in NEEDED)


def _failed(name: str, error: CompanionError, *, needed: bool = False) -> Finding:
    return Finding(name, ok=False, found=Exception.__str__(error), cure=error.hint, needed=needed)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", ok=sys.version_info >= (3, 11), found=version, needed=True)


def _library(module: str, package: str, needed: bool) -> Finding:  # noqa: FBT001 - from the table
    try:
        if module == "sounddevice":
            before_portaudio()
        found = importlib.import_module(module)
    except DeviceError as error:
        return _failed(package, error, needed=needed)
    except (ImportError, OSError) as error:
        reason = str(error).splitlines()[0]
        cure = install(package)
        if "PortAudio" in reason:
            cure = "apt install libportaudio2"
        return Finding(package, ok=False, found=f"missing ({reason})", cure=cure, needed=needed)
    version = str(getattr(found, "__version__", "installed"))
    return Finding(package, ok=True, found=version, needed=needed)


def _character(settings: Settings) -> Finding:
    folder = settings.path(settings.companion.characters)
    card = cards.find_card(folder, settings.companion.character)
    return Finding("character", ok=True, found=f"{card.name} ({card.id})")


def _model(settings: Settings) -> Finding:
    from companion.compose import model_path
    from companion.pack.fits import check_gguf

    path = model_path(settings, settings.llm.model)
    if not path.is_file():
        found = f"there is none at {path}"
        return Finding(
            "language model", ok=False, found=found, cure="companion models pull", needed=True
        )
    check_gguf(path)
    megabytes = path.stat().st_size / 1e6
    return Finding("language model", ok=True, found=f"{path.name} ({megabytes:.1f} MB)")


def _whisper(settings: Settings) -> Finding:
    from companion.compose import model_path

    folder = model_path(settings, settings.stt.model)
    missing = [
        name
        for name in ("model.bin", "config.json", "tokenizer.json")
        if not (folder / name).is_file()
    ]
    if missing:
        found = f"{folder} lacks {', '.join(missing)}; words can be typed"
        return Finding("Whisper", ok=False, found=found, cure="companion models pull")
    return Finding("Whisper", ok=True, found=str(folder))


def _voices(settings: Settings) -> Iterator[Finding]:
    """The voice of the active character, and every voice file without its other half."""
    from companion.casting import voice_path

    folder = settings.path(settings.companion.voices)
    try:
        card = cards.find_card(
            settings.path(settings.companion.characters), settings.companion.character
        )
        name = card.voice.model or settings.voice.model
    except CompanionError:
        name = settings.voice.model
    files = {voice_path(settings, name), *folder.glob("*.onnx")}
    for model in sorted(files):
        yield _voice(model)


def _voice(model: Path) -> Finding:
    name = f"voice {model.stem}"
    for file in (model, Path(f"{model}.json")):
        if not file.is_file():
            found = f"{file.name} is missing; replies are shown as text"
            return Finding(name, ok=False, found=found, cure=f"companion voices pull {model.stem}")
        try:
            with readable(file), file.open("rb"):
                pass
        except Forbidden as error:
            return _failed(name, error)
    return Finding(name, ok=True, found=str(model))


def _embedder(settings: Settings) -> Finding:
    from companion.compose import load_embedder

    if settings.memory.embedder == "none":
        return Finding("embedder", ok=True, found="none; recall is by words alone")
    embedder = load_embedder(settings)
    return Finding("embedder", ok=True, found=embedder.name if embedder else "none")


def _memory(settings: Settings, *, offline: bool) -> Iterator[Finding]:
    """The journal, its copy, and the search index over it."""
    from companion.memory.store.health import look

    folder = settings.path(settings.companion.memory)
    journal = folder / "journal.sqlite3"
    if closed := _unwritable(folder, journal):
        found = f"{closed} may not be written: a conversation remembers nothing"
        cure = f"change the owner of {closed}, or set [companion] memory to another folder"
        yield Finding("memory", ok=False, found=found, cure=cure)
        return
    if not folder.exists():
        yield Finding("memory", ok=True, found=f"{folder} will be made")
        return
    if not journal.exists():
        yield Finding("memory", ok=True, found=f"{folder}, still empty")
        return
    health = look(journal)
    yield _journal(journal, health)
    yield _copy(folder, health)
    if settings.memory.embedder != "none":
        yield _index(settings, health, offline=offline)


def _unwritable(folder: Path, journal: Path) -> Path | None:
    """What a conversation would have to write and may not."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    # A folder of one's own is opened to its owner when it is used.
    mine = there == folder and there.stat().st_uid == os.getuid()
    files = [path for path in (journal, folder / "lock") if path.exists()]
    wanted = files if mine else [there, *files]
    return next((p for p in wanted if not os.access(p, os.W_OK, effective_ids=True)), None)


def _journal(journal: Path, health: Health) -> Finding:
    if health.fault:
        cure = "start a conversation: its copy takes over" if health.copied else "restore a backup"
        found = f"{journal} is damaged: {health.fault}"
        return Finding("memory", ok=False, found=found, cure=cure)
    kept = f"{health.lines} lines and {health.memories} memories, {health.size / 1e6:.1f} MB"
    sound = "sound" if health.checked else "too large to be looked through here"
    found = f"{journal} ({kept}, {sound}; `companion memories verify` looks at everything)"
    return Finding("memory", ok=True, found=found)


def _copy(folder: Path, health: Health) -> Finding:
    """Whether there is a copy of the memory, and room for the next."""
    made = f"of {health.copied:%Y-%m-%d %H:%M}" if health.copied else "none yet"
    free = shutil.disk_usage(folder).free
    if free < health.room:
        found = (
            f"{made}; {free / 1e6:.0f} MB free in {folder}, the next needs {health.room / 1e6:.0f}"
        )
        return Finding("copy of the memory", ok=False, found=found, cure="free some space")
    found = made if health.copied else "none yet; made while nobody speaks"
    return Finding("copy of the memory", ok=True, found=found)


def _index(settings: Settings, health: Health, *, offline: bool) -> Finding:
    """Where the search by meaning is, and how much of the memory it holds."""
    from companion.memory.dense.chroma import answers, is_here

    held = f"{health.indexed} of {health.vectors} lines with a vector are in it"
    url = settings.memory.index
    if not url:
        return Finding("search index", ok=True, found=f"in the folder; {held}")
    try:
        here = is_here(url)
        if offline and not here:
            found = f"{url} is on another machine, and --offline was given"
            return Finding("search index", ok=False, found=found, cure='set [memory] index = ""')
        if answers(url):
            return Finding("search index", ok=True, found=f"{url} answers; {held}")
    except CompanionError as error:
        return _failed("search index", error)
    found = f"{url} does not answer; words alone are searched"
    return Finding("search index", ok=False, found=found, cure="start it: chroma run")


def _device(name: str, kind: Literal["input", "output"], wanted: str) -> Finding:
    from companion.sound.device import find_device

    try:
        device = find_device(kind, wanted or None)
    except CompanionError as error:
        instead = "words can be typed" if kind == "input" else "replies are shown as text"
        finding = _failed(name, error)
        return Finding(name, ok=False, found=f"{finding.found} ({instead})", cure=finding.cure)
    return Finding(name, ok=True, found=f"{device.name} ({device.rate} Hz)")


def _hotkey(settings: Settings) -> Finding:
    """Whether anything here tells about keys of other windows."""
    from companion.key.anywhere import open_hotkey

    key = settings.key
    try:
        listener = open_hotkey(key.hotkey, key.through, lambda: None, lambda: None)
    except CompanionError as error:
        return _failed("hotkey", error)
    listener.close()
    return Finding("hotkey", ok=True, found=f"{key.hotkey}, through {type(listener).__name__}")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.root).free
    found = f"{free / 1e9:.1f} GB free in {settings.root}"
    cure = "" if free >= SPACE else "free some space: memories cannot be kept without"
    return Finding("disk", ok=free >= SPACE, found=found, cure=cure)
