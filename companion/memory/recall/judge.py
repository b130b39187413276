"""The second stage of a recall: a cross-encoder reads the question and a line together.

Slower than comparing vectors, as nothing of it can be made beforehand: off unless asked for, and
nothing for a Raspberry Pi. Knows nothing of stores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from companion.errors import BadData, EngineError, ModelMissing
from companion.memory.read import second

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.memory.read.rank import Candidate

HEAD = "ForSequenceClassification"
"""How the architectures of models that score a pair of texts are called."""
MOST_TOKENS = 256
"""Of a question and a line together; longer ones are cut."""


class Judge(Protocol):
    """Says how well each of some texts answers a question."""

    def judge(self, question: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, higher is better; on a scale of the judge's own."""


class CrossEncoderJudge:
    """Any cross-encoder that sentence-transformers can load from this machine. Imports torch.

    Args:
        name_or_path: Folder of the model, or its name if it was downloaded before.

    Raises:
        ModelMissing: It is not on this machine, or sentence-transformers is not installed.
        BadData: It is a model of another kind.
    """

    def __init__(self, name_or_path: str) -> None:
        try:
            from sentence_transformers import CrossEncoder
            from torch.nn import Identity
        except ImportError as error:
            raise ModelMissing(
                f"The second stage {name_or_path} needs sentence-transformers.",
                'Install the package sentence-transformers, or set [memory] second_stage to "".',
            ) from error
        try:
            self._model: Any = CrossEncoder(name_or_path, device="cpu", local_files_only=True)
        except (OSError, ValueError) as error:
            raise ModelMissing(
                f"No cross-encoder {name_or_path} on this machine.",
                "Give the path of its folder, download it beforehand, or set [memory] second_stage"
                ' to "".',
            ) from error
        kinds = self._model.config.architectures or []
        if self._model.num_labels != 1 or not any(HEAD in kind for kind in kinds):
            # Such a model would be given scores at random.
            raise BadData(
                f"{name_or_path} is no cross-encoder that gives one score: it is"
                f" {', '.join(kinds) or 'unknown'} with {self._model.num_labels} outputs.",
                "Name another model in [memory] second_stage.",
            )
        most = self._model.max_seq_length or MOST_TOKENS
        self._model.max_seq_length = min(most, MOST_TOKENS)
        self._plain: Any = Identity()

    def judge(self, question: str, texts: Sequence[str]) -> list[float]:
        """A score for each text: what the model puts out, without a sigmoid that flattens it.

        Raises:
            EngineError: The model failed.
        """
        if not texts:
            return []
        pairs = [(question, text) for text in texts]
        try:
            scores = self._model.predict(pairs, activation_fn=self._plain, show_progress_bar=False)
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineError("memory", f"The second stage failed: {error}.") from error
        return [float(score) for score in np.nan_to_num(np.asarray(scores, np.float32))]


def judged(
    judge: Judge | None, question: str, candidates: Sequence[Candidate]
) -> Sequence[Candidate]:
    """The candidates, best first, in the order that the second stage makes of the best of them."""
    if judge is None:
        return candidates
    told = [second.told(one) for one in candidates[: second.JUDGED]]
    return second.judged(candidates, judge.judge(question, told))
