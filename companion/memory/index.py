"""The dense index: a Chroma collection of the lines' vectors. Disposable.

Chroma 1.5 can lose a collection to one badly timed kill, and crash whoever opens it then
(https://github.com/chroma-core/chroma/issues/7238). So nothing is only here: the collection is
looked at by another process first, compared with the journal, and built anew from the journal's
vectors when the two do not agree. It is given vectors with every call, or it would download a
model; and no `where` filter, which makes a query at 20,000 lines 35 times as slow.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.memory.child import start
from companion.memory.probe import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from companion.memory.journal import Journal, Vector

PATIENCE = 300.0
"""Seconds the probe may take before the index is given up and built anew."""
TRIES = 3
"""Failures after which it is left alone until the next start."""
BATCH = 64
"""Vectors handed over in one step; 50 ms or so."""
ORDINARY = 64 << 20
ORDINARY_PER_LINE = 64 << 10
"""Bytes an index may have; damaged ones have grown to hundreds of gigabytes."""
CLOSE_ENOUGH = 1e-4


def client_of(folder: str) -> Any:  # noqa: ANN401 - untyped library
    """Open a Chroma folder; nothing is reported to anybody."""
    import chromadb

    settings = chromadb.Settings(anonymized_telemetry=False)
    return chromadb.PersistentClient(path=folder, settings=settings)


def collection_name(owner: str, character: str, embedder: str, dim: int) -> str:
    """`lines-<owner>-<character>-<embedder>-<dim>` in letters that Chroma takes."""
    return f"{_prefix(owner, character)}{_slug(embedder)}-{dim}"


def _prefix(owner: str, character: str) -> str:
    return f"lines-{_slug(owner)}-{_slug(character)}-"


def _slug(name: str) -> str:
    """Letters, digits and `_` only; different names never become the same."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name)[:40]
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return plain if plain == name else f"{plain}_{digest}"


