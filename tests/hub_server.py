"""A small hub on 127.0.0.1 that speaks the real one's protocol, faults included.

A HEAD on `/<repo>/resolve/<revision>/<file>` answers as the hub does: large files with a redirect
that carries `X-Linked-Size` and `X-Linked-Etag` (SHA-256), small ones with their git hash. The
bytes of large files come from another address, with ranges.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

COMMIT = "c" * 40


@dataclass
class Fault:
    """What goes wrong at the hub.

    Attributes:
        cuts: Connections cut before one stays whole.
        after: Bytes sent before a cut.
        ranges: Whether parts of a file can be had.
        broken: File whose bytes are sent wrong.
        status: Status of every answer, by "HEAD" or "GET"; 0 for the right one.
        silent: Headers that are left out.
    """

    cuts: int = 0
    after: int = 1000
    ranges: bool = True
    broken: str = ""
    status: dict[str, int] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)


class HubServer:
    """The hub; use it in a `with`.

    Args:
        files: Content by `<repo>/<file>`.
        fault: What goes wrong.
    """

    def __init__(self, files: dict[str, bytes], fault: Fault | None = None) -> None:
        self.files = files
        self.fault = fault or Fault()
        self.asked: list[tuple[str, str, str]] = []
        self.tokens: list[tuple[str, str]] = []
        self.large = 4096
        self._servers = [self._server("hub"), self._server("cdn")]

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def url(self) -> str:
        """Address of the hub."""
        return f"http://127.0.0.1:{self._servers[0].server_address[1]}"

    @property
    def cdn(self) -> str:
        """Address the bytes of large files come from."""
        return f"http://127.0.0.1:{self._servers[1].server_address[1]}"

    def _server(self, role: str) -> ThreadingHTTPServer:
        handler = type("Handler", (_Handler,), {"hub": self, "role": role})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = False
        server.block_on_close = True
        return server


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    role: str

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        self.hub.asked.append((self.command, self.path, self.headers.get("Range", "")))
        self.hub.tokens.append((self.role, self.headers.get("Authorization", "")))
        status = self.hub.fault.status.get(self.command, 0)
        name = re.sub(r"/resolve/[^/]+", "", self.path.lstrip("/"))
        if status or name not in self.hub.files:
            self.plain(status or 404)
        elif self.role == "hub" and len(self.hub.files[name]) >= self.hub.large:
            self.redirect(name)
        else:
            self.send(name, body=body)

    def plain(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def redirect(self, name: str) -> None:
        self.send_response(302)
        self.head("X-Linked-Size", str(len(self.hub.files[name])))
        self.head("X-Linked-Etag", f'"{hashlib.sha256(self.hub.files[name]).hexdigest()}"')
        self.head("X-Repo-Commit", COMMIT)
        self.head("Location", f"{self.hub.cdn}/{name}")
        self.head("Content-Length", "0")
        self.end_headers()

    def head(self, name: str, value: str) -> None:
        if name not in self.hub.fault.silent:
            self.send_header(name, value)

    def send(self, name: str, *, body: bool) -> None:
        data = self.hub.files[name]
        git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        if self.hub.fault.broken and name.endswith(self.hub.fault.broken):
            data = data[:-1] + bytes([data[-1] ^ 1])
        start = self.start() if self.hub.fault.ranges else 0
        if start > len(data):
            self.plain(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.head("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.head("Content-Length", str(len(data) - start))
        self.head("ETag", f'"{git}"')
        self.head("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self.write(data[start:])

    def start(self) -> int:
        found = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found else 0

    def write(self, data: bytes) -> None:
        if self.hub.fault.cuts and len(data) > self.hub.fault.after:
            self.hub.fault.cuts -= 1
            data = data[: self.hub.fault.after]
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has seen enough
            self.wfile.write(data)
        self.close_connection = True
