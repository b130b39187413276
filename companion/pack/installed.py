"""Which models and voices are on this machine, and whether they are what they should be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.errors import CompanionError, readable
from companion.pack import lock
from companion.pack.bundled import bundled
from companion.pack.fits import check_gguf, fit
from companion.pack.pull import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from companion.pack.manifest import Manifest

TOY = "small-talk toy that proves the machine; `companion models pull` gets real ones"
"""What the offline pack is called wherever it is listed."""

WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class Installed:
    """One model or voice.

    Attributes:
        kind: "llm", "stt" or "voice".
        name: What to write into config.toml.
        path: Its file or folder.
        size: Bytes.
        about: What it is, in a few words.
        problem: Why it cannot be used; empty where it can.
        needed: Memory when loaded, in bytes; 0 where not estimated.
        fits: Whether that much is free now.
    """

    kind: str
    name: str
    path: Path
    size: int
    about: str
    problem: str = ""
    needed: int = 0
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    """What `verify` found about one file: "ok", "wrong" or "unknown", and why."""

    path: Path
    state: str
    why: str


def models(folder: Path, context: int) -> tuple[Installed, ...]:
    """The language models and Whisper folders below `folder`.

    Args:
        folder: The models folder.
        context: Tokens of context the memory is estimated for.
    """
    if not folder.is_dir():
        return ()
    found = [_llm(path, folder, context) for path in sorted(folder.rglob("*.gguf"))]
    found += [_whisper(path, folder) for path in _whisper_folders(folder)]
    return tuple(found)


def voices(folder: Path) -> tuple[Installed, ...]:
    """The Piper voices in `folder`."""
    return tuple(_voice(path) for path in sorted(folder.glob("*.onnx")))


def verify(folder: Path, manifest: Manifest | None) -> tuple[Check, ...]:
    """Compare every file whose hash is known, and look into every language model.

    Args:
        folder: The models folder, or the voices folder.
        manifest: Hashes pinned by Companion; None where there are none (voices).
    """
    with readable(folder):
        known = _known(folder, manifest)
        checks = [_compared(folder / name, known[name]) for name in sorted(known)]
        files = sorted([*folder.rglob("*.gguf"), *folder.glob("*.onnx")])
    others = (path for path in files if path.relative_to(folder).as_posix() not in known)
    return (*checks, *map(_unknown, others))


def _known(folder: Path, manifest: Manifest | None) -> dict[str, str]:
    """Hash by path below `folder`: of what was pulled, what ships, and what is pinned."""
    known = {name: entry.sha256 for name, entry in lock.read(folder).items()}
    if manifest is not None:
        # What was unpacked from a bundle holds only the part of the pack that is in use.
        own = folder.resolve() == bundled("models").resolve()
        known.update({n: h for n, h in manifest.offline.items() if own or (folder / n).is_file()})
        for part in manifest.parts.values():
            for file in part.files:
                name = f"{part.folder}/{file.saved}" if part.folder else file.saved
                if file.sha256 and (folder / name).is_file():
                    known[name] = file.sha256
    return known


def _compared(path: Path, wanted: str) -> Check:
    if not path.is_file():
        return Check(path, "wrong", "it is not there any more")
    if sha256_of(path) == wanted:
        return Check(path, "ok", "SHA-256 as it should be")
    return Check(path, "wrong", "its SHA-256 is another; pull it again")


def _unknown(path: Path) -> Check:
    if path.suffix == ".gguf":
        try:
            check_gguf(path)
        except CompanionError as error:
            return Check(path, "wrong", str(error))
    return Check(path, "unknown", "whole as far as it can be seen; no hash is known")


def _llm(path: Path, folder: Path, context: int) -> Installed:
    name = path.relative_to(folder).as_posix()
    size = path.stat().st_size
    try:
        header = check_gguf(path)
    except CompanionError as error:
        return Installed("llm", name, path, size, "", problem=str(error))
    found = fit(header, context)
    about = TOY if _ships(path, folder) else header.text("general.name") or header.architecture
    problem = "" if header.has_template else "it brings no chat template; choose an instruct model"
    return Installed("llm", name, path, size, about, problem, found.needed, found.fits)


def _whisper_folders(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("model.bin")):
        inside = path.relative_to(folder).parts
        if inside[0] not in {"cache", ".partial"} and (path.parent / "config.json").is_file():
            yield path.parent


def _whisper(path: Path, folder: Path) -> Installed:
    missing = [name for name in WHISPER_FILES if not (path / name).is_file()]
    problem = f"it lacks {', '.join(missing)}" if missing else ""
    about = TOY if _ships(path, folder) else "Whisper"
    size = sum(file.stat().st_size for file in path.iterdir() if file.is_file())
    return Installed("stt", path.relative_to(folder).as_posix(), path, size, about, problem)


def _ships(path: Path, folder: Path) -> bool:
    return path.relative_to(folder).parts[0] == "offline"


def _voice(path: Path) -> Installed:
    about, problem = "", ""
    try:
        settings = json.loads(path.with_suffix(".onnx.json").read_text("utf-8"))
        speakers = int(settings.get("num_speakers") or 1)
        about = f"{settings['language']['code']}, {settings['audio']['sample_rate']} Hz"
        about += f", {speakers} speakers" if speakers > 1 else ""
    except FileNotFoundError:
        problem = f"{path.name}.json is missing; a voice needs both"
    except (ValueError, KeyError, TypeError, AttributeError):
        problem = f"{path.name}.json cannot be read"
    size = path.stat().st_size
    return Installed("voice", path.stem, path, size, about, problem)
