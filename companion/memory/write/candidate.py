"""What might be worth remembering, before it is checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from companion.memory.store.line import Line


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that a line may say, with the words that say it.

    Attributes:
        turn: ULID of the line.
        quote: The words, literally.
        text: One sentence in the third person that needs no other to be understood.
        kind: "fact", "preference", "event", "promise" or "relationship".
        subject: Whom it is about: the owner's name, another's, or "Sam's sister".
        predicate: What is said, as in `companion.memory.write.language`.
        object: What of it.
        polarity: "+" or "-".
        cardinality: "one" or "many".
        method: What found it, "rule:likes".
        confidence: 0 to 1.
        valid_from: Since when, a date of the record; "" where it was not said.
        precision: Of that date.
        due: When a promise is due.
        lang: Language of the text.
        correction: It says that something earlier was wrong.
        changed: It says that something is no longer so.
        instead: The word that was wrong.
        asked: The owner asked to remember it.
        by_owner: A promise that the owner gave, not one that was asked of the character.
        resolved: The words of dates, worked out from the line.
    """

    turn: str
    quote: str
    text: str
    kind: str
    subject: str
    predicate: str
    object: str
    polarity: str = "+"
    cardinality: str = "many"
    method: str = ""
    confidence: float = 1.0
    valid_from: str = ""
    precision: str = ""
    due: str = ""
    lang: str = "en"
    correction: bool = False
    changed: bool = False
    instead: str = ""
    asked: bool = False
    by_owner: bool = False
    resolved: str = ""


class Extractor(Protocol):
    """Finds facts with a language model."""

    def facts(self, lines: Sequence[Line]) -> Iterator[list[Candidate] | None]:
        """Read lines of the owner; None after each small step, and the candidates at the end."""
