"""The catalogue of Piper voices: which there are, and the files of one.

The catalogue comes from the network: nothing in it becomes a path before it is checked.
"""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from companion.errors import BadData, MissingInput
from companion.pack.manifest import File, Name, Part

if TYPE_CHECKING:
    from companion.pack.hub import Hub

REPO = "rhasspy/piper-voices"
REVISION = "main"
LIMIT = 8 * 1024 * 1024
"""Bytes the catalogue may have."""

_LICENCE = re.compile(r"^[\s*#-]*licen[cs]e\W*(.*\S)", re.IGNORECASE | re.MULTILINE)


class _File(BaseModel):
    size_bytes: int = Field(ge=0)
    md5_digest: str = Field(pattern="^[0-9a-f]{32}$")


class _Language(BaseModel):
    code: str = Field(max_length=20)
    name_english: str = Field(default="", max_length=60)


class Listed(BaseModel):
    """One voice of the catalogue."""

    model_config = ConfigDict(frozen=True)

    key: str = Field(pattern=r"^[\w+-]{1,80}$")
    language: _Language
    quality: str = Field(max_length=20)
    num_speakers: int = Field(ge=1)
    files: dict[Name, _File]

    @property
    def size(self) -> int:
        """Bytes of the voice's model."""
        return sum(file.size_bytes for name, file in self.files.items() if name.endswith(".onnx"))


def parse(text: str) -> dict[str, Listed]:
    """The voices of a catalogue by name.

    Raises:
        BadData: It is no catalogue.
    """
    try:
        found: dict[str, Any] = json.loads(text)
        return {key: Listed.model_validate(voice) for key, voice in found.items()}
    except (ValueError, AttributeError, RecursionError) as error:
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise BadData(f"The catalogue of voices cannot be read ({what}).") from error


def pull_list(hub: Hub) -> dict[str, Listed]:
    """The catalogue as it stands at the hub.

    Raises:
        Offline: The hub cannot be reached.
        BadData: What it sends is no catalogue.
    """
    return parse(hub.text(REPO, REVISION, "voices.json", LIMIT))


def voice_part(voices: dict[str, Listed], name: str, licence: str = "") -> Part:
    """What to pull for one voice.

    Raises:
        MissingInput: The catalogue has no such voice; says which are spelled alike.
        BadData: It lacks the model or its JSON.
    """
    voice = _named(voices, name)
    wanted = {f"{voice.key}.onnx": "", f"{voice.key}.onnx.json": "", "MODEL_CARD": ""}
    files: list[File] = []
    for path, file in voice.files.items():
        base = path.rpartition("/")[2]
        if base in wanted:
            save_as = base if base != "MODEL_CARD" else f"{voice.key}.MODEL_CARD.txt"
            digest = file.md5_digest
            files.append(File(name=path, size=file.size_bytes, md5=digest, save_as=save_as))
    saved = {file.saved for file in files}
    if not {f"{voice.key}.onnx", f"{voice.key}.onnx.json"} <= saved:
        raise BadData(f"The catalogue has no model, or no settings of it, for {voice.key}.")
    files.sort(key=lambda file: not file.saved.endswith(".onnx"))
    about = f"{voice.language.name_english or voice.language.code}, {voice.quality} quality"
    return Part(
        kind="voice",
        about=f"Piper voice, {about}",
        licence=licence or "see its MODEL_CARD",
        repo=REPO,
        revision=REVISION,
        files=tuple(files),
    )


def licence_of(hub: Hub, part: Part) -> str:
    """The licence a voice's model card states; empty where it states none."""
    for file in part.files:
        if file.saved.endswith("MODEL_CARD.txt"):
            found = _LICENCE.search(hub.text(part.repo, part.revision, file.name, 1 << 16))
            return found[1][:200] if found else ""
    return ""


def _named(voices: dict[str, Listed], name: str) -> Listed:
    if name in voices:
        return voices[name]
    close = difflib.get_close_matches(name, voices, n=4, cutoff=0.5)
    close = close or [key for key in voices if name.lower() in key.lower()][:4]
    hint = f"Did you mean: {', '.join(close)}?" if close else "See: companion voices list --all"
    raise MissingInput(f"The catalogue has no voice '{name}'.", hint)
