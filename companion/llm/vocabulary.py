"""How many tokens a text is for a model, and how it is talked to, without loading the model."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from companion.errors import BadData, MissingInput

if TYPE_CHECKING:
    from pathlib import Path

    from companion.llm.chat import ChatTemplate


class Vocabulary:
    """The tokens of one GGUF model; its weights stay on the disk.

    Raises:
        MissingInput: There is no such file.
        BadData: The file is no model llama.cpp can read.
    """

    def __init__(self, path: Path) -> None:
        import llama_cpp

        from companion.llm.opened import chat_of, silence

        if not path.is_file():
            raise MissingInput(f"There is no model at {path}.", "Run: companion models pull")
        llama_cpp.llama_log_set(silence(llama_cpp), None)
        try:
            self._llama: Any = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
        except (ValueError, RuntimeError, AssertionError) as error:
            raise BadData(f"{path.name} cannot be read by llama.cpp: {error}.") from error
        self._chat_of = functools.partial(chat_of, self._llama, path.name)

    @property
    def chat(self) -> ChatTemplate:
        """The model's chat template.

        Raises:
            BadData: It has none.
        """
        return self._chat_of()

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Token ids of `text`; only with `special` can control tokens come out of it."""
        raw = text.encode("utf-8", "replace")
        ids: list[int] = self._llama.tokenize(raw, add_bos=False, special=special)
        return ids

    def count(self, text: str) -> int:
        """Tokens of `text`; nothing in it is taken for a control token."""
        return len(self.encode(text, special=False))

    def close(self) -> None:
        """Free it."""
        self._llama.close()
