"""Finds facts with a language model that can only answer in the form of a grammar.

Knows no engine: what writes is handed in. Everything it finds goes through the same gate as what
the rules find; an answer that is no good costs nothing but the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from companion.memory.write.grammar import GRAMMAR, TOKENS, answers, question

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from companion.memory.store.line import Line
    from companion.memory.write.candidate import Candidate
    from companion.memory.write.rules import About


class Form(Protocol):
    """A language model that keeps to a grammar."""

    def fill(self, words: str, grammar: str, most: int) -> Iterator[str]:
        """Answer `words` in at most `most` tokens, piece by piece; "" after steps of reading."""


class ModelExtractor:
    """Reads lines with a language model.

    Args:
        llm: The model.
        about: Who speaks, and to whom.
    """

    def __init__(self, llm: Form, about: About) -> None:
        self._llm = llm
        self._about = about

    def facts(self, lines: Sequence[Line]) -> Iterator[list[Candidate] | None]:
        """Read lines of the owner; None after each small step, and the candidates at the end."""
        answer = []
        for piece in self._llm.fill(question(lines, self._about.owner), GRAMMAR, TOKENS):
            answer.append(piece)
            yield None
        yield answers("".join(answer), lines, self._about)
