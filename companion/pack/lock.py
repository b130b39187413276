"""What was pulled, with its hashes: `manifest.lock` beside the models.

Where the manifest knows no hash, the first pull writes down what came, and every later look
compares with that: trust on first use. It shows that a file has changed since, not that it was the
right one in the first place.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from companion.errors import BadData, readable

if TYPE_CHECKING:
    from pathlib import Path

NAME = "manifest.lock"


@dataclass(frozen=True, slots=True)
class Entry:
    """One pulled file."""

    sha256: str
    size: int
    repo: str
    commit: str
    day: str


def read(folder: Path) -> dict[str, Entry]:
    """The entries of a folder's lock by file name, relative to the folder.

    Raises:
        BadData: The lock is damaged.
        Forbidden: It may not be read.
    """
    path = folder / NAME
    try:
        with readable(folder):
            text = path.read_text("utf-8")
        found = json.loads(text)
        return {name: Entry(**entry) for name, entry in found["files"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadData(
            f"{path} is damaged ({error}).", "Delete it; the next pull writes a new one."
        ) from error


def add(folder: Path, entries: dict[str, Entry]) -> None:
    """Write entries into a folder's lock, whole or not at all."""
    files = {**read(folder), **entries}
    path = folder / NAME
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(written(files))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def written(files: dict[str, Entry]) -> str:
    """A lock as it stands in its file."""
    rows = {name: asdict(files[name]) for name in sorted(files)}
    return json.dumps({"schema": 1, "files": rows}, indent=1) + "\n"
