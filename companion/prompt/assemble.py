"""The prompt: stable parts first, volatile parts last, as tokens.

Order: card · greeting · history (bare words) · newest user message (notes, time, words). A model
keeps what it has read of the unchanged beginning, so a turn costs its new tokens only
(`docs/measurements.md`). Pure: the tokenizer and the chat template come in as Protocols.

What is dropped when the context is full, in this order (`Prompt.dropped` names it):
  1. the oldest turns of the history, until half of its room is free again
  2. example dialogues, the last first
  3. recalled notes, the least fitting first
  4. the scenario
The character's description and the owner's last words are always in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from companion.errors import CardError
from companion.prompt import wording
from companion.values import Exchange, Note, Persona, Prompt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Tokenizer(Protocol):
    """Text to token ids."""

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Token ids of `text`. Only with `special` may control tokens come out of it."""


class Chat(Protocol):
    """A model's chat template."""

    @property
    def takes_system(self) -> bool:
        """Whether a system message reaches the model."""

    @property
    def takes_opening(self) -> bool:
        """Whether the character may speak first."""

    def frame(self, roles: Sequence[str]) -> list[str]:
        """The template's own text: one piece before each message, one after the last."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many tokens there are.

    Attributes:
        context: Tokens the model can hold.
        reply: Tokens kept free for the answer.
        notes: Tokens that recalled notes may take.
    """

    context: int
    reply: int
    notes: int


@dataclass(frozen=True, slots=True)
class Now:
    """What changes with each turn: the words just heard, what they recall, and the time."""

    words: str
    notes: tuple[Note, ...]
    time: datetime


