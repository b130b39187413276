"""Which files were written from the memory, so that forgetting reaches them too.

`exports.json` in the memory folder holds path and SHA-256 of each; no words.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from companion.memory.store.folder import write_whole

if TYPE_CHECKING:
    from pathlib import Path

NAME = "exports.json"


@dataclass(frozen=True, slots=True)
class Export:
    """A file that was written.

    Attributes:
        path: Where.
        sha256: Of its bytes when it was written.
    """

    path: str
    sha256: str


def remember(folder: Path, path: Path) -> None:
    """Note that `path` has just been written from the memory in `folder`.

    Raises:
        OSError: One of them cannot be read or written.
    """
    whole = path.expanduser().resolve()
    others = [one for one in known(folder) if one.path != str(whole)]
    keep(folder, [*others, Export(str(whole), digest(whole))])


def known(folder: Path) -> list[Export]:
    """The files that were written, oldest first."""
    try:
        return [Export(**one) for one in json.loads((folder / NAME).read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def keep(folder: Path, exports: list[Export]) -> None:
    """Write the list anew, wholly or not at all."""
    write_whole(folder / NAME, json.dumps([asdict(one) for one in exports], indent=1))


def digest(path: Path) -> str:
    """SHA-256 of a file; "" when it cannot be read."""
    with contextlib.suppress(OSError):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return ""
