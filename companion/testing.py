"""Stages that follow a script: for tests of the turn, and for trying a front end without models.

They make time and failure exact; what the real engines do is tested with the real engines.
"""

from __future__ import annotations

import contextlib
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from companion.errors import CompanionError, EngineError
from companion.llm.engine import Counts
from companion.prompt import Assembler, Now, Room
from companion.turn import Companion
from companion.values import (
    Answer,
    Exchange,
    Heard,
    Persona,
    Prompt,
    Recording,
    Said,
    Speech,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from companion.events import Event
    from companion.flow import Cancel
    from companion.values import Clause, Note

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
RATE = 16_000
_CONTROL = re.compile(r"(<\|.*?\|>)", re.DOTALL)


class Letters:
    """A tokenizer whose tokens are characters; control tokens are `<|…|>`, from 2,000,000 up."""

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Characters as numbers; with `special`, each `<|…|>` as one token."""
        ids: list[int] = []
        for word in _CONTROL.split(text) if special else [text]:
            control = special and _CONTROL.fullmatch(word)
            ids += [2_000_000 + sum(map(ord, word))] if control else map(ord, word)
        return ids


class Frames:
    """A chat template of the simplest kind."""

    def __init__(self, *, takes_system: bool = True, takes_opening: bool = True) -> None:
        self.takes_system = takes_system
        self.takes_opening = takes_opening

    def frame(self, roles: Sequence[str]) -> list[str]:
        """`<|role|>` before each message and `<|end|>` after it."""
        names = [f"<|{role}|>" for role in [*roles, "assistant"]]
        return [names[0], *(f"<|end|>{name}" for name in names[1:])]


@dataclass(slots=True)
class Ear:
    """Hears what the script says, one entry a press."""

    script: list[str | None]
    presses: int = 0

    def transcribe(self, recording: Recording, cancel: Cancel) -> Heard | None:
        """The next entry of the script."""
        self.presses += 1
        words = self.script.pop(0)
        return None if words is None or cancel else Heard(words, 0.9, recording.seconds)


@dataclass(slots=True)
class Notebook:
    """A memory that is a list.

    Attributes:
        answers: What it answers itself, by the words that ask for it.
    """

    recalled: tuple[Note, ...] = ()
    lines: list[tuple[str, str]] = field(default_factory=list)
    fails: CompanionError | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    private: bool = False

    def obey(self, heard: Heard) -> Answer | None:
        """The answer of the script."""
        if self.fails and heard.text in self.answers:
            raise self.fails
        return self.answers.get(heard.text)

    def witness(self, prompt: Prompt, said: Said) -> None:
        """Nothing is noted."""

    def hear(self, heard: Heard) -> str:
        """Keep the owner's words."""
        return self._keep("user", heard.text)

    def say(self, said: Said) -> str:
        """Keep the character's words."""
        return self._keep("character", said.text)

    def peek(self, heard: Heard) -> tuple[Note, ...] | None:
        """The notes of the script, unless it has an answer of its own."""
        return None if heard.text in self.answers else self.recall(heard)

    def recall(self, heard: Heard) -> tuple[Note, ...]:  # noqa: ARG002 - always the same notes
        """The notes of the script."""
        if self.fails:
            raise self.fails
        return self.recalled

    def undo(self, names: Sequence[str]) -> int:
        """Take these lines back, the last ones."""
        if self.fails:
            raise self.fails
        for name in reversed(names):
            del self.lines[int(name.removeprefix("s:")) - 1]
        return len(names)

    def notices(self) -> tuple[str, ...]:
        """Nothing is to be told."""
        return ()

    def idle(self) -> Iterator[None]:
        """Nothing is left to do."""
        return iter(())

    def _keep(self, who: str, text: str) -> str:
        if self.fails:
            raise self.fails
        if self.private:
            return ""
        self.lines.append((who, text))
        return f"s:{len(self.lines)}"


@dataclass(slots=True)
class Writer:
    """A model that writes the script, word by word; `before` is called before each word.

    Like a real one it refuses a second user while a reply is written or waits to be read.

    Attributes:
        busy: Held by whoever uses it.
        prompts: What it was asked to answer.
        ahead: What it was given to read before it was asked.
        held: The tokens it has read.
    """

    script: list[str]
    before: Callable[[int], None] = lambda _: None
    fails: CompanionError | None = None
    counts: Counts = field(default_factory=Counts)
    can_cut: bool = True
    prompts: list[Prompt] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    ahead: list[Prompt] = field(default_factory=list)
    held: tuple[int, ...] = ()
    read_ahead: int = 0
    busy: threading.Lock = field(default_factory=threading.Lock)

    def read(self, prompt: Prompt, cancel: Cancel) -> int:
        """Take in a prompt; the tokens of it that were new."""
        if cancel:
            return 0
        self.ahead.append(prompt)
        with self._used():
            read = self._take(prompt.tokens[:-1])
        self.read_ahead += read
        return read

    def stream(self, prompt: Prompt, cancel: Cancel) -> Iterator[str]:
        """The next reply of the script."""
        with self._used():
            yield from self._reply(prompt, cancel)

    def _reply(self, prompt: Prompt, cancel: Cancel) -> Iterator[str]:
        self.prompts.append(prompt)
        cost = self._take(prompt.tokens)
        self.counts = Counts(
            prompt=len(prompt.tokens),
            new=prompt.new,
            evaluated=cost,
            reused=len(prompt.tokens) - cost,
            read_ahead=self.read_ahead,
        )
        self.read_ahead = 0
        for n, word in enumerate(self.script.pop(0).split(" ")):
            self.before(n)
            if cancel:
                return
            if self.fails and n:
                raise self.fails
            piece = word if n == 0 else f" {word}"
            self.written.append(piece)
            yield piece

    @property
    def empty(self) -> bool:
        """Whether nothing is held."""
        return not self.held

    def forget(self) -> None:
        """Hold nothing."""
        with self._used():
            self.held = ()

    def ready(self, tokens: Sequence[int]) -> Iterator[None]:
        """Hold these tokens."""
        with self._used():
            self._take(tuple(tokens))
        yield

    @contextlib.contextmanager
    def _used(self) -> Iterator[None]:
        if not self.busy.acquire(blocking=False):
            raise EngineError("llm", "Two threads used the language model at once.")
        try:
            yield
        finally:
            self.busy.release()

    def _take(self, tokens: tuple[int, ...]) -> int:
        """Hold these tokens; how many were not held before."""
        pairs = enumerate(zip(self.held, tokens, strict=False))
        shorter = min(len(self.held), len(tokens))
        same = next((n for n, (a, b) in pairs if a != b), shorter)
        self.held = tokens
        return len(tokens) - same


class Hum:
    """A voice that hums: a tenth of a second for each character."""

    def say(self, clauses: Iterable[Clause], cancel: Cancel) -> Iterator[Speech]:
        """A tone for each clause."""
        for clause in clauses:
            if cancel:
                return
            size = len(clause.spoken) * RATE // 10
            yield Speech(clause, np.full(size, 0.5, np.float32), RATE)


@dataclass(slots=True)
class Loudspeaker:
    """A loudspeaker without time: a clause is heard when it comes, unless the turn is stopped.

    Attributes:
        on_clause: Called with the number of each clause before it is heard.
    """

    on_clause: Callable[[int], None] = lambda _: None
    heard: list[str] = field(default_factory=list)

    def play(
        self,
        speech: Iterable[Speech],
        cancel: Cancel,
        started: Callable[[], None] | None = None,
    ) -> Said:
        """Take in the reply; clauses after the stop are not heard."""
        words: list[str] = []
        seconds, error = 0.0, None
        try:
            for n, clause in enumerate(speech):
                self.on_clause(n)
                if cancel:
                    break
                if started and not words:
                    started()
                words.append(clause.clause.text)
                seconds += len(clause.samples) / clause.rate
        except CompanionError as problem:
            error = problem.with_traceback(None)  # it would hold the reply
        self.heard += words
        return Said("".join(words), not cancel and error is None, seconds, error)


def scripted(
    replies: list[str], heard: list[str | None] | None = None, **parts: object
) -> tuple[Companion, list[Event]]:
    """A companion that follows a script, and the list its events go to.

    Args:
        replies: What the model writes, turn by turn.
        heard: What is understood, press by press.
        parts: Fields of `Companion` to use instead.
    """
    events: list[Event] = []
    fields: dict[str, object] = {
        "stt": Ear(list(heard or [])),
        "memory": Notebook(),
        "prompt": Assembler(Letters(), Frames(), Room(4096, 64, 512)),
        "llm": Writer(list(replies)),
        "voice": Hum(),
        "speaker": Loudspeaker(),
        "persona": Persona("Juno", "Sam", description="Juno keeps a lighthouse."),
        "now": lambda: NOON,
        "tell": events.append,
    } | parts
    return Companion(**fields), events  # type: ignore[arg-type]


def recording(seconds: float = 1.0) -> Recording:
    """A recording of nothing in particular."""
    return Recording(np.zeros(round(seconds * RATE), np.float32))


__all__ = ["NOON", "Exchange", "Now", "recording", "scripted"]
