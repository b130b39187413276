"""The model hub, as far as we use it: what a file is, and its bytes from any place on.

Speaks the hub's plain HTTP: a HEAD answers with size, hash and commit; a GET takes a range. Knows
nothing of folders, presets or progress.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urljoin, urlsplit

from companion.errors import BadData, Forbidden, MissingInput, Offline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    import httpx

ENDPOINT = "https://huggingface.co"
"""Where models are pulled from, unless the environment variable HF_ENDPOINT says otherwise."""

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
"""How long a connection may be silent before it counts as cut."""

_REDIRECTS = 5


class CutOff(Exception):
    """The connection ended before the file did; worth another try."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file at the hub.

    Attributes:
        url: Where its bytes are.
        size: Bytes; None where the hub does not say.
        sha256: Its hash, which the hub gives for large files.
        git: Its hash as a git blob, which the hub gives for small ones.
        commit: The revision it stands in.
    """

    url: str
    size: int | None
    sha256: str = ""
    git: str = ""
    commit: str = ""


class Hub:
    """A connection to the hub; close it, or use it in a `with`.

    Args:
        endpoint: Address of the hub; empty for the environment's or the usual one.
        token: Sent to the hub itself and to nobody it points at; empty for `HF_TOKEN`.
    """

    def __init__(self, endpoint: str = "", token: str = "") -> None:
        import httpx

        self.endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")
        if urlsplit(self.endpoint).scheme not in {"http", "https"}:
            raise BadData(
                f"HF_ENDPOINT is '{self.endpoint}', which is no web address.",
                "It must begin with https:// or http://.",
            )
        token = token or os.environ.get("HF_TOKEN", "")
        self._client = httpx.Client(
            headers={"User-Agent": "companion", "Accept-Encoding": "identity"}
            | ({"Authorization": f"Bearer {token}"} if token else {}),
            timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def look(self, repo: str, revision: str, name: str) -> Remote:
        """What the hub says about a file.

        Raises:
            MissingInput: No such repository, revision or file.
            Forbidden: Only for those who have a token.
            Offline: The hub cannot be reached, or does not answer as one.
        """
        url = f"{self.endpoint}/{quote(repo)}/resolve/{quote(revision)}/{quote(name)}"
        start = url
        for _ in range(_REDIRECTS):
            answer = self._ask("HEAD", url)
            to = urljoin(url, answer.headers.get("location", ""))
            linked = "x-linked-etag" in answer.headers
            if not answer.is_redirect or linked or not self._here(to):
                break
            url = to
        self._check(answer, f"{repo}/{name}")
        return _remote(answer, start)

    def text(self, repo: str, revision: str, name: str, most: int = 1 << 20) -> str:
        """A small text file.

        Raises:
            BadData: It is larger than `most` bytes or no text.
            MissingInput: There is no such file.
            Offline: The hub cannot be reached.
        """
        try:
            data = b"".join(self.bytes_from(self.look(repo, revision, name), 0, most))
            return data.decode("utf-8")
        except CutOff as error:
            raise self._unreachable(str(error)) from error
        except UnicodeDecodeError as error:
            raise BadData(f"{repo}/{name} is no text.") from error

    def bytes_from(self, remote: Remote, start: int, most: int) -> Iterator[bytes]:
        """The bytes of a file from `start` on.

        Yields:
            Pieces of the file, in order.

        Raises:
            CutOff: The connection ended or fell silent, or the hub is busy.
            BadData: More than `most` bytes came, or they are not those asked for.
            MissingInput: It is gone.
            Offline: The hub cannot be reached.
        """
        import httpx

        headers = {"Range": f"bytes={start}-"} if start else {}
        try:
            with self._get(remote.url, headers) as answer:
                self._check(answer, remote.url)
                _check_range(answer, start)
                left = most
                for piece in answer.iter_raw():  # unbuffered: a cut loses nothing that came
                    left -= len(piece)
                    if left < 0:
                        raise BadData(
                            f"{remote.url} sends more than it should.", "Try again later."
                        )
                    yield piece
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._unreachable(str(error)) from error
        except httpx.TransportError as error:
            raise CutOff(str(error) or type(error).__name__) from error

    @contextmanager
    def _get(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        with self._client.stream("GET", url, headers=headers, follow_redirects=True) as answer:
            yield answer

    def _here(self, url: str) -> bool:
        return urlsplit(url).netloc == urlsplit(self.endpoint).netloc

    def _ask(self, method: str, url: str) -> httpx.Response:
        import httpx

        try:
            return self._client.request(method, url)
        except httpx.HTTPError as error:
            raise self._unreachable(str(error) or type(error).__name__) from error

    def _check(self, answer: httpx.Response, what: str) -> None:
        code = answer.status_code
        if code < 400:  # noqa: PLR2004 - HTTP's own border
            return
        if code in {401, 403}:
            raise Forbidden(
                f"The hub does not let us have {what} ({code}).",
                "Accept its terms on the hub's web page and set HF_TOKEN.",
            )
        if code in {404, 410}:
            raise MissingInput(f"The hub has no {what} ({code}).", "Check the name.")
        if answer.request.method == "GET" and (code == 429 or code >= 500):  # noqa: PLR2004
            raise CutOff(f"the hub answered {code}")
        raise self._unreachable(f"it answered {code}")

    def _unreachable(self, why: str) -> Offline:
        return Offline(
            f"The hub at {self.endpoint} cannot be reached: {why}.",
            "Check the connection; or copy the files here by hand and name them in config.toml.",
        )


def _remote(answer: httpx.Response, url: str) -> Remote:
    headers = answer.headers
    tag = (headers.get("x-linked-etag") or headers.get("etag") or "").removeprefix("W/").strip('"')
    size = headers.get("x-linked-size") or ("" if answer.is_redirect else _length(answer))
    return Remote(
        url=url,
        size=int(size) if size.isdecimal() else None,
        sha256=tag if re.fullmatch(r"[0-9a-f]{64}", tag) else "",
        git=tag if re.fullmatch(r"[0-9a-f]{40}", tag) else "",
        commit=headers.get("x-repo-commit", ""),
    )


def _length(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-length", ""))


def _check_range(answer: httpx.Response, start: int) -> None:
    """Refuse bytes from another place than was asked for."""
    if not start:
        return
    found = re.match(r"bytes (\d+)-", answer.headers.get("content-range", ""))
    if answer.status_code != 206 or found is None or int(found[1]) != start:  # noqa: PLR2004
        raise NoRange


class NoRange(Exception):
    """The hub cannot send a part of this file; it must be sent from the beginning."""
