"""A bundle: one archive with everything a character needs, written and checksummed in one pass.

A plain tar file. Its first member, `bundle.json`, lists the others with size and SHA-256; the last
one is the SHA-256 of that list. Knows nothing of settings, cards or models.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tarfile
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from companion.errors import BadData, CannotCreate, Forbidden, MissingInput, StoreBusy, undoing
from companion.pack.gguf import gigabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    Progress = Callable[[int], None]
    """Told how many bytes more are done."""

SCHEMA = 1
"""Version of the manifest; a newer one is refused."""
MANIFEST = "bundle.json"
SEAL = "bundle.sha256"
BLOCK = tarfile.BLOCKSIZE
CHUNK = 1 << 20
SPARE = 64 << 20
"""Bytes that must stay free on a disk."""
LONGEST_NAME = 100
"""Bytes of a path in the archive: what fits into the header of a tar file."""
LARGEST_MANIFEST = 4 << 20
PLACES = ("characters", "voices", "models", "worlds")
"""Folders that files may go to; beside them there are `config.toml` and the journal."""
ALONE = {"config.toml": "config", "memory_db/journal.sqlite3": "memories"}
_UNKNOWN = "0" * 64
_FULL = {errno.ENOSPC, errno.EDQUOT}

Kind = Literal[
    "config",
    "character",
    "lorebook",
    "llm",
    "stt",
    "voice",
    "embedder",
    "second stage",
    "wake word",
    "licence",
    "hashes",
    "memories",
]
"""What a file is for."""


def _fits(name: str) -> str:
    """A path that stays inside the folder it is unpacked in, on any system."""
    parts = name.split("/")
    bad = any(not part or part[0] in ". " or part[-1] in ". " for part in parts)
    if bad or any(c in name for c in '\\:*?"<>|') or not name.isprintable():
        raise ValueError(f"'{name}' is no path inside a bundle")
    if len(name.encode()) > LONGEST_NAME:
        raise ValueError(f"'{name}' is longer than {LONGEST_NAME} bytes")
    if name not in ALONE and (parts[0] not in PLACES or len(parts) == 1):
        raise ValueError(f"'{name}' is in no folder of a workspace")
    return name


class Entry(BaseModel, extra="forbid", frozen=True):
    """One file of a bundle.

    Attributes:
        path: Where it goes in the workspace.
        bytes: Its size.
        sha256: Its hash.
        kind: What it is for.
        licence: What its maker allows, where Companion knows.
    """

    path: Annotated[str, AfterValidator(_fits)]
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    kind: Kind
    licence: str = ""


class Contents(BaseModel):
    """What a bundle says of itself: `bundle.json`.

    Attributes:
        made_with: Version of Companion.
        made: The day, as 2026-11-21.
        character: Id of the character.
        name: What the character is called.
        owner: Whose memories are in it; empty where there are none.
        left_out: What of the workspace is not in it, each in a sentence.
        files: The files, in the order in which they follow.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Literal[1] = Field(default=1, alias="schema")
    made_with: str
    made: str
    character: str
    name: str
    owner: str = ""
    left_out: tuple[str, ...] = ()
    files: tuple[Entry, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(file.bytes for file in self.files)

    def archived(self, manifest: int) -> int:
        """Bytes of the whole archive, its manifest having so many."""
        inside = manifest, *(file.bytes for file in self.files), len(_UNKNOWN)
        return sum(BLOCK + size + padding(size) for size in inside) + 2 * BLOCK


@dataclass(frozen=True, slots=True)
class Item:
    """A file that goes into a bundle.

    Attributes:
        path: Where it goes in the workspace.
        kind: What it is for.
        source: Where it is now, or what stands in it.
        licence: What its maker allows, where that is known.
        sha256: The hash that it must have; empty where none is known.
    """

    path: str
    kind: Kind
    source: Path | bytes
    licence: str = ""
    sha256: str = ""

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size


def folded(path: str) -> str:
    """A path as file systems see it that do not tell capital letters or accents apart."""
    return unicodedata.normalize("NFC", path).casefold()


def encoded(contents: Contents) -> bytes:
    """The manifest as it stands in the archive."""
    return contents.model_dump_json(by_alias=True, indent=1).encode() + b"\n"


def padding(size: int) -> int:
    """Bytes that fill the last block of a member."""
    return -size % BLOCK


def header(name: str, size: int) -> bytes:
    """The header of a member: nothing of it depends on when, where or by whom it was written."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


def write(
    target: Path, about: Contents, items: Sequence[Item], progress: Progress, *, force: bool
) -> Contents:
    """Write a bundle, wholly or not at all; returns what is in it.

    Args:
        target: The archive.
        about: What it says of itself; the files are added.
        items: The files.
        progress: Told how many bytes more are done.
        force: Whether one that is there is overwritten.

    Raises:
        BadData: A file has a name that cannot be, changed meanwhile, or is not what was pulled.
        CannotCreate: It is there already, or there is no room.
        Forbidden: It may not be written, or a file may not be read.
        StoreBusy: Another process writes it.
    """
    planned = about.model_copy(update={"files": tuple(map(_entry, items))})
    _check(target, planned, force=force)
    with _whole(target, force=force) as file:
        start = file.tell() + BLOCK
        _member(file, MANIFEST, encoded(planned))
        made = [
            entry.model_copy(update={"sha256": _copy(file, item, entry, progress)})
            for item, entry in zip(items, planned.files, strict=True)
        ]
        contents = planned.model_copy(update={"files": tuple(made)})
        manifest = encoded(contents)
        _member(file, SEAL, hashlib.sha256(manifest).hexdigest().encode())
        file.write(bytes(2 * BLOCK))
        file.seek(start)
        file.write(manifest)  # as long as before: only hashes are different
    return contents


def _entry(item: Item) -> Entry:
    try:
        size = item.size
        return Entry(
            path=item.path, bytes=size, sha256=_UNKNOWN, kind=item.kind, licence=item.licence
        )
    except FileNotFoundError as error:
        raise MissingInput(f"There is no {item.source!s}.", "Run the same again.") from error
    except ValueError as error:
        raise BadData(
            f"'{item.path}' cannot be a path in a bundle: it has letters that not every system"
            f" takes, or more than {LONGEST_NAME} bytes.",
            "Rename the file, and name it so in config.toml.",
        ) from error


def _check(target: Path, planned: Contents, *, force: bool) -> None:
    """Refuse before anything is written."""
    if not target.parent.is_dir():
        raise CannotCreate(f"There is no folder {target.parent}.", "Make it, or name another.")
    if target.is_dir() or (target.exists() and not force):
        cure = "Name a file." if target.is_dir() else "Overwrite it with --force."
        raise CannotCreate(f"{target} is there already.", cure)
    names = [folded(file.path) for file in planned.files]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadData(f"Two files would both be {twice[0]} in the bundle.", "Rename one of them.")
    free = shutil.disk_usage(target.parent).free
    if planned.size + SPARE > free:
        raise CannotCreate(
            f"The bundle has {gigabytes(planned.size)}; {target.parent} has"
            f" {gigabytes(free)} free.",
            "Make room, or name a file on a larger disk.",
        )


@contextlib.contextmanager
def _whole(target: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A file that gets its name when all of it is on the disk; what fails leaves nothing.

    What `kill -9` leaves is called `NAME.part`, and the next one takes it away.
    """
    part = target.with_name(f"{target.name}.part")
    with writing(target), _held(part, target) as file:
        with undoing(lambda: part.unlink(missing_ok=True)):
            file.truncate()
            yield file
            file.flush()
            os.fsync(file.fileno())
            if force:
                part.replace(target)
            else:
                _name(part, target)
        sync(target.parent)


@contextlib.contextmanager
def _held(part: Path, target: Path) -> Iterator[BinaryIO]:
    """A file for this process alone, and for its owner's eyes only."""
    fd = os.open(part, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "r+b") as file:
        alone(fd, part, f"Another process writes {target}.")
        yield file


def alone(fd: int, path: Path, busy: str) -> None:
    """Hold an open file or folder against other processes.

    Raises:
        StoreBusy: Another one holds it, or it has gone elsewhere meanwhile.
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        here = path.stat()
    except (BlockingIOError, FileNotFoundError) as error:
        raise StoreBusy(busy, "Wait for it, or end it.") from error
    if here.st_ino != os.fstat(fd).st_ino:
        raise StoreBusy(busy, "Wait for it, or end it.")


def _name(part: Path, target: Path) -> None:
    """Give a file its name; one that came there meanwhile is not overwritten."""
    try:
        os.link(part, target)
    except FileExistsError as error:
        raise CannotCreate(f"{target} is there already.", "Overwrite it with --force.") from error
    except OSError:  # a disk without hard links, such as a USB stick's
        part.replace(target)
    else:
        part.unlink()


def _member(file: BinaryIO, name: str, data: bytes) -> None:
    file.write(header(name, len(data)) + data + bytes(padding(len(data))))


def _copy(file: BinaryIO, item: Item, entry: Entry, progress: Progress) -> str:
    """Write one file as a member; its SHA-256, taken on the way."""
    digest = hashlib.sha256()
    done = 0
    file.write(header(entry.path, entry.bytes))
    for piece in _pieces(item):
        digest.update(piece)
        file.write(piece)
        done += len(piece)
        if done > entry.bytes:
            break
        progress(len(piece))
    if done != entry.bytes:
        raise BadData(f"{item.source!s} changed while it was read.", "Run the same again.")
    if item.sha256 and item.sha256 != digest.hexdigest():
        raise BadData(
            f"{item.source!s} is not the file that was pulled: its SHA-256 is another.",
            "Pull it again: companion models verify names what is wrong.",
        )
    file.write(bytes(padding(done)))
    return digest.hexdigest()


def _pieces(item: Item) -> Iterator[bytes]:
    if isinstance(item.source, bytes):
        yield item.source
        return
    try:
        with item.source.open("rb") as source:
            while piece := source.read(CHUNK):
                yield piece
    except PermissionError as error:
        raise Forbidden(f"{item.source} may not be read.", "Check its owner.") from error
    except OSError as error:
        raise BadData(
            f"{item.source} cannot be read: {error.strerror}.", "Look whether the disk is well."
        ) from error


@contextlib.contextmanager
def writing(target: Path) -> Iterator[None]:
    """Say what a failed write means."""
    try:
        yield
    except PermissionError as error:
        raise Forbidden(f"{target.parent} may not be written to.", "Check its owner.") from error
    except OSError as error:
        full, large = error.errno in _FULL, error.errno == errno.EFBIG
        what = "no space left" if full else "too large for that disk" if large else error.strerror
        raise CannotCreate(
            f"{target} cannot be written: {what}. Nothing of it was left there.",
            "Make room, or choose a place on another disk.",
        ) from error


def sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
