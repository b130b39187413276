"""Reading a bundle: nothing in it is believed before it is checked, and all of it is or nothing.

Members have to be the files of the manifest, in its order and size, and nothing else: no links, no
other kinds, no other names. Knows nothing of settings.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tarfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pydantic import ValidationError

from companion.errors import (
    BadData,
    CannotCreate,
    Forbidden,
    MissingInput,
    StoreNewer,
    undoing,
)
from companion.pack.bundle import (
    ALONE,
    BLOCK,
    CHUNK,
    LARGEST_MANIFEST,
    MANIFEST,
    SCHEMA,
    SEAL,
    SPARE,
    Contents,
    alone,
    folded,
    padding,
    sync,
    writing,
)
from companion.pack.gguf import gigabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from companion.pack.bundle import Entry, Progress

AGAIN = "Copy or make the bundle again."


def look(archive: Path) -> Contents:
    """What a bundle says that it holds; the files themselves are not read.

    Raises:
        MissingInput: It is not there.
        BadData: It is no bundle, is cut short, or holds what a bundle must not.
        StoreNewer: A newer version made it.
        Forbidden: It may not be read.
    """
    with _opened(archive) as file:
        return _contents(file, archive)[0]


def unpack(
    archive: Path, folder: Path, progress: Progress, finish: Callable[[Path], None]
) -> Contents:
    """Unpack a bundle into a new folder, wholly or not at all.

    Args:
        archive: The bundle.
        folder: Where to; not there yet, or empty.
        progress: Told how many bytes more are done.
        finish: Makes of the unpacked files what it likes, before they are in their place.

    Raises:
        MissingInput: There is no bundle.
        BadData: It is no bundle, or damaged; names the member.
        StoreNewer: A newer version made it.
        CannotCreate: The folder is not empty, or there is no room.
        Forbidden: It may not be written, or the bundle not be read.
        StoreBusy: Another process unpacks there.
    """
    folder = folder.expanduser().resolve()
    with _opened(archive) as file:
        contents, manifest = _contents(file, archive)
        _check_empty(folder)
        with writing(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            _check_room(contents, folder)
        with _aside(folder) as fresh:
            for entry in contents.files:
                _extract(file, entry, fresh, progress)
            _check_seal(file, manifest)
            finish(fresh)
    return contents


@contextlib.contextmanager
def _opened(archive: Path) -> Iterator[BinaryIO]:
    try:
        file = archive.expanduser().open("rb")
    except FileNotFoundError as error:
        raise MissingInput(f"There is no bundle {archive}.", "Check the path.") from error
    except PermissionError as error:
        raise Forbidden(f"{archive} may not be read.", "Check its owner.") from error
    except OSError as error:
        raise BadData(f"{archive} cannot be read: {error.strerror}.", AGAIN) from error
    with file:  # what fails from here on is not opening it
        yield file


def _contents(file: BinaryIO, archive: Path) -> tuple[Contents, bytes]:
    """The manifest, checked, and its bytes; the file stands behind it."""
    name, size = _next(file)
    if name != MANIFEST or size > LARGEST_MANIFEST:
        raise BadData(
            f"{archive.name} is no bundle of Companion.", "`companion bundle FILE` makes one."
        )
    manifest = _read(file, size)
    _read(file, padding(size))
    contents = _parsed(manifest, archive)
    whole = os.fstat(file.fileno()).st_size
    if whole != (wanted := contents.archived(size)):
        what = "cut short" if whole < wanted else "longer than it says"
        raise BadData(f"{archive.name} is {what}: it has {whole} bytes, not {wanted}.", AGAIN)
    return contents, manifest


def _parsed(manifest: bytes, archive: Path) -> Contents:
    try:
        found = json.loads(manifest)
        schema = found["schema"]
        if isinstance(schema, int) and schema > SCHEMA:
            raise StoreNewer(
                f"{archive.name} was made by a newer version (format {schema}; this one knows"
                f" {SCHEMA}).",
                "Install the newer version, or make the bundle with this one.",
            )
        contents = Contents.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise BadData(f"{archive.name}: {MANIFEST}: {place}: {first['msg']}.", AGAIN) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadData(f"{archive.name}: {MANIFEST} cannot be read ({error!r}).", AGAIN) from error
    _check_paths(contents, archive)
    return contents


def _check_paths(contents: Contents, archive: Path) -> None:
    """Refuse files that would be one on a disk, or a file where a folder is to be."""
    files: dict[str, str] = {}
    for entry in contents.files:
        if other := files.get(folded(entry.path)):
            raise BadData(
                f"{archive.name}: {other} and {entry.path} are one file on many disks.", AGAIN
            )
        files[folded(entry.path)] = entry.path
        if ALONE.get(entry.path, entry.kind) != entry.kind:
            raise BadData(f"{archive.name}: {entry.path} is no {entry.kind}.", AGAIN)
    for entry in contents.files:
        above = [folded(str(one)) for one in PurePosixPath(entry.path).parents]
        if wrong := [files[one] for one in above if one in files]:
            raise BadData(f"{archive.name}: {wrong[0]} is a file and a folder.", AGAIN)
    if "config.toml" not in files:
        raise BadData(f"{archive.name} holds no config.toml.", AGAIN)


def _check_empty(folder: Path) -> None:
    try:
        there = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except PermissionError as error:
        raise Forbidden(f"{folder} may not be looked into.", "Check its owner.") from error
    except OSError as error:
        raise CannotCreate(
            f"{folder} cannot be made: {error.strerror}.", "Name another folder."
        ) from error
    if there:
        kept = (folder / "config.toml").exists() or (folder / "memory_db").exists()
        what = "is a workspace already" if kept else "is not empty"
        raise CannotCreate(
            f"{folder} {what}; nothing in it was touched.", "Name a folder that is not there yet."
        )


def _check_room(contents: Contents, folder: Path) -> None:
    free = shutil.disk_usage(folder.parent).free
    if contents.size + SPARE > free:
        raise CannotCreate(
            f"The bundle has {gigabytes(contents.size)}; {folder.parent} has"
            f" {gigabytes(free)} free.",
            "Make room, or name a folder on a larger disk.",
        )


@contextlib.contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A folder that takes its place when all is in it; what fails leaves nothing.

    What `kill -9` leaves is called `.NAME.unpacking`, and the next one takes it away.
    """
    fresh = folder.with_name(f".{folder.name}.unpacking")
    with writing(folder):
        fresh.mkdir(mode=0o700, exist_ok=True)
        with _held(fresh, folder), undoing(lambda: shutil.rmtree(fresh, ignore_errors=True)):
            for left in fresh.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            yield fresh
            fresh.rename(folder)
        sync(folder.parent)


