"""Settings: `config.toml`, the environment and the command line, checked with one clear error.

Knows no engine. The shipped `config.toml` holds every key; a test compares the two.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from companion.errors import ConfigError, MissingInput, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PREFIX = "COMPANION_"


class Folders(BaseModel, extra="forbid", frozen=True):
    """`[companion]`: who, and where things are."""

    character: str = "juno"
    characters: Path = Path("characters")
    voices: Path = Path("voices")
    models: Path = Path("models")
    memory: Path = Path("memory_db")
    audio_out: Path = Path("audio_out")


class User(BaseModel, extra="forbid", frozen=True):
    """`[user]`."""

    name: str = Field("", max_length=60)


class Stt(BaseModel, extra="forbid", frozen=True):
    """`[stt]`."""

    model: str = "offline/whisper"
    language: str = "en"
    threads: int = Field(2, ge=1, le=64)
    names: Literal["auto", "always", "never"] = "auto"
    ahead: Literal["auto", "on", "off"] = "auto"


class Llm(BaseModel, extra="forbid", frozen=True):
    """`[llm]`."""

    model: str = "offline/companion.gguf"
    context: int = Field(2048, ge=512, le=131072)
    reply: int = Field(120, ge=8, le=2048)
    seconds: float = Field(30.0, gt=0, le=600)
    temperature: float = Field(0.4, ge=0, le=2)
    seed: int = Field(1, ge=-1)
    threads: int = Field(1, ge=1, le=64)
    threads_read: int = Field(2, ge=1, le=64)
    ask_again: bool = False


class Voice(BaseModel, extra="forbid", frozen=True):
    """`[voice]`."""

    model: str = "en_US-juno-low"
    threads: int = Field(1, ge=1, le=64)
    gain: float = Field(1.0, gt=0, le=4)
    longest: float = Field(15.0, ge=1, le=600)
    acknowledge: Literal["auto", "on", "off"] = "auto"
    acknowledgement: str = Field("", max_length=80)


class Audio(BaseModel, extra="forbid", frozen=True):
    """`[audio]`."""

    microphone: str = ""
    loudspeaker: str = ""
    volume: float = Field(1.0, ge=0, le=1)
    cue: bool = True
    pre_roll: float = Field(0.3, ge=0, le=2)
    tail: float = Field(0.1, ge=0, le=2)
    longest: float = Field(60.0, ge=1, le=600)
    rate: int = Field(22050, ge=8000, le=192000)
    keep: bool = False
    keep_mb: int = Field(200, ge=1)
    keep_days: int = Field(30, ge=1)


class KeySettings(BaseModel, extra="forbid", frozen=True):
    """`[key]`: what begins and ends a recording."""

    mode: Literal["auto", "toggle"] = "auto"
    hotkey: str = ""
    through: Literal["auto", "evdev", "pynput"] = "auto"
    calls: bool = True
    button: str = ""
    led: str = ""


class FreeSettings(BaseModel, extra="forbid", frozen=True):
    """`[free]`: talking without a key."""

    begin: Literal["key", "voice", "word"] = "key"
    silence: float = Field(0.6, ge=0.2, le=5)
    word: str = "okay_nabu"
    interrupt: bool = False


class Memory(BaseModel, extra="forbid", frozen=True):
    """`[memory]`."""

    enabled: bool = True
    embedder: str = "minilm"
    second_stage: str = ""
    extract: Literal["rules", "model"] = "rules"
    index: str = ""
    tokens: int = Field(200, ge=0, le=8192)
    notes: int = Field(5, ge=0, le=50)


class Wording(BaseModel, extra="forbid", frozen=True):
    """`[prompt]`."""

    system: str = "v1"
    volatile: str = "v1"
    lore: Literal["near", "exact"] = "near"


class Lore(BaseModel, extra="forbid", frozen=True):
    """`[lore]`."""

    world: str = ""
    messages: int = Field(4, ge=0, le=1000)
    share: float = Field(0.2, ge=0, le=0.5)


class Stats(BaseModel, extra="forbid", frozen=True):
    """`[stats]`."""

    keep: bool = True


class Settings(BaseModel, extra="forbid", frozen=True):
    """All settings of one workspace.

    Attributes:
        root: The workspace: the folder of `config.toml`. Relative paths start there.
        file: The file that was read, by whatever name; `Path()` for settings of none.
    """

    companion: Folders = Folders()
    user: User = User(name="")
    stt: Stt = Stt()  # type: ignore[call-arg]
    llm: Llm = Llm()  # type: ignore[call-arg]
    voice: Voice = Voice()  # type: ignore[call-arg]
    audio: Audio = Audio()  # type: ignore[call-arg]
    key: KeySettings = KeySettings()
    free: FreeSettings = FreeSettings()  # type: ignore[call-arg]
    memory: Memory = Memory()  # type: ignore[call-arg]
    prompt: Wording = Wording()
    lore: Lore = Lore()  # type: ignore[call-arg]
    stats: Stats = Stats()
    root: Path = Field(Path(), exclude=True)
    file: Path = Field(Path(), exclude=True)

    @property
    def pre_roll(self) -> float:
        """Seconds kept from before a recording; a voice has to be noticed before it begins one."""
        noticed = NOTICED_SECONDS if self.free.begin == "voice" else 0.0
        return max(self.audio.pre_roll, noticed)

    @property
    def cue(self) -> bool:
        """Whether a tone says "listening"; not where it would fall into what is being said."""
        return self.audio.cue and self.free.begin != "voice"

    def path(self, relative: Path | str) -> Path:
        """A path of the settings, relative to the workspace."""
        return (self.root / relative).expanduser()


NOTICED_SECONDS = 0.6
"""Within which a voice is noticed at the latest, and what it said by then."""

SECTIONS = [name for name in Settings.model_fields if name not in {"root", "file"}]


def find_workspace(start: Path) -> Path | None:
    """The nearest `config.toml` with a `[companion]` table, from `start` upwards."""
    for folder in [start, *start.parents]:
        file = folder / "config.toml"
        if file.is_file() and re.search(r"^\[companion\]", _read(file), re.MULTILINE):
            return file
    return None


def load(
    file: Path | None = None,
    *,
    start: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Read the settings of a workspace.

    Args:
        file: A particular `config.toml`; else the nearest one.
        start: Where the search for the nearest one begins; else the current folder.
        environment: Environment variables; else the process's own.
        overrides: Values from the command line, by section and key.

    Raises:
        MissingInput: `file` does not exist.
        ConfigError: There is no workspace, or a key or value is wrong.
        Forbidden: The file may not be read.
    """
    if file is not None and not _is_file(file):
        raise MissingInput(f"There is no {file}.", "Run: companion init DIR")
    found = file or find_workspace((start or Path.cwd()).resolve())
    if found is None:
        raise ConfigError(
            "This is no Companion workspace: no config.toml here or above.",
            "Run: companion init DIR, then go there.",
        )
    values = _parse(found)
    environment = os.environ if environment is None else environment
    for section, key, value in _from_environment(environment):
        _put(values, section, {key: value})
    for name, keys in (overrides or {}).items():
        _put(values, name, keys)
    if strange := [section for section in values if section not in SECTIONS]:
        raise _unknown(found, strange[:1], environment)
    root = found.parent.resolve()  # of the link, where the file is one: its folder is chosen
    try:
        return Settings(**values, root=root, file=root / found.name)
    except ValidationError as error:
        raise _explained(error, found, environment) from error


