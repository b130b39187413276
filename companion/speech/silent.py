"""Replies as text: what stands in for the voice and the loudspeaker where there are none.

Knows no engine and no device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from companion.errors import CompanionError
from companion.values import Said, Speech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from companion.flow import Cancel
    from companion.values import Clause

_NOTHING = np.zeros(0, np.float32)
_RATE = 22_050


class SilentVoice:
    """A voice that says nothing, clause by clause."""

    def say(self, clauses: Iterable[Clause], cancel: Cancel) -> Iterator[Speech]:
        """Pass each clause on without sound."""
        for clause in clauses:
            if cancel:
                return
            yield Speech(clause, _NOTHING, _RATE)


class SilentSpeaker:
    """A loudspeaker that plays nothing; words count as heard when they get here."""

    def play(
        self,
        speech: Iterable[Speech],
        cancel: Cancel,
        started: Callable[[], None] | None = None,
    ) -> Said:
        """Take in the whole reply; an error upstream comes back with the words before it."""
        words: list[str] = []
        error: CompanionError | None = None
        try:
            for clause in speech:
                if cancel:
                    break
                if started is not None and not words:
                    started()
                words.append(clause.clause.text)
        except CompanionError as problem:
            error = problem.with_traceback(None)  # it would hold the reply
        return Said("".join(words), complete=not cancel and error is None, error=error)
