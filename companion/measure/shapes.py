"""Models of random weights with true shapes, made here: what engines cost, with nothing downloaded.

A Whisper that always hears `HEARD`, a language model that always writes `REPLY`, and a voice that
makes noise for as long as speech would last. Their costs are those of the real ones; nothing about
them says anything of accuracy. They are made once, below `models/cache/shapes`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from companion.measure.shapes_gguf import QwenSize, fields_of, write_qwen
from companion.measure.shapes_voice import VoiceSize, write_voice
from companion.measure.shapes_whisper import BASE, TINY, WhisperSize, write_whisper
from companion.pack.bundled import bundled

if TYPE_CHECKING:
    from collections.abc import Callable

HEARD = "What did you do by the sea this morning?"
"""What the Whispers hear in every recording."""

REPLY = (
    "Well, what a lovely thought! I walked down the old street this morning and saw three small "
    "dogs come home; my friend had put some fish out for them. Do you like to hear about that day?"
)
"""What the language model answers to everything: no token comes twice in it."""

_OPENING = "\n"
"""The last token of every prompt, after the sign for the assistant."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The shapes to make."""

    tiny: WhisperSize = TINY
    base: WhisperSize = BASE
    qwen: QwenSize = field(default_factory=QwenSize)
    voice: VoiceSize = field(default_factory=VoiceSize)


@dataclass(frozen=True, slots=True)
class Shapes:
    """Where the models are.

    Attributes:
        folder: The folder that holds them all.
    """

    folder: Path

    @property
    def tiny(self) -> Path:
        """Whisper tiny, int8."""
        return self.folder / "whisper-tiny"

    @property
    def base(self) -> Path:
        """Whisper base, int8."""
        return self.folder / "whisper-base"

    @property
    def llm(self) -> Path:
        """A language model of 0.5 B parameters in Q4_0."""
        return self.folder / "qwen-0.5b-q4_0.gguf"

    @property
    def voice(self) -> Path:
        """A Piper voice of medium quality."""
        return self.folder / "piper-medium.onnx"


def default_folder() -> Path:
    """Where they are kept."""
    return bundled("models") / "cache" / "shapes"


def make(
    folder: Path | None = None,
    sizes: Sizes | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Shapes:
    """The models, made where they are missing.

    Args:
        folder: Where they are kept; None for the usual place.
        sizes: Their shapes; None for the true ones.
        progress: Told what is being made.
    """
    shapes = Shapes(folder or default_folder())
    sizes = sizes or Sizes()
    shapes.folder.mkdir(parents=True, exist_ok=True)
    for path, write in (
        (shapes.tiny, lambda to: _whisper(to, sizes.tiny)),
        (shapes.base, lambda to: _whisper(to, sizes.base)),
        (shapes.llm, lambda to: _llm(to, sizes.qwen)),
        (shapes.voice, lambda to: write_voice(to, sizes.voice, phoneme_ids())),
    ):
        if not path.exists():
            progress(f"making {path.name}")
            _whole(path, write)
    return shapes


def _whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside and move into place, so that half a model is never taken for one."""
    with tempfile.TemporaryDirectory(dir=path.parent) as beside:
        made = Path(beside) / path.name
        write(made)
        for extra in Path(beside).iterdir():
            if extra != made:
                shutil.move(extra, path.parent / extra.name)
        os.replace(made, path)  # noqa: PTH105 - of a folder too, and in one step


def shipped_llm() -> Path:
    """The model whose vocabulary the random one takes."""
    return bundled("models/offline") / "companion.gguf"


def phoneme_ids() -> dict[str, list[int]]:
    """The numbers of the phonemes, from a shipped voice."""
    voice = next(iter(sorted(bundled("voices").glob("*.onnx.json"))))
    ids: dict[str, list[int]] = json.loads(voice.read_text("utf-8"))["phoneme_id_map"]
    return ids


def _llm(path: Path, size: QwenSize) -> None:
    chain = [*_ids(_OPENING), *_ids(REPLY), _end()]
    write_qwen(path, shipped_llm(), chain, size)


def _ids(text: str) -> list[int]:
    from companion.llm.vocabulary import Vocabulary

    vocabulary = Vocabulary(shipped_llm())
    ids = vocabulary.encode(text, special=False)
    vocabulary.close()
    return ids


def _end() -> int:
    end = fields_of(shipped_llm())["tokenizer.ggml.eos_token_id"]
    assert isinstance(end, int)  # noqa: S101 - the shipped file is ours
    return end


def _whisper(folder: Path, size: WhisperSize) -> None:
    fields = fields_of(shipped_llm())
    tokens = fields["tokenizer.ggml.tokens"]
    merges = fields["tokenizer.ggml.merges"]
    assert isinstance(tokens, list)  # noqa: S101 - the shipped file is ours
    assert isinstance(merges, list)  # noqa: S101
    pieces = [str(token) for token in tokens if not str(token).startswith("<|")]
    known = [str(tokens[n]) for n in _ids(HEARD)]
    write_whisper(folder, pieces, [str(merge) for merge in merges], known, size)
