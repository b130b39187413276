"""Settings on their way to another machine: nothing in them points outside the workspace.

What belongs to this machine or to its owner stays here, and that is said. Knows no archive.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from companion import config
from companion.errors import BadData
from companion.pack.bundled import bundled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from companion.config import Settings

STAYS = {
    "user.name": "your name",
    "audio.microphone": "the name of the microphone",
    "audio.loudspeaker": "the name of the loudspeaker",
    "key.button": "the pin of the button",
    "key.led": "the pin of the light",
    "memory.index": "the address of the index server",
}
"""Settings that are emptied, and what is said of each; never what stood in it."""
PATHS = (
    *("companion.character", "stt.model", "llm.model", "voice.model"),
    *("memory.embedder", "memory.second_stage", "lore.world", "free.word"),
)
"""Settings that can name a file or a folder."""


def portable(settings: Settings, named: Mapping[str, str]) -> tuple[str, list[str]]:
    """A `config.toml` for another machine, and what of the settings stays here.

    It is the shipped file with these settings in it: comments of the owner's stay here too.

    Args:
        settings: The settings in force, those of the environment included.
        named: What to write instead, as "llm.model".
    """
    import tomlkit

    document = tomlkit.parse(bundled("config.toml").read_text("utf-8"))
    folders = config.Folders().model_dump(mode="json")
    stays: list[str] = []
    for section, keys in settings.model_dump(mode="json").items():
        for key, value in keys.items():
            name = f"{section}.{key}"
            table: Any = document[section]
            wanted = folders.get(key, value) if section == "companion" else value
            if name in STAYS and name not in named:
                stays += [f"{STAYS[name]} ([{section}] {key})"] if value else []
                wanted = ""
            table[key] = named.get(name, wanted)
    return tomlkit.dumps(document), stays


def check(folder: Path) -> Settings:
    """The settings of an unpacked workspace.

    Raises:
        ConfigError: They cannot be read by this version.
        BadData: They point outside of the workspace: whoever made it did not want it to be moved.
    """
    settings = config.load(folder / "config.toml", environment={})
    values = settings.model_dump(mode="json")
    for key, usual in config.Folders().model_dump(mode="json").items():
        if key != "character" and values["companion"][key] != usual:
            raise _outside(f"companion.{key}")
    if settings.memory.index:
        raise _outside("memory.index")
    for name in PATHS:
        section, _, key = name.partition(".")
        if leads_away(values[section][key]):
            raise _outside(name)
    return settings


def leads_away(name: str) -> bool:
    """Whether a path is not one inside the folder it is looked for in."""
    parts = PurePosixPath(name).parts
    return name.startswith(("/", "~")) or ".." in parts or "\\" in name or ":" in name


def _outside(name: str) -> BadData:
    return BadData(
        f"config.toml: {name} points outside of the bundle.",
        "Take a bundle that `companion bundle` made.",
    )
