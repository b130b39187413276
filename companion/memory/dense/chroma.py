"""Where Chroma is: a folder of ours, or a server.

A damaged folder can crash whoever opens it (https://github.com/chroma-core/chroma/issues/7238),
so another process looks at it first. A server can be away, or never answer, so nothing is asked of
it without a limit of time; it is given ids and vectors, and never words. Knows nothing of lines.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import ipaddress
import json
import os
import secrets
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from companion.errors import ConfigError
from companion.memory.dense.child import start
from companion.memory.dense.probe import Damaged, examine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 300.0
"""Seconds the probe of a folder may take before the index is given up and built anew."""
ANSWER = 2.0
"""Seconds a server may take for an answer."""
IDENTITY = 4
"""Random bytes that tell our collections on a server from those of other machines."""
_M_PERTURB = -6
ORDINARY = 64 << 20
ORDINARY_PER_ROW = 64 << 10
"""Bytes an index may have; damaged ones have grown to hundreds of gigabytes."""

Seen = dict[str, Any]
"""What `probe.examine` found; empty when the place is to be cleared and filled anew."""


class Place(Protocol):
    """Where the dense index is."""

    @property
    def tries(self) -> int:
        """Failures after which it is left alone until the next start."""

    @property
    def pause(self) -> float:
        """Seconds after a failure before it is tried again."""

    @property
    def suffix(self) -> str:
        """What our collections' names end with there."""

    def look(self, name: str, rows: int) -> Seen | None:
        """What a collection there holds, which has `rows` rows at most; None: not known yet."""

    def client(self) -> Any:  # noqa: ANN401 - untyped library
        """Open it."""

    def leave(self, client: Any) -> None:  # noqa: ANN401 - untyped library
        """Close what `client` opened."""

    def clear(self) -> None:
        """Throw away all that is ours there to throw away."""

    def hide(self) -> None:
        """See that what was written can be read by nobody else."""

    def close(self) -> None:
        """Give everything back; safe to repeat."""


def client_of(folder: str) -> Any:  # noqa: ANN401 - untyped library
    """Open a Chroma folder; nothing is reported to anybody."""
    import chromadb

    settings = chromadb.Settings(anonymized_telemetry=False)
    return chromadb.PersistentClient(path=folder, settings=settings)


@contextlib.contextmanager
def clean_memory() -> Iterator[None]:
    """Meanwhile, every block of memory that is asked for is overwritten first.

    Chroma writes its graph to disk as it stands in memory, with the part that was never filled:
    what somebody freed before, forgotten words and vectors among it.
    """
    _fill(1)
    try:
        yield
    finally:
        _fill(0)


def _fill(byte: int) -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):  # only the GNU library needs it
        ctypes.CDLL(None).mallopt(_M_PERTURB, byte)


def errors() -> tuple[type[Exception], ...]:
    """What Chroma raises where a store is damaged or a server is away."""
    from chromadb.api import fastapi
    from chromadb.errors import ChromaError

    return (ChromaError, ValueError, RuntimeError, OSError, fastapi.httpx.HTTPError)


class Folder:
    """Chroma's files in a folder of ours.

    Args:
        path: The folder; made when it is needed.
    """

    tries = 3
    pause = 0.0
    suffix = ""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.probe: subprocess.Popen[str] | None = None
        self._started = 0.0

    def look(self, name: str, rows: int) -> Seen | None:
        """What another process sees in it; the first call starts that process."""
        if self.probe is not None:
            return self._answer(self.probe)
        if not self.path.exists() or self._swollen(rows):
            return {}
        self._started = time.monotonic()
        self.probe = start("companion.memory.dense.probe", str(self.path), name)
        return None

    def _answer(self, probe: subprocess.Popen[str]) -> Seen | None:
        answer = ""
        try:
            answer, _ = probe.communicate(timeout=0.05)
        except subprocess.TimeoutExpired:
            if time.monotonic() - self._started < PATIENCE:
                return None
        self.close()
        if probe.returncode:
            return {}
        seen: Seen = json.loads(answer.splitlines()[-1])
        return seen

    def _swollen(self, rows: int) -> bool:
        """Whether the folder is far larger than it can honestly be."""
        size = sum(path.lstat().st_size for path in self.path.rglob("*"))
        return size > ORDINARY + ORDINARY_PER_ROW * rows

    def client(self) -> Any:  # noqa: ANN401 - untyped library
        """Open the folder in this process."""
        self.path.mkdir(mode=0o700, exist_ok=True)
        return client_of(str(self.path))

    def leave(self, client: Any) -> None:  # noqa: ANN401 - untyped library
        """Close it."""
        client.close()
        self.hide()

    def clear(self) -> None:
        """Throw the whole folder away."""
        if self.path.is_dir() and not self.path.is_symlink():
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)

    def hide(self) -> None:
        """Chroma makes files that everybody may read."""
        for path in (self.path, *self.path.rglob("*")):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                path.chmod(0o700 if path.is_dir() else 0o600)

    def close(self) -> None:
        """End the process that looks; safe to repeat."""
        if self.probe is not None:
            self.probe.kill()
            self.probe.communicate()
            self.probe = None


