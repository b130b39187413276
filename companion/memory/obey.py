"""Spoken commands carried out: what the memory itself answers, without a model.

What cannot be taken back is asked first, and the next turn is the answer: yes, no, or talk, which
leaves everything as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from companion.memory.commands import Command, Kind, command, consent
from companion.memory.phrases import READ_BACK, TOLD, counted, day, listed, phrase
from companion.memory.record import clean
from companion.values import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from companion.memory.forget import Forgotten
    from companion.memory.forget.purge import Receipt
    from companion.memory.recall.recalled import Why
    from companion.memory.recall.why import Witness
    from companion.memory.store.journal import Journal
    from companion.memory.talk import Talk
    from companion.memory.write import Writer
    from companion.values import Heard, Note


class Memories(Protocol):
    """What commands are about."""

    private: bool

    @property
    def name(self) -> str:
        """The character's name."""

    def about(self, topic: str) -> tuple[Note, ...]:
        """What is kept of a topic."""

    def everything(self) -> tuple[str, ...]:
        """Ids of all that is kept."""

    def forget(self, names: Sequence[str]) -> Forgotten:
        """Hide it; it can be restored."""

    def delete(self, names: Sequence[str]) -> Receipt | None:
        """Delete what is hidden for good; None: that takes a while, and is begun soon."""

    def profile(self) -> tuple[Note, ...]:
        """What is known about the owner."""

    def why(self, name: str = "") -> Why | None:
        """What was recalled for a turn, the last one where none is named."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What was asked, and what a yes does.

    Attributes:
        names: What would go.
        count: How much of that was named.
        lang: The language it was asked in.
        hidden: Whether it is already out of mind, and only waits to be deleted.
        again: Whether a yes asks a second time.
    """

    names: tuple[str, ...]
    count: int
    lang: str
    hidden: bool = False
    again: bool = False


