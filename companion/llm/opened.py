"""What an opened model file says of itself, and what llama.cpp may say: nothing."""

from __future__ import annotations

import functools
from typing import Any

from companion.errors import BadData
from companion.llm.chat import ChatTemplate


def chat_of(llama: Any, file: str) -> ChatTemplate:  # noqa: ANN401
    """The chat template of an opened model.

    Raises:
        BadData: It has none.
    """
    source = llama.metadata.get("tokenizer.chat_template")
    if not source:
        raise BadData(
            f"{file} has no chat template, so nobody knows how to talk to it.",
            "Use an 'instruct' or 'chat' GGUF of this model.",
        )
    model = llama._model  # noqa: SLF001 - pinned version; there is no public way
    bos, eos = llama.token_bos(), llama.token_eos()
    names = [model.token_get_text(t) if t >= 0 else "" for t in (bos, eos)]
    return ChatTemplate(source, names[0], names[1], file)


@functools.cache
def silence(llama_cpp: Any) -> Any:  # noqa: ANN401
    """Takes llama.cpp's own log lines: they would stand in the middle of a conversation."""
    return llama_cpp.llama_log_callback(lambda *_: None)