class Server:
    """A Chroma server (`chroma run`).

    Args:
        url: `http://host:port`.
        identity: File that holds what tells our collections from those of other machines; made
            when it is not there.

    Raises:
        ConfigError: That is no such address.
    """

    tries = 1 << 31
    pause = 5.0

    def __init__(self, url: str, identity: Path) -> None:
        self._host, self._port, self._safe = _server(url)
        self.suffix = f"-{_identity(identity)}"

    def look(self, name: str, rows: int) -> Seen | None:  # noqa: ARG002 - as a folder is
        """What it holds."""
        client = self.client()
        try:
            return examine(client, name)
        except Damaged:
            return {}
        finally:
            self.leave(client)

    def client(self) -> Any:  # noqa: ANN401 - untyped library
        """Open a connection; `OSError` when there is no answer in time."""
        import chromadb

        _call(self._host, self._port, self._safe)
        settings = chromadb.Settings(anonymized_telemetry=False)
        client = chromadb.HttpClient(self._host, self._port, self._safe, settings=settings)
        for session in _sessions(client):
            session.timeout = ANSWER  # it would wait for ever, and has no setting for this
        return client

    def leave(self, client: Any) -> None:  # noqa: ANN401 - untyped library
        """Close the connection."""
        client.close()
        for session in _sessions(client):
            session.close()  # it does not do that itself

    def clear(self) -> None:
        """Nothing: what else is there is not ours, and our collection is emptied anyway."""

    def hide(self) -> None:
        """Nothing: its files are the server's."""

    def close(self) -> None:
        """Nothing is held."""


def _sessions(client: Any) -> tuple[Any, Any]:  # noqa: ANN401 - untyped library
    return client._server._session, client._admin_client._server._session  # noqa: SLF001


def _server(url: str) -> tuple[str, int, bool]:
    """Host and port of a server, and whether what is said to it is encrypted."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in {"http", "https"} or not host or port is None:
        raise ConfigError(
            f'[memory] index = "{url}" is not the address of a Chroma server.',
            'It looks like "http://127.0.0.1:8000"; empty keeps the index in the folder.',
        )
    return host, port, scheme == "https"


def _call(host: str, port: int, safe: bool) -> None:  # noqa: FBT001 - as an address has it
    """See that a Chroma server answers; `OSError` when none does in time."""
    kind = http.client.HTTPSConnection if safe else http.client.HTTPConnection
    line = kind(host, port, timeout=ANSWER)
    try:
        line.request("GET", "/api/v2/heartbeat")
        if line.getresponse().status != http.client.OK:
            raise OSError(f"{host}:{port} is not a Chroma server")
    except http.client.HTTPException as error:
        raise OSError(f"{host}:{port} is not a Chroma server") from error
    finally:
        line.close()


def answers(url: str) -> bool:
    """Whether there is a Chroma server at this address; two seconds at most.

    Raises:
        ConfigError: That is no such address.
    """
    try:
        _call(*_server(url))
    except OSError:
        return False
    return True


def is_here(url: str) -> bool:
    """Whether the address of a server is of this machine, so that no network is touched.

    Raises:
        ConfigError: That is no such address.
    """
    host, _, _ = _server(url)
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"  # other names would have to be asked for


def place_of(folder: Path, url: str) -> Place:
    """Where the dense index of a memory folder is; "" as address: in the folder itself."""
    return Server(url, folder / "index.id") if url else Folder(folder / "chroma")


def _identity(file: Path) -> str:
    with contextlib.suppress(OSError):
        found = file.read_text("ascii", "replace").strip()
        if len(found) == 2 * IDENTITY and found.isalnum():
            return found
    made = secrets.token_hex(IDENTITY)
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as out:
        out.write(f"{made}\n")
    return made
