"""Two voices for one character: one for the words, one for the stage directions.

Knows no engine: each of the two may be any voice.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from companion.flow import Cancel
    from companion.values import Clause, Speech


class Speaking(Protocol):
    """Words to sound."""

    def say(self, clauses: Iterable[Clause], cancel: Cancel) -> Iterator[Speech]:
        """Render clauses, one by one."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Says words with one voice and stage directions with another, in their order."""

    words: Speaking
    asides: Speaking

    def say(self, clauses: Iterable[Clause], cancel: Cancel) -> Iterator[Speech]:
        """Render clauses, one by one; none is asked for before it is needed."""
        for aside, run in groupby(clauses, key=lambda clause: clause.aside):
            yield from (self.asides if aside else self.words).say(run, cancel)
