"""What speaks of a topic, to be forgotten: also in words that no search finds any more.

A memory's earlier words stay in its history, and what was taken back or is in doubt is in no
index; who wants to have them forgotten still finds them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from companion.memory.hand import as_note
from companion.memory.read.words import is_question, terms
from companion.memory.recall.stems import Stemmer
from companion.memory.store.database import bound
from companion.memory.store.memo import LIVE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from companion.memory.hand import Hand
    from companion.memory.store.journal import Journal
    from companion.memory.store.versions import Versions
    from companion.values import Note

_UNSEEN = f"""
SELECT one.id, one.text FROM memories one
JOIN memories now ON now.scope = one.scope AND now.id = one.id AND now.latest = 1
WHERE one.scope = ? AND now.hidden = 0
AND (one.text != now.text OR one.latest = 1 AND one.status NOT IN ({bound(LIVE)}))
ORDER BY one.seq DESC"""  # noqa: S608  (marks only)


class Topic:
    """Looks for what speaks of something.

    Args:
        journal: The lines.
        versions: The memories.
        hand: Makes notes of them.
    """

    def __init__(self, journal: Journal, versions: Versions, hand: Hand) -> None:
        self._journal = journal
        self._versions = versions
        self._hand = hand

    def about(self, topic: str) -> tuple[Note, ...]:
        """What speaks of a topic: memories first, then lines, newest first, questions last.

        What holds all of its words; where nothing does, what holds the rarest. A memory that held
        them once is shown with its words of then.
        """
        stemmer = Stemmer()
        try:
            wanted = {stemmer.stem(word): word for word in terms(topic)}
            every = self._every(stemmer, wanted)
        finally:
            stemmer.close()
        found = [note for note, stems in every if stems >= set(wanted)]
        if not found and wanted:
            counts = {w: sum(w in stems for _, stems in every) for w in wanted}
            rarest = min((w for w in counts if counts[w]), key=lambda w: counts[w], default="")
            found = [note for note, stems in every if rarest in stems]
        return tuple(sorted(found, key=lambda note: is_question(note.text)))

    def _every(self, stemmer: Stemmer, wanted: dict[str, str]) -> list[tuple[Note, set[str]]]:
        """What holds any of these words, by their stems, with the stems it holds or held."""

        def held(text: str) -> set[str]:
            return {stemmer.stem(word) for word in terms(text)}

        words = tuple(wanted.values())
        every = {note.id: (note, held(note.text)) for note in self._memories(words)}
        for name, text in self._unseen():
            new = held(text) & set(wanted)
            record = self._versions.get(name) if new else None
            if record is not None:
                note = self._hand.of_record(record)
                known, stems = every.get(note.id, (note, held(note.text)))
                if not new <= stems:
                    known = replace(known, text=f"{known.text} ({text})")
                every[note.id] = known, stems | new
        lines = {note.id: (note, held(note.text)) for note in self._lines(words)}
        return list((every | lines).values())

    def _memories(self, words: Sequence[str]) -> Iterator[Note]:
        memos = self._versions.memos(self._versions.match(words, past=True).seqs)
        records = filter(None, (self._versions.get(one.id) for one in memos))
        return map(self._hand.of_record, records)

    def _lines(self, words: Sequence[str]) -> Iterator[Note]:
        seqs = sorted(self._journal.match(words).seqs, reverse=True)
        return map(as_note, self._journal.lines(seqs))

    def _unseen(self) -> list[tuple[str, str]]:
        """Words of memories that a search does not see, each with the id of its memory."""
        return self._journal.database.rows(_UNSEEN, self._journal.scope, *LIVE)