class Index:
    """The dense index of one journal. Nothing is opened until `step` is called.

    Args:
        folder: Chroma's folder.
        journal: The truth.
        embedder: Name of what makes the vectors.
        dim: Numbers in a vector.
    """

    def __init__(self, folder: Path, journal: Journal, embedder: str, dim: int) -> None:
        self.folder = folder
        self.name = collection_name(journal.owner, journal.character, embedder, dim)
        self.notices: list[str] = []
        self._prefix = _prefix(journal.owner, journal.character)
        self._journal = journal
        self._embedder = embedder
        self._client: Any = None
        self._collection: Any = None
        self._probe: subprocess.Popen[str] | None = None
        self._started = 0.0
        self._failures = 0

    def close(self) -> None:
        """Give Chroma back; safe to repeat."""
        if self._probe is not None:
            self._probe.kill()
            self._probe.communicate()
            self._probe = None
        self._leave()

    @property
    def open(self) -> bool:
        """Whether it can be asked."""
        return self._collection is not None

    # ── opening ──────────────────────────────────────────────────────────────────────────────

    def step(self) -> bool:
        """Do one small step towards an index that agrees with the journal; False: it does."""
        if self._failures >= TRIES or find_spec("chromadb") is None:
            return False
        if self._collection is None:
            self._open_step()
            return True
        return self._fill_step()

    def _open_step(self) -> None:
        if self._probe is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._probe.wait(0.05)
            if self._probe.poll() is None and time.monotonic() - self._started < PATIENCE:
                return
            self._judge()
        elif not self.folder.exists() or self._swollen():
            self._renew()
        else:
            self._started = time.monotonic()
            self._probe = start("companion.memory.probe", str(self.folder), self.name)

    def _judge(self) -> None:
        """Open the index or build it anew, after what the probe saw."""
        if self._probe is None:
            return
        with self._probe as probe:
            probe.kill()  # it has ended, or it hangs
            answer, _ = probe.communicate()
        self._probe = None
        if probe.returncode:
            self._renew()
            return
        seen = json.loads(answer.splitlines()[-1])
        with self._watched():
            self._enter()
            if not self._agrees(seen):
                self._restart()

    def _agrees(self, seen: dict[str, Any]) -> bool:
        """Whether what the probe saw is what the journal says."""
        ids = self._journal.indexed(self._embedder)
        if seen["count"] != len(ids) or seen["ids"] != fingerprint(ids):
            return False
        lines = self._journal.by_id(sorted(seen["vectors"]))
        held = self._journal.vectors(self._embedder, [line.seq for line in lines])
        return all(
            _same(np.frombuffer(bytes.fromhex(seen["vectors"][line.id]), "<f4"), held[line.seq])
            for line in lines
        )

    def _enter(self) -> None:
        """Open Chroma in this process, and our collection in it; drop those of other embedders."""
        self._client = client_of(str(self.folder))
        for one in self._client.list_collections():
            if one.name.startswith(self._prefix) and one.name != self.name:
                self._client.delete_collection(one.name)
        self._collection = self._client.get_or_create_collection(
            self.name,
            configuration={"hnsw": {"space": "cosine"}},
            embedding_function=None,
        )
        self._hide()

    def _renew(self) -> None:
        """Throw the whole folder away and begin with an empty one."""
        self._leave()
        shutil.rmtree(self.folder, ignore_errors=True)
        with self._watched():
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self._enter()
            self._restart()

    def _restart(self) -> None:
        """Empty our collection; the journal fills it again."""
        expected = len(self._journal.indexed(self._embedder))
        self._client.delete_collection(self.name)
        self._collection = self._client.get_or_create_collection(
            self.name,
            configuration={"hnsw": {"space": "cosine"}},
            embedding_function=None,
        )
        self._journal.mark_unindexed()
        if expected:
            self.notices.append(f"The search index is built anew from {expected} remembered lines.")

    def _leave(self) -> None:
        self._collection = None
        if self._client is not None:
            self._client.close()
            self._client = None
            self._hide()

    def _swollen(self) -> bool:
        """Whether the folder is far larger than it can honestly be."""
        size = sum(path.lstat().st_size for path in self.folder.rglob("*"))
        return size > ORDINARY + ORDINARY_PER_LINE * self._journal.last()

    def _hide(self) -> None:
        """Chroma makes files that everybody may read."""
        for path in (self.folder, *self.folder.rglob("*")):
            with contextlib.suppress(FileNotFoundError):
                path.chmod(0o700 if path.is_dir() else 0o600)

    # ── use ──────────────────────────────────────────────────────────────────────────────────

    def _fill_step(self) -> bool:
        waiting = self._journal.unindexed(self._embedder, BATCH)
        if not waiting:
            return False
        with self._watched():
            self._collection.upsert(
                ids=[name for _, name, _ in waiting],
                embeddings=np.stack([vector for *_, vector in waiting]),
            )
            self._journal.mark_indexed([seq for seq, *_ in waiting])
            self._hide()
        return True

    def remove(self, ids: Sequence[str]) -> None:
        """Drop these lines; unknown ones are no matter."""
        if self._collection is not None and ids:
            with self._watched():
                self._collection.delete(ids=list(ids))

    def nearest(self, vector: Vector, count: int) -> list[str]:
        """Ids of the closest lines, closest first; empty while it is not open."""
        found: list[str] = []
        if self._collection is not None:
            with self._watched():
                answer = self._collection.query(
                    query_embeddings=vector[None], n_results=count, include=["distances"]
                )
                found = list(answer["ids"][0])
        return found

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """Give the index up when Chroma fails; the next `step` builds it anew."""
        from chromadb.errors import ChromaError

        try:
            yield
        except (ChromaError, ValueError, RuntimeError, OSError) as error:
            self._leave()
            self._failures += 1
            self.notices.append(f"The search index failed ({error}); words alone are searched.")


def _same(one: Vector, other: Vector) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, atol=CLOSE_ENOUGH))