def _put(values: dict[str, Any], section: str, keys: Mapping[str, Any]) -> None:
    """Set keys of a section; what stands in its place and is none is refused later."""
    table = values.setdefault(section, {})
    if isinstance(table, dict):
        table.update(keys)


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except PermissionError:
        return True  # so that whoever reads it says what is wrong


def _read(file: Path) -> str:
    try:
        with readable(file):
            return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8 text (byte {error.start}).") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(file))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file.name} is not valid TOML: {error}.") from error


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """(section, key, value) of each COMPANION_SECTION__KEY."""
    for name, value in environment.items():
        section, separator, key = name.removeprefix(PREFIX).lower().partition("__")
        if name.startswith(PREFIX) and separator:
            yield section, key, value


def _explained(error: ValidationError, file: Path, variables: Iterable[str]) -> ConfigError:
    """The first problem in words: where, what, and what was probably meant."""
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        return _unknown(file, where, variables)
    place, name = _place(file, where, variables), ".".join(where)
    why = f"write a section, [{name}]" if len(where) == 1 else first["msg"]
    return ConfigError(f"{place}: {name}={first['input']!r} is not possible: {why}.")


def _unknown(file: Path, where: list[str], variables: Iterable[str]) -> ConfigError:
    """A section or key that there is not, and what was probably meant."""
    known = SECTIONS if len(where) == 1 else _keys(where[0])
    close = difflib.get_close_matches(where[-1], known, 1)
    meant = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known)}."
    return ConfigError(f"{_place(file, where, variables)}: unknown key '{where[-1]}'; {meant}")


def _place(file: Path, where: list[str], variables: Iterable[str]) -> str:
    """What holds a value: a variable of the environment, or the file and its line."""
    line, path = _line(file, where), [part.lower() for part in where]
    for name in variables:
        mine = name.removeprefix(PREFIX).lower().split("__", 1)
        if name.startswith(PREFIX) and (mine == path or (not line and mine[:-1] == path)):
            return name
    return f"{file.name}{line}"


def _keys(section: str) -> list[str]:
    field = Settings.model_fields.get(section)
    model = field.annotation if field else None
    return (
        list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
    )


def _line(file: Path, where: list[str]) -> str:
    """` line N` of a key in the file, or "" where it does not stand there."""
    section = ""
    for number, line in enumerate(_read(file).splitlines(), 1):
        if header := re.match(r"\s*\[(\w+)\]", line):
            section = header[1]
            if where == [section]:
                return f" line {number}"
        if where == [*filter(None, [section]), *re.findall(r"^\s*(\w+)\s*=", line)]:
            return f" line {number}"
    return ""
