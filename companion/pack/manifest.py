"""Which models there are to pull: `models/manifest.toml`, checked where it comes in.

Knows no network: what the hub says about a file is `companion.pack.hub`'s business.
"""

from __future__ import annotations

import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from companion.errors import BadData, MissingInput

if TYPE_CHECKING:
    from pathlib import Path


def _safe(name: str) -> str:
    """A path that stays inside the folder it is meant for, on any system."""
    parts = PurePosixPath(name).parts
    bad = not parts or name.startswith("/") or any(part in {"..", "."} for part in parts)
    if bad or any(c in name for c in '\\:\0*?"<>|') or not name.isprintable():
        raise ValueError(f"'{name}' is no name for a file")
    return name


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_safe)]
Hash = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]


_STRICT = ConfigDict(extra="forbid", frozen=True)


class File(BaseModel):
    """One file to pull.

    Attributes:
        name: Where it is in the repository.
        size: Bytes.
        sha256: Its hash; empty where we do not know it, and the hub's word is taken.
        md5: A weaker hash that a voice catalogue gives.
        save_as: What it is called here; empty for its own name.
    """

    model_config = _STRICT

    name: Name
    size: int = Field(ge=0)
    sha256: Hash = ""
    md5: str = ""
    save_as: Name | Literal[""] = ""

    @property
    def saved(self) -> str:
        """What it is called here."""
        return self.save_as or PurePosixPath(self.name).name


class Part(BaseModel):
    """One model: a language model, a Whisper folder or a voice.

    Attributes:
        kind: What it does in a turn.
        folder: Where its files go, below the models (or voices) folder; empty for right there.
        revision: Commit or branch; a commit never changes.
    """

    model_config = _STRICT

    kind: Literal["llm", "stt", "voice"]
    about: str
    licence: str
    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = Field(default="main", pattern=r"^[\w./-]+$")
    folder: Name | Literal[""] = ""
    files: tuple[File, ...] = Field(min_length=1)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def pinned(self) -> bool:
        """Whether we know the hash of every file."""
        return all(file.sha256 for file in self.files)

    @property
    def setting(self) -> tuple[str, str]:
        """(section of config.toml, value of its `model`) that makes this the one in use."""
        value = self.folder or self.files[0].saved
        return self.kind, value.removesuffix(".onnx") if self.kind == "voice" else value


class Preset(BaseModel):
    """Models that go together on one kind of machine."""

    model_config = _STRICT

    about: str
    memory_gb: int = Field(ge=1)
    parts: tuple[str, ...] = Field(min_length=1)


class Manifest(BaseModel):
    """Everything that can be pulled by name, and the hashes of what ships.

    Attributes:
        offline: SHA-256 of each file of the offline pack, by its path below the models folder.
    """

    model_config = _STRICT

    schema_: Literal[1] = Field(alias="schema")
    offline: dict[Name, Hash] = {}
    presets: dict[str, Preset]
    parts: dict[str, Part]

    def preset(self, name: str) -> Preset:
        """The preset of this name.

        Raises:
            MissingInput: There is none; says which there are.
        """
        if name not in self.presets:
            names = ", ".join(self.presets)
            raise MissingInput(f"There is no preset '{name}'.", f"Presets: {names}.")
        return self.presets[name]


def load_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        MissingInput: It is not there.
        BadData: It is no TOML, or something in it cannot be; says what and where.
    """
    try:
        found = Manifest.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise MissingInput(f"There is no {path}.", "Reinstall Companion.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadData(f"{path.name}: {error}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadData(f"{path.name}: {place}: {first['msg']}.") from error
    for name, preset in found.presets.items():
        unknown = [part for part in preset.parts if part not in found.parts]
        if unknown:
            raise BadData(f"{path.name}: preset {name} names unknown parts: {', '.join(unknown)}.")
    return found