@dataclass(frozen=True, slots=True)
class _Message:
    """One message: card folded in (if it must be), then the volatile part, then the words."""

    role: str
    text: str
    volatile: str = ""
    lead: str = ""


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is to be in the prompt, and what was left out of it so far."""

    persona: Persona
    turns: tuple[Exchange, ...]
    now: Now
    dropped: tuple[str, ...] = ()


class Assembler:
    """Builds prompts for one model.

    Args:
        tokenizer: The model's tokenizer.
        chat: The model's chat template.
        room: Token budget.
        volatile_first: Put notes and time before the history. Worse on purpose: the baseline of
            the token benchmark.
        versions: Version of the wording, by template name.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        chat: Chat,
        room: Room,
        *,
        volatile_first: bool = False,
        versions: dict[str, str] | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self.chat = chat
        self.room = room
        self.volatile_first = volatile_first
        self.versions = {"system": "v1", "volatile": "v1"} | (versions or {})
        self._gone = 0  # turns dropped earlier in this conversation stay dropped

    def assemble(self, persona: Persona, history: Sequence[Exchange], now: Now) -> Prompt:
        """Build the prompt of one turn, dropping what does not fit in the order written above.

        Raises:
            CardError: The card's core and the newest words alone are longer than the context.
        """
        now, dropped = self._within_budget(now)
        gone = min(self._gone, len(history))
        draft = _Draft(persona, tuple(history[gone:]), now, dropped)
        limit = self.room.context - self.room.reply
        for smaller in self._reductions(draft):
            prompt = self._build(smaller)
            if len(prompt.tokens) <= limit:
                self._gone = len(history) - len(smaller.turns)
                return prompt
        raise CardError(
            f"The card of {persona.name} and the newest words take {len(prompt.tokens)} tokens; "
            f"the model has room for {limit}.",
            "Shorten the description, or raise [llm] context.",
        )

    def start(self, persona: Persona) -> tuple[int, ...]:
        """The tokens every prompt of this character begins with, for warming up the model."""
        day = datetime(2000, 1, 1, tzinfo=UTC)
        note = Note("", "a", "a", day)
        one = self._build(_Draft(persona, (), Now("a", (), day))).tokens
        other = self._build(_Draft(persona, (), Now("b", (note,), day))).tokens
        same = (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
        return one[: next(same, 0)]

    def count(self, text: str) -> int:
        """Tokens of a text of card, memory or speech."""
        return len(self._text(text))

    def reset(self) -> None:
        """A new conversation starts: nothing has been dropped yet."""
        self._gone = 0

    # ── what fits ────────────────────────────────────────────────────────────────────────────

    def _within_budget(self, now: Now) -> tuple[Now, tuple[str, ...]]:
        """Keep the most fitting notes (they come last) that stay within the notes' own budget."""
        kept = wording.fitting(now.notes, self.room.notes, self._cost)
        gone = [note for note in reversed(now.notes) if not any(note is one for one in kept)]
        return replace(now, notes=tuple(kept)), tuple(f"note {note.id}" for note in gone)

    def _cost(self, notes: Sequence[Note]) -> int:
        """Tokens of these notes in the prompt."""
        if self.versions["volatile"] == "v1":
            return sum(self.count(wording.note_text(note)) for note in notes)
        return self.count(wording.notes_text(notes, self.versions["volatile"]))

    @staticmethod
    def _reductions(draft: _Draft) -> Iterator[_Draft]:
        """Ever smaller drafts, in the order in which things are dropped.

        Dropping a turn moves everything behind it and is read anew by the model, so it is done
        rarely and thoroughly: half of the turns at a time.
        """

        def less(name: str, **parts: object) -> _Draft:
            return replace(draft, dropped=(*draft.dropped, name), **parts)  # type: ignore[arg-type]

        yield draft
        while draft.turns:
            half = (len(draft.turns) + 1) // 2
            draft = less(f"{half} turns", turns=draft.turns[half:])
            yield draft
        persona = draft.persona
        while persona.examples:
            name = f"example {len(persona.examples)}"
            persona = replace(persona, examples=persona.examples[:-1])
            draft = less(name, persona=persona)
            yield draft
        while draft.now.notes:
            name = f"note {draft.now.notes[0].id}"
            draft = less(name, now=replace(draft.now, notes=draft.now.notes[1:]))
            yield draft
        yield less("scenario", persona=replace(persona, scenario=""))

    # ── putting it together ──────────────────────────────────────────────────────────────────

    def _opening(self, persona: Persona) -> list[_Message]:
        """The messages that stay the same for a whole conversation."""
        greets = bool(persona.greeting) and self.chat.takes_opening
        system = wording.system_text(
            persona, "" if greets else persona.greeting, self.versions["system"]
        )
        messages = [_Message("system", system)]
        if greets:
            messages.append(_Message("assistant", persona.greeting))
        return messages

    def _messages(self, draft: _Draft) -> list[_Message]:
        now = draft.now
        volatile = wording.volatile_text(now.notes, now.time, self.versions["volatile"])
        messages = self._opening(draft.persona)
        unanswered = ""  # words whose answer was stopped before it was heard stay in front
        for turn in draft.turns:
            words = unanswered + turn.user
            if turn.reply.strip():
                messages.append(_Message("user", words, turn.frozen))
                messages.append(_Message("assistant", turn.reply))
            unanswered = "" if turn.reply.strip() else f"{words}\n"
        messages.append(_Message("user", unanswered + now.words))
        if self.volatile_first:
            messages[0] = replace(messages[0], text=f"{messages[0].text}\n{volatile}")
        else:
            messages[-1] = replace(messages[-1], volatile=volatile)
        return messages if self.chat.takes_system else _folded(messages)

    def _build(self, draft: _Draft) -> Prompt:
        messages = self._messages(draft)
        pieces = self.chat.frame([m.role for m in messages])
        ids: list[int] = []
        sections: list[tuple[str, int]] = []
        for piece, message in zip(pieces, messages, strict=False):
            before = len(ids)
            ids += self._frame(piece) + self._text(message.lead)
            start = len(ids)
            ids += self._text(message.volatile)
            span = (start, len(ids) - start)
            ids += self._text(message.text)
            sections.append((message.role, len(ids) - before))
        ids += self._frame(pieces[-1])
        sections.append(("answer", len(ids) - sum(n for _, n in sections)))
        name, user = draft.persona.name, draft.persona.user
        return Prompt(
            tokens=tuple(ids),
            new=len(ids) - before,
            volatile=span,
            volatile_text=messages[-1].volatile,
            sections=tuple(sections),
            dropped=draft.dropped,
            stops=(f"\n{user}:", f"\n{name}:"),
        )

    def _frame(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, special=True) if text else []

    def _text(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, special=False) if text else []


def _folded(messages: list[_Message]) -> list[_Message]:
    """Put the card into the first user message, for templates that drop a system message."""
    system, *rest = messages
    first = next(i for i, m in enumerate(rest) if m.role == "user")
    rest[first] = replace(rest[first], lead=f"{system.text}\n\n")
    return rest
