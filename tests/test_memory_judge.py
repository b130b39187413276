"""A second stage reads the best candidates with the question and puts them in a new order."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from companion.errors import BadData, ModelMissing
from companion.memory.judge import CrossEncoderJudge
from companion.memory.read import second
from companion.memory.read.rank import Candidate

if TYPE_CHECKING:
    from pathlib import Path

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *["what", "is", "my", "dog", "called", "biscuit", "rain"],
]
WHEN = datetime(2026, 3, 2, tzinfo=UTC)


def _model(folder: Path, kind: str = "BertForSequenceClassification", labels: int = 1) -> str:
    """A real cross-encoder, as small as can be."""
    import torch
    import transformers

    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
        num_labels=labels,
        initializer_range=1.0,
    )
    torch.manual_seed(1)
    getattr(transformers, kind)(config).save_pretrained(folder)
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


@pytest.fixture(autouse=True)
def _no_thread_of_progress_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    from tqdm.std import tqdm

    monkeypatch.setattr(tqdm, "monitor_interval", 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return _model(tmp_path_factory.mktemp("models") / "cross")


def _candidates(*scores: float) -> list[Candidate]:
    return [
        Candidate(key, f"line {key}", mine=True, said=WHEN, lexical=score, dense=None, score=score)
        for key, score in enumerate(scores, 1)
    ]


def test_its_scores_are_what_the_model_puts_out(folder: str) -> None:
    import torch
    import transformers

    texts = ["my dog is called biscuit", "rain"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    asked = tokenizer(["what is my dog called"] * 2, texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = model(**asked).logits[:, 0].tolist()
    assert CrossEncoderJudge(folder).judge("what is my dog called", texts) == pytest.approx(
        expected, abs=1e-5
    )


def test_a_line_longer_than_the_model_reads_is_cut(folder: str) -> None:
    judge = CrossEncoderJudge(folder)
    (score,) = judge.judge("dog", ["biscuit " * 500])
    assert score == pytest.approx(judge.judge("dog", ["biscuit " * 400])[0])
    assert judge.judge("dog", []) == []


def test_a_model_that_is_not_here_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="second_stage") as caught:
        CrossEncoderJudge(str(tmp_path / "none"))
    assert "none" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "labels"), [("BertModel", 1), ("BertForSequenceClassification", 3)]
)
def test_a_model_without_one_learned_score_is_refused(
    tmp_path: Path, kind: str, labels: int
) -> None:
    with pytest.raises(BadData, match="no cross-encoder"):
        CrossEncoderJudge(_model(tmp_path / "other", kind, labels))


def test_the_judge_is_imported_without_torch() -> None:
    script = "import sys; import companion.memory.judge; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_judge_counts_as_much_as_all_that_was_known_before() -> None:
    made = {one.key: one for one in second.judged(_candidates(3.0, 1.0), [-50.0, 50.0])}
    assert [made[key].score for key in (1, 2)] == pytest.approx([2.0, 2.0])
    assert [made[key].parts["judge"] for key in (1, 2)] == pytest.approx([-1.0, 1.0])


def test_what_the_judge_likes_rises_and_what_it_did_not_read_stays() -> None:
    made = second.judged(_candidates(4.0, 3.0, 2.0, 1.0), [0.0, 0.0, 9.0])
    assert [one.key for one in made] == [1, 3, 2, 4]
    assert made[-1] == _candidates(4.0, 3.0, 2.0, 1.0)[-1]


def test_a_judge_that_cannot_tell_changes_nothing() -> None:
    given = _candidates(4.0, 3.0, 2.0)
    assert [one.score for one in second.judged(given, [7.0, 7.0, 7.0])] == [4.0, 3.0, 2.0]
    assert second.judged(given[:1], [7.0]) == given[:1]
