"""A second stage reads the best candidates with the question and puts them in a new order."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from memory_world import Clock, settle, tell, texts

from companion.cards import find_card
from companion.cli.app import run
from companion.compose import Wishes, load_judge, open_memory
from companion.config import Settings
from companion.errors import BadData, ModelMissing
from companion.memory import Memory
from companion.memory.read import second
from companion.memory.read.rank import Candidate
from companion.memory.recall.judge import CrossEncoderJudge
from companion.values import Heard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


class Shortest:
    """A judge that likes few words, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []

    def judge(self, question: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((question, list(texts)))
        return [-float(len(text)) for text in texts]


@pytest.fixture
def judge() -> Shortest:
    return Shortest()


@pytest.fixture
def memory(tmp_path: Path, judge: Shortest) -> Iterator[Memory]:
    """Sam told Juno of two dogs yesterday."""
    clock = Clock()
    made = Memory(tmp_path / "memory_db", "Sam", "juno", now=clock, name="Juno", judge=judge)
    tell(made, "My dog Biscuit, the old dog, sleeps on the sofa.", "The sea is calm.", "A dog!")
    settle(made)
    clock.pass_time(days=1)
    yield made
    made.close()


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
    script = "import sys; import companion.memory.recall.judge; print('torch' in sys.modules)"
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


def test_a_memory_without_a_judge_is_as_it_was(tmp_path: Path) -> None:
    made = Memory(tmp_path / "plain", "Sam", "juno", now=Clock())
    tell(made, "My dog is called Rex.")
    assert all("judge" not in note.parts for note in made.search("dog", 5))
    made.close()


def test_the_judge_reads_each_line_with_who_said_it(memory: Memory, judge: Shortest) -> None:
    memory.search("my dog", 5)
    ((question, read),) = judge.asked
    assert question == "my dog"
    assert "Sam: A dog!" in read


def test_what_the_judge_likes_is_found_first(memory: Memory) -> None:
    found = memory.search("my dog", 5)
    assert texts(found)[0] == "A dog!"
    assert found[0].parts["judge"] > 0 > min(note.parts["judge"] for note in found)


def test_why_names_what_the_judge_said(memory: Memory) -> None:
    notes = memory.recall(Heard("What does my old dog Biscuit do?"))
    assert notes
    assert all("judge" in note.parts for note in notes)


def test_the_second_stage_is_off_unless_it_is_named() -> None:
    assert load_judge(Settings()) is None


def test_the_second_stage_of_the_settings_is_a_folder_of_the_workspace(
    folder: str, tmp_path: Path
) -> None:
    (tmp_path / "models").symlink_to(Path(folder).parent)
    named = Settings(root=tmp_path, memory={"second_stage": Path(folder).name})
    assert load_judge(named).judge("dog", ["my dog"])


def test_without_its_model_recall_has_one_stage_and_says_so(tmp_path: Path) -> None:
    settings = Settings(
        root=tmp_path, memory={"second_stage": "nowhere/no-model", "embedder": "none"}
    )
    notices: list[str] = []
    card = find_card(Path(__file__).parents[1] / "characters", "juno")
    memory = open_memory(settings, Wishes(), card, "Sam", notices)
    tell(memory, "My dog is called Rex.")
    assert texts(memory.search("dog", 1)) == ["My dog is called Rex."]
    memory.close()
    assert len(notices) == 1
    assert notices[0].startswith("Recall has one stage: No cross-encoder nowhere/no-model")


def test_the_evaluation_takes_a_second_stage(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = Path(__file__).parent / "golden" / "memory" / "sam.en.json"
    command = ["--quiet", "eval", "memory", "--dataset", str(own), "--no-dense", "--json"]
    assert run([*command, "--second-stage", folder]) == 0
    judged = json.loads(capsys.readouterr().out)
    assert run(command) == 0
    plain = json.loads(capsys.readouterr().out)
    assert judged["n"] == plain["n"]
    assert judged["mrr"] < plain["mrr"]  # a model that never learnt anything