@contextlib.contextmanager
def _held(fresh: Path, folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder."""
    fd = os.open(fresh, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        alone(fd, fresh, f"Another process unpacks to {folder}.")
        yield
    finally:
        os.close(fd)


def _next(file: BinaryIO) -> tuple[str, int]:
    """Name and size of the next member, which is an ordinary file.

    Raises:
        BadData: It is something else, or the archive ends here or is damaged.
    """
    block = _read(file, BLOCK)
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.TarError, ValueError) as error:
        raise BadData(f"Not a bundle, or damaged: {error} at byte {file.tell()}.", AGAIN) from error
    if info.type != tarfile.REGTYPE or info.size < 0:
        raise BadData(f"{info.name} is no ordinary file; a bundle holds nothing else.", AGAIN)
    return info.name, info.size


def _read(file: BinaryIO, size: int) -> bytes:
    """So many bytes, or what is left; a disk that fails is not taken for the one written to."""
    try:
        return file.read(size)
    except OSError as error:
        raise BadData(
            f"The bundle cannot be read at byte {file.tell()}: {error.strerror}.", AGAIN
        ) from error


def _extract(file: BinaryIO, entry: Entry, fresh: Path, progress: Progress) -> None:
    """Unpack one member, and compare it with the manifest."""
    if (found := _next(file)) != (entry.path, entry.bytes):
        raise BadData(
            f"{found[0]} with {found[1]} bytes stands where {entry.path} with {entry.bytes} should"
            " be.",
            AGAIN,
        )
    target = fresh / entry.path
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    how = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    with writing(target), os.fdopen(os.open(target, how, 0o600), "wb") as out:
        for piece in _pieces(file, entry):
            digest.update(piece)
            out.write(piece)
            progress(len(piece))
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != entry.sha256:
        raise BadData(
            f"{entry.path} is damaged: its SHA-256 is {digest.hexdigest()[:12]}…, not"
            f" {entry.sha256[:12]}….",
            AGAIN,
        )
    _read(file, padding(entry.bytes))


def _pieces(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    left = entry.bytes
    while left:
        piece = _read(file, min(CHUNK, left))
        if not piece:
            raise BadData(f"{entry.path} is cut short.", AGAIN)
        left -= len(piece)
        yield piece


def _check_seal(file: BinaryIO, manifest: bytes) -> None:
    name, size = _next(file)
    sealed = _read(file, min(size, BLOCK)) == hashlib.sha256(manifest).hexdigest().encode()
    if name != SEAL or not sealed:
        raise BadData(f"{MANIFEST} is damaged: it is not what {SEAL} says.", AGAIN)
