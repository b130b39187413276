"""How many tokens a text is for a model, without loading the model itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from companion.errors import BadData, MissingInput

if TYPE_CHECKING:
    from pathlib import Path


class Vocabulary:
    """The tokens of one GGUF model; its weights stay on the disk.

    Raises:
        MissingInput: There is no such file.
        BadData: The file is no model llama.cpp can read.
    """

    def __init__(self, path: Path) -> None:
        import llama_cpp

        from companion.llm.engine import silence

        if not path.is_file():
            raise MissingInput(f"There is no model at {path}.", "Run: companion models pull")
        llama_cpp.llama_log_set(silence(llama_cpp), None)
        try:
            self._llama: Any = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
        except (ValueError, RuntimeError, AssertionError) as error:
            raise BadData(f"{path.name} cannot be read by llama.cpp: {error}.") from error

    def count(self, text: str) -> int:
        """Tokens of `text`; nothing in it is taken for a control token."""
        raw = text.encode("utf-8", "replace")
        return len(self._llama.tokenize(raw, add_bos=False, special=False))

    def close(self) -> None:
        """Free it."""
        self._llama.close()
