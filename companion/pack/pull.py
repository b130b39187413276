"""Pulling models: planned and shown first, then resumed, checked, and put in place whole.

Files are collected in `.partial` beside their place and moved there only when each of them has
its size and hash. What was cut stays and is resumed by the next pull; what is wrong is deleted.
Knows no terminal: progress goes to a callback.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.errors import BadData, CannotCreate, Forbidden, Offline, StoreBusy
from companion.pack import lock
from companion.pack.gguf import gigabytes
from companion.pack.hub import CutOff, Hub, NoRange, Remote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from companion.pack.manifest import File, Part

    Progress = Callable[[str, int, int], None]

TRIES = 5
"""How often a connection may be cut without a byte in between before we give up."""

CHUNK = 1 << 20

SPARE = 64 * 1024 * 1024
"""Bytes that must stay free on the disk."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Job:
    """One file of a plan.

    Attributes:
        file: What the manifest says.
        remote: What the hub says.
        target: Where it goes.
        partial: Where it is collected.
        sha256: The hash it must have; empty where only the hub's git hash or nobody's is known.
    """

    file: File
    remote: Remote
    target: Path
    partial: Path
    sha256: str

    @property
    def size(self) -> int:
        """Bytes: what the hub says, else what the manifest says."""
        return self.file.size if self.remote.size is None else self.remote.size

    @property
    def here(self) -> int:
        """Bytes that an earlier pull left."""
        return self.partial.stat().st_size if self.partial.is_file() else 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pull would do.

    Attributes:
        part: The model.
        folder: The models or voices folder.
        jobs: Files to pull.
        present: Files that are there already, checked.
    """

    part: Part
    folder: Path
    jobs: tuple[Job, ...]
    present: tuple[Path, ...]

    @property
    def size(self) -> int:
        """Bytes of the files to pull."""
        return sum(job.size for job in self.jobs)

    @property
    def left(self) -> int:
        """Bytes still to be fetched."""
        return sum(max(0, job.size - job.here) for job in self.jobs)

    @property
    def trust(self) -> str:
        """How we will know that the files are the right ones."""
        if all(job.file.sha256 for job in self.jobs):
            return "SHA-256 pinned by Companion"
        if all(job.sha256 or job.remote.git or job.file.md5 for job in self.jobs):
            return "hash reported by the hub, written down at the first pull"
        return "no hash known; what comes is written down at the first pull"


def plan(part: Part, folder: Path, hub: Hub) -> Plan:
    """Ask the hub about each file of a model, and look at what is here already.

    Raises:
        Offline: The hub cannot be reached.
        MissingInput: It has no such file.
        BadData: It has another file than the one pinned.
    """
    known = lock.read(folder)
    jobs: list[Job] = []
    present: list[Path] = []
    for file in part.files:
        relative = f"{part.folder}/{file.saved}" if part.folder else file.saved
        target = folder / relative
        entry = known.get(relative)
        if entry is not None and not file.sha256 and entry.repo == part.repo:
            file = file.model_copy(update={"sha256": entry.sha256})  # noqa: PLW2901
        if _is_here(target, file, entry):
            present.append(target)
            continue
        remote = hub.look(part.repo, part.revision, file.name)
        jobs.append(_job(file, remote, target, folder))
    return Plan(part, folder, tuple(jobs), tuple(present))


def _job(file: File, remote: Remote, target: Path, folder: Path) -> Job:
    if file.sha256 and remote.sha256 and file.sha256 != remote.sha256:
        raise BadData(
            f"{file.name} at the hub is not the file that was pinned (hash {remote.sha256[:12]}…, "
            f"pinned {file.sha256[:12]}…). Nothing was downloaded.",
            "It was changed there; look at its page before you trust it.",
        )
    sha256 = file.sha256 or remote.sha256
    mark = (sha256 or remote.git or remote.commit or "unknown")[:12]
    return Job(file, remote, target, folder / ".partial" / f"{file.saved}.{mark}", sha256)


def _is_here(target: Path, file: File, entry: lock.Entry | None) -> bool:
    """Whether a file is in place with the right hash; what the lock vouches for is not re-read."""
    if not target.is_file() or not file.sha256:
        return False
    size = target.stat().st_size
    if entry is not None and (entry.sha256, entry.size) == (file.sha256, size):
        return True
    return size == file.size and sha256_of(target) == file.sha256


def fetch(
    planned: Plan,
    hub: Hub,
    progress: Progress,
    *,
    day: str,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[Path, ...]:
    """Pull what is planned and put it in place.

    Args:
        planned: What to pull.
        hub: Where from.
        progress: Called with (file, bytes so far, bytes in all).
        day: Today, for the lock.
        pause: Waits some seconds between tries.

    Returns:
        Every file of the model.

    Raises:
        CannotCreate: The disk is full, or the folder cannot be made. What came so far is kept.
        BadData: A file came with another hash; it was deleted.
        Offline: The connection was cut again and again. What came so far is kept.
        StoreBusy: Another process is pulling the same.
        Forbidden: The folder may not be written to.
    """
    for job in planned.jobs:
        with _writing(job.target):
            job.partial.parent.mkdir(parents=True, exist_ok=True)
            job.target.parent.mkdir(parents=True, exist_ok=True)
    _check_room(planned)
    hashes = {job.target: _collect(job, hub, progress, pause) for job in planned.jobs}
    entries: dict[str, lock.Entry] = {}
    for job in planned.jobs:
        with _writing(job.target):
            size = job.partial.stat().st_size
            job.partial.replace(job.target)
        name = job.target.relative_to(planned.folder).as_posix()
        entries[name] = lock.Entry(
            hashes[job.target], size, planned.part.repo, job.remote.commit, day
        )
    with _writing(planned.folder):
        if entries:
            lock.add(planned.folder, entries)
        _tidy(planned.folder / ".partial")
    return (*planned.present, *(job.target for job in planned.jobs))


def _collect(job: Job, hub: Hub, progress: Progress, pause: Callable[[float], None]) -> str:
    """Fetch one file into its partial, resuming until it is whole; its SHA-256."""
    with _writing(job.target), job.partial.open("ab+") as out, _alone(out, job):
        tries = TRIES
        while (done := out.seek(0, os.SEEK_END)) != job.size:
            try:
                _receive(job, hub, out, progress)
            except NoRange:
                out.truncate(0)
            except CutOff as cut:
                tries = TRIES if out.tell() > done else tries - 1
                if not tries:
                    raise _given_up(job, out.tell(), cut) from cut
                pause(min(8.0, 0.5 * 2 ** (TRIES - tries)))
        out.flush()
        os.fsync(out.fileno())
        return _checked(job, out)


def _receive(job: Job, hub: Hub, out: BinaryIO, progress: Progress) -> None:
    """Append what the hub sends."""
    done = out.tell()
    if done > job.size:  # of another file, or of a broken pull
        out.truncate(0)
        done = out.seek(0)
    for piece in hub.bytes_from(job.remote, done, job.size - done):
        out.write(piece)
        done += len(piece)
        progress(job.file.saved, done, job.size)
    if done < job.size:
        raise CutOff("the file ended early")


def _checked(job: Job, out: BinaryIO) -> str:
    """The SHA-256 of a whole partial.

    Raises:
        BadData: A hash is not what it must be; the partial was deleted.
    """
    out.seek(0)
    sha, git = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % job.size, usedforsecurity=False)
    md5 = hashlib.md5(usedforsecurity=False)
    while piece := out.read(CHUNK):
        for digest in (sha, git, md5):
            digest.update(piece)
    for name, wanted, found in (
        ("SHA-256", job.sha256, sha.hexdigest()),
        ("git hash", "" if job.sha256 else job.remote.git, git.hexdigest()),
        ("MD5", job.file.md5, md5.hexdigest()),
    ):
        if wanted and wanted != found:
            job.partial.unlink()
            raise BadData(
                f"{job.file.saved} came with the wrong {name} ({found[:12]}…, not {wanted[:12]}…); "
                "it was deleted.",
                "Try again; if it happens twice, something between here and the hub changes files.",
            )
    return sha.hexdigest()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_room(planned: Plan) -> None:
    free = shutil.disk_usage(planned.folder).free
    if planned.left + SPARE > free:
        raise CannotCreate(
            f"{gigabytes(planned.left)} are still to be downloaded; {planned.folder} has "
            f"{gigabytes(free)} free.",
            "Make room, or set [companion] models to a folder on a larger disk.",
        )


def _given_up(job: Job, done: int, cut: CutOff) -> Offline:
    return Offline(
        f"{job.file.saved}: the connection was cut {TRIES} times ({cut}); "
        f"{gigabytes(done)} of {gigabytes(job.size)} are here.",
        "Run the same again: it goes on from there.",
    )


@contextmanager
def _alone(out: BinaryIO, job: Job) -> Iterator[None]:
    """Hold a partial against other processes."""
    try:
        fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StoreBusy(
            f"Another process is downloading {job.file.saved}.", "Wait for it, or end it."
        ) from error
    yield


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Say what a failed write means."""
    try:
        yield
    except PermissionError as error:
        raise Forbidden(f"{target.parent} may not be written to.", "Check its owner.") from error
    except OSError as error:
        if error.errno not in _FULL:
            raise CannotCreate(f"{target}: cannot be written ({error.strerror}).") from error
        raise CannotCreate(
            f"{target.name}: no space left on {target.parent}. What came so far is kept.",
            "Make room and run the same again: it goes on from there.",
        ) from error


def _tidy(folder: Path) -> None:
    """Take the folder of partials away if nothing is left in it."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
