"""A Chroma server holds the dense index; while it is away, words alone are searched."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from memory_world import Words, settle, tell, texts

from companion.errors import ConfigError
from companion.memory import Memory
from companion.memory.dense.chroma import Server, errors
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Iterator

TOLD = ("The dog called Biscuit barked.", "It rained on the sister in Leeds.", "The bus was late.")
"""Nothing that becomes a memory."""
CHROMA = Path(sys.executable).with_name("chroma")


class Chroma:
    """A real `chroma run`, which can be ended and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        where = ["--path", str(self._folder), "--host", "127.0.0.1", "--port", str(self.port)]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen([CHROMA, "run", *where], stdout=quiet, stderr=quiet)
        until = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < until, "chroma run does not answer"
            assert self._process.poll() is None, "chroma run has ended"

    def _answers(self) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", "/api/v2/heartbeat")
            return line.getresponse().status == 200
        except OSError:
            return False
        finally:
            line.close()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroma]:
    chroma = Chroma(tmp_path_factory.mktemp("server"))
    chroma.start()
    yield chroma
    chroma.stop()


def _opened(folder: Path, url: str) -> Memory:
    return Memory(folder, "Sam", "mira", Words(), index=url)


def _held(memory: Memory) -> set[str]:
    assert memory._index is not None
    return set(memory._index._collection.get(include=[])["ids"])


def _pass(memory: Memory, seconds: float) -> None:
    """The clock of the index moves on."""
    assert memory._index is not None
    now = time.monotonic() + seconds
    memory._index._clock = lambda: now


def test_the_index_is_on_the_server_and_the_journal_here(running: Chroma, tmp_path: Path) -> None:
    memory = _opened(tmp_path, running.url)
    tell(memory, *TOLD)
    settle(memory)
    assert memory._index is not None
    nearest = memory._index.nearest(Words().embed(["Leeds sister"])[0], 1)
    (line,) = memory._journal.by_id(nearest)
    everything = {note.id for note in memory.memories()}
    held, notices = _held(memory), memory.notices()
    memory.close()
    assert (line.text, held, notices) == (TOLD[1], everything, ())
    assert not (tmp_path / "chroma").exists()


def test_an_index_on_the_server_that_agrees_is_kept(running: Chroma, tmp_path: Path) -> None:
    for _ in range(2):
        memory = _opened(tmp_path, running.url)
        tell(memory, TOLD[0])
        settle(memory)
        notices = memory.notices()
        memory.close()
        assert notices == ()


def test_an_index_on_the_server_that_does_not_agree_is_built_anew(
    running: Chroma, tmp_path: Path
) -> None:
    memory = _opened(tmp_path, running.url)
    tell(memory, *TOLD)
    settle(memory)
    assert memory._index is not None
    memory._index._collection.delete(ids=[next(iter(_held(memory)))])
    memory.close()
    memory = _opened(tmp_path, running.url)
    settle(memory)
    held, notices = _held(memory), memory.notices()
    everything = {note.id for note in memory.memories()}
    memory.close()
    assert held == everything
    assert "built anew" in notices[0]


def test_no_words_are_sent_to_the_server(running: Chroma, tmp_path: Path) -> None:
    memory = _opened(tmp_path, running.url)
    tell(memory, "My password is swordfish.")
    settle(memory)
    assert memory._index is not None
    held = memory._index._collection.get(include=["documents", "metadatas"])
    memory.close()
    assert set(held["documents"]) == {None}
    assert set(held["metadatas"]) == {None}


def test_two_machines_with_the_same_names_share_a_server_and_no_memory(
    running: Chroma, tmp_path: Path
) -> None:
    first, second = (_opened(tmp_path / name, running.url) for name in ("one", "two"))
    tell(first, TOLD[0])
    tell(second, *TOLD)
    for memory in (first, second):
        settle(memory)
    sizes = len(_held(first)), len(_held(second))
    first.close()
    second.close()
    assert sizes == (2, 6)


def test_a_server_lost_in_the_middle_is_said_once_and_comes_back_by_itself(tmp_path: Path) -> None:
    chroma = Chroma(tmp_path / "server")
    chroma.start()
    memory = _opened(tmp_path / "db", chroma.url)
    tell(memory, *TOLD)
    settle(memory)
    chroma.stop()
    lost = [TOLD[0] in texts(memory.search("dog Biscuit")) for _ in range(2)]
    tell(memory, "Then Biscuit slept.")
    for pause in (10, 20, 30):
        _pass(memory, pause)
        settle(memory)
    said = memory.notices()
    chroma.start()
    _pass(memory, 60)
    settle(memory)
    held, kept = _held(memory), {note.id for note in memory.memories()}
    back = memory.notices()
    memory.close()
    chroma.stop()
    assert lost == [True, True]
    assert (len(said), len(back)) == (1, 1)
    assert ("words alone" in said[0], back[0]) == (True, "The search index answers again.")
    assert held == kept


def test_what_is_forgotten_for_good_leaves_the_server(running: Chroma, tmp_path: Path) -> None:
    memory = _opened(tmp_path, running.url)
    names = tell(memory, *TOLD)
    settle(memory)
    memory.close()
    memory = _opened(tmp_path, running.url)
    memory.forget([names[0]])
    receipt = memory.purge()
    settle(memory)
    held = _held(memory)
    memory.close()
    assert (receipt.verified, receipt.away, receipt.elsewhere) == (True, False, True)
    assert names[0] not in held
    assert names[1] in held


def test_by_voice_it_is_said_that_the_files_of_a_server_cannot_be_seen(
    running: Chroma, tmp_path: Path
) -> None:
    memory = _opened(tmp_path, running.url)
    tell(memory, *TOLD)
    settle(memory)
    memory.obey(Heard("forget about Biscuit"))
    answer = memory.obey(Heard("yes"))
    memory.close()
    assert answer is not None
    assert answer.text == (
        "Done: one memory deleted for good."
        " What the index server keeps of it, without words, I cannot see."
    )


def test_a_receipt_says_that_the_server_was_away(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    memory = _opened(tmp_path, f"http://127.0.0.1:{port}")
    names = tell(memory, *TOLD)
    memory.forget([names[0]])
    receipt = memory.purge()
    memory.close()
    assert (receipt.verified, receipt.away) == (True, True)


def test_without_a_server_everything_goes_on_by_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    memory = _opened(tmp_path, f"http://127.0.0.1:{port}")
    tell(memory, *TOLD)
    settle(memory)
    found, notices = texts(memory.search("dog Biscuit")), memory.notices()
    memory.close()
    assert TOLD[0] in found
    assert len(notices) == 1


def test_a_server_that_never_answers_is_left_after_two_seconds(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = Server(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path / "id")
        begun = time.monotonic()
        with pytest.raises(errors()):
            server.client()
        assert time.monotonic() - begun < 4


@pytest.mark.parametrize("url", ["localhost:8000", "http://", "ftp://host:1", "http://host:x"])
def test_what_is_no_address_of_a_server_is_said(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="not the address of a Chroma server"):
        Memory(tmp_path, "Sam", "mira", Words(), index=url)