class Wishes:
    """The memory's own side of a conversation.

    Args:
        memory: What the commands are about.
        talk: The conversation that goes on.
        journal: Its lines.
        writer: Makes memories of them.
        witness: Knows what the last reply used.
    """

    def __init__(
        self, memory: Memories, talk: Talk, journal: Journal, writer: Writer, witness: Witness
    ) -> None:
        self._memory = memory
        self._talk = talk
        self._journal = journal
        self._writer = writer
        self._witness = witness
        self._question: _Question | None = None

    def obey(self, heard: Heard) -> Answer | None:
        """Carry out the command that the words are; None where they are talk."""
        question, self._question = self._question, None
        agreed = consent(heard.text) if question is not None else None
        if question is not None and agreed is not None:
            return self._answered(question) if agreed else self._refused(question)
        wish = command(heard.text, self._memory.name)
        return None if wish is None else self._carry_out(wish, heard)

    def _carry_out(self, wish: Command, heard: Heard) -> Answer | None:
        if wish.kind in (Kind.PRIVATE, Kind.OPEN):
            return self._privacy(wish)
        done: dict[Kind, Callable[[], Answer]] = {
            Kind.REMEMBER: lambda: self._remember(wish, heard),
            Kind.FORGET_LAST: lambda: self._forget_last(wish.lang),
            Kind.FORGET_ABOUT: lambda: self._forget_about(wish),
            Kind.FORGET_ALL: lambda: self._forget_all(wish.lang),
            Kind.KNOW: lambda: self._know(wish.lang),
            Kind.WHY: lambda: self._why(wish.lang),
        }
        return done[wish.kind]()

    # ── remembering ──────────────────────────────────────────────────────────────────────────

    def _remember(self, wish: Command, heard: Heard) -> Answer:
        if self._memory.private:
            return Answer(phrase(wish.lang, "already private"))
        name = self._talk.heard
        if wish.text:  # the words themselves are kept, not the wish
            owner = self._journal.owner
            name = self._talk.keep("user", owner, wish.text, heard.confidence)
        lines = self._journal.by_id([name])
        if not lines:
            return Answer(phrase(wish.lang, "remember what"))
        said = heard.text if wish.text else phrase(wish.lang, "wish", text=lines[0].text)
        self._writer.remember(lines[0].text, replace(lines[0], text=clean(said)))
        if not wish.text:
            return Answer(phrase(wish.lang, "remembered last"))
        return Answer(phrase(wish.lang, "remembered", text=wish.text), kept=name)

    def _privacy(self, wish: Command) -> Answer | None:
        was, self._memory.private = self._memory.private, wish.kind is Kind.PRIVATE
        if wish.text:  # "this is private: …" goes on to the character, and leaves no trace
            return None
        name = wish.kind.name.lower()
        return Answer(phrase(wish.lang, f"already {name}" if was == self._memory.private else name))

    # ── forgetting ───────────────────────────────────────────────────────────────────────────

    def _forget_last(self, lang: str) -> Answer:
        names = tuple(filter(None, (*self._witness.used, self._talk.heard)))
        if not names:
            return Answer(phrase(lang, "nothing last"))
        gone = self._memory.forget(names)
        self._question = _Question(gone.ids, len(gone.asked), lang, hidden=True)
        texts = listed(lang, [note.text for note in gone.asked], READ_BACK)
        return Answer(phrase(lang, "forgotten", texts=texts), forgotten=gone.ids)

    def _forget_about(self, wish: Command) -> Answer:
        notes = self._memory.about(wish.text)
        if not notes:
            return Answer(phrase(wish.lang, "nothing about", text=wish.text))
        self._question = _Question(tuple(note.id for note in notes), len(notes), wish.lang)
        texts = listed(wish.lang, [note.text for note in notes], READ_BACK)
        count = counted(wish.lang, len(notes))
        return Answer(phrase(wish.lang, "ask about", count=count, texts=texts))

    def _forget_all(self, lang: str) -> Answer:
        names = self._memory.everything()
        if not names:
            return Answer(phrase(lang, "nothing last"))
        self._question = _Question(names, len(names), lang, again=True)
        return Answer(phrase(lang, "ask all", count=counted(lang, len(names))))

    def _answered(self, question: _Question) -> Answer:
        """The owner said yes."""
        lang, names = question.lang, question.names
        if question.again:
            self._question = _Question(names, len(names), lang)
            return Answer(phrase(lang, "ask again"))
        if not question.hidden:
            names = self._memory.forget(names).ids
        receipt, count = self._memory.delete(names), counted(lang, question.count)
        if receipt is None:
            return Answer(phrase(lang, "purging", count=count), forgotten=names)
        files = ", ".join([*(str(one.path) for one in receipt.left), *receipt.changed])
        name = "purged" if receipt.verified else "purged some"
        text = phrase(lang, name, count=count, files=files)
        if receipt.elsewhere:
            text = f"{text} {phrase(lang, 'elsewhere')}"
        return Answer(text, forgotten=names)

    @staticmethod
    def _refused(question: _Question) -> Answer:
        """The owner said no."""
        return Answer(phrase(question.lang, "hidden" if question.hidden else "kept"))

    # ── telling ──────────────────────────────────────────────────────────────────────────────

    def _know(self, lang: str) -> Answer:
        texts = [note.text for note in self._memory.profile()]
        if not texts:
            return Answer(phrase(lang, "nothing known"))
        return Answer(phrase(lang, "known", texts=listed(lang, texts, TOLD)))

    def _why(self, lang: str) -> Answer:
        why = self._memory.why()
        if why is None:
            return Answer(phrase(lang, "no reply"))
        notes = why.used or why.told
        if not notes:
            return Answer(phrase(lang, "no reason"))
        texts = listed(lang, [self._cited(note, lang) for note in notes], READ_BACK)
        return Answer(phrase(lang, "used" if why.used else "had", texts=texts))

    def _cited(self, note: Note, lang: str) -> str:
        """A note as it is spoken: who said it when, or what is known."""
        if note.kind != "line":
            return note.text
        name = "i said on" if note.who == self._memory.name else "told on"
        date = day(lang, note.said.month, note.said.day)
        return phrase(lang, name, date=date, text=note.text)
