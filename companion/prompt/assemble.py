"""The prompt: stable parts first, volatile parts last, as tokens.

Order: card · greeting · history (bare words) · newest user message (lore, notes, time, last
instructions, words). A model keeps what it has read of the unchanged beginning, so a turn costs
its new tokens only (`docs/measurements.md`). Pure: the tokenizer and the chat template come in as
Protocols.

What does not fit is dropped (`draft.py` says in which order), and `Prompt.dropped` names it. A card
that fills the context all by itself is cut, each text at the end of a sentence. Who the character
is and the owner's last words are always in.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from companion.errors import CardError
from companion.prompt import budget, wording
from companion.prompt.draft import Draft, Now, reductions
from companion.prompt.earlier import earlier
from companion.prompt.marked import whole
from companion.prompt.messages import Message, at_depth, folded, spoken
from companion.values import Note, Prompt, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from companion.prompt.budget import Room
    from companion.prompt.marked import Parts
    from companion.values import Exchange, Persona, Placed

_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
LEAST = 128
"""Tokens that the newest words should find free, whatever the card."""


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


class Assembler:
    """Builds prompts for one model.

    Args:
        tokenizer: The model's tokenizer.
        chat: The model's chat template.
        room: Token budget.
        exact: Put lore and notes just where the card asks for them, not near the newest words:
            the model reads more of the conversation anew in each turn.
        volatile_first: Put notes and time before the history. Worse on purpose: the baseline of
            the token benchmark.
        versions: Version of the wording, by template name.

    Raises:
        ConfigError: There is no such version of a wording, or it lacks something.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        chat: Chat,
        room: Room,
        *,
        exact: bool = False,
        volatile_first: bool = False,
        versions: dict[str, str] | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self.chat = chat
        self.room = room
        self.exact = exact
        self.volatile_first = volatile_first
        self.versions = {"system": "v1", "volatile": "v1"} | (versions or {})
        for name, version in self.versions.items():
            wording.load(name, version)  # a wording that lacks something is refused at once
        self._gone = 0  # turns dropped earlier in this conversation stay dropped
        self._story = 1
        self._earlier = ""  # what the dropped turns were about, where that is told
        self._newest = 0  # tokens of the longest turn so far
        self._always: tuple[Placed, ...] = ()  # what of the lorebook stands in every prompt
        self._told: tuple[Persona | None, tuple[tuple[str, str], ...]] = (None, ())
        self._fits: tuple[Persona, Persona] | None = None  # the last card and what fits of it

    def assemble(self, persona: Persona, history: Sequence[Exchange], now: Now) -> Prompt:
        """Build the prompt of one turn, dropping what does not fit in the order written above.

        Raises:
            CardError: The card's core and the newest words alone are longer than the context.
        """
        story = self._course(persona, history)
        short = self._fitted(persona)
        now, dropped = self._within_budget(now)
        draft = self._draft(short, self._left(history), now)
        lost = budget.lost(persona, short)
        draft = replace(draft, dropped=(*lost, *now.dropped, *draft.dropped, *dropped))
        for smaller in reductions(draft):
            prompt = self._build(smaller)
            if len(prompt.tokens) <= self.room.prompt:
                if len(smaller.turns) < len(draft.turns):
                    self._earlier = ""
                self._gone = len(history) - len(smaller.turns)
                self._newest = max(self._newest, prompt.new)
                self._always = smaller.lore
                return replace(prompt, story=story)
        raise CardError(
            f"The card of {persona.name} and the newest words take {len(prompt.tokens)} tokens; "
            f"the model has room for {self.room.prompt}.",
            "Shorten the description, or raise [llm] context.",
        )

    def start(
        self,
        persona: Persona,
        lore: tuple[Placed, ...] = (),
        history: Sequence[Exchange] = (),
    ) -> tuple[int, ...]:
        """The tokens every prompt of this character begins with, for warming up the model.

        Args:
            persona: The character.
            lore: Entries of its lorebook that stand in every prompt.
            history: The conversation so far, for the beginning of all that is to come.
        """
        note = Note("", "a", "a", _ANY_DAY)
        nows = (Now("a", (), _ANY_DAY, lore), Now("b", (note,), _ANY_DAY, lore))
        persona = self._fitted(persona)
        turns = self._left(history)
        one, other = (self._build(self._draft(persona, turns, now)) for now in nows)
        pairs = enumerate(zip(one.tokens, other.tokens, strict=False))
        same = next((n for n, (a, b) in pairs if a != b), 0)
        return one.tokens[: min(same, one.volatile[0])]

    def relieve(self, persona: Persona, history: Sequence[Exchange]) -> tuple[int, ...]:
        """Make room for a turn as long as the longest so far; what it will begin with.

        Where there is none half of the turns leave, and a line tells what they were about.
        """
        self._course(persona, history)
        most = self.room.prompt - min(self._newest, self.room.prompt // 2)
        tokens = self.start(persona, self._always, history)
        while len(tokens) > most and self._gone < len(history):
            self._gone += (len(history) - self._gone + 1) // 2
            self._earlier = earlier(history[: self._gone], persona.user)
            tokens = self.start(persona, self._always, history)
        return tokens

    def _left(self, history: Sequence[Exchange]) -> tuple[Exchange, ...]:
        """The turns that have not been dropped; before the first, what the others were about."""
        turns = tuple(history[min(self._gone, len(history)) :])
        if turns and self._earlier:
            first = replace(turns[0], frozen=self._earlier + turns[0].frozen)
            return (first, *turns[1:])
        return turns

    def count(self, text: str) -> int:
        """Tokens of a text of card, memory or speech."""
        return len(self._text(text))

    def left_out(self, persona: Persona) -> tuple[str, ...]:
        """What of a card never reaches this model, because the context is too small for it."""
        return budget.lost(persona, self._fitted(persona))

    def reset(self) -> None:
        """A new conversation starts: nothing has been dropped yet."""
        self._gone, self._earlier = 0, ""
        self._told = (None, ())

    def _course(self, persona: Persona, history: Sequence[Exchange]) -> int:
        """The number of the conversation's course: another where it did not just go on.

        What was forgotten or taken back, or stood in the card before it was edited, must not be
        left in what the model has read after it.
        """
        told = tuple((turn.user, turn.reply) for turn in history)
        before, known = self._told
        if before != persona or told[: len(known)] != known:
            self._story += 1
            self._earlier = ""
        self._told = (persona, told)
        return self._story

    # ── what fits ────────────────────────────────────────────────────────────────────────────

    def _fitted(self, persona: Persona) -> Persona:
        """The card, cut where it would leave no room for talking."""
        if self._fits is None or self._fits[0] != persona:
            room = self.room.prompt
            bare = replace(persona, examples=())
            core = self._core(replace(bare, scenario=""))
            least = room - min(LEAST, room // 8)
            fits = core <= least and self.count(persona.scenario) <= room // 2
            most = int(room * budget.SHARE)
            short = None if fits else budget.shortened(persona, most, self._core)
            self._fits = (persona, short or persona)
        return self._fits[1]

    def _core(self, persona: Persona) -> int:
        """Tokens of a card without its examples, and of a turn without any words."""
        draft = Draft(replace(persona, examples=()), (), Now("", (), _ANY_DAY))
        return len(self._build(draft).tokens)

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

    def _draft(self, persona: Persona, turns: tuple[Exchange, ...], now: Now) -> Draft:
        """Everything at its place, before anything is dropped."""
        persona, waiting = budget.shown(persona, self.room.always, self.count)
        example = budget.fitting(now.words, waiting, persona.user, persona.name)
        if self.count(example) > self.room.once:
            example = ""
        entries = sorted(now.lore, key=lambda entry: entry.order)
        deep = [entry for entry in entries if entry.place == "at_depth"]
        here = [entry for entry in entries if entry.place != "at_depth"]
        aside = wording.Aside(
            lore=tuple(e for e in here if not (e.constant or self.exact)),
            examples=(example,) if example else (),
            notes=tuple(sorted([*persona.aside, *deep], key=lambda entry: -entry.depth)),
            post_history="\n".join(filter(None, (persona.post_history, now.hint))),
        )
        always = tuple(e for e in here if e.constant or self.exact)
        dropped = tuple(f"example ({n} wait)" for n in [len(waiting) - len(aside.examples)] if n)
        return Draft(persona, turns, now, always, aside, dropped)

    # ── putting it together ──────────────────────────────────────────────────────────────────

    def _opening(self, draft: Draft) -> list[Message]:
        """The messages that stay the same for a whole conversation."""
        persona = draft.persona
        greets = bool(persona.greeting) and self.chat.takes_opening
        parts = wording.system_parts(
            persona, "" if greets else persona.greeting, draft.lore, self.versions["system"]
        )
        messages = [Message("system", whole(parts), name="card", parts=parts)]
        if greets:
            messages.append(Message("assistant", persona.greeting, name="greeting"))
        return messages

    def _messages(self, draft: Draft) -> list[Message]:
        now, aside = draft.now, draft.aside
        talk = spoken(draft.turns, now.words)
        if self.exact:
            talk = at_depth(talk, aside.notes)
            aside = replace(aside, notes=())
        parts = wording.volatile_parts(now.notes, now.time, self.versions["volatile"], aside)
        messages = [*self._opening(draft), *talk]
        if self.volatile_first:
            messages[0] = replace(messages[0], text=f"{messages[0].text}\n{whole(parts)}")
        else:
            messages[-1] = replace(messages[-1], volatile=whole(parts), now=parts)
        return messages if self.chat.takes_system else folded(messages)

    def _build(self, draft: Draft) -> Prompt:
        messages = self._messages(draft)
        pieces = self.chat.frame([m.role for m in messages])
        ids: list[int] = []
        sections: list[Section] = []
        for piece, message in zip(pieces, messages, strict=False):
            before = at = len(ids)
            ids += self._frame(piece) + self._text(message.lead)
            start = len(ids)
            ids += self._text(message.volatile)
            span = (start, len(ids) - start)
            if message.volatile or message.lead:
                sections.append(_lead(piece, message, len(ids) - before))
                piece, at = "", len(ids)  # noqa: PLW2901 - what is left of it
            ids += self._text(message.text)
            text = piece + message.text
            parts = () if message.lead else message.parts
            sections.append(Section(message.name or message.role, text, len(ids) - at, parts))
        new = len(ids) - before
        ids += (last := self._frame(pieces[-1]))
        sections.append(Section("answer", pieces[-1], len(last)))
        name, user = draft.persona.name, draft.persona.user
        return Prompt(
            tokens=tuple(ids),
            new=new + len(last),
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


def _lead(piece: str, message: Message, tokens: int) -> Section:
    """What stands before the words of a message: a folded card, notes, what is of this turn."""
    named: list[tuple[str, Parts]] = []
    if message.lead:
        named.append(("card", message.parts) if message.parts else ("note", ()))
    if message.volatile:
        named.append(("now", message.now))
    parts = tuple(part for _, some in named for part in some)
    text = f"{piece}{message.lead}{message.volatile}"
    return Section(" and ".join(name for name, _ in named), text, tokens, parts)
