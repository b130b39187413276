"""What was recalled for a turn, what each score is made of, and what became of it in the reply.

Kept with the turn's line, so that "why did you say that" can be answered at any time, and gone with
it. Ids and figures only, never words: of what is forgotten, nothing is left here.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from companion.memory.read.words import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.memory.store.journal import Journal
    from companion.values import Note, Prompt, Said

USED = 0.3
"""Share of a note's telling words that a reply must hold for the note to count as used."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """One note of a recall.

    Attributes:
        id: Id of the line or memory.
        score: What it came to.
        parts: What the score is made of, by name.
        place: Its place in the prompt, 1 is nearest the question; 0 where it did not fit in.
        used: Share of its telling words that the reply held, 0 to 1.
    """

    id: str
    score: float = 0.0
    parts: dict[str, float] | None = None
    place: int = 0
    used: float = 0.0


@dataclass(frozen=True, slots=True)
class Recalled:
    """One recall.

    Attributes:
        notes: What was recalled, most fitting first.
        reason: Why nothing was, in a few words; "" where something was.
        coverage: Share of the question's telling words in the best window, 0 to 1.
        cosine: Best cosine; None without vectors.
        start: Where the notes stood in the prompt, in tokens.
        tokens: How many tokens they and the time of day took.
        prompt: Tokens of the whole prompt; 0 where there was none.
    """

    notes: tuple[Weighed, ...] = ()
    reason: str = ""
    coverage: float = 0.0
    cosine: float | None = None
    start: int = 0
    tokens: int = 0
    prompt: int = 0

    @property
    def used(self) -> tuple[str, ...]:
        """Ids of the notes that the reply used, most fitting first."""
        return tuple(one.id for one in self.notes if one.used >= USED)


@dataclass(frozen=True, slots=True)
class Why:
    """Why a reply was what it was.

    Attributes:
        heard: The owner's words; None in private.
        reply: What was heard of the reply; None where nothing was.
        recalled: What was recalled for it.
        notes: The recalled notes by id; what was forgotten since is not there.
    """

    heard: Note | None
    reply: Note | None
    recalled: Recalled
    notes: dict[str, Note]

    @property
    def used(self) -> tuple[Note, ...]:
        """The notes that the reply used, most fitting first."""
        return self._of(self.recalled.used)

    @property
    def told(self) -> tuple[Note, ...]:
        """The notes that stood in the prompt, most fitting first."""
        return self._of(tuple(one.id for one in self.recalled.notes if one.place))

    def _of(self, ids: tuple[str, ...]) -> tuple[Note, ...]:
        return tuple(self.notes[one] for one in ids if one in self.notes)


def weighed(notes: Sequence[Note]) -> tuple[Weighed, ...]:
    """The notes of a recall, which come best last."""
    return tuple(Weighed(one.id, one.score, dict(one.parts)) for one in reversed(notes))


def witnessed(
    recalled: Recalled, notes: Sequence[Note], prompt: Prompt, said: Said, asked: str
) -> Recalled:
    """The recall with what became of it.

    Args:
        recalled: What was recalled.
        notes: The same, with their words.
        prompt: The prompt of the turn.
        said: What was heard of the reply.
        asked: The owner's words: what stands in them was not brought by a memory.
    """
    dropped = {name.removeprefix("note ") for name in prompt.dropped}
    words = {note.id: frozenset(terms(note.text)) - frozenset(terms(asked)) for note in notes}
    reply = frozenset(terms(said.text))
    place, told = 0, []
    for one in recalled.notes:
        inside = one.id not in dropped
        place += inside
        mine = words.get(one.id, frozenset())
        share = len(mine & reply) / len(mine) if inside and mine else 0.0
        told.append(replace(one, place=place if inside else 0, used=round(share, 3)))
    start, tokens = prompt.volatile
    return replace(
        recalled, notes=tuple(told), start=start, tokens=tokens, prompt=len(prompt.tokens)
    )


class Recalls:
    """The recalls of one owner and one character, each with its line.

    Args:
        journal: Whose file this is.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def keep(self, line: str, recalled: Recalled) -> None:
        """Note what was recalled for the words in `line`."""
        made = json.dumps(asdict(recalled), separators=(",", ":"))
        with self._journal.database.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO recalls (line, made) SELECT seq, ? FROM lines"
                " WHERE scope = ? AND session || ':' || n = ?",
                (made, self._journal.scope, line),
            )

    def of(self, seq: int) -> Recalled | None:
        """What was recalled for the line at this place; None where nothing was noted."""
        rows = self._journal.database.rows("SELECT made FROM recalls WHERE line = ?", seq)
        return _recalled(json.loads(rows[0][0])) if rows else None

    def last(self) -> int:
        """Place of the newest line with a recall; 0 where there is none."""
        ((seq,),) = self._journal.database.rows(
            "SELECT coalesce(max(line), 0) FROM recalls JOIN lines ON seq = line"
            " WHERE scope = ? AND hidden = 0",
            self._journal.scope,
        )
        return int(seq)


def _recalled(made: dict[str, Any]) -> Recalled:
    notes = tuple(Weighed(**one) for one in made.pop("notes"))
    return Recalled(notes=notes, **made)
