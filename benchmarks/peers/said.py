"""The same words on every side: the model's work is done, what it chooses is set aside.

    python said.py MODULE [ARGUMENT ...]

runs a server's module with that. `COMPANION_SAID` names a JSON file {"reply": TEXT, "words":
TEXT or null} that the side-by-side writes before each turn. With "reply" every token of a
language model is computed as always and then replaced by the next one of the reply; with "words",
for models of random weights, the same holds for Whisper, whose decoder takes as many steps as
the words have tokens, with the beams it was asked for. The very same code does it in Companion's
process, in a peer's and in the model server's, so it favours none of them.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VARIABLE = "COMPANION_SAID"
share = [1.0]
"""How much of the recording has been spoken, for a side that transcribes before its end: no more
of the words can be heard than that."""


def wanted(name: str) -> str | None:
    """What this turn is to say; None where that is left to the model."""
    file = os.environ.get(VARIABLE)
    if not file or not Path(file).is_file():
        return None
    said: str | None = json.loads(Path(file).read_text("utf-8")).get(name)
    if said is not None and name == "words" and share[0] < 1.0:
        words = said.split()
        said = " ".join(words[: int(share[0] * len(words))])
    return said


def set_replies() -> None:
    """Have llama-cpp-python write the wanted reply."""
    import llama_cpp

    generate, sample = llama_cpp.Llama.generate, llama_cpp.Llama.sample

    def begin(self: Any, tokens: Any, *args: Any, **kwargs: Any) -> Iterator[int]:  # noqa: ANN401
        reply = wanted("reply")
        self.said = None
        if reply is not None:
            ids = self.tokenize(reply.encode(), add_bos=False, special=False)
            self.said = iter([*ids, self.token_eos()])
        yield from generate(self, tokens, *args, **kwargs)

    def choose(self: Any, *args: Any, **kwargs: Any) -> int:  # noqa: ANN401
        if getattr(self, "said", None) is None:
            token: int = sample(self, *args, **kwargs)
            return token
        return next(self.said, self.token_eos())

    llama_cpp.Llama.generate = begin
    llama_cpp.Llama.sample = choose


def set_words(tokenizer: Path) -> None:
    """Have every Whisper of CTranslate2 hear the wanted words."""
    import ctranslate2
    from tokenizers import Tokenizer

    known = Tokenizer.from_file(str(tokenizer))
    end = known.token_to_id("<|endoftext|>")
    generate: Callable[..., Any] = ctranslate2.models.Whisper.generate

    def hear(self: Any, features: Any, prompts: Any, **how: Any) -> list[Any]:  # noqa: ANN401
        words = wanted("words")
        if not words:
            return list(generate(self, features, prompts, **how))
        ids = known.encode(f" {words}", add_special_tokens=False).ids
        how["suppress_tokens"] = [*(how.get("suppress_tokens") or []), end]
        how["max_length"] = len(prompts[0]) + len(ids)
        generate(self, features, prompts, **how)
        texts = [known.id_to_token(one) for one in ids]
        heard = {"sequences_ids": [ids], "sequences": [texts], "scores": [-0.1]}
        return [SimpleNamespace(**heard, no_speech_prob=0.0)]

    ctranslate2.models.Whisper.generate = hear


def apply() -> None:
    """Set what the environment asks for; what is not installed here needs none of it."""
    if VARIABLE not in os.environ:
        return
    if os.environ.get("COMPANION_SAID_WORDS"):
        set_words(Path(os.environ["COMPANION_SAID_WORDS"]))
    try:
        set_replies()
    except ImportError:
        return  # a peer that asks a server for its replies


if __name__ == "__main__":
    apply()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
